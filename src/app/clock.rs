//! The one clock of the program: wall time at the start, monotonic from there.
//!
//! A wall clock that jumps (NTP, a hand) must not expire an offer or break a promise; [`Clock::drift_ms`] tells when the
//! two have come apart, and operations restart the node at a quiet moment.

use crate::{domain::time::UnixMs, engine::Now};
use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// How far wall clock and monotonic clock may come apart before it is an alarm, milliseconds.
pub const DRIFT_MAX_MS: i64 = 1_000;

/// The program's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: i64,
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { wall: wall_ms(), start: Instant::now() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        UnixMs(self.wall.saturating_add(i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)))
    }

    /// How far the wall clock is ahead of this one, milliseconds.
    #[must_use]
    pub fn drift_ms(&self) -> i64 {
        wall_ms() - self.now().0
    }

    /// As the engine takes it.
    #[must_use]
    pub fn into_now(self) -> Now {
        Arc::new(move || self.now())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
