//! A histogram of durations that many tasks write at once, and the time from a report to its first offer.

use crate::domain::ids::IncidentId;
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Steps within each power of two: a figure is read at most 1/128 too high.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.ilog2();
/// Buckets up to 2^40 µs, twelve days.
const BUCKETS: usize = (STEPS as usize) * (40 - STEP_BITS as usize + 1);
/// Incidents of which one end is known and the other is awaited.
const OPEN_MAX: usize = 16_384;

/// Durations in microseconds, counted in buckets that widen with the value.
pub struct Histogram {
    buckets: Box<[AtomicU64]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Histogram({} durations)", self.count())
    }
}

impl Histogram {
    /// Counts one duration; longer than twelve days counts as twelve days.
    pub fn record(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(us).min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|b| b.load(Relaxed)).sum()
    }

    /// The duration that `percent` of those counted did not exceed, milliseconds, at most 1/128 too high; `None` where
    /// nothing was counted.
    #[must_use]
    pub fn percentile_ms(&self, percent: f64) -> Option<f64> {
        let total = self.count();
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let rank = (total as f64 * percent.clamp(0.0, 100.0) / 100.0).ceil().max(1.0);
        let mut seen = 0.0;
        for (index, b) in self.buckets.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let count = b.load(Relaxed) as f64;
            seen += count;
            if count > 0.0 && seen >= rank {
                #[expect(clippy::cast_precision_loss, reason = "microseconds of twelve days are below 2^52")]
                return Some(top_us(index) as f64 / 1_000.0);
            }
        }
        None
    }

    /// Forgets all: where a measurement begins after a warm-up.
    pub fn clear(&self) {
        self.buckets.iter().for_each(|b| b.store(0, Relaxed));
    }
}

/// Where a value is counted.
fn bucket(us: u64) -> usize {
    let power = us.max(1).ilog2().saturating_sub(STEP_BITS);
    usize::try_from(u64::from(power) * STEPS + (us >> power)).unwrap_or(usize::MAX)
}

/// The largest value that is counted there, microseconds.
fn top_us(index: usize) -> u64 {
    let index = index as u64;
    // From 2·STEPS on, each power of two has STEPS buckets; below, each value has its own.
    let power = (index / STEPS).saturating_sub(1);
    let step = index - power * STEPS;
    ((step + 1) << power) - 1
}

#[derive(Clone, Copy)]
enum Half {
    Posted(Instant),
    Offered(Instant),
    Done,
}

/// Joins the two ends of a report's way: posted by a citizen, and first offered on a phone. Either may be known first,
/// as the answer to the post and the offer travel by different sockets.
#[derive(Default)]
pub struct Ways {
    open: Mutex<(HashMap<IncidentId, Half>, VecDeque<IncidentId>)>,
}

impl std::fmt::Debug for Ways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ways")
    }
}

impl Ways {
    /// A report whose post began at `at` opened this incident. Gives the time to its first offer once both are known.
    pub fn posted(&self, incident: IncidentId, at: Instant) -> Option<Duration> {
        self.join(incident, Half::Posted(at))
    }

    /// A phone read an offer of this incident at `at`. Only the first one counts.
    pub fn offered(&self, incident: IncidentId, at: Instant) -> Option<Duration> {
        self.join(incident, Half::Offered(at))
    }

    fn join(&self, incident: IncidentId, half: Half) -> Option<Duration> {
        let mut guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (open, order) = &mut *guard;
        let known = open.get(&incident).copied();
        let (next, way) = match (known, half) {
            (None, half) => (half, None),
            (Some(Half::Posted(from)), Half::Offered(to)) | (Some(Half::Offered(to)), Half::Posted(from)) => {
                (Half::Done, Some(to.saturating_duration_since(from)))
            }
            (Some(known), _) => (known, None),
        };
        open.insert(incident, next);
        if known.is_none() {
            order.push_back(incident);
            if order.len() > OPEN_MAX
                && let Some(oldest) = order.pop_front()
            {
                open.remove(&oldest);
            }
        }
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_those_of_the_durations() {
        let histogram = Histogram::default();
        assert_eq!(histogram.percentile_ms(50.0), None);
        (1..=1_000).for_each(|ms| histogram.record(Duration::from_millis(ms)));
        assert_eq!(histogram.count(), 1_000);
        for (percent, ms) in [(0.0, 1.0), (50.0, 500.0), (99.0, 990.0), (100.0, 1_000.0)] {
            let read = histogram.percentile_ms(percent).unwrap();
            assert!((ms..=ms * (1.0 + 1.0 / 128.0) + 0.001).contains(&read), "p{percent}: {read}");
        }
        histogram.clear();
        assert_eq!(histogram.count(), 0);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_values(us in 0u64..1 << 40) {
            let index = bucket(us);
            prop_assert!(index < BUCKETS);
            prop_assert!(us <= top_us(index) && top_us(index) <= us + us / STEPS);
            prop_assert_eq!(bucket(top_us(index)), index);
            prop_assert_eq!(bucket(top_us(index) + 1), index + 1);
        }
    }

    #[test]
    fn a_way_is_counted_once_whichever_end_is_known_first() {
        let (ways, start) = (Ways::default(), Instant::now());
        let (a, b) = ("BPN-1".parse().unwrap(), "BPN-2".parse().unwrap());
        let later = start + Duration::from_millis(8);
        assert_eq!(ways.posted(a, start), None);
        assert_eq!(ways.offered(a, later), Some(Duration::from_millis(8)));
        assert_eq!(ways.offered(a, later), None, "the next unit's offer is another matter");
        assert_eq!(ways.offered(b, later), None);
        assert_eq!(ways.posted(b, start), Some(Duration::from_millis(8)));
    }

    #[test]
    fn ways_are_bounded() {
        let (ways, at) = (Ways::default(), Instant::now());
        for no in 1..=OPEN_MAX as i64 + 5 {
            ways.offered(IncidentId { area: "BPN".parse().unwrap(), no }, at);
        }
        let open = ways.open.lock().unwrap();
        assert_eq!((open.0.len(), open.1.len()), (OPEN_MAX, OPEN_MAX));
    }
}
