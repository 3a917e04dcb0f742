//! One unit's phone and the people who hold it, without its wires: what it sends, and when.
//!
//! Invariants: time only comes in as an argument; a fix that could not be sent is kept, newest first, up to a bound;
//! the crew acts on what the server said of its work, and each act waits for its human delay.

use super::{
    behaviour::{Behaviour, within_ms},
    chance::{dice, gap_s, gauss, weighted},
    crew::{Crew, News, Tap, Work},
    drive::Driver,
    town::{Town, offset},
};
use crate::{
    domain::{dispatch::DispatchStatus, ids::UnitId, time::UnixMs, unit::UnitKind},
    wire::frames::{ClientFrame, FIXES_MAX, FixFrame, ServerFrame},
};
use rand::{RngExt, rngs::StdRng};
use std::{collections::BTreeMap, sync::Arc};

/// Fixes that a phone keeps while it has no signal.
const KEPT_MAX: usize = 600;
/// A refused tap makes the phone ask how things stand after this, milliseconds.
const ASK_AFTER_MS: i64 = 2_000;
/// Nearer than this to the scene the crew gets off, metres.
const THERE_M: f64 = 30.0;

/// Something that the crew will do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plan {
    Accept,
    Decline(&'static str),
    SetOut,
    Arrive,
    Clear,
    AskHowThingsStand,
}

/// What a phone is made of.
#[derive(Clone, Debug)]
pub struct Make {
    /// Whose phone.
    pub unit: UnitId,
    /// What the unit rides in or on.
    pub kind: UnitKind,
    /// Where it patrols.
    pub town: Arc<Town>,
    /// How its crew behaves.
    pub behaviour: Arc<Behaviour>,
    /// Between two fixes, milliseconds.
    pub fix_every_ms: i64,
    /// When the first fix is due, after the start, milliseconds.
    pub phase_ms: i64,
    /// For the dice.
    pub seed: u64,
}

/// One unit's phone.
pub struct Phone {
    make: Make,
    rng: StdRng,
    crew: Crew,
    driver: Driver,
    /// Whether its fixes are the unit's position. Where another phone of the crew is, that one answers, too.
    is_source: bool,
    plan: Option<(UnixMs, Plan)>,
    look_until: UnixMs,
    fix_at: UnixMs,
    moved_at: UnixMs,
    still: u32,
    clock_off_ms: i64,
    /// The GPS's present error, metres north and east: it wanders rather than jumps.
    error_m: (f64, f64),
    tunnel_until: Option<UnixMs>,
    tunnel_at: UnixMs,
    /// The oldest first.
    kept: Vec<FixFrame>,
}

impl Phone {
    /// A phone somewhere in the town, switched on at `now`.
    #[must_use]
    pub fn new(make: Make, now: UnixMs) -> Self {
        let mut rng = dice(make.seed, &make.unit.to_string());
        let off_ms = make.behaviour.clock_off_ms;
        let clock_off_ms = rng.random_range(-off_ms..=off_ms);
        let mut phone = Self {
            driver: Driver::new(make.kind, make.town.place(&mut rng)),
            crew: Crew::new(make.unit),
            is_source: true,
            plan: None,
            look_until: now,
            fix_at: now.plus(make.phase_ms),
            moved_at: now,
            still: 0,
            clock_off_ms,
            error_m: (0.0, 0.0),
            tunnel_until: None,
            tunnel_at: now,
            kept: Vec::new(),
            rng,
            make,
        };
        phone.tunnel_at = phone.next_tunnel(now);
        phone
    }

    /// What the unit works on.
    #[must_use]
    pub const fn work(&self) -> Option<&Work> {
        self.crew.work()
    }

    /// When it next has something to do.
    #[must_use]
    pub fn wake_at(&self) -> UnixMs {
        self.plan.map_or(self.fix_at, |(at, _)| at.min(self.fix_at))
    }

    /// Until when there is no signal, if so.
    #[must_use]
    pub const fn no_signal_until(&self) -> Option<UnixMs> {
        self.tunnel_until
    }

    /// The server says whether this phone's fixes are the unit's position. One that is not rests; one that is again
    /// asks how things stand.
    pub fn rides(&mut self, now: UnixMs, is_source: bool) {
        if self.is_source != is_source {
            self.is_source = is_source;
            self.crew.forget();
            self.plan = is_source.then_some((now, Plan::AskHowThingsStand));
        }
    }

    /// The socket is gone.
    pub const fn line_lost(&mut self) {
        self.crew.line_lost();
    }

