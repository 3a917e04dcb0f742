//! `sigap sla`: what a city promises, and its figures.

use crate::{
    domain::{
        access::{Cause, Scope},
        area::Targets,
        ids::AreaCode,
        incident::Priority,
        sla::{
            policy::{Band, Policy, Rules},
            preset::Preset,
        },
        time::{UnixMs, Zone},
    },
    engine::Engine,
};
use clap::{ArgGroup, Args, Subcommand};
use std::path::PathBuf;

/// What a city promises, and its figures.
#[derive(Debug, Subcommand)]
pub enum SlaCommand {
    /// Set a city's policy, at once or from a moment on. Incidents keep the one that they began under.
    #[command(
        after_help = "Examples:\n  sigap sla set BPN --preset bands-2025\n  sigap sla set BPN --target-min 8\n  sigap sla set BPN --file policy.json --from 2026-12-01\n\nPresets: balikpapan, national-2026, bands-2025, nfpa-1225, nena.\nA file: `sigap sla show BPN --json > policy.json` writes one to begin with. Each band has from_m, to_m (none: without end),\ntarget_ms, share, and budgets; each priority has its own bands or the default's."
    )]
    Set(Set),
    /// Show the policy that is in force.
    #[command(after_help = "Examples:\n  sigap sla show BPN\n  sigap sla show BPN --json > policy.json")]
    Show {
        /// The city, as in BPN.
        area: AreaCode,
        /// The rules as `sigap sla set --file` takes them.
        #[arg(long)]
        json: bool,
    },
    /// Show every policy that a city had, has or will have.
    #[command(after_help = "Example:\n  sigap sla history BPN")]
    History {
        /// The city, as in BPN.
        area: AreaCode,
    },
    /// Hold a city's figures against its journal.
    #[command(after_help = "Examples:\n  sigap sla verify BPN\n  sigap sla verify ID")]
    Verify {
        /// A city, or a region or the nation for all cities within.
        area: AreaCode,
    },
    /// Make a city's figures anew from its journal; incidents from before there were figures are counted as well.
    #[command(after_help = "Examples:\n  sigap sla rebuild BPN\n  sigap sla rebuild ID")]
    Rebuild {
        /// A city, or a region or the nation for all cities within.
        area: AreaCode,
    },
}

/// A policy to set.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
pub struct Set {
    /// The city, as in BPN.
    area: AreaCode,
    /// One to begin with.
    #[arg(long, group = "what")]
    preset: Option<Preset>,
    /// One's own, as JSON.
    #[arg(long, group = "what", value_name = "FILE")]
    file: Option<PathBuf>,
    /// One target for every priority and distance, minutes.
    #[arg(long, group = "what", value_name = "MINUTES", value_parser = clap::value_parser!(i64).range(1..=1_440))]
    target_min: Option<i64>,
    /// In force from this day on, by the city's own midnight, as in 2026-12-01; at once where it is not said.
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<i64>,
}

/// Reads a day: days since 1970-01-01.
fn day(text: &str) -> Result<i64, String> {
    let wrong = || format!("expected a day as in 2026-12-01, not {text:?}");
    UnixMs::parse_day(text).ok_or_else(wrong)
}

/// Runs an sla command; `false` when it found figures that are wrong.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: SlaCommand, engine: &Engine) -> Result<bool, String> {
    let scope = Scope::system();
    match command {
        SlaCommand::Set(set) => change(set, engine).await?,
        SlaCommand::Show { area, json } => {
            let policy = engine.policy_at(&scope, area, engine.now()).await.map_err(|e| e.to_string())?;
            let policy = policy.ok_or_else(|| format!("{area} promises nothing: no such city"))?;
            if json {
                println!("{}", serde_json::to_string_pretty(&policy.rules).map_err(|e| e.to_string())?);
            } else {
                print(&policy, "in force", zone(engine, area)?);
            }
        }
        SlaCommand::History { area } => history(area, engine).await?,
        SlaCommand::Rebuild { area } => rebuild(area, engine).await?,
        SlaCommand::Verify { area } => return verify(area, engine).await,
    }
    Ok(true)
}

