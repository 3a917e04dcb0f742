//! What the simulated saw: counters that the demo prints and benches read.

use super::latency::{Histogram, Ways};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Counters, written by all tasks at once.
#[derive(Debug, Default)]
pub struct Stats {
    /// Phones with an open socket now.
    pub online: AtomicI64,
    /// Fixes sent, backlog included.
    pub fixes: AtomicU64,
    /// Fixes that the server refused.
    pub fixes_refused: AtomicU64,
    /// Reports that were answered with a number.
    pub reports: AtomicU64,
    /// Reports left out because too many posts were under way.
    pub reports_skipped: AtomicU64,
    /// Offers read by phones.
    pub offers: AtomicU64,
    /// Offers accepted, by the crew or for it.
    pub accepted: AtomicU64,
    /// Arrivals.
    pub arrived: AtomicU64,
    /// Work that ended with a clearing.
    pub cleared: AtomicU64,
    /// Taps that the server refused.
    pub taps_refused: AtomicU64,
    /// Sockets opened after the first one of a phone.
    pub reconnects: AtomicU64,
    /// What should not happen: answers that make no sense, phones shut out, posts that failed to the end.
    pub errors: AtomicU64,
    /// From the start of a report's post to its first offer's frame being read.
    pub offer: Histogram,
    pub(super) ways: Ways,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Phones with an open socket.
    pub online: i64,
    /// Fixes sent.
    pub fixes: u64,
    /// Fixes refused.
    pub fixes_refused: u64,
    /// Reports answered with a number.
    pub reports: u64,
    /// Offers read.
    pub offers: u64,
    /// Offers accepted.
    pub accepted: u64,
    /// Sockets opened again.
    pub reconnects: u64,
    /// Errors.
    pub errors: u64,
    /// Median of report → offer, milliseconds.
    pub offer_p50_ms: Option<f64>,
    /// 99th percentile of report → offer, milliseconds.
    pub offer_p99_ms: Option<f64>,
}

impl Stats {
    /// The counters now. They are read one by one: together they are not of exactly one moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            online: self.online.load(Relaxed),
            fixes: self.fixes.load(Relaxed),
            fixes_refused: self.fixes_refused.load(Relaxed),
            reports: self.reports.load(Relaxed),
            offers: self.offers.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            reconnects: self.reconnects.load(Relaxed),
            errors: self.errors.load(Relaxed),
            offer_p50_ms: self.offer.percentile_ms(50.0),
            offer_p99_ms: self.offer.percentile_ms(99.0),
        }
    }
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Counts a phone as online until dropped.
pub struct Online<'a>(&'a Stats);

impl<'a> Online<'a> {
    /// One more.
    pub fn new(stats: &'a Stats) -> Self {
        stats.online.fetch_add(1, Relaxed);
        Self(stats)
    }
}

impl Drop for Online<'_> {
    fn drop(&mut self) {
        self.0.online.fetch_sub(1, Relaxed);
    }
}
