//! `sigap area`: cities, regions, districts.

use crate::{
    domain::access::{Cause, Scope},
    engine::Engine,
};
use clap::Subcommand;
use std::path::PathBuf;

/// Cities, regions, districts.
#[derive(Debug, Subcommand)]
pub enum AreaCommand {
    /// Load cities with boundary, code, time zone, parent and target from a GeoJSON file.
    ///
    /// Each feature is a Polygon or MultiPolygon with properties: `code` (official, as in 64.71), `name`, and where they
    /// are known `short` (area code, as in BPN), `lat`, `lng`, `zone` (WIB, WITA, WIT), `parent`, `target_min`,
    /// `offers` (auto, manual). What is missing comes from the official code: the province gives parent and time zone.
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
    /// List the areas.
    #[command(after_help = "Examples:\n  sigap area list")]
    List,
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
        AreaCommand::List => {
            println!("{:<12} {:<8} {:<12} {:<5} {:>9}  NAME", "CODE", "LEVEL", "PARENT", "ZONE", "TARGET P1");
            for area in engine.areas(&Scope::system()) {
                let parent = area.parent.map_or_else(String::new, |p| p.to_string());
                let minutes = area.targets.0[0] / 60_000;
                println!(
                    "{:<12} {:<8} {parent:<12} {:<5} {minutes:>5} min  {}",
                    area.code.to_string(),
                    area.level,
                    area.zone.as_str(),
                    area.name
                );
            }
        }
    }
    Ok(())
}
