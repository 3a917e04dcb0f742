//! When to come back, and when not to.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

/// Pauses that double, each cut by chance to between a half and the whole of it, so that a thousand phones that lost
/// their server do not come back as one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause; `chance` is from 0 to 1.
    pub fn next(&mut self, chance: f64) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }

    /// It worked: the next pause is the first again.
    pub const fn reset(&mut self) {
        self.tries = 0;
    }
}

/// Whether a client comes back after a close with this code. From 4500 on a code is final: not authorised, protocol
/// error, replaced by a newer session of this phone, revoked. So are the protocol's own complaints about what was sent,
/// but for 1009: the next frame may be shorter.
#[must_use]
pub const fn may_reconnect(code: u16) -> bool {
    !matches!(code, 1002 | 1003 | 1007 | 1008 | 1010 | 4500..)
}

/// Whether the server cannot serve the cursor that the client asked to resume from: it starts over without one.
#[must_use]
pub const fn cursor_is_stale(code: u16) -> bool {
    code == 4003
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        backoff.reset();
        assert_eq!(backoff.next(0.0), FIRST / 2);
        (0..100).for_each(|_| assert!(backoff.next(2.0) <= LONGEST));
    }

    #[test]
    fn the_code_says_whether_to_come_back() {
        for code in [1000, 1001, 1005, 1006, 1009, 1011, 4000, 4001, 4002, 4003, 4004] {
            assert!(may_reconnect(code), "{code}");
        }
        for code in [1002, 1008, 4500, 4501, 4502, 4503] {
            assert!(!may_reconnect(code), "{code}");
        }
        assert!(cursor_is_stale(4003) && !cursor_is_stale(4002));
    }
}
