//! Trackers: stock apps on a crew's phone, or a box in the car, that tell a unit's place over plain HTTP.
//!
//! Which fixes of a tracker count, in three sentences. While its unit is off duty, none. The crew's own phone comes
//! first: while it moves the unit's pin, a tracker's live fixes are passed over, unless the tracker was set as a
//! position source. Otherwise a tracker's fixes are judged like a phone's, and the newest fix is where the unit is.

use super::{ids::TrackerId, time::UnixMs, unit::Duty};
use serde::{Deserialize, Serialize};

/// The crew's phone is the unit's position for so long after each fix that moved the pin, milliseconds. A page in front
/// sends every few seconds; one that sleeps behind a locked screen gives way to the tracker after this.
pub const PHONE_FIRST_MS: i64 = 15_000;

/// A tracker of a unit, without its secret, which nobody keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tracker {
    /// Its public name.
    pub id: TrackerId,
    /// Its fixes move the pin even while the crew's phone does; the newest counts.
    pub position_source: bool,
    /// When it was added.
    pub created: UnixMs,
    /// Since when its secret counts no more.
    pub revoked: Option<UnixMs>,
    /// When it was heard last, to the minute.
    pub last_seen: Option<UnixMs>,
}

/// What becomes of a tracker's fixes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Its unit is off duty: where its officers are is nobody's business.
    OffDuty,
    /// The crew's phone speaks for the unit: only what comes late fills the track.
    Second,
    /// It speaks for the unit.
    First,
}

impl Say {
    /// Whether a tracker speaks for its unit, which is at `duty` and whose phone moved the pin last at `phone`.
    #[must_use]
    pub fn of(position_source: bool, duty: Duty, phone: Option<UnixMs>, now: UnixMs) -> Self {
        let awake = phone.is_some_and(|at| now.since(at) <= PHONE_FIRST_MS);
        match duty {
            Duty::Off => Self::OffDuty,
            Duty::On | Duty::OutOfService if awake && !position_source => Self::Second,
            Duty::On | Duty::OutOfService => Self::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phone_comes_first_while_it_is_awake() {
        let now = UnixMs(1_000_000);
        let phone = |ago_ms: i64| Some(now.plus(-ago_ms));
        for (source, duty, phone, want) in [
            (false, Duty::On, None, Say::First),
            (false, Duty::On, phone(0), Say::Second),
            (false, Duty::On, phone(PHONE_FIRST_MS), Say::Second),
            (false, Duty::On, phone(PHONE_FIRST_MS + 1), Say::First),
            (true, Duty::On, phone(0), Say::First),
            (false, Duty::OutOfService, phone(20_000), Say::First),
            (false, Duty::OutOfService, phone(1), Say::Second),
            (true, Duty::Off, None, Say::OffDuty),
            (false, Duty::Off, phone(0), Say::OffDuty),
        ] {
            assert_eq!(Say::of(source, duty, phone, now), want, "{source} {duty} {phone:?}");
        }
    }
}
