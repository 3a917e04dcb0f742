//! How far a device's clock is from the server's.
//!
//! A frame says when it was sent by the device's clock; it arrives a little later. The smallest difference seen is the
//! offset with the least of the network in it. Invariant: a clock that is set while the session lasts is followed: at
//! once when it goes ahead or when a frame says that it was sent before its predecessor, else within a minute.

use crate::domain::time::UnixMs;

/// The smallest difference is sought over the present span of this length and the one before, milliseconds. Frames
/// come every second or so, so a span holds enough of them, and a clock that drifts is followed.
const SPAN_MS: i64 = 30_000;

/// What is known of a device's clock in one session.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceClock {
    /// The least differences in the span before and in this one.
    least_ms: Option<(i64, i64)>,
    span_from: UnixMs,
    sent_last_ms: Option<i64>,
    /// Fixes were found to be dated by another clock than frames: frames are not listened to any more.
    deaf: bool,
}

impl DeviceClock {
    /// Learns from a frame that was sent at `sent_ms` by the device's clock. Returns whether the clock was set back,
    /// so that device times may come a second time.
    pub fn hear(&mut self, sent_ms: Option<i64>, now: UnixMs) -> bool {
        let Some(sent_ms) = sent_ms.filter(|_| !self.deaf) else { return false };
        let lag_ms = now.0.saturating_sub(sent_ms);
        let set_back = self.sent_last_ms.is_some_and(|last_ms| sent_ms < last_ms);
        self.sent_last_ms = Some(sent_ms);
        self.least_ms = match self.least_ms {
            Some((before, this)) if !set_back => {
                if now.since(self.span_from) < SPAN_MS {
                    Some((before, this.min(lag_ms)))
                } else {
                    self.span_from = now;
                    Some((this, lag_ms))
                }
            }
            _ => {
                self.span_from = now;
                Some((lag_ms, lag_ms))
            }
        };
        set_back
    }

    /// Server's time minus device's time, milliseconds; 0 while nothing is known.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.least_ms.map_or(0, |(before, this)| before.min(this))
    }

    /// A moment of the device's clock by the server's clock.
    #[must_use]
    pub fn server_time(&self, device_ms: i64) -> UnixMs {
        UnixMs(device_ms).plus(self.offset_ms())
    }

    /// What the last frame alone would say the offset is, if frames are listened to.
    pub(super) fn sample_ms(&self, now: UnixMs) -> Option<i64> {
        self.sent_last_ms.filter(|_| !self.deaf).map(|sent_ms| now.0.saturating_sub(sent_ms))
    }

    /// Forgets, and starts from this offset. `deaf`: frames shall not change it.
    pub(super) fn relearn(&mut self, offset_ms: i64, now: UnixMs, deaf: bool) {
        self.least_ms = Some((offset_ms, offset_ms));
        self.span_from = now;
        self.deaf |= deaf;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn heard(clock: &mut DeviceClock, now_ms: i64, skew_ms: i64, late_ms: i64) {
        clock.hear(Some(now_ms + skew_ms - late_ms), UnixMs(now_ms));
    }

    #[test]
    fn the_least_delay_counts() {
        let mut clock = DeviceClock::default();
        assert_eq!(clock.server_time(5), UnixMs(5));
        for (s, late_ms) in [(0, 900), (1, 40), (2, 5_000), (3, 60)] {
            heard(&mut clock, 1_000_000 + s * 6_000, HOUR_MS, late_ms);
        }
        assert_eq!(clock.offset_ms(), 40 - HOUR_MS);
    }

    #[test]
    fn a_clock_that_is_set_is_followed() {
        let mut clock = DeviceClock::default();
        heard(&mut clock, 10_000_000, HOUR_MS, 50);
        assert!(clock.hear(Some(10_001_000 - 50), UnixMs(10_001_000)), "set back by an hour");
        assert_eq!(clock.offset_ms(), 50);
        heard(&mut clock, 10_002_000, HOUR_MS, 50);
        assert_eq!(clock.offset_ms(), 50 - HOUR_MS, "set ahead by an hour");
    }

    #[test]
    fn a_small_step_back_behind_a_gap_is_followed_within_a_minute() {
        let mut clock = DeviceClock::default();
        heard(&mut clock, 0, 0, 50);
        for s in 30..=91 {
            heard(&mut clock, s * 1_000, -20_000, 50);
        }
        assert_eq!(clock.offset_ms(), 20_050);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut clock = DeviceClock::default();
        for sent_ms in [i64::MIN, i64::MAX, 0] {
            clock.hear(Some(sent_ms), UnixMs(1));
            let _ = (clock.server_time(i64::MAX), clock.server_time(i64::MIN));
        }
    }
}
