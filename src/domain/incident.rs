//! What happened, in a city, and how far the response is.

use super::{ids::*, place::Place, refusal::WrongTransition, sla::Clock, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// How urgent; P1 first.
    Priority, "priority" {
        /// Life in danger now.
        P1 = "P1",
        /// Danger, or a crime under way.
        P2 = "P2",
        /// Needs a unit soon.
        P3 = "P3",
        /// Can wait.
        P4 = "P4",
    }
}

words! {
    /// Who brought it up. Incidents of officers are counted apart from the promise to citizens.
    Origin, "origin" {
        /// A citizen's report.
        Citizen = "citizen",
        /// An officer on the spot.
        Officer = "officer",
        /// An officer's panic button.
        Panic = "panic",
    }
}

words! {
    /// How far the response is: the furthest of its units.
    IncidentStatus, "incident status" {
        /// No unit has taken it.
        Waiting = "waiting",
        /// A unit accepted.
        Assigned = "assigned",
        /// A unit is on its way.
        EnRoute = "en_route",
        /// A unit is there.
        OnScene = "on_scene",
        /// Its units are done; a dispatcher still has to close it.
        Cleared = "cleared",
        /// Closed with a disposition.
        Closed = "closed",
    }
}

impl IncidentStatus {
    /// The one transition function. Between waiting and on scene it follows its units, forward and back.
    ///
    /// # Errors
    /// [`WrongTransition`] with both states: a closed one stays closed.
    pub fn change(self, to: Self) -> Result<Self, WrongTransition<Self>> {
        use IncidentStatus::{Assigned, Cleared, Closed, EnRoute, OnScene, Waiting};
        match (self, to) {
            (Waiting | Assigned | EnRoute | OnScene | Cleared, Closed) => Ok(to),
            (Waiting | Assigned | EnRoute | OnScene | Cleared, Waiting | Assigned | EnRoute | OnScene | Cleared) => {
                Ok(to)
            }
            _ => Err(WrongTransition { what: "incident", from: self, to }),
        }
    }

    /// Whether anyone still has work with it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed)
    }
}

words! {
    /// How it ended.
    Disposition, "disposition" {
        /// Handled on the spot.
        Handled = "handled",
        /// Handed to another service or to the investigators.
        Referred = "referred",
        /// Nothing found.
        NothingFound = "nothing_found",
        /// The caller no longer needs help.
        CancelledByCaller = "cancelled_by_caller",
        /// It was no police matter after all.
        Invalid = "invalid",
        /// The same as another one.
        Duplicate = "duplicate",
    }
}

/// An incident as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Incident {
    /// `BPN-1024`.
    pub id: IncidentId,
    /// What happened.
    pub kind: String,
    /// How urgent.
    pub priority: Priority,
    /// Who brought it up.
    pub origin: Origin,
    /// How far the response is.
    pub status: IncidentStatus,
    /// Where, as far as is known now.
    pub place: Place,
    /// Counts the changes of place, from 1.
    pub place_version: i64,
    /// The district that holds the place.
    pub district: Option<String>,
    /// The unit that pressed panic or found it.
    pub opened_by_unit: Option<UnitId>,
    /// When it was opened.
    pub opened: UnixMs,
    /// When it was closed.
    pub closed: Option<UnixMs>,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// No unit could be found; the dispatchers were alarmed at this time.
    pub unassigned_since: Option<UnixMs>,
    /// How far the scene is from the nearest station, metres, where the promise asks for it and a station is known.
    #[serde(default)]
    pub station_m: Option<f64>,
    /// The promise and the moments that count for it.
    pub clock: Clock,
}

/// An incident to be opened.
#[derive(Clone, Debug)]
pub struct NewIncident {
    /// What happened.
    pub kind: String,
    /// How urgent.
    pub priority: Priority,
    /// Who brought it up.
    pub origin: Origin,
    /// Where.
    pub place: Place,
    /// The district that holds the place.
    pub district: Option<String>,
    /// The unit that found it or pressed panic.
    pub by_unit: Option<UnitId>,
    /// What is known, sealed at rest.
    pub note: Option<String>,
}

/// A note on an incident, opened from its seal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Note {
    /// Its number in the incident, from 1.
    pub no: i64,
    /// When.
    pub at: UnixMs,
    /// Who, as in the journal.
    #[schema(value_type = String)]
    pub author: super::access::Actor,
    /// The text; `None` once erased.
    pub text: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_incident_stays_closed_and_any_other_can_be_closed() {
        for &status in IncidentStatus::ALL {
            assert!(IncidentStatus::Closed.change(status).is_err());
            assert_eq!(status.change(IncidentStatus::Closed).is_ok(), status.is_open());
        }
    }
}
