//! Virtual patrols and citizens, and replays of real tracks: ordinary clients of the public API over real sockets.
//!
//! Invariants: nothing here knows the engine or the database; what a phone believes of its work is what the server told
//! it, never what it asked for; every wait has a deadline; the same seed makes the same people. The pure part (`crew`,
//! `phone`, `drive`, `town`, `behaviour`) is given the time and does no I/O; `link`, `patrol`, `citizen`, `world` and
//! `replay` carry it over the wire.

mod behaviour;
mod chance;
mod citizen;
pub mod client;
mod crew;
pub mod demo;
mod drive;
#[cfg(test)]
mod fake;
pub mod gpx;
mod latency;
mod link;
mod operator;
pub mod past;
mod patrol;
mod phone;
pub mod replay;
#[cfg(test)]
mod script;
mod stats;
mod town;
mod world;

pub use behaviour::Behaviour;
pub use citizen::Mix;
pub use latency::Histogram;
pub use stats::{Snapshot, Stats};
pub use town::Town;
pub use world::{DeskWork, Rider, World, run};

use crate::domain::time::UnixMs;
use std::sync::Arc;

/// The phones' time of day, given from above.
pub type Clock = Arc<dyn Fn() -> UnixMs + Send + Sync>;
