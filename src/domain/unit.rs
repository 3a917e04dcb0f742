//! Units, their crews, and whether they can be sent.

use super::{ids::*, refusal::WrongTransition, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// What a unit rides in or on.
    UnitKind, "unit kind" {
        /// Gets through traffic.
        Motorcycle = "motorcycle",
        /// Carries people and gear.
        Car = "car",
        /// Walks.
        Foot = "foot",
        /// Harbours and rivers.
        Boat = "boat",
    }
}

impl UnitKind {
    /// Speed that an urgent ride averages in a city, metres per second over the straight line. An assumption until
    /// measured rides replace it: 36, 29, 5 and 22 km/h, about two thirds of what the vehicle makes on the road.
    #[must_use]
    pub const fn straight_line_speed_mps(self) -> f64 {
        match self {
            Self::Motorcycle => 10.0,
            Self::Car => 8.0,
            Self::Foot => 1.4,
            Self::Boat => 6.0,
        }
    }
}

words! {
    /// Whether a unit is at work.
    Duty, "duty" {
        /// No crew.
        Off = "off_duty",
        /// Crewed, and can be sent unless it has work.
        On = "on_duty",
        /// Crewed but cannot be sent: meal, refuelling, fault.
        OutOfService = "out_of_service",
    }
}

impl Duty {
    /// The one transition function of duty: a crew signs on first, and off last.
    ///
    /// # Errors
    /// [`WrongTransition`] with both states, from off duty to out of service and to where it is already.
    pub fn change(self, to: Self) -> Result<Self, WrongTransition<Self>> {
        match (self, to) {
            (Self::Off, Self::On) | (Self::On, Self::OutOfService | Self::Off) => Ok(to),
            (Self::OutOfService, Self::On | Self::Off) => Ok(to),
            _ => Err(WrongTransition { what: "unit", from: self, to }),
        }
    }
}

/// A unit as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Unit {
    /// `BPN-M12`.
    pub id: UnitId,
    /// What it rides in or on.
    pub kind: UnitKind,
    /// Whether it is at work.
    pub duty: Duty,
    /// Since when.
    pub since: UnixMs,
    /// The dispatch that holds it. Queued ones do not.
    pub dispatch: Option<DispatchId>,
    /// The last place known to the database, and when it was measured. Fresher ones are live.
    pub last: Option<LastPlace>,
}

/// Where a unit was seen last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct LastPlace {
    /// Where.
    pub place: super::place::Place,
    /// When the fix was made, server time.
    pub at: UnixMs,
}

/// An officer on a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct CrewMember {
    /// Who.
    pub account: AccountId,
    /// With which phone.
    pub device: DeviceId,
    /// Since when.
    pub from: UnixMs,
    /// Whether this phone's fixes are the unit's position.
    pub position_source: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duty_goes_through_on() {
        assert_eq!(Duty::Off.change(Duty::On), Ok(Duty::On));
        let wrong = Duty::Off.change(Duty::OutOfService).unwrap_err();
        assert_eq!((wrong.from, wrong.to), (Duty::Off, Duty::OutOfService));
        assert_eq!(wrong.to_string(), "unit is off_duty; it cannot become out_of_service");
    }
}
