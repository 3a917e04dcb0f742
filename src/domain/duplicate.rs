//! Whether a report tells of what is open already: near in place, time and kind.

use super::{ids::IncidentId, incident::Incident, place::Place, time::UnixMs};
use serde::{Deserialize, Serialize};

/// Calls of the same kind within so many metres are likely of one thing: an accident is seen from a street's both ends.
pub const SAME_KIND_M: f64 = 500.0;

/// Calls of another kind must be nearer, metres: a fight and an injury are one thing at one door.
pub const OTHER_KIND_M: f64 = 150.0;

/// What began longer before is not proposed, milliseconds.
pub const APART_MS: i64 = 3_600_000;

/// An open incident that a report may tell of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Likeness {
    /// Which.
    pub incident: IncidentId,
    /// From the report's place to the incident's, metres.
    pub distance_m: f64,
    /// From the incident's first report to this one, milliseconds; negative when this one is the earlier.
    pub apart_ms: i64,
    /// Whether the kind is the same.
    pub same_kind: bool,
}

/// How like a report is to an open incident; `None` where it is not.
#[must_use]
pub fn likeness(place: Place, kind: &str, rung: UnixMs, incident: &Incident) -> Option<Likeness> {
    let distance_m = place.distance_m(incident.place);
    let apart_ms = rung.since(incident.clock.start);
    let same_kind = kind == incident.kind;
    let near = distance_m <= if same_kind { SAME_KIND_M } else { OTHER_KIND_M };
    (incident.status.is_open() && near && apart_ms.abs() <= APART_MS).then_some(Likeness {
        incident: incident.id,
        distance_m,
        apart_ms,
        same_kind,
    })
}
