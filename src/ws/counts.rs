//! What sockets count, since the start.

use super::close::Close;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of this node's sockets.
#[derive(Debug, Default)]
pub struct Counts {
    closed: [AtomicU64; Close::ALL.len()],
    not_understood: AtomicU64,
    fixes_without_unit: AtomicU64,
}

impl Counts {
    pub(super) fn close(&self, close: Close) {
        if let Some(count) = Close::ALL.iter().position(|c| *c == close).and_then(|i| self.closed.get(i)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn not_understood_one(&self) {
        self.not_understood.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn without_unit(&self, fixes: usize) {
        self.fixes_without_unit.fetch_add(u64::try_from(fixes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Sockets that the server closed for this reason.
    #[must_use]
    pub fn closed(&self, why: Close) -> u64 {
        let index = Close::ALL.iter().position(|c| *c == why);
        index.and_then(|i| self.closed.get(i)).map_or(0, |n| n.load(Ordering::Relaxed))
    }

    /// Frames that were not understood.
    #[must_use]
    pub fn not_understood(&self) -> u64 {
        self.not_understood.load(Ordering::Relaxed)
    }

    /// Fixes from phones that ride with no unit or are not its position.
    #[must_use]
    pub fn fixes_without_unit(&self) -> u64 {
        self.fixes_without_unit.load(Ordering::Relaxed)
    }
}
