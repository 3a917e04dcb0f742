//! Moments and the three time zones of Indonesia.
//!
//! Invariant: nothing here reads a clock. `now` always comes in as an argument, so that every rule can be tried at
//! any moment and a restart can ask what became due in between.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 as a Julian day.
const UNIX_JULIAN_DAY: i32 = 2_440_588;
/// Milliseconds in an hour.
const HOUR_MS: i64 = 3_600_000;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// The moment `ms` milliseconds later; saturates at the ends of time.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl UnixMs {
    /// Reads a day as in `2026-12-01`: days since 1970-01-01. `None` for what is no day.
    #[must_use]
    pub fn parse_day(text: &str) -> Option<i64> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<u16>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = time::Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
        Some(i64::from(date.to_julian_day() - UNIX_JULIAN_DAY))
    }

    /// Date and minute as clocks in a zone show them, with the zone: `2026-12-01 00:00 WITA`.
    #[must_use]
    pub fn local(self, zone: Zone) -> String {
        let shifted = self.plus(zone.offset_ms()).to_string();
        match shifted.split_once('T') {
            Some((day, clock)) => format!("{day} {} {zone}", clock.get(..5).unwrap_or(clock)),
            None => shifted,
        }
    }
}

/// A day of local clocks as in `2026-12-01`, from days since 1970-01-01.
#[must_use]
pub fn day_text(day: i64) -> String {
    let shown = UnixMs(day.saturating_mul(DAY_MS)).to_string();
    shown.split_once('T').map_or_else(|| day.to_string(), |(day, _)| day.to_owned())
}

impl fmt::Display for UnixMs {
    /// RFC 3339 in UTC with milliseconds, or the bare number outside the years that RFC 3339 can write.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0) * 1_000_000;
        match time::OffsetDateTime::from_unix_timestamp_nanos(nanos) {
            Ok(t) if (0..=9999).contains(&t.year()) => write!(
                f,
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                t.year(),
                u8::from(t.month()),
                t.day(),
                t.hour(),
                t.minute(),
                t.second(),
                t.millisecond()
            ),
            _ => write!(f, "{}", self.0),
        }
    }
}

/// A time zone of Indonesia. None of the three has daylight saving, so an offset is the whole truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Zone {
    /// Western time, UTC+7.
    Wib,
    /// Central time, UTC+8.
    Wita,
    /// Eastern time, UTC+9.
    Wit,
}

impl Zone {
    /// How far local time is ahead of UTC, milliseconds.
    #[must_use]
    pub const fn offset_ms(self) -> i64 {
        match self {
            Self::Wib => 7 * HOUR_MS,
            Self::Wita => 8 * HOUR_MS,
            Self::Wit => 9 * HOUR_MS,
        }
    }

    /// The last local midnight at or before `now`.
    #[must_use]
    pub const fn day_start(self, now: UnixMs) -> UnixMs {
        let local = now.0.saturating_add(self.offset_ms());
        UnixMs(local - local.rem_euclid(DAY_MS) - self.offset_ms())
    }

    /// When a local day begins, by its days since 1970-01-01.
    #[must_use]
    pub const fn midnight(self, day: i64) -> UnixMs {
        UnixMs(day.saturating_mul(DAY_MS).saturating_sub(self.offset_ms()))
    }

    /// The local day of a moment, in days since 1970-01-01.
    #[must_use]
    pub const fn day(self, at: UnixMs) -> i64 {
        at.0.saturating_add(self.offset_ms()).div_euclid(DAY_MS)
    }

    /// The hour of the local day of a moment, 0 to 23.
    #[must_use]
    pub const fn hour(self, at: UnixMs) -> i64 {
        at.0.saturating_add(self.offset_ms()).rem_euclid(DAY_MS) / HOUR_MS
    }

    /// The name as stored and shown: `WIB`, `WITA` or `WIT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wib => "WIB",
            Self::Wita => "WITA",
            Self::Wit => "WIT",
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Zone {
    type Err = super::ids::InvalidId;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "WIB" => Ok(Self::Wib),
            "WITA" => Ok(Self::Wita),
            "WIT" => Ok(Self::Wit),
            _ => Err(super::ids::InvalidId::new("time zone", s, "one of WIB, WITA, WIT")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_balikpapan_starts_at_16_utc() {
        // 2026-10-31T17:30Z is 01:30 on 1 November in WITA.
        let now = UnixMs(1_793_467_800_000);
        assert_eq!(now.to_string(), "2026-10-31T17:30:00.000Z");
        assert_eq!(Zone::Wita.day_start(now).to_string(), "2026-10-31T16:00:00.000Z");
        assert_eq!(Zone::Wita.day_start(Zone::Wita.day_start(now)), Zone::Wita.day_start(now));
        assert_eq!(Zone::Wita.day(now), Zone::Wib.day(now));
        assert_eq!([Zone::Wib, Zone::Wita, Zone::Wit].map(|zone| zone.hour(now)), [0, 1, 2]);
        let midnight = Zone::Wita.day_start(now);
        assert_eq!(Zone::Wita.midnight(Zone::Wita.day(now)), midnight);
        assert_eq!(midnight.local(Zone::Wita), "2026-11-01 00:00 WITA");
        assert_eq!((UnixMs::parse_day("2026-11-01"), day_text(20_758)), (Some(20_758), "2026-11-01".to_owned()));
        assert_eq!(["2026-02-29", "2026-13-01", "2026-11", "", "x-y-z"].map(UnixMs::parse_day), [None; 5]);
        assert_eq!((Zone::Wita.day(midnight), Zone::Wita.day(midnight.plus(-1))), (20_758, 20_757));
    }

    #[test]
    fn moments_saturate() {
        assert_eq!(UnixMs(i64::MAX).plus(1), UnixMs(i64::MAX));
        assert_eq!(UnixMs(i64::MAX).to_string(), i64::MAX.to_string());
    }
}
