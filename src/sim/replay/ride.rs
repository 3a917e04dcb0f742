//! The ride itself, without its wires: which point is due, and what the crew taps.
//!
//! Invariant: every point of the track is sent once, in its order, or kept while there is no line and sent afterwards as
//! backlog; nothing is smoothed, added before the end, or left out.

use crate::{
    domain::{
        dispatch::{ARRIVAL_RADIUS_M, DispatchStatus},
        ids::UnitId,
        incident::Disposition,
        place::Place,
        time::UnixMs,
    },
    sim::{
        crew::{Crew, News, Tap, Work},
        gpx::Track,
    },
    wire::frames::{ClientFrame, FIXES_MAX, FixFrame, ServerFrame},
};
use std::collections::BTreeMap;

/// The crew answers after this, milliseconds at the ride's own speed.
const ANSWER_MS: f64 = 2_000.0;
/// It sets out after this, milliseconds.
const TURNOUT_MS: f64 = 2_000.0;
/// It works on the scene for this, milliseconds.
const WORK_MS: f64 = 5_000.0;
/// After a refused tap, or work without a place, it asks how things stand after this, milliseconds.
const ASK_AFTER_MS: i64 = 2_000;
/// At the end of the track the phone goes on to say where it is, this often, milliseconds.
const PARKED_EVERY_MS: i64 = 1_000;
/// A receiver's horizontal dilution of precision of 1 is about this much error, metres.
const HDOP_M: f64 = 5.0;

#[derive(Clone, Copy, PartialEq)]
enum Plan {
    Tap(DispatchStatus),
    Ask,
}

/// A ride under way.
pub struct Ride {
    unit: UnitId,
    crew: Crew,
    accept: bool,
    /// How much faster than in life the crew is, as its ride is.
    pace: f64,
    /// Where, how long after the start in milliseconds, and how good.
    points: Vec<(Place, i64, Option<f64>)>,
    start: UnixMs,
    next: usize,
    /// When the parked phone speaks next, once the track has ended.
    parked_at: UnixMs,
    plan: Option<(UnixMs, Plan)>,
    /// The oldest first.
    kept: Vec<FixFrame>,
}

impl Ride {
    /// A ride that starts now.
    #[must_use]
    pub fn new(unit: UnitId, track: Track, accept: bool, pace: f64, now: UnixMs) -> Self {
        let first = track.points.first().map_or(UnixMs(0), |p| p.1);
        let points: Vec<_> = track.points.into_iter().map(|(place, at, hdop)| (place, at.since(first), hdop)).collect();
        let end_ms = points.last().map_or(0, |p| p.1);
        let parked_at = now.plus(end_ms + PARKED_EVERY_MS);
        Self {
            unit,
            crew: Crew::new(unit),
            accept,
            pace,
            points,
            start: now,
            next: 0,
            parked_at,
            plan: None,
            kept: Vec::new(),
        }
    }

    /// What the unit works on.
    #[must_use]
    pub const fn work(&self) -> Option<&Work> {
        self.crew.work()
    }

