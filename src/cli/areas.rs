//! `sigap area`: cities, regions, districts.

use crate::{
    domain::{
        access::{Cause, Scope},
        area::{AID_M_MAX, OfferMode},
        ids::AreaCode,
    },
    engine::{Engine, Error},
};
use clap::{ArgGroup, Args, Subcommand};
use std::path::PathBuf;

/// Cities, regions, districts.
#[derive(Debug, Subcommand)]
pub enum AreaCommand {
    /// Load cities with boundary, code, time zone, parent and target from a GeoJSON file.
    ///
    /// Each feature is a Polygon or MultiPolygon with properties: `code` (official, as in 64.71), `name`, and where they
    /// are known `short` (area code, as in BPN), `lat`, `lng`, `zone` (WIB, WITA, WIT), `parent`, `target_min`,
    /// `offers` (auto, on_claim, manual), `aid_m` (mutual aid). What is missing comes from the official code: the province gives parent and time zone.
    /// A code of three parts (64.71.01) is a district of its city. One bad feature, and nothing is loaded.
    #[command(
        after_help = "Examples:\n  sigap area import cities.geojson\n  sigap area import cities.geojson --only 64.71 --only 33.19"
    )]
    Import {
        /// The file.
        file: PathBuf,
        /// Take only this city, by area code or official code; may be given several times.
        #[arg(long)]
        only: Vec<String>,
    },
    /// Change how an area offers, its part in mutual aid. What is not said stays.
    #[command(
        after_help = "Examples:\n  sigap area set BPN --aid-m 3000\n  sigap area set BPN --aid-m 0\n  sigap area set BPN --offers manual"
    )]
    Set(Set),
    /// List the areas.
    #[command(after_help = "Examples:\n  sigap area list")]
    List,
}

/// What to change of an area.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(true)))]
pub struct Set {
    /// Which, as in BPN.
    area: AreaCode,
    /// Mutual aid: how near to a neighbouring city a scene must be, metres, for the neighbour's units to be candidates
    /// too. 0: the city neither asks nor is asked. At most 30000; 2000 unless set.
    #[arg(long, group = "what", value_name = "METRES", value_parser = clap::value_parser!(i64).range(0..=AID_M_MAX))]
    aid_m: Option<i64>,
    /// What happens when an incident opens: auto asks the nearest unit, on_claim asks it once a desk of the city took the
    /// report, manual proposes it to a dispatcher. The units of a manual city are proposed, not asked, for its neighbours
    /// as well.
    #[arg(long, group = "what", value_name = "auto|on_claim|manual")]
    offers: Option<OfferMode>,
}

/// Runs an area command.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: AreaCommand, engine: &Engine) -> Result<(), String> {
    match command {
        AreaCommand::Import { file, only } => {
            let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let cause = Cause::system(engine.now());
            let done =
                engine.import_areas(&cause, &text, only).await.map_err(|e| format!("{}: {e}", file.display()))?;
            println!("{} regions, {} cities, {} districts loaded", done.regions, done.cities, done.districts);
        }
        AreaCommand::Set(set) => change(&set, engine).await.map_err(|e| e.to_string())?,
        AreaCommand::List => {
            println!(
                "{:<12} {:<8} {:<12} {:<5} {:>9} {:<6} {:>7}  NAME",
                "CODE", "LEVEL", "PARENT", "ZONE", "TARGET P1", "OFFERS", "AID"
            );
            for area in engine.areas(&Scope::system()) {
                let parent = area.parent.map_or_else(String::new, |p| p.to_string());
                let minutes = area.targets.0[0] / 60_000;
                println!(
                    "{:<12} {:<8} {parent:<12} {:<5} {minutes:>5} min {:<6} {:>5} m  {}",
                    area.code.to_string(),
                    area.level,
                    area.zone.as_str(),
                    area.offers,
                    area.aid_m,
                    area.name
                );
            }
        }
    }
    Ok(())
}

async fn change(set: &Set, engine: &Engine) -> Result<(), Error> {
    let cause = Cause::system(engine.now());
    if let Some(aid_m) = set.aid_m {
        engine.set_aid(&cause, set.area, aid_m).await?;
    }
    if let Some(offers) = set.offers {
        engine.set_offers(&cause, set.area, offers).await?;
    }
    println!("{} changed", set.area);
    Ok(())
}
