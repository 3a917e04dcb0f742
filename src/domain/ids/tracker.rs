//! The name of a tracker.

use super::{InvalidId, UnitId};
use std::{fmt, str::FromStr};

/// A tracker: its unit and a number there, `BPN-M12-T1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackerId {
    /// The unit that it tracks.
    pub unit: UnitId,
    /// Its number among the unit's trackers, from 1; never given twice.
    pub no: i64,
}

impl FromStr for TrackerId {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId::new("tracker", s, "unit, T and number, as in BPN-M12-T1");
        let (unit, no) = s.rsplit_once("-T").ok_or_else(wrong)?;
        if no.starts_with('0') || !no.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        Ok(Self { unit: unit.parse()?, no: no.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for TrackerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-T{}", self.unit, self.no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_shows_its_unit() {
        assert_eq!("BPN-M12-T3".parse::<TrackerId>().unwrap().to_string(), "BPN-M12-T3");
        assert_eq!("BPN-T1-T12".parse::<TrackerId>().unwrap().unit.sign(), "T1");
        for wrong in ["BPN-T1", "BPN-M1-T", "BPN-M1-T0", "BPN-M1-T01", "BPN-M1-T1x", "BPN-M1-t1", "-T1"] {
            assert!(wrong.parse::<TrackerId>().is_err(), "{wrong}");
        }
    }
}
