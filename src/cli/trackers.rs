//! `sigap tracker`: stock apps that tell a unit's place.

use crate::{
    domain::{
        access::{Cause, Scope},
        ids::{AreaCode, TrackerId, UnitId},
        time::UnixMs,
    },
    engine::Engine,
    wire::bodies::trackers::AddedTrackerBody,
};
use clap::Subcommand;

/// Stock apps that tell a unit's place: OsmAnd, Traccar Client, OwnTracks.
#[derive(Debug, Subcommand)]
pub enum TrackerCommand {
    /// Give a unit a tracker; prints once what to type into the app.
    #[command(
        after_help = "Examples:\n  sigap tracker add BPN-M12 --server https://110.example.id\n  sigap tracker add BPN-C3 --source"
    )]
    Add {
        /// Area and call sign.
        unit: UnitId,
        /// How phones reach the service.
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8110")]
        server: String,
        /// Its fixes count beside those of the crew's phone, and the newest wins. Without it they count while that phone is
        /// silent.
        #[arg(long)]
        source: bool,
    },
    /// List an area's trackers, revoked ones too.
    #[command(after_help = "Examples:\n  sigap tracker list BPN")]
    List {
        /// The area, as in BPN.
        area: AreaCode,
    },
    /// End a tracker: its secret counts no more.
    #[command(after_help = "Examples:\n  sigap tracker revoke BPN-M12-T1")]
    Revoke {
        /// Unit, T and number.
        tracker: TrackerId,
    },
}

/// Runs a tracker command.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: TrackerCommand, engine: &Engine) -> Result<(), String> {
    let cause = Cause::system(engine.now());
    match command {
        TrackerCommand::Add { unit, server, source } => {
            let added = engine.add_tracker(&cause, unit, source).await.map_err(|e| e.to_string())?;
            let added = AddedTrackerBody::new(added, &server);
            println!("tracker {} of {unit}. This is shown once:", added.tracker.id);
            if let Some(setup) = added.setup {
                println!("\nOsmAnd          web address  {}", setup.osmand_url);
                println!("\nTraccar Client  server       {}", setup.traccar_url);
                println!("                identifier   {}", setup.traccar_id);
                println!("                or QR code   {}", setup.traccar_link);
                println!("\nOwnTracks       HTTP, URL    {}", setup.owntracks_url);
                println!("                user         {}", added.tracker.id);
                println!("                password     {}", setup.secret);
                println!("                or open      {}", setup.owntracks_link);
            }
        }
        TrackerCommand::List { area } => {
            println!("{:<20} {:<7} {:<24} {:<24} REVOKED", "TRACKER", "SOURCE", "ADDED", "LAST SEEN");
            let when = |at: Option<UnixMs>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            for t in engine.trackers(&Scope::system(), area, None).await.map_err(|e| e.to_string())? {
                let source = if t.position_source { "yes" } else { "no" };
                let (added, seen, revoked) = (t.created.to_string(), when(t.last_seen), when(t.revoked));
                println!("{:<20} {source:<7} {added:<24} {seen:<24} {revoked}", t.id.to_string());
            }
        }
        TrackerCommand::Revoke { tracker } => {
            engine.revoke_tracker(&cause, tracker).await.map_err(|e| e.to_string())?;
            println!("tracker {tracker} is revoked");
        }
    }
    Ok(())
}
