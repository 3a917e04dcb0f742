//! Moments and the three time zones of Indonesia.
//!
//! Invariant: nothing here reads a clock. `now` always comes in as an argument, so that every rule can be tried at
//! any moment and a restart can ask what became due in between.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;
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
    }

    #[test]
    fn moments_saturate() {
        assert_eq!(UnixMs(i64::MAX).plus(1), UnixMs(i64::MAX));
        assert_eq!(UnixMs(i64::MAX).to_string(), i64::MAX.to_string());
    }
}