    /// Where the unit is: at the last point that was due.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.points.get(self.next.saturating_sub(1)).map(|p| p.0)
    }

    /// When the last point was due, once it was.
    #[must_use]
    pub fn track_ended(&self) -> Option<UnixMs> {
        let end_ms = self.points.last().map_or(0, |p| p.1);
        (self.next >= self.points.len()).then(|| self.start.plus(end_ms))
    }

    /// Whether all is sent and no work is open.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let busy = self.crew.work().is_some_and(|w| self.accept || w.status != DispatchStatus::Offered);
        self.track_ended().is_some() && self.kept.is_empty() && !busy
    }

    /// When there is something to do next.
    #[must_use]
    pub fn wake_at(&self) -> UnixMs {
        let fix_at = self.points.get(self.next).map_or(self.parked_at, |p| self.start.plus(p.1));
        self.plan.map_or(fix_at, |(at, _)| at.min(fix_at))
    }

    /// The socket is gone.
    pub const fn line_lost(&mut self) {
        self.crew.line_lost();
    }

    /// A frame could not be sent: its fixes are kept.
    pub fn unsent(&mut self, frame: ClientFrame) {
        if let ClientFrame::Fixes { fixes, .. } = frame {
            self.kept.extend(fixes.into_iter().map(|fix| FixFrame { backlog: true, ..fix }));
            self.kept.sort_by_key(|fix| fix.at_ms);
        }
    }

    /// Does what is due, and adds what is sent to `out`.
    pub fn tick(&mut self, now: UnixMs, online: bool, out: &mut Vec<ClientFrame>) {
        let mut fixes = self.due(now);
        if online {
            for part in fixes.chunks(FIXES_MAX) {
                out.push(ClientFrame::Fixes { sent_ms: Some(now.0), fixes: part.to_vec() });
            }
            if !self.kept.is_empty() {
                let from = self.kept.len().saturating_sub(FIXES_MAX);
                let fixes = self.kept.drain(from..).rev().collect();
                out.push(ClientFrame::Fixes { sent_ms: Some(now.0), fixes });
            }
        } else {
            fixes.iter_mut().for_each(|fix| fix.backlog = true);
            self.kept.append(&mut fixes);
        }
        self.act(now, out);
        if online {
            out.extend(self.crew.next_frame(now));
        }
    }

    /// The points whose moment has come, each dated with it.
    fn due(&mut self, now: UnixMs) -> Vec<FixFrame> {
        let mut fixes = Vec::new();
        while let Some(&(place, after_ms, hdop)) = self.points.get(self.next)
            && now >= self.start.plus(after_ms)
        {
            fixes.push(fix(place, self.start.plus(after_ms), hdop));
            self.next += 1;
        }
        if self.track_ended().is_some()
            && now >= self.parked_at
            && let Some(&(place, _, hdop)) = self.points.last()
        {
            self.parked_at = now.plus(PARKED_EVERY_MS);
            fixes.push(fix(place, now, hdop));
        }
        fixes
    }

    /// Whether the unit is within the arrival radius, and the track comes no nearer.
    fn passes(&self, scene: Place) -> bool {
        let here_m = self.place().map_or(f64::INFINITY, |p| p.distance_m(scene));
        let comes_nearer = self.points.get(self.next).is_some_and(|p| p.0.distance_m(scene) < here_m);
        here_m <= ARRIVAL_RADIUS_M && !comes_nearer
    }

    fn act(&mut self, now: UnixMs, out: &mut Vec<ClientFrame>) {
        if let Some(&Work { status: DispatchStatus::EnRoute, scene: Some(scene), .. }) = self.crew.work()
            && (self.track_ended().is_some() || self.passes(scene))
        {
            self.crew.tap(Tap::to(DispatchStatus::OnScene));
        }
        let Some((_, plan)) = self.plan.filter(|(at, _)| now >= *at) else { return };
        let done = match plan {
            Plan::Tap(to) => {
                let disposition = (to == DispatchStatus::Cleared).then_some(Disposition::Handled);
                self.crew.work().is_none() || self.crew.tap(Tap { disposition, ..Tap::to(to) })
            }
            Plan::Ask => {
                self.crew.forget();
                out.push(ClientFrame::Subscribe { areas: BTreeMap::from([(self.unit.area, None)]) });
                true
            }
        };
        if done {
            self.plan = None;
        }
    }

    /// Takes in what the server says, and adds what is answered at once to `out`.
    pub fn hear(&mut self, now: UnixMs, frame: &ServerFrame, out: &mut Vec<ClientFrame>) -> Option<News> {
        let news = self.crew.hear(frame)?;
        #[expect(clippy::cast_possible_truncation, reason = "seconds")]
        let tap = |after_ms: f64, to| Some((now.plus((after_ms / self.pace) as i64), Plan::Tap(to)));
        self.plan = match (&news, self.crew.work()) {
            (News::Offered, Some(work)) if self.accept => {
                out.push(ClientFrame::Delivered { dispatch: work.dispatch });
                tap(ANSWER_MS, DispatchStatus::Accepted)
            }
            (News::Moved, Some(work)) => match (work.status, work.scene) {
                (DispatchStatus::Accepted, _) => tap(TURNOUT_MS, DispatchStatus::EnRoute),
                (DispatchStatus::EnRoute, None) => Some((now.plus(ASK_AFTER_MS), Plan::Ask)),
                (DispatchStatus::OnScene, _) => tap(WORK_MS, DispatchStatus::Cleared),
                _ => None,
            },
            (News::Refused(_), _) => Some((now.plus(ASK_AFTER_MS), Plan::Ask)),
            (News::SceneMoved, _) => self.plan,
            _ => None,
        };
        Some(news)
    }
}

fn fix(place: Place, at: UnixMs, hdop: Option<f64>) -> FixFrame {
    FixFrame {
        at_ms: at.0,
        lat: place.lat(),
        lng: place.lng(),
        accuracy_m: hdop.map(|h| h * HDOP_M),
        speed_mps: None,
        heading_deg: None,
        battery_pct: None,
        mock: false,
        backlog: false,
    }
}

#[cfg(test)]
mod tests;
