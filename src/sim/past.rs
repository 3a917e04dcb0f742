//! A city's past weeks as they may have been: who called, when and why, in what weather.
//!
//! Invariants: nothing here is written anywhere: whoever lives through it gives it to the engine, moment by moment; the same
//! seed and days give the same calls, whatever else is asked. Rates, weights and lengths are assumptions, but for one:
//! most that rings is no police work.

mod ways;

pub use ways::{Answer, Ways};

use super::{
    behaviour::{Span, within_ms},
    chance::{dice, gap_s, weighted},
    citizen::Mix,
    operator::REASONS,
    town::Town,
};
use crate::domain::{
    incident::Priority::{self, P3},
    phone::PhoneNumber,
    place::Place,
    report::InvalidReason,
    time::{UnixMs, Zone},
};
use rand::{RngExt, rngs::StdRng};

/// Calls of a day that are police work, and those that are none.
const VALID_PER_DAY: f64 = 16.0;
const OTHERS_PER_DAY: f64 = 34.0;
/// How the calls of a day lie over its hours; the evening is the busiest.
const HOURS: [f64; 24] = [
    0.75, 0.50, 0.35, 0.25, 0.25, 0.35, 0.70, 1.10, 1.10, 1.00, 0.95, 1.00, 1.05, 0.95, 1.00, 1.10, 1.35, 1.55, 1.50,
    1.50, 1.55, 1.45, 1.25, 1.00,
];
/// By how much there is more on a Friday and a Saturday.
const WEEKEND: f64 = 1.25;
/// Share of days with a downpour, by how much it makes more calls, when it begins (hour) and how long it lasts.
const RAINY: f64 = 0.3;
const RAIN_MORE: f64 = 1.5;
const RAIN_FROM_H: Span = (12.0, 21.0);
const RAIN_S: Span = (3_600.0, 14_400.0);
/// Until somebody answers, and until the call was found valid; where all lines are busy, so long.
const RING_S: Span = (2.0, 8.5);
const TALK_S: Span = (30.0, 100.0);
const BUSY_S: Span = (240.0, 540.0);
/// How often all lines are busy: in the evening, and else.
const BUSY: (f64, f64) = (0.1, 0.025);
/// A call that is none.
const IDLE_TALK_S: Span = (4.0, 18.0);
/// Some call again and again: share of the pranks, and how many people.
const AGAIN: f64 = 0.5;
const PRANKSTERS: u32 = 24;
const HOUR_MS: i64 = 3_600_000;

/// A call to 110.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// When it rang first.
    pub rung: UnixMs,
    /// When somebody answered.
    pub answered: UnixMs,
    /// When it was known what it is.
    pub judged: UnixMs,
    /// Why it is no police work, where it is none.
    pub no_work: Option<InvalidReason>,
    /// What kind of thing.
    pub kind: &'static str,
    /// How urgent.
    pub priority: Priority,
    /// Where.
    pub place: Place,
    /// Whose.
    pub number: Option<PhoneNumber>,
}

/// A city's past.
#[derive(Clone, Debug)]
pub struct Past {
    town: Town,
    zone: Zone,
    seed: u64,
}

impl Past {
    /// Of this town, by these dice.
    #[must_use]
    pub const fn new(town: Town, zone: Zone, seed: u64) -> Self {
        Self { town, zone, seed }
    }

    /// Everybody who called from a moment until another, in the order of their rings.
    #[must_use]
    pub fn calls(&self, from: UnixMs, until: UnixMs) -> Vec<Call> {
        let mut calls = Vec::new();
        for day in self.zone.day(from)..=self.zone.day(until) {
            let mut rng = dice(self.seed, &format!("calls of day {day}"));
            for hour in 0..24 {
                let begin = self.zone.midnight(day).plus(hour * HOUR_MS);
                for (is_valid, per_day) in [(true, VALID_PER_DAY), (false, OTHERS_PER_DAY)] {
                    let per_s = per_day * self.share_of(day, begin) / 3_600.0;
                    let mut at_s = gap_s(&mut rng, per_s);
                    while at_s < 3_600.0 {
                        #[expect(clippy::cast_possible_truncation, reason = "seconds of an hour")]
                        let rung = begin.plus((at_s * 1_000.0) as i64);
                        calls.push(self.call(rung, is_valid, &mut rng));
                        at_s += gap_s(&mut rng, per_s);
                    }
                }
            }
        }
        calls.retain(|call| call.rung >= from && call.judged < until);
        calls.sort_by_key(|call| call.rung);
        calls
    }

