//! Citizens who call 110, through the exchange's account.
//!
//! Invariant: reports come at their own times, whether or not earlier ones were answered yet; how many may be under way
//! at once is bounded, and what is left out is counted.

use super::{
    Clock,
    behaviour::{Span, within_ms},
    chance::{dice, gap_s, weighted},
    client::{NewReport, Session},
    stats::{Stats, count},
    town::Town,
};
use crate::domain::{
    ids::CommandId,
    incident::Priority::{self, P1, P2, P3, P4},
    report::Channel,
    time::UnixMs,
};
use rand::{RngExt, rngs::StdRng};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, watch};

/// Posts under way at most.
const POSTS_MAX: usize = 256;
/// A pause between reports is cut to this, so that a rate of zero is only a long one.
const GAP_MAX_S: f64 = 86_400.0;
/// When the first calls come, seconds: by then the crews have signed on.
const OPENING_AFTER_S: f64 = 12.0;
/// How soon after one another.
const OPENING_EVERY_S: f64 = 3.0;

/// What citizens report, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Kinds with their weights and priorities.
    pub kinds: Vec<(f64, (&'static str, Priority))>,
    /// Share that comes in ringing, judged by nobody yet. Most calls of a real day are hoaxes, and end there.
    pub unjudged: f64,
    /// Share that the exchange sends twice under the same command id, as after a lost answer.
    pub repeated: f64,
    /// From the first ring until the call was found valid.
    pub talk_s: Span,
    /// Share of the valid ones that came far too late to the exchange's judgement, as while all lines are busy: those are
    /// the ones that are at risk and late.
    pub held_up: f64,
    /// How long those took.
    pub held_up_s: Span,
    /// The calls that come first, all valid, by the seconds since they rang: so that a city is at work when somebody looks.
    pub opening_s: Vec<f64>,
}

impl Mix {
    /// Every report valid, at once, sent once: for loads.
    #[must_use]
    pub fn load() -> Self {
        Self {
            unjudged: 0.0,
            repeated: 0.0,
            talk_s: (0.0, 0.0),
            held_up: 0.0,
            opening_s: Vec::new(),
            ..Self::lifelike()
        }
    }

    /// As in life, where most that rings is no police work; a demo has more that is. Weights and shares are assumptions.
    #[must_use]
    pub fn lifelike() -> Self {
        Self {
            kinds: vec![
                (20.0, ("traffic_accident", P2)),
                (14.0, ("theft", P3)),
                (12.0, ("brawl", P2)),
                (10.0, ("noise", P4)),
                (8.0, ("threat", P2)),
                (8.0, ("domestic_violence", P1)),
                (6.0, ("robbery", P1)),
                (6.0, ("disaster", P3)),
                (5.0, ("fire", P1)),
                (5.0, ("missing_person", P3)),
                (3.0, ("riot", P1)),
                (3.0, ("traffic_jam", P4)),
            ],
            unjudged: 0.6,
            repeated: 0.03,
            talk_s: (15.0, 75.0),
            held_up: 0.12,
            held_up_s: (300.0, 480.0),
            opening_s: vec![30.0, 330.0, 45.0, 450.0, 20.0, 60.0],
        }
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self::lifelike()
    }
}

/// One call, as the exchange would post it.
pub fn call(town: &Town, mix: &Mix, now: UnixMs, rng: &mut StdRng) -> NewReport {
    let valid = !rng.random_bool(mix.unjudged);
    // Loads throw no dice for it: theirs fall as they always did.
    let held_up = mix.held_up > 0.0 && rng.random_bool(mix.held_up);
    let talk_ms = within_ms(rng, if held_up { mix.held_up_s } else { mix.talk_s });
    told(town, mix, now, rng, valid.then_some(talk_ms))
}

/// A call that was found valid so many milliseconds after it rang, or one that rings.
fn told(town: &Town, mix: &Mix, now: UnixMs, rng: &mut StdRng, valid_after: Option<i64>) -> NewReport {
    let (kind, priority) = weighted(rng, &mix.kinds).copied().unwrap_or(("other", P3));
    let talk_ms = valid_after.filter(|&talk_ms| talk_ms > 0);
    let rung = talk_ms.map(|talk_ms| now.plus(-talk_ms));
    NewReport {
        command_id: CommandId::random(),
        area: Some(town.area),
        channel: Channel::Call,
        kind: kind.to_owned(),
        priority,
        valid: valid_after.is_some(),
        place: Some(town.place(rng)),
        rung_at: rung,
        answered_at: rung.zip(talk_ms).map(|(rung, talk_ms)| rung.plus((talk_ms / 4).min(8_000))),
        // No country has the code 999: nobody's phone is named here.
        caller_number: Some(format!("+9990{:08}", rng.random_range(0..100_000_000))),
        text: None,
    }
}

/// How citizens call.
#[derive(Clone)]
pub struct Calls {
    /// The exchange's login.
    pub exchange: Session,
    /// Where.
    pub town: Arc<Town>,
    /// What.
    pub mix: Mix,
    /// How often, on average.
    pub per_min: f64,
    /// For the dice.
    pub seed: u64,
}

/// Citizens report until `stop`.
pub async fn report(calls: Calls, stats: Arc<Stats>, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut rng = dice(calls.seed, "citizens");
    let under_way = Arc::new(Semaphore::new(POSTS_MAX));
    let mut opening = calls.mix.opening_s.iter().copied();
    let wait_s = if calls.mix.opening_s.is_empty() { 0.0 } else { OPENING_AFTER_S };
    let mut next = tokio::time::Instant::now() + Duration::from_secs_f64(wait_s);
    while !*stop.borrow() {
        let waited_s = opening.next();
        let gap = waited_s.map_or_else(|| gap_s(&mut rng, calls.per_min / 60.0).min(GAP_MAX_S), |_| OPENING_EVERY_S);
        next += Duration::from_secs_f64(gap);
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep_until(next) => {}
        }
        let body = match waited_s {
            #[expect(clippy::cast_possible_truncation, reason = "a call rings for minutes")]
            Some(s) => told(&calls.town, &calls.mix, clock(), &mut rng, Some((s * 1_000.0) as i64)),
            None => call(&calls.town, &calls.mix, clock(), &mut rng),
        };
        let again = rng.random_bool(calls.mix.repeated);
        let Ok(turn) = Arc::clone(&under_way).try_acquire_owned() else {
            count(&stats.reports_skipped);
            continue;
        };
        let (exchange, stats) = (calls.exchange.clone(), Arc::clone(&stats));
        tokio::spawn(async move {
            post(&exchange, &body, again, &stats).await;
            drop(turn);
        });
    }
}

