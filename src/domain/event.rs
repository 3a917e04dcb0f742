//! What happened, as the journal keeps it: one envelope, one list of kinds, one hash chain.
//!
//! Invariants: an event holds ids, numbers and words, never personal text (that is sealed beside the chain, and the
//! event holds a commitment to it); the hash covers the exact stored text and the hash before it.

mod audience;
mod happened;

pub use audience::Audience;
pub use happened::Happened;

use super::{
    access::{Actor, Source},
    ids::*,
    time::UnixMs,
    unit::Duty,
    words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// What changed of the incident that a crew works on.
    Update, "update" {
        /// Another place.
        Place = "place",
        /// Another priority.
        Priority = "priority",
        /// A new note.
        Note = "note",
    }
}

/// Whose work on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Work {
    /// The dispatch.
    pub dispatch: DispatchId,
    /// The incident.
    pub incident: IncidentId,
    /// The unit.
    pub unit: UnitId,
}

impl Happened {
    /// The work that it is about, for the kinds that begin with `dispatch.`.
    #[must_use]
    pub const fn work(&self) -> Option<Work> {
        match self {
            Self::DispatchQueued(work) | Self::DispatchEnRoute(work) | Self::DispatchCleared(work) => Some(*work),
            Self::DispatchOffered { work, .. }
            | Self::DispatchDelivered { work, .. }
            | Self::DispatchAccepted { work, .. }
            | Self::DispatchDeclined { work, .. }
            | Self::DispatchExpired { work, .. }
            | Self::DispatchOnScene { work, .. }
            | Self::DispatchUpdated { work, .. }
            | Self::DispatchRecalled { work, .. } => Some(*work),
            _ => None,
        }
    }

    /// The unit that can be sent, or no longer, from this event on: `(unit, can be sent)`.
    #[must_use]
    pub const fn availability(&self) -> Option<(UnitId, bool)> {
        match self {
            Self::UnitDuty { unit, duty, .. } => Some((*unit, matches!(duty, Duty::On))),
            Self::DispatchOffered { work, .. } | Self::DispatchAccepted { work, .. } => Some((work.unit, false)),
            Self::DispatchDeclined { work, .. }
            | Self::DispatchExpired { work, .. }
            | Self::DispatchRecalled { work, .. } => Some((work.unit, true)),
            Self::DispatchCleared(work) => Some((work.unit, true)),
            _ => None,
        }
    }
}

/// One entry of an area's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    /// Whose journal.
    pub area: AreaCode,
    /// Its number there: 1, 2, 3, without a gap, in the order of the commits.
    pub seq: i64,
    /// Server time.
    pub at: UnixMs,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
    /// Who did it.
    pub actor: Actor,
    /// The unit whose crew did it, or for whom a dispatcher entered it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on_behalf_of: Option<UnitId>,
    /// By which way.
    pub source: Source,
    /// The device's own time, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device_at: Option<UnixMs>,
    /// The client's command.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<CommandId>,
    /// Who sees it.
    pub audience: Audience,
}

/// The hash before the first event of a journal.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of an entry: SHA-256 over the previous hash and the exact stored text.
#[must_use]
pub fn link(previous: &[u8; 32], text: &str) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(previous);
    context.update(text.as_bytes());
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dispatch::Mode;

    fn event() -> Event {
        Event {
            area: "BPN".parse().unwrap(),
            seq: 7,
            at: UnixMs(1_000),
            what: Happened::DispatchOffered {
                work: Work {
                    dispatch: "BPN-D1".parse().unwrap(),
                    incident: "BPN-1".parse().unwrap(),
                    unit: "BPN-M12".parse().unwrap(),
                },
                mode: Mode::Auto,
                answer_by: UnixMs(16_000),
            },
            actor: Actor::System,
            on_behalf_of: None,
            source: Source::System,
            device_at: None,
            command: None,
            audience: Audience::Unit("BPN-M12".parse().unwrap()),
        }
    }

    #[test]
    fn the_text_is_stable_and_reads_back() {
        let text = serde_json::to_string(&event()).unwrap();
        assert_eq!(
            text,
            r#"{"area":"BPN","seq":7,"at":1000,"kind":"dispatch.offered","body":{"dispatch":"BPN-D1","incident":"BPN-1","unit":"BPN-M12","mode":"auto","answer_by":16000},"actor":"system","source":"system","audience":"unit:BPN-M12"}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event());
        assert_eq!(serde_json::to_value(event()).unwrap()["kind"], event().what.kind());
    }

    #[test]
    fn one_changed_byte_changes_the_hash() {
        assert_ne!(link(&GENESIS, "a"), link(&GENESIS, "b"));
        assert_ne!(link(&GENESIS, "a"), link(&[1; 32], "a"));
    }
}
