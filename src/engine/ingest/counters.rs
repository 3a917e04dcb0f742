//! What ingest counted since the start.

use crate::domain::fix::Reject;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of fixes.
#[derive(Debug, Default)]
pub struct Counters {
    live: AtomicU64,
    history: AtomicU64,
    conflated: AtomicU64,
    passed_over: AtomicU64,
    off_duty: AtomicU64,
    refused: [AtomicU64; Reject::ALL.len()],
}

impl Counters {
    pub(super) fn kept(&self, history: bool) {
        let counter = if history { &self.history } else { &self.live };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn conflated(&self, n: u32) {
        if n > 0 {
            self.conflated.fetch_add(u64::from(n), Ordering::Relaxed);
        }
    }

    pub(super) fn not_taken(&self, passed_over: u32, off_duty: u32) {
        self.passed_over.fetch_add(passed_over.into(), Ordering::Relaxed);
        self.off_duty.fetch_add(off_duty.into(), Ordering::Relaxed);
    }

    pub(super) fn refused(&self, reject: &Reject) {
        self.refused[reject.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Fixes that moved a pin.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.live.load(Ordering::Relaxed)
    }

    /// Fixes that came late and only filled a track.
    #[must_use]
    pub fn history(&self) -> u64 {
        self.history.load(Ordering::Relaxed)
    }

    /// Live fixes that gave way to a newer one because they came too fast.
    #[must_use]
    pub fn conflated_total(&self) -> u64 {
        self.conflated.load(Ordering::Relaxed)
    }

    /// Fixes of trackers that were passed over because the crew's phone spoke for the unit.
    #[must_use]
    pub fn passed_over(&self) -> u64 {
        self.passed_over.load(Ordering::Relaxed)
    }

    /// Fixes of trackers whose unit was off duty.
    #[must_use]
    pub fn off_duty(&self) -> u64 {
        self.off_duty.load(Ordering::Relaxed)
    }

    /// Refused fixes by the reason's name.
    pub fn refused_by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reject::ALL.iter().copied().zip(self.refused.iter().map(|n| n.load(Ordering::Relaxed)))
    }
}