    /// A frame could not be sent: its fixes are kept.
    pub fn unsent(&mut self, frame: ClientFrame) {
        if let ClientFrame::Fixes { fixes, .. } = frame {
            fixes.into_iter().rev().for_each(|fix| self.keep(fix));
        }
    }

    /// Does what is due, and adds what it sends to `out`. Without a line, fixes are kept.
    pub fn tick(&mut self, now: UnixMs, online: bool, out: &mut Vec<ClientFrame>) {
        self.pass_tunnels(now);
        let online = online && self.tunnel_until.is_none();
        self.drive_on(now);
        if self.is_source {
            self.act(now, out);
        }
        if now >= self.fix_at {
            // No catching up after a stall: a phone measures now.
            let every_ms = self.make.fix_every_ms.max(1);
            self.fix_at = self.fix_at.plus(every_ms * (1 + now.since(self.fix_at) / every_ms));
            if self.is_source {
                self.measure(now, online, out);
            }
        }
        if online {
            out.extend(self.crew.next_frame(now));
        }
    }

    /// Takes in what the server says, and adds what the phone answers at once to `out`.
    pub fn hear(&mut self, now: UnixMs, frame: &ServerFrame, out: &mut Vec<ClientFrame>) -> Option<News> {
        if let ServerFrame::Riding { position_source, .. } = frame {
            self.rides(now, *position_source);
        }
        if !self.is_source {
            return None;
        }
        let news = self.crew.hear(frame)?;
        let behaviour = Arc::clone(&self.make.behaviour);
        let rng = &mut self.rng;
        self.plan = match (&news, self.crew.work()) {
            (News::Offered, Some(_)) if rng.random_bool(behaviour.silent) => None,
            (News::Offered, Some(work)) => {
                out.push(ClientFrame::Delivered { dispatch: work.dispatch });
                let decline = rng.random_bool(behaviour.decline).then(|| weighted(rng, &behaviour.reasons)).flatten();
                let plan = decline.map_or(Plan::Accept, |reason| Plan::Decline(reason));
                Some((now.plus(within_ms(rng, behaviour.answer_s)), plan))
            }
            (News::Moved | News::SceneMoved, Some(work)) => match (work.status, work.scene) {
                (DispatchStatus::Accepted, _) if !behaviour.drives => Some((now, Plan::Arrive)),
                (DispatchStatus::Accepted, _) if news == News::Moved => {
                    self.driver.park();
                    Some((now.plus(within_ms(rng, behaviour.turnout_s)), Plan::SetOut))
                }
                (DispatchStatus::EnRoute, Some(scene)) => {
                    self.driver.go(scene, true, rng);
                    None
                }
                (DispatchStatus::EnRoute, None) => Some((now.plus(ASK_AFTER_MS), Plan::AskHowThingsStand)),
                (DispatchStatus::OnScene, _) if news == News::Moved => {
                    self.driver.park();
                    Some((now.plus(within_ms(rng, behaviour.work_s)), Plan::Clear))
                }
                _ => self.plan,
            },
            (News::Ended(_), _) => {
                self.driver.park();
                self.look_until = now;
                None
            }
            (News::Refused(_), _) => Some((now.plus(ASK_AFTER_MS), Plan::AskHowThingsStand)),
            (_, None) => None,
        };
        Some(news)
    }

    fn pass_tunnels(&mut self, now: UnixMs) {
        if self.tunnel_until.is_some_and(|until| now >= until) {
            self.tunnel_until = None;
            self.tunnel_at = self.next_tunnel(now);
        }
        if self.tunnel_until.is_none() && now >= self.tunnel_at {
            self.tunnel_until = Some(now.plus(within_ms(&mut self.rng, self.make.behaviour.tunnel_s)));
        }
    }

    fn next_tunnel(&mut self, now: UnixMs) -> UnixMs {
        let gap_s = gap_s(&mut self.rng, self.make.behaviour.tunnels_per_hour / 3_600.0);
        #[expect(clippy::cast_possible_truncation, reason = "saturates: never is far enough")]
        now.plus((gap_s * 1_000.0) as i64)
    }

    fn drive_on(&mut self, now: UnixMs) {
        #[expect(clippy::cast_precision_loss, reason = "between two ticks")]
        let seconds = now.since(self.moved_at).max(0) as f64 / 1_000.0;
        self.moved_at = self.moved_at.max(now);
        let was_under_way = !self.driver.is_there();
        self.driver.advance(seconds, &mut self.rng);
        if was_under_way && self.driver.is_there() {
            self.look_until = now.plus(within_ms(&mut self.rng, self.make.behaviour.look_s));
        }
        let patrols = self.crew.work().is_none_or(|w| w.status == DispatchStatus::Offered);
        if patrols && self.driver.is_there() && now >= self.look_until {
            let next = self.make.town.place(&mut self.rng);
            self.driver.go(next, false, &mut self.rng);
        }
    }

