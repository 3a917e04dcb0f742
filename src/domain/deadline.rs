//! What has to happen by when. Nothing open waits without one.

use super::{ids::AreaCode, time::UnixMs, words::words};

words! {
    /// What falls due.
    DeadlineKind, "deadline" {
        /// A phone of the crew must have acknowledged the offer (of a dispatch).
        Delivery = "delivery",
        /// Someone must have answered the offer (of a dispatch).
        Answer = "answer",
        /// The promise is at risk (of an incident).
        Warn = "warn",
        /// The promise is broken (of an incident).
        Breach = "breach",
        /// Nobody took up a report that is in no city, or not judged yet (of a report).
        Report = "report",
    }
}

/// How long a report may wait to be judged, or to be given a city, before its desk is told, milliseconds.
pub const REPORT_MS: i64 = 60_000;

/// A deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub area: AreaCode,
    /// What.
    pub kind: DeadlineKind,
    /// The number of the dispatch, incident or report.
    pub no: i64,
    /// When it was due.
    pub at: UnixMs,
}