async fn history(area: AreaCode, engine: &Engine) -> Result<(), String> {
    let all = engine.policies(&Scope::system(), area).await.map_err(|e| e.to_string())?;
    let now = engine.now();
    let in_force = all.iter().filter(|p| p.from <= now).max_by_key(|p| (p.from, p.version)).map(|p| p.version);
    for policy in &all {
        let state = match policy.version {
            version if Some(version) == in_force => "in force",
            _ if policy.from > now => "to come",
            _ => "past",
        };
        print(policy, state, zone(engine, area)?);
    }
    Ok(())
}

async fn verify(area: AreaCode, engine: &Engine) -> Result<bool, String> {
    let mut whole = true;
    for city in cities(engine, area)? {
        let wrong = engine.verify_sla(&Scope::system(), city).await.map_err(|e| format!("{city}: {e}"))?;
        wrong.iter().for_each(|line| println!("{city}: {line}"));
        println!(
            "{city}: {}",
            if wrong.is_empty() { "the figures are what the journal tells" } else { "WRONG: run sigap sla rebuild" }
        );
        whole &= wrong.is_empty();
    }
    Ok(whole)
}

fn cities(engine: &Engine, area: AreaCode) -> Result<Vec<AreaCode>, String> {
    let cities: Vec<AreaCode> = engine.cities(area).into_iter().map(|city| city.code).collect();
    if cities.is_empty() { Err(format!("no city in {area}")) } else { Ok(cities) }
}

fn zone(engine: &Engine, area: AreaCode) -> Result<Zone, String> {
    engine.catalog().area(area).map(|area| area.zone).ok_or_else(|| format!("no such area: {area}"))
}

async fn change(set: Set, engine: &Engine) -> Result<(), String> {
    let rules = match (set.preset, set.file, set.target_min) {
        (Some(preset), ..) => preset.rules(),
        (_, Some(file), _) => {
            let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?
        }
        (.., min) => Rules::simple(Targets([min.unwrap_or(10) * 60_000; 4])),
    };
    let zone = zone(engine, set.area)?;
    let from = set.from.map(|day| zone.midnight(day));
    let cause = Cause::system(engine.now());
    let policy = engine.set_policy(&cause, set.area, rules, from).await.map_err(|e| e.to_string())?;
    println!("{}: version {} counts from {}", set.area, policy.version, policy.from.local(zone));
    Ok(())
}

async fn rebuild(area: AreaCode, engine: &Engine) -> Result<(), String> {
    for city in cities(engine, area)? {
        let cause = Cause::system(engine.now());
        let made = engine.rebuild_sla(&cause, city).await.map_err(|e| format!("{city}: {e}"))?;
        let (facts, days, first) = (made.facts, made.days, made.first_counted);
        println!("{city}: {facts} incidents on {days} days, {first} counted for the first time");
    }
    Ok(())
}

fn print(policy: &Policy, state: &str, zone: Zone) {
    let (version, from, author) = (policy.version, policy.from, &policy.author);
    let from = if from.0 == 0 { "the beginning".to_owned() } else { from.local(zone) };
    println!("version {version}, {state}, from {from}, set {} by {author}", policy.set.local(zone));
    println!(
        "  {:<8} {:>16} {:>8} {:>6} {:>8} {:>10} {:>7} {:>8} {:>8}",
        "PRIORITY", "FROM STATION", "TARGET", "SHARE", "ANSWER", "PROCESSING", "QUEUE", "TURNOUT", "TRAVEL"
    );
    for priority in std::iter::once(None).chain(Priority::ALL.iter().copied().map(Some)) {
        for band in policy.rules.own(priority) {
            let name = priority.map_or_else(|| "others".to_owned(), |p| p.to_string());
            println!("  {name:<8} {}", line(band));
        }
    }
}

fn line(band: &Band) -> String {
    let budgets = band.budgets();
    let distance = match (band.from_m, band.to_m) {
        (0, None) => "any".to_owned(),
        (from, None) => format!("over {from} m"),
        (from, Some(to)) => format!("{from} to {to} m"),
    };
    let (target, share) = (clock(band.target_ms), format!("{:.1} %", band.share * 100.0));
    let [answer, processing, queue, turnout, travel] =
        [budgets.answer_ms, budgets.processing_ms, budgets.queue_ms, budgets.turnout_ms, budgets.travel_ms].map(clock);
    format!("{distance:>16} {target:>8} {share:>6} {answer:>8} {processing:>10} {queue:>7} {turnout:>8} {travel:>8}")
}

/// Minutes and seconds.
fn clock(ms: i64) -> String {
    format!("{}:{:02}", ms / 60_000, ms / 1_000 % 60)
}
