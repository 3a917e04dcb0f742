//! Advanced Mobile Location: the place that a phone sends by itself while it calls for help (ETSI TS 103 625), as an SMS
//! of version 1 or 2, or as the fields of an HTTPS request.
//!
//! Invariants: nothing that is sent panics; an error names the field and the reason and never the value, which is where
//! somebody is. What names the phone and its owner (IMSI, IMEI, …) is not kept: nobody here needs it.

mod fields;
mod sms;

pub use fields::from_fields;
pub use sms::from_sms;

use super::{place::Place, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

/// A call and a message of one number belong together when they come within this of each other, milliseconds.
pub const TOGETHER_MS: i64 = 300_000;
/// A place that is older than this says where the phone was, not where the call comes from, milliseconds.
pub const OLD_MS: i64 = 900_000;
/// A place dated further ahead of the server than this is dated by a wrong clock, milliseconds.
pub const AHEAD_MS: i64 = 300_000;

/// A message that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct BrokenAml {
    /// The field, as it is sent.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl BrokenAml {
    const fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }
}

words! {
    /// How a phone found its place.
    AmlMethod, "method" {
        /// By satellites.
        Gnss = "gnss",
        /// By wireless networks around it.
        Wifi = "wifi",
        /// By cells of the mobile network.
        Cell = "cell",
        /// It does not say.
        Unknown = "unknown",
    }
}

impl AmlMethod {
    /// The letter or word that phones send.
    fn read(text: &str) -> Option<Option<Self>> {
        Some(match text.to_ascii_lowercase().as_str() {
            "g" | "gps" | "gnss" => Some(Self::Gnss),
            "w" | "wifi" | "wlan" => Some(Self::Wifi),
            "c" | "cell" => Some(Self::Cell),
            "u" | "unknown" => Some(Self::Unknown),
            // No place was found.
            "n" | "none" => None,
            _ => return None,
        })
    }
}

/// Where a phone is, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AmlFix {
    /// Where.
    pub place: Place,
    /// Radius, metres, above 0.
    pub radius_m: f64,
    /// How sure it is to be within that radius, percent, where it says so.
    pub confidence_pct: Option<f64>,
    /// When it was there.
    pub at: UnixMs,
    /// How it knows.
    pub method: AmlMethod,
}

impl AmlFix {
    /// Whether it says where the call comes from, by its age.
    #[must_use]
    pub fn is_of_now(&self, now: UnixMs) -> bool {
        (-AHEAD_MS..=OLD_MS).contains(&now.since(self.at))
    }
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aml {
    /// 1 or 2.
    pub version: u8,
    /// Where the phone is; none where it could not tell.
    pub fix: Option<AmlFix>,
}

/// A decimal number.
fn decimal(field: &'static str, text: &str) -> Result<f64, BrokenAml> {
    let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite());
    number.ok_or(BrokenAml::new(field, "no number"))
}

/// A place from two numbers, named by its fields.
fn place(lat: (&'static str, f64), lng: (&'static str, f64)) -> Result<Place, BrokenAml> {
    Place::new(lat.1, lng.1).map_err(|wrong| {
        let field = if wrong.axis == "latitude" { lat.0 } else { lng.0 };
        BrokenAml::new(field, "outside the earth: latitude goes to 90, longitude to 180")
    })
}

/// A radius that says something.
fn radius(field: &'static str, text: &str) -> Result<f64, BrokenAml> {
    let m = decimal(field, text)?;
    // Some phones round a good one to 0.
    if m < 0.0 { Err(BrokenAml::new(field, "a radius is not negative")) } else { Ok(m.max(1.0)) }
}

/// Percent.
fn confidence(field: &'static str, text: Option<&str>) -> Result<Option<f64>, BrokenAml> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let pct = decimal(field, text)?;
    if (0.0..=100.0).contains(&pct) { Ok(Some(pct)) } else { Err(BrokenAml::new(field, "percent go from 0 to 100")) }
}

/// A moment in seconds, or in milliseconds where it is too large for seconds.
fn moment(field: &'static str, text: &str) -> Result<UnixMs, BrokenAml> {
    let number: i64 = text.trim().parse().map_err(|_| BrokenAml::new(field, "no moment since 1970"))?;
    Ok(UnixMs(if number.unsigned_abs() < 100_000_000_000 { number.saturating_mul(1_000) } else { number }))
}

/// The method, or `None` where the phone says that it found no place.
fn method(field: &'static str, text: Option<&str>) -> Result<Option<AmlMethod>, BrokenAml> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Some(AmlMethod::Unknown)) };
    AmlMethod::read(text).ok_or(BrokenAml::new(field, "a method is G, W, C, U or N"))
}