async fn post(exchange: &Session, body: &NewReport, again: bool, stats: &Stats) {
    let posted = Instant::now();
    let answer = match exchange.report(body).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(%error, "a simulated report was not taken");
            count(&stats.errors);
            return;
        }
    };
    count(&stats.reports);
    if let Some(way) = answer.incident.and_then(|incident| stats.ways.posted(incident.id, posted)) {
        stats.offer.record(way);
    }
    if again && exchange.report(body).await.ok().as_ref() != Some(&answer) {
        tracing::warn!("a repeated report got another answer than the first time");
        count(&stats.errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kinds;

    #[test]
    fn calls_are_as_the_mix_says() {
        let (town, mut rng, now) = (Town::balikpapan(), dice(2, "calls"), UnixMs(1_000_000_000));
        let mix = Mix { unjudged: 0.25, held_up: 0.2, ..Mix::lifelike() };
        let calls: Vec<_> = (0..2_000).map(|_| call(&town, &mix, now, &mut rng)).collect();
        let ringing = calls.iter().filter(|c| !c.valid).count();
        assert!((420..580).contains(&ringing), "{ringing}");
        for c in &calls {
            assert!(kinds::find(&c.kind).is_some(), "the screens have no name for {}", c.kind);
            assert_eq!((c.rung_at.is_some(), c.answered_at.is_some()), (c.valid, c.valid));
            assert!(c.rung_at <= c.answered_at && c.answered_at <= Some(now));
        }
        let waited = |c: &&NewReport| c.rung_at.is_some_and(|rung| now.since(rung) >= 300_000);
        let held_up = calls.iter().filter(waited).count();
        assert!((220..380).contains(&held_up), "{held_up} of 1,500 valid ones");
        let urgent = calls.iter().filter(|c| c.priority == P1).count();
        assert!((340..540).contains(&urgent), "{urgent}");
        let load = call(&town, &Mix::load(), now, &mut rng);
        assert!(load.valid && load.rung_at.is_none());
    }
}
