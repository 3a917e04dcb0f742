//! The command line: what it takes, and the commands that only need the engine.

pub mod areas;
pub mod callers;
pub mod desks;
pub mod journal;
pub mod report;
pub mod sla;
pub mod trackers;
pub mod units;
pub mod users;

use crate::domain::{access::Grant, ids::*, place::Place};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The backend behind the police emergency number 110.
#[derive(Debug, Parser)]
#[command(name = "sigap", version, about, after_help = EXAMPLES)]
pub struct Cli {
    /// Settings file [default: sigap.toml, if there is one]. Every setting also reads SIGAP_…, as in SIGAP_DATABASE_URL.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sigap demo                                    a city at work, nothing else needed
  sigap serve                                   the service on sqlite://data/sigap.db
  SIGAP_DATABASE_URL=postgres://… sigap serve   the service on PostgreSQL
  SIGAP_REDIS_URL=redis://… sigap serve         one of several nodes on one PostgreSQL
  sigap area import cities.geojson              load cities with their boundaries
  sigap unit add BPN-M12 --kind motorcycle
  sigap user add --login dina --grant dispatcher@BPN
  sigap replay --unit BPN-M12 --gpx ride.gpx --login bpn-m12 --speed 4
  sigap report --city BPN --month 2026-10 -o report.html
  sigap journal verify --area BPN";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service.
    #[command(
        after_help = "Examples:\n  sigap serve\n  SIGAP_LISTEN=0.0.0.0:8110 sigap serve\n  SIGAP_DATABASE_URL=postgres://sigap@db/sigap sigap serve\n\nOne of several nodes, all with the same SIGAP_MASTER_KEY:\n  SIGAP_DATABASE_URL=postgres://sigap@db/sigap SIGAP_REDIS_URL=redis://cache:6379 sigap serve\n  SIGAP_REDIS_URL=redis+cluster://c1:7000,c2:7000,c3:7000 sigap serve"
    )]
    Serve,
    /// Run the service with a simulated city: patrols on duty, citizens reporting.
    #[command(
        after_help = "Examples:\n  sigap demo\n  sigap demo --units 80 --reports-per-min 30\n  sigap demo --seed 7 --seconds 60\n  sigap demo --past 0"
    )]
    Demo(Demo),
    /// Bring the database's tables up to date and stop.
    #[command(after_help = "Examples:\n  sigap migrate\n  SIGAP_DATABASE_URL=postgres://sigap@db/sigap sigap migrate")]
    Migrate,
    /// Cities, regions, districts.
    #[command(
        subcommand,
        after_help = "Examples:\n  sigap area import cities.geojson\n  sigap area set BPN --aid-m 3000\n  sigap area list"
    )]
    Area(areas::AreaCommand),
    /// Where reports are taken.
    #[command(subcommand, after_help = "Examples:\n  sigap desk list BPN")]
    Desk(desks::DeskCommand),
    /// By which ladder of desks an area's reports go.
    #[command(subcommand, after_help = "Examples:\n  sigap flow import BPN --preset 2026\n  sigap flow show BPN")]
    Flow(desks::FlowCommand),
    /// What a city promises, and its figures.
    #[command(
        subcommand,
        after_help = "Examples:\n  sigap sla set BPN --preset bands-2025\n  sigap sla show BPN\n  sigap sla history BPN"
    )]
    Sla(sla::SlaCommand),
    /// Write how the promise was kept in a month, as a page for paper.
    #[command(
        after_help = "Examples:\n  sigap report --city BPN --month 2026-10 -o report.html\n  sigap report --area KALTIM --month 2026-10 -o kaltim.html --lang en"
    )]
    Report(report::Report),
    /// What can be sent.
    #[command(subcommand, after_help = "Examples:\n  sigap unit add BPN-M12 --kind motorcycle")]
    Unit(units::UnitCommand),
    /// Stock apps that tell a unit's place: OsmAnd, Traccar Client, OwnTracks.
    #[command(
        subcommand,
        after_help = "Examples:\n  sigap tracker add BPN-M12 --server https://110.example.id\n  sigap tracker list BPN\n  sigap tracker revoke BPN-M12-T1"
    )]
    Tracker(trackers::TrackerCommand),
    /// People who can log in.
    #[command(subcommand, after_help = "Examples:\n  sigap user add --login bpn-dispatch --grant dispatcher@BPN")]
    User(users::UserCommand),
    /// Stream a recorded ride as a unit's phone.
    #[command(
        after_help = "Examples:\n  sigap replay --unit BPN-M12 --gpx ride.gpx --login bpn-m12\n  sigap replay --unit BPN-M12 --gpx ride.gpx --login bpn-m12 --origin=-1.268,116.832 --speed 4"
    )]
    Replay(Replay),
    /// Copy the SQLite database into a new file while the service runs.
    #[command(after_help = "Examples:\n  sigap backup kept/sigap-monday.db")]
    Backup {
        /// The new file.
        file: PathBuf,
    },
    /// Forget a caller: what they told can be read no more.
    ///
    /// The journals still verify. Refused while one of the caller's reports is open.
    #[command(
        after_help = "Examples:\n  sigap erase-caller - --reason 'asked for it in writing' < number.txt\n  sigap erase-caller 0812-3456-7890 --reason 'asked for it in writing'"
    )]
    EraseCaller(callers::EraseCaller),
    /// Rotate the master key while no node serves.
    ///
    /// Broken off, even by kill -9, it goes on when it is run again.
    #[command(after_help = "Examples:\n  sigap rekey\n  sigap rekey --key-file keys/next.key")]
    Rekey(Rekey),
    /// The journals and their proof.
    #[command(
        subcommand,
        after_help = "Examples:\n  sigap journal verify --area BPN\n  sigap journal checkpoint >> kept/checkpoints.jsonl"
    )]
    Journal(journal::JournalCommand),
    /// Write the API's descriptions.
    #[command(after_help = "Examples:\n  sigap spec\n  sigap spec --out build/specs")]
    Spec {
        /// Folder for openapi.json and asyncapi.json.
        #[arg(long, default_value = "api-spec")]
        out: PathBuf,
    },
}

