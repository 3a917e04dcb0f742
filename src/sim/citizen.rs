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
}

impl Mix {
    /// Every report valid, at once, sent once: for loads.
    #[must_use]
    pub fn load() -> Self {
        Self { unjudged: 0.0, repeated: 0.0, talk_s: (0.0, 0.0), ..Self::lifelike() }
    }

    /// As in life, as far as validated reports go. The weights are assumptions.
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
                (6.0, ("flood", P3)),
                (5.0, ("fire", P1)),
                (5.0, ("lost_person", P3)),
                (3.0, ("riot", P1)),
                (3.0, ("blocked_road", P4)),
            ],
            unjudged: 0.4,
            repeated: 0.03,
            talk_s: (15.0, 75.0),
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
    let (kind, priority) = weighted(rng, &mix.kinds).copied().unwrap_or(("other", P3));
    let talk_ms = within_ms(rng, mix.talk_s);
    let rung = now.plus(-talk_ms);
    NewReport {
        command_id: CommandId::random(),
        area: Some(town.area),
        channel: Channel::Call,
        kind: kind.to_owned(),
        priority,
        valid,
        place: Some(town.place(rng)),
        rung_at: (valid && talk_ms > 0).then_some(rung),
        answered_at: (valid && talk_ms > 0).then(|| rung.plus((talk_ms / 4).min(8_000))),
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
    let mut next = tokio::time::Instant::now();
    while !*stop.borrow() {
        next += Duration::from_secs_f64(gap_s(&mut rng, calls.per_min / 60.0).min(GAP_MAX_S));
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep_until(next) => {}
        }
        let body = call(&calls.town, &calls.mix, clock(), &mut rng);
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

    #[test]
    fn calls_are_as_the_mix_says() {
        let (town, mut rng, now) = (Town::balikpapan(), dice(2, "calls"), UnixMs(1_000_000_000));
        let mix = Mix { unjudged: 0.25, ..Mix::lifelike() };
        let calls: Vec<_> = (0..2_000).map(|_| call(&town, &mix, now, &mut rng)).collect();
        let ringing = calls.iter().filter(|c| !c.valid).count();
        assert!((420..580).contains(&ringing), "{ringing}");
        for c in &calls {
            assert_eq!((c.rung_at.is_some(), c.answered_at.is_some()), (c.valid, c.valid));
            assert!(c.rung_at <= c.answered_at && c.answered_at <= Some(now));
        }
        let urgent = calls.iter().filter(|c| c.priority == P1).count();
        assert!((340..540).contains(&urgent), "{urgent}");
        let load = call(&town, &Mix::load(), now, &mut rng);
        assert!(load.valid && load.rung_at.is_none());
    }
}
