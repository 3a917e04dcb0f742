//! Desks and the ladders that reports climb, at the terminal.

use crate::{
    domain::{
        access::Cause,
        desk::{Desk, DeskKind, Flow, Preset},
        ids::{AreaCode, DeskId},
    },
    engine::Engine,
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Where reports are taken.
#[derive(Debug, Subcommand)]
pub enum DeskCommand {
    /// Set up a desk, or change its name, level or district.
    #[command(
        after_help = "Examples:\n  sigap desk add BPN.SELATAN --kind polsek --name \"Polsek Selatan\" --district SELATAN"
    )]
    Add(Add),
    /// The desks of an area.
    #[command(after_help = "Example:\n  sigap desk list BPN")]
    List {
        /// The area, as in BPN.
        area: AreaCode,
    },
}

/// A desk.
#[derive(Debug, Args)]
pub struct Add {
    /// The area's code, a dot, 2 to 12 capitals or digits.
    desk: DeskId,
    /// mabes, polda, polres or polsek.
    #[arg(long)]
    kind: DeskKind,
    /// As people say it.
    #[arg(long)]
    name: String,
    /// The district that it serves, by its code.
    #[arg(long)]
    district: Option<String>,
}

/// By which ladder of desks reports go.
#[derive(Debug, Subcommand)]
pub enum FlowCommand {
    /// Set an area's flow: a preset, or a file of one's own.
    #[command(
        after_help = "Examples:\n  sigap flow import BPN --preset 2021\n  sigap flow import BPN --preset 2026\n  sigap flow import BPN --file flow.json\n\nA file: {\"answering\": [{\"desk\": \"district\", \"ring_ms\": 10000}, {\"desk\": \"BPN.SPKT\", \"ring_ms\": 10000}], \"follow_up\": []}"
    )]
    Import(Import),
    /// Show an area's flow as JSON.
    #[command(after_help = "Example:\n  sigap flow show BPN > flow.json")]
    Show {
        /// The area, as in BPN.
        area: AreaCode,
    },
}

/// A flow to be set.
#[derive(Debug, Args)]
pub struct Import {
    /// The area, as in BPN.
    area: AreaCode,
    /// 2021: Polda answers and validates, the Polres follows up within 5 s. 2026: Polsek, Polres, Polda, Mabes, 10 s each;
    /// a desk is set up for each district that has none.
    #[arg(long, conflicts_with = "file", required_unless_present = "file")]
    preset: Option<Preset>,
    /// A flow as JSON.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Runs a desk command.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: DeskCommand, engine: &Engine) -> Result<(), String> {
    let cause = Cause::system(engine.now());
    match command {
        DeskCommand::Add(add) => {
            let desk = Desk { id: add.desk, kind: add.kind, name: add.name, district: add.district };
            engine.put_desk(&cause, desk).await.map_err(|e| e.to_string())?;
            println!("{} set up", add.desk);
        }
        DeskCommand::List { area } => {
            let catalog = engine.catalog();
            println!("{:<24} {:<7} {:<16} NAME", "DESK", "KIND", "DISTRICT");
            for desk in catalog.desks(area) {
                let district = desk.district.as_deref().unwrap_or("");
                println!("{:<24} {:<7} {district:<16} {}", desk.id.to_string(), desk.kind, desk.name);
            }
        }
    }
    Ok(())
}

/// Runs a flow command.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn flow(command: FlowCommand, engine: &Engine) -> Result<(), String> {
    match command {
        FlowCommand::Import(import) => set(import, engine).await,
        FlowCommand::Show { area } => {
            let flow = engine.catalog().flow(area);
            println!("{}", serde_json::to_string_pretty(&flow).map_err(|e| e.to_string())?);
            Ok(())
        }
    }
}

async fn set(import: Import, engine: &Engine) -> Result<(), String> {
    let (cause, area) = (Cause::system(engine.now()), import.area);
    let flow = match (import.preset, import.file) {
        (_, Some(file)) => {
            let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?
        }
        (preset, None) => {
            let preset = preset.unwrap_or(Preset::Y2026);
            if preset == Preset::Y2026 {
                let made = engine.add_district_desks(&cause, area).await.map_err(|e| e.to_string())?;
                println!("{made} desks set up for districts");
            }
            Flow::preset(preset, &engine.catalog().path(area))
        }
    };
    engine.set_flow(&cause, area, flow).await.map_err(|e| e.to_string())?;
    println!("{area} goes by its new flow");
    Ok(())
}