    /// Whether it pours then.
    #[must_use]
    pub fn rains(&self, at: UnixMs) -> bool {
        let day = self.zone.day(at);
        let mut rng = dice(self.seed, &format!("weather of day {day}"));
        if !rng.random_bool(RAINY) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "hours of a day")]
        let begin = self.zone.midnight(day).plus((rng.random_range(RAIN_FROM_H.0..RAIN_FROM_H.1) * 3.6e6) as i64);
        (begin..begin.plus(within_ms(&mut rng, RAIN_S))).contains(&at)
    }

    /// The share of a usual day's calls that come in the hour that begins then.
    fn share_of(&self, day: i64, begin: UnixMs) -> f64 {
        let hour = usize::try_from(self.zone.hour(begin)).unwrap_or(0);
        // The first day of 1970 was a Thursday.
        let weekend = if matches!(day.rem_euclid(7), 1 | 2) { WEEKEND } else { 1.0 };
        let rain = if self.rains(begin.plus(HOUR_MS / 2)) { RAIN_MORE } else { 1.0 };
        HOURS[hour] / HOURS.iter().sum::<f64>() * weekend * rain
    }

    fn call(&self, rung: UnixMs, is_valid: bool, rng: &mut StdRng) -> Call {
        let hour = self.zone.hour(rung);
        let kinds: Vec<_> =
            Mix::lifelike().kinds.into_iter().map(|(weight, kind)| (weight * self.fits(kind.0, rung), kind)).collect();
        let (kind, priority) = weighted(rng, &kinds).copied().unwrap_or(("other", P3));
        let busy = rng.random_bool(if (17..23).contains(&hour) { BUSY.0 } else { BUSY.1 });
        let answered = rung.plus(within_ms(rng, RING_S));
        let talk_s = match (is_valid, busy) {
            (true, true) => BUSY_S,
            (true, false) => TALK_S,
            (false, _) => IDLE_TALK_S,
        };
        let judged = answered.plus(within_ms(rng, talk_s));
        let reason = weighted(rng, &REASONS).copied().unwrap_or(InvalidReason::Other);
        let no_work = (!is_valid).then_some(reason);
        let again = no_work == Some(InvalidReason::Prank) && rng.random_bool(AGAIN);
        let number = if again { rng.random_range(0..PRANKSTERS) } else { rng.random_range(1_000..100_000_000) };
        // No country has the code 999: nobody's phone is named here.
        let number = PhoneNumber::parse(&format!("+9990{number:08}")).ok();
        let kind = if no_work == Some(InvalidReason::Information) { "information" } else { kind };
        Call { rung, answered, judged, no_work, kind, priority, place: self.town.place(rng), number }
    }

    /// By how much a kind is likelier at a moment than on the whole.
    fn fits(&self, kind: &str, at: UnixMs) -> f64 {
        let hour = self.zone.hour(at);
        let (night, rush) = (!(5..21).contains(&hour), matches!(hour, 6..9 | 16..20));
        match kind {
            "traffic_accident" | "traffic_jam" if rush => 2.0,
            "brawl" | "noise" | "riot" if night => 2.5,
            "brawl" | "noise" | "riot" => 0.4,
            "disaster" => {
                if self.rains(at) {
                    8.0
                } else {
                    0.1
                }
            }
            "robbery" | "threat" if night => 1.5,
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(seed: u64) -> Past {
        Past::new(Town::balikpapan(), Zone::Wita, seed)
    }

    /// Four weeks from the beginning of a day.
    fn weeks() -> (UnixMs, UnixMs) {
        (Zone::Wita.midnight(20_000), Zone::Wita.midnight(20_028))
    }

    #[test]
    fn weeks_are_as_weeks_are() {
        let (from, until) = weeks();
        let calls = past(110).calls(from, until);
        assert_eq!(calls, past(110).calls(from, until), "the same dice give the same weeks");
        assert_ne!(calls, past(111).calls(from, until));
        assert!(calls.windows(2).all(|two| two[0].rung <= two[1].rung));
        assert!(
            calls.iter().all(|c| from <= c.rung && c.rung < c.answered && c.answered < c.judged && c.judged < until)
        );
        let valid: Vec<&Call> = calls.iter().filter(|call| call.no_work.is_none()).collect();
        let others = calls.len() - valid.len();
        assert!((380..620).contains(&valid.len()) && 2 * others > 3 * valid.len(), "{} and {others}", valid.len());
        let at =
            |hours: std::ops::Range<i64>| valid.iter().filter(|c| hours.contains(&Zone::Wita.hour(c.rung))).count();
        assert!(at(17..21) > 3 * at(1..5), "{} in the evening, {} at night", at(17..21), at(1..5));
        let days: std::collections::BTreeSet<i64> = valid.iter().map(|call| Zone::Wita.day(call.rung)).collect();
        assert_eq!(days.len(), 28);
    }

    #[test]
    fn part_of_a_past_is_the_same_as_in_the_whole() {
        let (from, until) = weeks();
        let (begin, end) = (from.plus(50 * HOUR_MS), from.plus(60 * HOUR_MS));
        let all = past(1).calls(from, until);
        let part: Vec<Call> = all.into_iter().filter(|call| call.rung >= begin && call.judged < end).collect();
        assert_eq!(past(1).calls(begin, end), part);
        assert!(!part.is_empty());
    }

    #[test]
    fn it_pours_on_some_days_and_then_there_are_floods() {
        let (from, until) = weeks();
        let past = past(7);
        let wet = (0..28 * 24).filter(|hour| past.rains(from.plus(hour * HOUR_MS))).count();
        assert!((4..120).contains(&wet), "{wet} of 672 hours");
        let floods: Vec<Call> = past.calls(from, until).into_iter().filter(|call| call.kind == "disaster").collect();
        let in_rain = floods.iter().filter(|call| past.rains(call.rung)).count();
        assert!(in_rain * 2 > floods.len(), "{in_rain} of {}", floods.len());
    }
}
