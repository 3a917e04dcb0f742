//! A citizen's link: the name of one report, signed, good for some time, and short enough for a message.
//!
//! Invariant: a link shows its holder what became of their own report and nothing of anybody else: no name, no call sign,
//! and of the unit only the middle of the cell that it is in.

use super::{ids::ReportId, place::Place, report::ReportStatus, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

/// What a link is for; the first byte, so that a tag of another use of the key is never one of these.
const PURPOSE: u8 = 1;
/// Milliseconds in a minute: expiries are kept in minutes.
const MINUTE_MS: i64 = 60_000;

/// What a link says, before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose.
    pub report: ReportId,
    /// Until when it is good, to the minute.
    pub expires: UnixMs,
}

impl Link {
    /// As bytes: purpose, minutes since 1970, number, area. `None` beyond the year 10136 or 2⁴⁰ reports.
    #[must_use]
    pub fn to_bytes(self) -> Option<Vec<u8>> {
        let minutes = u32::try_from(self.expires.0 / MINUTE_MS).ok()?.to_be_bytes();
        let no = u64::try_from(self.report.no).ok().filter(|no| *no < 1 << 40)?.to_be_bytes();
        Some([&[PURPOSE], &minutes[..], &no[3..], self.report.area.as_str().as_bytes()].concat())
    }

    /// Reads what [`Self::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (purpose, rest) = bytes.split_first()?;
        let (minutes, rest) = rest.split_first_chunk::<4>()?;
        let (no, area) = rest.split_first_chunk::<5>()?;
        let no = no.iter().fold(0, |no, byte| no << 8 | i64::from(*byte));
        let area = std::str::from_utf8(area).ok()?.parse().ok()?;
        let expires = UnixMs(i64::from(u32::from_be_bytes(*minutes)) * MINUTE_MS);
        (*purpose == PURPOSE && no > 0).then_some(Self { report: ReportId { area, no }, expires })
    }
}

words! {
    /// Where a report stands, for the citizen who made it.
    Stage, "stage" {
        /// It is there.
        Received = "received",
        /// Somebody looks at it.
        LookedAt = "looked_at",
        /// A unit is on its way.
        OnTheWay = "on_the_way",
        /// A unit is there.
        Arrived = "arrived",
        /// It is done.
        Closed = "closed",
    }
}

impl Stage {
    /// The stage of a report whose best unit is so far.
    #[must_use]
    pub const fn of(status: ReportStatus, unit: Help) -> Self {
        match (status, unit) {
            (ReportStatus::Closed, _) => Self::Closed,
            (_, Help::Arrived) => Self::Arrived,
            (_, Help::OnTheWay) => Self::OnTheWay,
            (ReportStatus::Ringing, Help::None) => Self::Received,
            (_, Help::None) => Self::LookedAt,
        }
    }
}

/// How far the first of the units is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Help {
    /// Nobody comes yet.
    None,
    /// Somebody accepted.
    OnTheWay,
    /// Somebody is there.
    Arrived,
}

/// What the holder of a link sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Seen {
    /// The report's name.
    pub report: ReportId,
    /// Where it stands.
    pub stage: Stage,
    /// The middle of the H3 cell (resolution 8, some 900 m across) that the unit on its way is in.
    pub unit_near: Option<Place>,
    /// Whether the place of the report is known.
    pub placed: bool,
    /// The citizen said that it is no longer needed.
    pub cancelled: bool,
    /// One to five, where the citizen rated it.
    pub rated: Option<i64>,
    /// When this was so.
    pub at: UnixMs,
}

/// A complaint about how a report was handled, as commanders read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Complaint {
    /// Its name.
    pub id: super::ids::ComplaintId,
    /// About which report.
    pub report: ReportId,
    /// When it was made.
    pub at: UnixMs,
    /// Where it has to go.
    pub destination: Destination,
    /// What it says; absent where the citizen was erased.
    pub text: Option<String>,
    /// One to five, where the citizen rated the report.
    pub rated: Option<i64>,
}

words! {
    /// Who has to deal with a complaint.
    Destination, "destination" {
        /// The police's office for complaints about itself: Dumas Presisi.
        DumasPresisi = "dumas_presisi",
    }
}

/// How a link is made and how long it is good, as operations set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkSettings {
    /// Where citizens reach this service, as in `https://110.example.id`; without it links are not sent.
    pub public_url: Option<String>,
    /// For so long a link is good, milliseconds.
    pub valid_ms: i64,
    /// So long after its report was closed, milliseconds: for rating and complaining.
    pub after_closing_ms: i64,
    /// What is sent with it. `{report}` is the report's name, `{link}` the link.
    pub text: String,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            valid_ms: 7 * 86_400_000,
            after_closing_ms: 72 * 3_600_000,
            text: "Ikuti penanganan laporan {report} Anda di sini: {link}".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_unit_counts_more_than_the_desk() {
        use ReportStatus::{Answered, Closed, Ringing, Valid};
        assert_eq!(Stage::of(Ringing, Help::None), Stage::Received);
        assert_eq!(Stage::of(Answered, Help::None), Stage::LookedAt);
        assert_eq!(Stage::of(Valid, Help::OnTheWay), Stage::OnTheWay);
        assert_eq!(Stage::of(Valid, Help::Arrived), Stage::Arrived);
        assert_eq!(Stage::of(Closed, Help::Arrived), Stage::Closed);
    }

    proptest! {
        #[test]
        fn a_link_goes_there_and_back(area in "[A-Z0-9]{2,12}", no in 1_i64..1 << 40, minutes in any::<u32>()) {
            let link = Link {
                report: ReportId { area: area.parse().unwrap(), no },
                expires: UnixMs(i64::from(minutes) * MINUTE_MS),
            };
            prop_assert_eq!(Link::from_bytes(&link.to_bytes().unwrap()), Some(link));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(link) = Link::from_bytes(&bytes) {
                prop_assert_eq!(link.to_bytes().unwrap(), bytes);
            }
        }
    }
}
