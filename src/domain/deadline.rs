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
        /// A report rings on, its holder is looked for, or its desk reminded (of a report).
        Report = "report",
    }
}

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
