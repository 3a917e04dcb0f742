//! How crews went about their work: what they answer, how long rides and work take, where they patrol.

use super::{
    super::{
        behaviour::{Behaviour, Span, within_ms},
        chance::{dice, gauss, weighted},
        town::offset,
    },
    Past,
};
use crate::domain::{incident::Disposition, place::Place, time::UnixMs};
use rand::{RngExt, rngs::StdRng};

/// From the yes until the vehicle rolls; seldom something is in the way.
const TURNOUT_S: Span = (12.0, 55.0);
const SLOW: f64 = 0.03;
const SLOW_S: Span = (150.0, 420.0);
/// From arrival to the end of the work.
const WORK_S: Span = (420.0, 2_100.0);
/// How long a ride takes beside what is expected: by day, in the rush, at night; and once more in a downpour.
const RIDE: (f64, f64, f64) = (1.1, 1.45, 0.9);
const RIDE_IN_RAIN: f64 = 1.4;
/// How much rides of one hour differ, as a deviation of the logarithm.
const RIDES_DIFFER: f64 = 0.25;
/// How far from the scene a crew stops, metres, and how often its phone has no fix there.
const STOPS_M: f64 = 25.0;
const NO_FIX: f64 = 0.04;

/// What a crew says to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its phone sleeps: nothing comes back.
    Silent,
    /// No, so many milliseconds after the offer, and why.
    No(i64, &'static str),
    /// Yes, so many milliseconds after the offer.
    Yes(i64),
}

/// Crews of a past, by dice of their own.
pub struct Ways {
    past: Past,
    behaviour: Behaviour,
    rng: StdRng,
}

impl Ways {
    /// Of the crews of this past.
    #[must_use]
    pub fn new(past: Past) -> Self {
        let rng = dice(past.seed, "crews of the past");
        Self { past, behaviour: Behaviour::lifelike(), rng }
    }

    /// What a crew says to an offer.
    pub fn answer(&mut self) -> Answer {
        let Self { behaviour, rng, .. } = self;
        if rng.random_bool(behaviour.silent) {
            return Answer::Silent;
        }
        let after_ms = within_ms(rng, behaviour.answer_s);
        if rng.random_bool(behaviour.decline) {
            return Answer::No(after_ms, weighted(rng, &behaviour.reasons).copied().unwrap_or("busy"));
        }
        Answer::Yes(after_ms)
    }

    /// Until the vehicle rolls, milliseconds.
    pub fn turnout_ms(&mut self) -> i64 {
        let slow = self.rng.random_bool(SLOW);
        within_ms(&mut self.rng, if slow { SLOW_S } else { TURNOUT_S })
    }

    /// How long a ride takes that is expected to take so long, milliseconds.
    pub fn ride_ms(&mut self, expected_ms: i64, at: UnixMs) -> i64 {
        let usual = match self.past.zone.hour(at) {
            7 | 8 | 16..20 => RIDE.1,
            22.. | ..=5 => RIDE.2,
            _ => RIDE.0,
        };
        let rain = if self.past.rains(at) { RIDE_IN_RAIN } else { 1.0 };
        let factor = usual * rain * (gauss(&mut self.rng).0 * RIDES_DIFFER).exp();
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a ride takes minutes")]
        let ms = (expected_ms as f64 * factor.clamp(0.5, 4.0)) as i64;
        ms.max(5_000)
    }

    /// From arrival to the end of the work, milliseconds, and how it ended.
    pub fn work(&mut self) -> (i64, Disposition) {
        let how = weighted(&mut self.rng, &self.behaviour.dispositions).copied();
        (within_ms(&mut self.rng, WORK_S), how.unwrap_or(Disposition::Handled))
    }

    /// Where a crew stops that has come to a scene; `None` where its phone has no fix.
    pub fn stop_at(&mut self, scene: Place) -> Option<Place> {
        let (north, east) = gauss(&mut self.rng);
        (!self.rng.random_bool(NO_FIX)).then(|| offset(scene, north * STOPS_M, east * STOPS_M))
    }

    /// Where a patrol heads next on the beat of this number.
    pub fn on_beat(&mut self, number: usize) -> Place {
        self.past.town.on_beat(number, &mut self.rng)
    }

    /// A moment within a span, milliseconds.
    pub fn within_ms(&mut self, span: Span) -> i64 {
        within_ms(&mut self.rng, span)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::town::Town, *};
    use crate::domain::time::Zone;

    #[test]
    fn rides_take_longer_in_the_rush() {
        let mut ways = Ways::new(Past::new(Town::balikpapan(), Zone::Wita, 3));
        let mut mean = |hour: i64| {
            let at = |day: i64| Zone::Wita.midnight(20_000 + day).plus(hour * 3_600_000);
            (0..400).map(|day| ways.ride_ms(300_000, at(day))).sum::<i64>() / 400
        };
        let (night, day, rush) = (mean(2), mean(11), mean(17));
        assert!(night < day && day < rush, "{night} {day} {rush}");
        assert!((200_000..330_000).contains(&night) && (390_000..560_000).contains(&rush));
    }

    #[test]
    fn most_crews_say_yes_in_time() {
        let mut ways = Ways::new(Past::new(Town::balikpapan(), Zone::Wita, 3));
        let answers: Vec<Answer> = (0..1_000).map(|_| ways.answer()).collect();
        let yes = answers.iter().filter(|a| matches!(a, Answer::Yes(ms) if (1..15_000).contains(ms))).count();
        assert!((850..960).contains(&yes), "{yes}");
        assert!(answers.contains(&Answer::Silent));
    }
}
