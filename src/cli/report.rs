//! `sigap report`: the month as a page for paper.

use crate::{
    domain::{
        access::Scope,
        area::Level,
        ids::AreaCode,
        sla::compliance::{By, Days},
        time::day_text,
    },
    engine::Engine,
    wire::{
        bodies::{
            citizens::Language,
            compliance::{PAGE_LIMITS, parse_month},
        },
        compliance::{GROUPINGS, page},
    },
};
use clap::{ArgGroup, Args};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// A monthly report.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("where").required(true)))]
pub struct Report {
    /// The city, as in BPN.
    #[arg(long, group = "where", value_name = "CODE")]
    city: Option<AreaCode>,
    /// A region or the nation, as the sum of its cities.
    #[arg(long, group = "where", value_name = "CODE")]
    area: Option<AreaCode>,
    /// The month, as in 2026-10; one that runs is told so far.
    #[arg(long, value_parser = parse_month)]
    month: Days,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// In which language: id or en.
    #[arg(long, default_value = "id")]
    lang: Language,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// Writes a report.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(report: Report, engine: &Engine) -> Result<(), String> {
    let code = report.city.or(report.area).ok_or("say --city or --area")?;
    let area = engine.catalog().area(code).cloned().ok_or_else(|| format!("no such area: {code}"))?;
    if report.city.is_some() && area.level != Level::City {
        return Err(format!("{code} is a {}: say --area {code}", area.level));
    }
    let month = day_text(report.month.from());
    let month = month.get(..7).unwrap_or(&month);
    let begun = engine.cities(code).iter().any(|city| report.month.span(city.zone).0 <= engine.now());
    if !begun {
        return Err(format!("{month} has not begun in {code}"));
    }
    if report.output.exists() && !report.force {
        return Err(exists(&report.output));
    }
    let by = (By::Day, &GROUPINGS[..]);
    let found = engine.compliance(&Scope::system(), code, report.month, by, PAGE_LIMITS).await;
    let found = found.map_err(|error| error.to_string())?;
    write(&report, &page(&found, report.lang))?;
    let whole = found.summary.whole();
    let (kept, counted) = (whole.kept, whole.counted);
    println!("{}: {}, {month}, {kept} of {counted} within the target", report.output.display(), area.name);
    Ok(())
}

fn write(report: &Report, page: &str) -> Result<(), String> {
    let file = match report.force {
        true => File::create(&report.output),
        // Somebody may have written it meanwhile.
        false => OpenOptions::new().write(true).create_new(true).open(&report.output),
    };
    let written = file.and_then(|mut file| file.write_all(page.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(&report.output),
        _ => format!("{}: {error}", report.output.display()),
    })
}

fn exists(file: &Path) -> String {
    format!("{} exists: --force writes over it", file.display())
}