/// A rotation of the master key.
#[derive(Debug, Args)]
pub struct Rekey {
    /// Where the new key lies, or is made [default: the key file with .new behind it].
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// A simulated city.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Patrols on duty: 25, or 80 for the whole fleet of Balikpapan.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=80))]
    pub units: u16,
    /// Reports per minute from citizens.
    #[arg(long, default_value_t = 4.0)]
    pub reports_per_min: f64,
    /// The same seed gives the same city.
    #[arg(long, default_value_t = 110)]
    pub seed: u64,
    /// Days of past that a new database is given, so that the board and the reports have something to tell; 0 for none.
    #[arg(long, value_name = "DAYS", default_value_t = 28, value_parser = clap::value_parser!(u16).range(0..=90))]
    pub past: u16,
    /// Stop after so many seconds; without it, run until Ctrl-C.
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// A recorded ride.
#[derive(Debug, Args)]
pub struct Replay {
    /// The unit whose phone this is, as in BPN-M12.
    #[arg(long)]
    pub unit: UnitId,
    /// The recorded track.
    #[arg(long, value_name = "FILE")]
    pub gpx: PathBuf,
    /// Move the track so that it starts here, as in --origin=-1.268,116.832.
    #[arg(long, value_name = "LAT,LNG", allow_hyphen_values = true)]
    pub origin: Option<Place>,
    /// How much faster than it was ridden.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// The service.
    #[arg(long, default_value = "http://127.0.0.1:8110")]
    pub server: String,
    /// The officer's login.
    #[arg(long)]
    pub login: String,
    /// The officer's password; better given as SIGAP_PASSWORD.
    #[arg(long, env = "SIGAP_PASSWORD", hide_env_values = true)]
    pub password: String,
}

/// Reads `ROLE@AREA`.
fn grant(text: &str) -> Result<Grant, String> {
    let (role, area) = text.split_once('@').ok_or("expected ROLE@AREA, as in dispatcher@BPN")?;
    Ok(Grant {
        role: role.parse().map_err(|e: InvalidId| e.to_string())?,
        area: area.parse().map_err(|e: InvalidId| e.to_string())?,
    })
}
