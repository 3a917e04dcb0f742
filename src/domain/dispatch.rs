//! One unit's work on one incident.

use super::{ids::*, incident::IncidentStatus, nearest::Pick, refusal::WrongTransition, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// Where a dispatch stands.
    DispatchStatus, "dispatch status" {
        /// Waits behind the unit's present work; does not hold the unit.
        Queued = "queued",
        /// The crew is asked.
        Offered = "offered",
        /// The crew said yes, or a dispatcher did for them.
        Accepted = "accepted",
        /// On the way.
        EnRoute = "en_route",
        /// There.
        OnScene = "on_scene",
        /// Done.
        Cleared = "cleared",
        /// The crew said no.
        Declined = "declined",
        /// Nobody answered in time, or no phone acknowledged.
        Expired = "expired",
        /// Taken back by a dispatcher.
        Recalled = "recalled",
    }
}

impl DispatchStatus {
    /// The one transition function. A crew may skip a tap (accepted → on scene): the clock takes the later one for both.
    ///
    /// # Errors
    /// [`WrongTransition`] with both states.
    pub fn change(self, to: Self) -> Result<Self, WrongTransition<Self>> {
        use DispatchStatus::{Accepted, Cleared, Declined, EnRoute, Expired, Offered, OnScene, Queued, Recalled};
        match (self, to) {
            (Queued, Offered | Accepted | Recalled)
            | (Offered, Accepted | Declined | Expired | Recalled)
            | (Accepted, EnRoute | OnScene | Cleared | Recalled)
            | (EnRoute, OnScene | Cleared | Recalled)
            | (OnScene, Cleared | Recalled) => Ok(to),
            _ => Err(WrongTransition { what: "dispatch", from: self, to }),
        }
    }

    /// Not at an end yet.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued) || self.holds_unit()
    }

    /// Claims its unit: open and not queued.
    #[must_use]
    pub const fn holds_unit(self) -> bool {
        matches!(self, Self::Offered | Self::Accepted | Self::EnRoute | Self::OnScene)
    }

    /// How far an incident is whose furthest unit stands here.
    #[must_use]
    pub const fn incident_status(self) -> IncidentStatus {
        match self {
            Self::Accepted => IncidentStatus::Assigned,
            Self::EnRoute => IncidentStatus::EnRoute,
            Self::OnScene => IncidentStatus::OnScene,
            Self::Cleared => IncidentStatus::Cleared,
            _ => IncidentStatus::Waiting,
        }
    }
}

words! {
    /// Why an offer ended without a yes.
    Unanswered, "unanswered" {
        /// No phone of the crew acknowledged delivery in time.
        Undelivered = "undelivered",
        /// Delivered, but nobody answered in time.
        NoAnswer = "no_answer",
    }
}

words! {
    /// How a dispatch came to be.
    Mode, "mode" {
        /// The nearest free unit, by the program.
        Auto = "auto",
        /// Chosen by a dispatcher, the crew is asked.
        Offer = "offer",
        /// Ordered by a dispatcher, often by radio: counts as accepted.
        Assign = "assign",
        /// Behind the unit's present work.
        Queue = "queue",
    }
}

/// How long a crew has, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfferLimits {
    /// For a phone of the crew to acknowledge delivery.
    pub delivery_ms: i64,
    /// For someone to answer.
    pub answer_ms: i64,
}

impl Default for OfferLimits {
    fn default() -> Self {
        Self { delivery_ms: 5_000, answer_ms: 15_000 }
    }
}

/// What an arrival tap is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Arrival {
    /// The unit's own fix was fresh and near the scene.
    pub verified: bool,
    /// Distance from the scene, metres; `None` without a fresh fix.
    pub distance_m: Option<f64>,
}

/// How near to the scene a unit's fix must be for its arrival to count as verified, metres. A city block and GPS noise.
pub const ARRIVAL_RADIUS_M: f64 = 250.0;

impl Arrival {
    /// Judges a tap by the distance of the unit's fresh fix from the scene.
    #[must_use]
    pub fn judge(distance_m: Option<f64>) -> Self {
        Self { verified: distance_m.is_some_and(|d| d <= ARRIVAL_RADIUS_M), distance_m }
    }
}

/// A dispatch as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Dispatch {
    /// `BPN-D1024`, numbered in the incident's area.
    pub id: DispatchId,
    /// The work.
    pub incident: IncidentId,
    /// Who does it; may come from another city.
    pub unit: UnitId,
    /// Where it stands.
    pub status: DispatchStatus,
    /// How it came to be.
    pub mode: Mode,
    /// When it was made.
    pub created: UnixMs,
    /// When the crew was asked.
    pub offered: Option<UnixMs>,
    /// When a phone of the crew had the offer.
    pub delivered: Option<UnixMs>,
    /// When the crew said yes.
    pub accepted: Option<UnixMs>,
    /// When it set out.
    pub en_route: Option<UnixMs>,
    /// When it was there.
    pub on_scene: Option<UnixMs>,
    /// When it ended, in whatever way.
    pub ended: Option<UnixMs>,
    /// What the arrival tap is worth.
    pub arrival: Option<Arrival>,
    /// Why it was declined, expired or recalled.
    pub reason: Option<String>,
    /// Why this unit: candidates, distances, who was skipped.
    pub pick: Option<Pick>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_final_and_every_open_one_can_be_recalled() {
        for &from in DispatchStatus::ALL {
            let exits = DispatchStatus::ALL.iter().filter(|&&to| from.change(to).is_ok()).count();
            assert_eq!(exits > 0, from.is_open(), "{from}");
            assert_eq!(from.change(DispatchStatus::Recalled).is_ok(), from.is_open(), "{from}");
        }
    }

    #[test]
    fn a_wrong_step_names_both_states() {
        let wrong = DispatchStatus::Declined.change(DispatchStatus::Accepted).unwrap_err();
        assert_eq!(wrong.to_string(), "dispatch is declined; it cannot become accepted");
    }

    #[test]
    fn an_arrival_far_away_is_flagged() {
        assert!(Arrival::judge(Some(40.0)).verified);
        assert!(!Arrival::judge(Some(2_000.0)).verified);
        assert!(!Arrival::judge(None).verified);
    }
}
