//! The fixes of one phone or tracker on their way: limited by rate, judged, put where they belong.

use super::{BURST, Inner, PER_SECOND, Taken};
use crate::domain::{
    fix::{Fix, RawFix, Reject, Track, Verdict, judge},
    ids::UnitId,
    time::UnixMs,
    track::TrackPoint,
    tracker::Say,
};

/// What is remembered between the fixes of one phone or tracker.
pub struct Flow {
    unit: UnitId,
    by_phone: bool,
    track: Track,
    /// Live fixes that may still come now.
    allowance: f64,
    allowance_at: UnixMs,
    /// The newest live fix over the limit, and its place in its frame: judged as soon as there is room.
    held: Option<(u32, RawFix)>,
}

impl Flow {
    /// Begins where a unit's pin is. `by_phone`: it is the crew's own phone, which comes before trackers.
    pub fn new(unit: UnitId, by_phone: bool, pin: Option<Fix>, now: UnixMs) -> Self {
        Self { unit, by_phone, track: Track::resume(pin), allowance: BURST, allowance_at: now, held: None }
    }

    pub const fn unit(&self) -> UnitId {
        self.unit
    }

    pub const fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// See [`super::Stream::take`].
    pub fn take(&mut self, inner: &Inner, sent_ms: Option<i64>, fixes: &[RawFix], now: UnixMs) -> Taken {
        self.track.hear(sent_ms, now);
        self.refill(now);
        let mut taken = Taken::default();
        for (index, raw) in (0_u32..).zip(fixes) {
            if raw.backlog || self.spend() {
                self.judge(inner, raw, index, now, &mut taken);
            } else {
                taken.conflated += u32::from(self.hold(index, raw));
            }
        }
        inner.counters.conflated(taken.conflated);
        taken
    }

    /// Takes what a stock app sent in one request. It marks no backlog and does not say when it sends: the newest fix is
    /// live, and tried as backlog where it is older than the one before; the others are backlog. Only a live fix that
    /// is fresh is limited by rate, so that a queue that a phone works off leaves no holes in the track.
    pub fn take_unmarked(&mut self, inner: &Inner, say: Say, fixes: &[RawFix], now: UnixMs) -> Taken {
        self.refill(now);
        let mut taken = Taken::default();
        let newest = (0..fixes.len()).max_by_key(|at| fixes[*at].device_ms);
        let mut order: Vec<usize> =
            newest.into_iter().chain((0..fixes.len()).filter(|at| Some(*at) != newest)).collect();
        if say == Say::OffDuty {
            taken.off_duty = u32::try_from(order.len()).unwrap_or(u32::MAX);
            order.clear();
        }
        for at in order {
            let (index, raw) = (u32::try_from(at).unwrap_or(u32::MAX), &fixes[at]);
            let fresh = now.since(self.track.clock().server_time(raw.device_ms)) <= inner.settings.stale_ms;
            match say {
                Say::First if Some(at) != newest => self.judge(inner, &backlog(raw), index, now, &mut taken),
                Say::First if fresh && !self.spend() => taken.conflated += 1,
                Say::First => self.judge_unmarked(inner, raw, index, now, &mut taken),
                _ if fresh => taken.passed_over += 1,
                _ => self.judge(inner, &backlog(raw), index, now, &mut taken),
            }
        }
        inner.counters.conflated(taken.conflated);
        inner.counters.not_taken(taken.passed_over, taken.off_duty);
        taken
    }

    /// See [`super::Stream::settle`].
    pub fn settle(&mut self, inner: &Inner, now: UnixMs) -> Taken {
        self.refill(now);
        let mut taken = Taken::default();
        if self.held.is_some()
            && self.spend()
            && let Some((index, raw)) = self.held.take()
        {
            self.judge(inner, &raw, index, now, &mut taken);
        }
        taken
    }

    /// Holds the newer of this fix and the one that is held; says whether one of two gave way.
    fn hold(&mut self, index: u32, raw: &RawFix) -> bool {
        let full = self.held.is_some();
        if self.held.is_none_or(|(_, held)| raw.device_ms >= held.device_ms) {
            self.held = Some((index, *raw));
        }
        full
    }

    fn judge(&mut self, inner: &Inner, raw: &RawFix, index: u32, now: UnixMs, taken: &mut Taken) {
        let verdict = judge(&mut self.track, raw, now, &inner.settings.fix);
        self.follow(inner, verdict, index, now, taken);
    }

    /// A fix that is older than the last may be backlog that nobody marked, or the first of a clock that was set back.
    /// It is judged as live first, so that three of them are believed, and then as backlog.
    fn judge_unmarked(&mut self, inner: &Inner, raw: &RawFix, index: u32, now: UnixMs, taken: &mut Taken) {
        let verdict = match judge(&mut self.track, raw, now, &inner.settings.fix) {
            Err(Reject::Older { .. }) => judge(&mut self.track, &backlog(raw), now, &inner.settings.fix),
            verdict => verdict,
        };
        self.follow(inner, verdict, index, now, taken);
    }

    fn follow(&self, inner: &Inner, verdict: Result<Verdict, Reject>, index: u32, now: UnixMs, taken: &mut Taken) {
        match verdict {
            Ok(verdict) => {
                taken.kept += 1;
                inner.counters.kept(matches!(verdict, Verdict::History(_)));
                let fix = verdict.fix();
                if let Verdict::Live(fix) = &verdict {
                    inner.live.put(self.unit, fix);
                }
                let point = TrackPoint {
                    at: fix.at,
                    place: fix.place,
                    accuracy_m: fix.accuracy_m.map(f64::from),
                    speed_mps: fix.speed_mps.map(f64::from),
                    heading_deg: fix.heading_deg.map(f64::from),
                    history: matches!(verdict, Verdict::History(_)),
                    believed: true,
                };
                inner.tracks.push(self.unit, point, self.by_phone, now);
            }
            Err(reject) => {
                inner.counters.refused(&reject);
                taken.refused.push((index, reject));
            }
        }
    }

    fn refill(&mut self, now: UnixMs) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds between frames are few")]
        let seconds = now.since(self.allowance_at).max(0) as f64 / 1_000.0;
        self.allowance = (self.allowance + seconds * PER_SECOND).min(BURST);
        self.allowance_at = now;
    }

    fn spend(&mut self) -> bool {
        if self.allowance >= 1.0 {
            self.allowance -= 1.0;
            return true;
        }
        false
    }
}

const fn backlog(raw: &RawFix) -> RawFix {
    RawFix { backlog: true, ..*raw }
}
