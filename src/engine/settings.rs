//! What operations may set.

use crate::domain::{dispatch::OfferLimits, fix::Limits, link::LinkSettings, message::Persistence, nearest::STALE_MS};
use serde::{Deserialize, Serialize};

/// The engine's settings, with defaults that suit a city.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a crew has to acknowledge and to answer.
    pub offer: OfferLimits,
    /// A fix older than this makes no candidate for an automatic offer, milliseconds.
    pub stale_ms: i64,
    /// How far away a unit may be to be offered automatically, metres.
    pub search_limit_m: f64,
    /// A unit that declined or did not answer is not asked again for the same incident within this, milliseconds.
    pub ask_again_ms: i64,
    /// What a fix must pass.
    pub fix: Limits,
    /// How long and how often a message to a citizen is tried.
    pub messages: Persistence,
    /// How citizens' links are made and how long they are good.
    pub link: LinkSettings,
    /// Tracks are kept so many days.
    pub track_days: i64,
    /// Answers to commands are kept so many days.
    pub command_days: i64,
    /// What callers told is kept so many days after the last of their reports was closed.
    pub caller_days: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            offer: OfferLimits::default(),
            stale_ms: STALE_MS,
            search_limit_m: 30_000.0,
            ask_again_ms: 120_000,
            fix: Limits::default(),
            messages: Persistence::default(),
            link: LinkSettings::default(),
            track_days: 90,
            command_days: 7,
            caller_days: 730,
        }
    }
}