    /// What the crew taps: what it planned, and the arrival.
    fn act(&mut self, now: UnixMs, out: &mut Vec<ClientFrame>) {
        let offline = self.tunnel_until.is_some();
        let at_ms = offline.then(|| now.plus(self.clock_off_ms));
        if let Some(Work { status: DispatchStatus::EnRoute, scene, .. }) = self.crew.work()
            && scene.is_some_and(|scene| self.driver.is_there() && scene.distance_m(self.driver.place()) < THERE_M)
        {
            self.crew.tap(Tap { at_ms, ..Tap::to(DispatchStatus::OnScene) });
        }
        let Some((_, plan)) = self.plan.filter(|(at, _)| now >= *at) else { return };
        let tap = match plan {
            Plan::Accept => Tap::to(DispatchStatus::Accepted),
            Plan::Decline(reason) => Tap { reason: Some(reason.to_owned()), ..Tap::to(DispatchStatus::Declined) },
            Plan::SetOut => Tap::to(DispatchStatus::EnRoute),
            Plan::Arrive => Tap::to(DispatchStatus::OnScene),
            Plan::Clear => {
                let disposition = weighted(&mut self.rng, &self.make.behaviour.dispositions).copied();
                Tap { disposition, ..Tap::to(DispatchStatus::Cleared) }
            }
            Plan::AskHowThingsStand => {
                self.plan = None;
                self.crew.forget();
                out.push(ClientFrame::Subscribe { areas: BTreeMap::from([(self.make.unit.area, None)]) });
                return;
            }
        };
        // While another tap waits for its answer, this one waits, too.
        if self.crew.work().is_none() || self.crew.tap(Tap { at_ms, ..tap }) {
            self.plan = None;
        }
    }

    fn measure(&mut self, now: UnixMs, online: bool, out: &mut Vec<ClientFrame>) {
        self.still = if self.driver.speed_mps() > 0.0 { 0 } else { self.still + 1 };
        if !self.still.is_multiple_of(self.make.behaviour.still_every.max(1)) {
            return;
        }
        let fix = self.fix(now);
        if !online {
            self.keep(FixFrame { backlog: true, ..fix });
            return;
        }
        let sent_ms = Some(now.plus(self.clock_off_ms).0);
        out.push(ClientFrame::Fixes { sent_ms, fixes: vec![fix] });
        if !self.kept.is_empty() {
            // The newest came first; now the past, the newest part of it first.
            let from = self.kept.len().saturating_sub(FIXES_MAX);
            let fixes = self.kept.drain(from..).rev().collect();
            out.push(ClientFrame::Fixes { sent_ms, fixes });
        }
    }

    fn fix(&mut self, now: UnixMs) -> FixFrame {
        let behaviour = Arc::clone(&self.make.behaviour);
        let (north, east) = gauss(&mut self.rng);
        // Nine tenths of the error stay; the rest is drawn so that its deviation is what was asked for.
        let fresh_m = behaviour.noise_m * (1.0_f64 - 0.81).sqrt();
        self.error_m = (self.error_m.0 * 0.9 + north * fresh_m, self.error_m.1 * 0.9 + east * fresh_m);
        let mut seen = offset(self.driver.place(), self.error_m.0, self.error_m.1);
        if self.rng.random_bool(behaviour.outlier) {
            let far_m = self.rng.random_range(0.3..=1.0) * behaviour.outlier_m;
            seen = seen.moved(self.rng.random_range(0.0..360.0), far_m);
        }
        // A centimetre is enough, and keeps the frame short.
        let round = |value: f64, per_unit: f64| (value * per_unit).round() / per_unit;
        let moving = self.driver.speed_mps() > 0.0;
        FixFrame {
            at_ms: now.plus(self.clock_off_ms).0,
            lat: round(seen.lat(), 1e7),
            lng: round(seen.lng(), 1e7),
            accuracy_m: Some(round(behaviour.noise_m * 1.5 + 2.0, 10.0)),
            speed_mps: Some(round(self.driver.speed_mps(), 10.0)),
            heading_deg: moving.then(|| round(self.driver.heading_deg(), 1.0)),
            battery_pct: None,
            mock: false,
            backlog: false,
        }
    }

    fn keep(&mut self, fix: FixFrame) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push(FixFrame { backlog: true, ..fix });
    }
}

#[cfg(test)]
mod tests;
