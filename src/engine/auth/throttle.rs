//! How often one name may be tried.
//!
//! Invariant: the memory is bounded whatever names are tried. Names share a fixed number of slots, by a hash that
//! nobody outside can predict, so that a name is not worn out on purpose through another one.

use super::AuthError;
use crate::domain::{account::LoginName, time::UnixMs};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference as _},
    middleware::NoOpMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use std::{
    hash::{BuildHasher, RandomState},
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Slots that names share.
const SLOTS: u64 = 65_536;
/// Tries at once.
const BURST: NonZero<u32> = NonZero::new(10).expect("ten is not zero");
/// Time for one more try.
const REFILL: Duration = Duration::from_secs(6);

/// The time as it was given last; it never goes back.
#[derive(Clone, Default)]
struct GivenTime(Arc<AtomicI64>);

impl Clock for GivenTime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// Counts tries per name.
pub struct Throttle {
    time: GivenTime,
    slots: RandomState,
    limiter: RateLimiter<u64, DefaultKeyedStateStore<u64>, GivenTime, NoOpMiddleware<Duration>>,
}

impl Default for Throttle {
    fn default() -> Self {
        let quota = Quota::with_period(REFILL).expect("six seconds are a period").allow_burst(BURST);
        let time = GivenTime::default();
        let limiter = RateLimiter::new(quota, DefaultKeyedStateStore::default(), time.clone());
        Self { time, slots: RandomState::new(), limiter }
    }
}

impl Throttle {
    /// Counts a try, or says when the next one is taken.
    pub fn admit(&self, login: &LoginName, now: UnixMs) -> Result<(), AuthError> {
        self.time.0.fetch_max(now.0, Ordering::Relaxed);
        let slot = self.slots.hash_one(login) % SLOTS;
        self.limiter.check_key(&slot).map_err(|until| {
            let wait = until.earliest_possible().duration_since(self.time.now());
            let wait_ms = Duration::from(wait).as_millis();
            AuthError::Throttled { retry_after_ms: i64::try_from(wait_ms).unwrap_or(i64::MAX).max(1) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_793_581_200_000);

    #[test]
    fn ten_tries_at_once_then_one_in_six_seconds() {
        let (throttle, login) = (Throttle::default(), "m12.bpn".parse().unwrap());
        for _ in 0..10 {
            throttle.admit(&login, NOW).unwrap();
        }
        let Err(AuthError::Throttled { retry_after_ms }) = throttle.admit(&login, NOW) else { panic!("an 11th try") };
        assert_eq!(retry_after_ms, 6_000);
        assert!(throttle.admit(&login, NOW.plus(5_999)).is_err());
        throttle.admit(&login, NOW.plus(6_000)).unwrap();
        assert!(throttle.admit(&login, NOW.plus(6_000)).is_err());
        throttle.admit(&"c1.bpn".parse().unwrap(), NOW.plus(6_000)).unwrap();
    }

    #[test]
    fn a_clock_set_back_does_not_shut_the_door() {
        let (throttle, login) = (Throttle::default(), "m12.bpn".parse().unwrap());
        throttle.admit(&login, NOW).unwrap();
        throttle.admit(&login, NOW.plus(-3_600_000)).unwrap();
    }

    #[test]
    fn many_names_take_bounded_room() {
        let throttle = Throttle::default();
        for n in 0..200_000 {
            let _ = throttle.admit(&format!("name{n}").parse().unwrap(), NOW);
        }
        assert!(throttle.limiter.len() <= usize::try_from(SLOTS).unwrap());
    }
}
