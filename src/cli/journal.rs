//! `sigap journal`: is the record whole?

use crate::{
    domain::{checkpoint::Checkpoint, ids::AreaCode},
    engine::{Engine, Finding},
};
use clap::Subcommand;
use std::path::PathBuf;

/// The journals and their proof.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Walk journals from the first event; names the first bad one and exits with 1.
    ///
    /// A chain alone cannot show that its tail was cut: hold it against a checkpoint for that.
    #[command(
        after_help = "Examples:\n  sigap journal verify --area BPN\n  sigap journal verify --checkpoint kept/checkpoints.jsonl"
    )]
    Verify {
        /// Only this area; without it, all.
        #[arg(long)]
        area: Option<AreaCode>,
        /// Signed checkpoints, one JSON object a line; the last one of each area counts.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print where every journal ends, signed. Keep it somewhere else.
    #[command(after_help = "Examples:\n  sigap journal checkpoint >> kept/checkpoints.jsonl")]
    Checkpoint,
}

/// Runs a journal command; `false` when a journal is not whole.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: JournalCommand, engine: &Engine) -> Result<bool, String> {
    match command {
        JournalCommand::Checkpoint => {
            for checkpoint in engine.checkpoints().await.map_err(|e| e.to_string())? {
                println!("{}", serde_json::to_string(&checkpoint).map_err(|e| e.to_string())?);
            }
            Ok(true)
        }
        JournalCommand::Verify { area, checkpoint } => {
            let known = checkpoint.map(read).transpose()?.unwrap_or_default();
            let areas = match area {
                Some(area) => vec![area],
                None => engine.journals().await.map_err(|e| e.to_string())?,
            };
            let mut whole = true;
            for area in areas {
                let known = known.iter().rfind(|c| c.area == area);
                whole &= verify(engine, area, known).await?;
            }
            Ok(whole)
        }
    }
}

async fn verify(engine: &Engine, area: AreaCode, known: Option<&Checkpoint>) -> Result<bool, String> {
    let finding = engine.audit(area, known).await.map_err(|e| e.to_string())?.map_err(|e| format!("{area}: {e}"))?;
    let against = known.map_or(String::new(), |c| format!(", checkpoint of event {} holds", c.seq));
    match finding {
        Finding::Whole { seq } => {
            println!("{area}: {seq} events, whole{against}");
            return Ok(true);
        }
        Finding::Broken { seq, reason } => println!("{area}: BROKEN at event {seq}: {reason}"),
        Finding::Cut { seq, known } => println!("{area}: CUT: ends at event {seq}, but event {known} was signed"),
        Finding::Rewritten { known } => println!("{area}: REWRITTEN: event {known} is not the one that was signed"),
    }
    Ok(false)
}

fn read(file: PathBuf) -> Result<Vec<Checkpoint>, String> {
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let parse = |line: &str| serde_json::from_str(line).map_err(|e| format!("{}: {e}", file.display()));
    text.lines().filter(|l| !l.trim().is_empty()).map(parse).collect()
}
