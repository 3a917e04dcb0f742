//! What happened, as the journal keeps it: one envelope, one list of kinds, one hash chain.
//!
//! Invariants: an event holds ids, numbers and words, never personal text (that is sealed beside the chain, and the
//! event holds a commitment to it); the hash covers the exact stored text and the hash before it.

mod audience;

pub use audience::Audience;

use super::{
    access::{Actor, Role, Source},
    dispatch::{Arrival, Mode, Unanswered},
    ids::*,
    incident::{Disposition, Origin, Priority},
    report::Channel,
    time::UnixMs,
    unit::Duty,
    words::words,
};
use serde::{Deserialize, Serialize};

/// What happened. The serde names are the kinds in the journal, in frames and in the specs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "body")]
pub enum Happened {
    /// The area exists from here on: the first event of every journal.
    #[serde(rename = "area.created")]
    AreaCreated { name: String },
    /// Its boundary, districts, targets or settings changed.
    #[serde(rename = "area.changed")]
    AreaChanged { what: String },
    /// Somebody was given a role here.
    #[serde(rename = "account.added")]
    AccountAdded { account: AccountId, role: Role },
    /// Somebody can log in no more.
    #[serde(rename = "account.closed")]
    AccountClosed { account: AccountId },
    /// A device was lost: it can be used no more.
    #[serde(rename = "device.revoked")]
    DeviceRevoked { device: DeviceId },
    /// A unit was set up.
    #[serde(rename = "unit.added")]
    UnitAdded { unit: UnitId },
    /// A unit came on duty, went off, or out of service.
    #[serde(rename = "unit.duty")]
    UnitDuty { unit: UnitId, duty: Duty, reason: Option<String> },
    /// An officer signed on.
    #[serde(rename = "crew.signed_on")]
    CrewSignedOn { unit: UnitId, device: DeviceId, position_source: bool },
    /// An officer signed off.
    #[serde(rename = "crew.signed_off")]
    CrewSignedOff { unit: UnitId, device: DeviceId },
    /// From here on this phone's fixes are the unit's position.
    #[serde(rename = "crew.source")]
    CrewSource { unit: UnitId, device: DeviceId },
    /// A citizen made contact. `commitment` binds the sealed text.
    #[serde(rename = "report.received")]
    ReportReceived {
        report: ReportId,
        channel: Channel,
        outside_area: bool,
        near: Vec<AreaCode>,
        commitment: Option<String>,
    },
    /// Nobody has taken it up for too long: an alarm.
    #[serde(rename = "report.waiting")]
    ReportWaiting { report: ReportId },
    /// Found valid.
    #[serde(rename = "report.validated")]
    ReportValidated { report: ReportId, incident: Option<IncidentId> },
    /// Closed.
    #[serde(rename = "report.closed")]
    ReportClosed { report: ReportId },
    /// An incident was opened.
    #[serde(rename = "incident.opened")]
    IncidentOpened {
        incident: IncidentId,
        priority: Priority,
        origin: Origin,
        report: Option<ReportId>,
        by_unit: Option<UnitId>,
        target_ms: i64,
    },
    /// Another place became known; the place itself is read from the incident.
    #[serde(rename = "incident.place")]
    IncidentPlace { incident: IncidentId, version: i64, district: Option<String> },
    /// More or less urgent; the promise follows.
    #[serde(rename = "incident.priority")]
    IncidentPriority { incident: IncidentId, priority: Priority, target_ms: i64 },
    /// A note was added. `commitment` binds the sealed text.
    #[serde(rename = "incident.note")]
    IncidentNote { incident: IncidentId, no: i64, commitment: String },
    /// No unit could be found: an alarm for the dispatchers. The incident stays first in the queue.
    #[serde(rename = "incident.unassigned")]
    IncidentUnassigned { incident: IncidentId },
    /// This unit is the nearest, a dispatcher decides: the city offers by hand, or the unit's does and no other is left.
    #[serde(rename = "incident.proposed")]
    IncidentProposed { incident: IncidentId, unit: UnitId },
    /// The promise may not be kept: an alarm.
    #[serde(rename = "incident.at_risk")]
    IncidentAtRisk { incident: IncidentId, left_ms: i64 },
    /// The promise is broken. Fires once.
    #[serde(rename = "incident.breached")]
    IncidentBreached { incident: IncidentId },
    /// Closed.
    #[serde(rename = "incident.closed")]
    IncidentClosed { incident: IncidentId, disposition: Disposition },
    /// Waits behind the unit's present work.
    #[serde(rename = "dispatch.queued")]
    DispatchQueued(Work),
    /// The crew is asked; the unit is held.
    #[serde(rename = "dispatch.offered")]
    DispatchOffered {
        #[serde(flatten)]
        work: Work,
        mode: Mode,
        answer_by: UnixMs,
    },
    /// A phone of the crew has the offer.
    #[serde(rename = "dispatch.delivered")]
    DispatchDelivered {
        #[serde(flatten)]
        work: Work,
        device: DeviceId,
    },
    /// The crew, or a dispatcher for it, said yes.
    #[serde(rename = "dispatch.accepted")]
    DispatchAccepted {
        #[serde(flatten)]
        work: Work,
        mode: Mode,
    },
    /// The crew said no.
    #[serde(rename = "dispatch.declined")]
    DispatchDeclined {
        #[serde(flatten)]
        work: Work,
        reason: String,
    },
    /// Nobody answered.
    #[serde(rename = "dispatch.expired")]
    DispatchExpired {
        #[serde(flatten)]
        work: Work,
        why: Unanswered,
    },
    /// On the way.
    #[serde(rename = "dispatch.en_route")]
    DispatchEnRoute(Work),
    /// There.
    #[serde(rename = "dispatch.on_scene")]
    DispatchOnScene {
        #[serde(flatten)]
        work: Work,
        arrival: Arrival,
    },
    /// Done.
    #[serde(rename = "dispatch.cleared")]
    DispatchCleared(Work),
    /// What the crew works on changed: place, priority or a note. Read the incident again.
    #[serde(rename = "dispatch.updated")]
    DispatchUpdated {
        #[serde(flatten)]
        work: Work,
        what: Update,
    },
    /// Taken back.
    #[serde(rename = "dispatch.recalled")]
    DispatchRecalled {
        #[serde(flatten)]
        work: Work,
        reason: String,
    },
    /// A subject's key was destroyed: what it sealed can be read no more.
    #[serde(rename = "subject.erased")]
    SubjectErased { subject: SubjectId },
}

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
    /// The kind: `dispatch.offered`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AreaCreated { .. } => "area.created",
            Self::AreaChanged { .. } => "area.changed",
            Self::AccountAdded { .. } => "account.added",
            Self::AccountClosed { .. } => "account.closed",
            Self::DeviceRevoked { .. } => "device.revoked",
            Self::UnitAdded { .. } => "unit.added",
            Self::UnitDuty { .. } => "unit.duty",
            Self::CrewSignedOn { .. } => "crew.signed_on",
            Self::CrewSignedOff { .. } => "crew.signed_off",
            Self::CrewSource { .. } => "crew.source",
            Self::ReportReceived { .. } => "report.received",
            Self::ReportWaiting { .. } => "report.waiting",
            Self::ReportValidated { .. } => "report.validated",
            Self::ReportClosed { .. } => "report.closed",
            Self::IncidentOpened { .. } => "incident.opened",
            Self::IncidentPlace { .. } => "incident.place",
            Self::IncidentPriority { .. } => "incident.priority",
            Self::IncidentNote { .. } => "incident.note",
            Self::IncidentUnassigned { .. } => "incident.unassigned",
            Self::IncidentProposed { .. } => "incident.proposed",
            Self::IncidentAtRisk { .. } => "incident.at_risk",
            Self::IncidentBreached { .. } => "incident.breached",
            Self::IncidentClosed { .. } => "incident.closed",
            Self::DispatchQueued(_) => "dispatch.queued",
            Self::DispatchOffered { .. } => "dispatch.offered",
            Self::DispatchDelivered { .. } => "dispatch.delivered",
            Self::DispatchAccepted { .. } => "dispatch.accepted",
            Self::DispatchDeclined { .. } => "dispatch.declined",
            Self::DispatchExpired { .. } => "dispatch.expired",
            Self::DispatchEnRoute(_) => "dispatch.en_route",
            Self::DispatchOnScene { .. } => "dispatch.on_scene",
            Self::DispatchCleared(_) => "dispatch.cleared",
            Self::DispatchUpdated { .. } => "dispatch.updated",
            Self::DispatchRecalled { .. } => "dispatch.recalled",
            Self::SubjectErased { .. } => "subject.erased",
        }
    }

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
