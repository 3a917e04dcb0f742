//! Messages to citizens: what is said by which channel, when a failed one is tried again, how far it came.
//!
//! Invariant: sending is at least once. A message that may have gone out is tried again unless the channel says that it
//! has it; how far it came only ever goes forward, in whatever order the channel tells.

use super::{ids::MessageId, ids::ReportId, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// By which way a message goes out.
    MessageChannel, "message channel" {
        /// WhatsApp, by its Cloud API.
        Whatsapp = "whatsapp",
    }
}

words! {
    /// Where a message of ours stands.
    MessageState, "message state" {
        /// To be sent, now or later.
        Queued = "queued",
        /// The channel has it.
        Sent = "sent",
        /// It will not be sent, or did not arrive: somebody has to reach the citizen in another way.
        Failed = "failed",
    }
}

words! {
    /// How far a message came, as its channel tells.
    Progress, "progress" {
        /// It left the channel.
        Sent = "sent",
        /// It could not be delivered.
        Failed = "failed",
        /// It is on the citizen's phone.
        Delivered = "delivered",
        /// It was read.
        Read = "read",
    }
}

impl Progress {
    /// How far that is: the greater counts, whatever came last. What is on the phone did not fail.
    #[must_use]
    pub const fn rank(self) -> i64 {
        match self {
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Delivered => 3,
            Self::Read => 4,
        }
    }
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "text", rename_all = "snake_case")]
pub enum Saying {
    /// A text.
    Text(String),
    /// A text, and the wish to be sent a place.
    AskPlace(String),
}

impl Saying {
    /// What the citizen reads.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::AskPlace(text) => text,
        }
    }
}

// What is said to a citizen is never logged, not even by chance.
impl std::fmt::Debug for Saying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Saying({} bytes)", self.text().len())
    }
}

/// A message of ours, as desks see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// The report that it is about.
    pub report: ReportId,
    /// By which way.
    pub channel: MessageChannel,
    /// Where it stands.
    pub state: MessageState,
    /// What it says; absent where the citizen was erased.
    pub text: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was written.
    pub created: UnixMs,
    /// When the channel took it.
    pub sent: Option<UnixMs>,
    /// How far it came, as the channel tells.
    pub progress: Option<Progress>,
    /// When it was on the citizen's phone.
    pub delivered: Option<UnixMs>,
    /// When it was read.
    pub read: Option<UnixMs>,
    /// What went wrong last, as the channel's status and code.
    pub error: Option<String>,
}

/// How long and how often a message is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Persistence {
    /// The wait after the first failure, milliseconds; it doubles with each.
    pub first_ms: i64,
    /// The longest wait, milliseconds.
    pub longest_ms: i64,
    /// Tries at most.
    pub attempts: i64,
    /// A message older than this is of no use any more, milliseconds.
    pub age_ms: i64,
}

impl Default for Persistence {
    fn default() -> Self {
        Self { first_ms: 1_000, longest_ms: 300_000, attempts: 20, age_ms: 3_600_000 }
    }
}

impl Persistence {
    /// When to try again after `attempts` failures; `None` when it is enough. `after_ms` is the wait that the channel asked
    /// for, which is kept even where it is longer than ours; `chance`, from 0 to 1, spreads the tries of many over time.
    #[must_use]
    pub fn next_try(
        &self,
        created: UnixMs,
        attempts: i64,
        now: UnixMs,
        after_ms: Option<i64>,
        chance: f64,
    ) -> Option<UnixMs> {
        let doublings = u32::try_from(attempts.clamp(1, 32) - 1).unwrap_or(0);
        let whole = self.first_ms.max(1).saturating_mul(1 << doublings).min(self.longest_ms.max(1));
        // Between half and all of it: the least wait still grows with every failure.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "far below 2⁵² milliseconds")]
        let spread = (whole as f64 * (0.5 + 0.5 * chance.clamp(0.0, 1.0))) as i64;
        let next = now.plus(spread.max(after_ms.unwrap_or(0)));
        (attempts < self.attempts && next.since(created) <= self.age_ms).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T0: UnixMs = UnixMs(1_793_581_200_000);

    #[test]
    fn waits_double_and_end() {
        let limits = Persistence { first_ms: 1_000, longest_ms: 10_000, attempts: 6, age_ms: 60_000 };
        let wait = |attempts, chance| limits.next_try(T0, attempts, T0, None, chance).map(|at| at.since(T0));
        let all: Vec<_> = (1..=6).map(|n| wait(n, 1.0)).collect();
        assert_eq!(all, [Some(1_000), Some(2_000), Some(4_000), Some(8_000), Some(10_000), None]);
        assert_eq!(wait(3, 0.0), Some(2_000), "half of it at least");
        assert_eq!(limits.next_try(T0, 1, T0.plus(59_500), None, 1.0), None, "too old by then");
    }

    #[test]
    fn what_the_channel_asks_for_is_kept() {
        let limits = Persistence::default();
        assert_eq!(limits.next_try(T0, 1, T0, Some(90_000), 1.0), Some(T0.plus(90_000)));
        assert_eq!(limits.next_try(T0, 1, T0, Some(10), 1.0), Some(T0.plus(1_000)));
        assert_eq!(limits.next_try(T0, 1, T0, Some(i64::MAX), 1.0), None, "longer than the message is of use");
    }

    proptest! {
        #[test]
        fn the_next_try_is_later_and_in_time(attempts in 0_i64..1_000, age in 0_i64..10_000_000, chance in 0.0..1.0) {
            let (limits, now) = (Persistence::default(), T0.plus(age));
            if let Some(next) = limits.next_try(T0, attempts, now, None, chance) {
                prop_assert!(next > now && next.since(T0) <= limits.age_ms && attempts < limits.attempts);
            }
        }
    }
}
