//! `sigap unit`: what can be sent.

use crate::{
    domain::{access::Cause, ids::UnitId, unit::UnitKind},
    engine::Engine,
};
use clap::Subcommand;

/// What can be sent.
#[derive(Debug, Subcommand)]
pub enum UnitCommand {
    /// Set up a unit. Its crew signs on from their phones.
    #[command(after_help = "Example:\n  sigap unit add BPN-M12 --kind motorcycle")]
    Add {
        /// Area and call sign.
        unit: UnitId,
        /// What it rides in or on: motorcycle, car, foot, boat.
        #[arg(long, default_value = "motorcycle")]
        kind: UnitKind,
    },
}

/// Runs a unit command.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: UnitCommand, engine: &Engine) -> Result<(), String> {
    let UnitCommand::Add { unit, kind } = command;
    let added = engine.add_unit(&Cause::system(engine.now()), unit, kind).await.map_err(|e| e.to_string())?;
    println!("unit {}, {}", added.id, added.kind);
    Ok(())
}
