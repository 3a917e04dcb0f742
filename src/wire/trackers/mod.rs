//! What stock apps send, read into fixes: OsmAnd and Traccar in a query or form, Traccar in JSON, OwnTracks in JSON.
//!
//! Invariants: nothing that is sent panics. Place and moment must be readable, or the fix is [`Broken`], with the field
//! and the reason; whatever else is not readable is unknown, and an unknown field is not looked at. Whether a readable
//! fix is any good is not decided here.

pub mod osmand;
pub mod owntracks;
pub mod traccar;

use serde_json::Value;
use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::well_known::{Iso8601, Rfc3339},
};

/// A request may be this long, bytes: a thousand points and more in one go.
pub const BYTES_MAX: usize = 256 * 1024;
/// Fixes in one request at most.
pub const POINTS_MAX: usize = 1_000;
/// Numbers from here on are milliseconds, below they are seconds: the year 5138, or March 1973.
const MS_FROM: f64 = 1e11;
/// Characters of a wrong value that are shown.
const SHOWN: usize = 40;

/// What could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Broken {
    /// The field's name, as it is sent.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Broken {
    pub(super) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }

    fn missing(field: &'static str) -> Self {
        Self::new(field, "missing")
    }

    fn value(field: &'static str, value: &str, expected: &str) -> Self {
        let shown: String = value.chars().take(SHOWN).collect();
        Self::new(field, format!("{shown:?} is not {expected}"))
    }
}

/// A number in a text. `NaN` is one: the judgement of the fix names it.
fn number(field: &'static str, text: &str) -> Result<f64, Broken> {
    text.trim().parse().map_err(|_| Broken::value(field, text, "a number"))
}

/// A number in JSON, or in a text in JSON.
fn json_number(field: &'static str, value: &Value) -> Result<f64, Broken> {
    match value {
        Value::Null => Err(Broken::missing(field)),
        Value::String(text) => number(field, text),
        value => value.as_f64().ok_or_else(|| Broken::value(field, &value.to_string(), "a number")),
    }
}

/// A number where there is a finite one.
fn known(value: &Value) -> Option<f64> {
    json_number("", value).ok().filter(|v| v.is_finite())
}

/// Whether a value says yes.
fn yes(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(says_yes))
}

fn says_yes(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text == "1"
}

/// A radius that says nothing is unknown: apps send 0 where the phone gave none.
fn accuracy(m: Option<f64>) -> Option<f64> {
    m.filter(|m| m.is_finite() && *m != 0.0)
}

/// A moment in seconds or milliseconds, Unix milliseconds.
fn epoch_ms(field: &'static str, number: f64) -> Result<i64, Broken> {
    if !number.is_finite() {
        return Err(Broken::new(field, "not a moment"));
    }
    let ms = if number.abs() < MS_FROM { number * 1_000.0 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and an absurd moment is refused by judgement")]
    Ok(ms.round() as i64)
}

/// A moment as apps write it: seconds or milliseconds since 1970, or ISO 8601; without a zone it is UTC.
fn moment(field: &'static str, text: &str) -> Result<i64, Broken> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return epoch_ms(field, number);
    }
    // A plus that nobody escaped in a query reads as a blank; some write one instead of the T.
    let iso = if text.contains('T') { text.replace(' ', "+") } else { text.replacen(' ', "T", 1) };
    let read = OffsetDateTime::parse(&iso, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&iso, &Iso8601::PARSING))
        .or_else(|_| PrimitiveDateTime::parse(&iso, &Iso8601::PARSING).map(PrimitiveDateTime::assume_utc))
        .map_err(|_| Broken::value(field, text, "a moment: seconds, milliseconds or ISO 8601"))?;
    let ms = read.unix_timestamp_nanos() / 1_000_000;
    Ok(i64::try_from(ms).unwrap_or(if ms < 0 { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_all_their_forms() {
        const AT: i64 = 1_793_581_200_000;
        for (text, ms) in [
            ("1793581200", AT),
            ("1793581200.250", AT + 250),
            ("1793581200250", AT + 250),
            ("1.7935812E9", AT),
            ("2026-11-02T01:00:00Z", AT),
            ("2026-11-02T01:00:00.250Z", AT + 250),
            ("2026-11-02T09:00:00+08:00", AT),
            ("2026-11-02T09:00:00 08:00", AT),
            ("2026-11-02T09:00:00.000+0800", AT),
            ("2026-11-02T01:00:00", AT),
            ("2026-11-02 01:00:00", AT),
            ("20261102T010000Z", AT),
        ] {
            assert_eq!(moment("timestamp", text), Ok(ms), "{text}");
        }
        for wrong in ["", "now", "NaN", "inf", "2026-13-02T01:00:00Z", "{2}", "2026-11-02"] {
            assert_eq!(moment("timestamp", wrong).unwrap_err().field, "timestamp", "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_of_a_wrong_value_is_short() {
        assert!(number("lat", &"x".repeat(10_000)).unwrap_err().to_string().len() < 80);
    }
}
