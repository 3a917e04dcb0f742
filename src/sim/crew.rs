//! A crew's work as its phone knows it.
//!
//! Invariants: the work is what the server said, by events and pictures, never what was asked for; one command is under
//! way at a time, and it is sent again under its own name until it is answered.

use crate::{
    domain::{
        dispatch::DispatchStatus, event::Happened, event::Work as Named, ids::*, incident::Disposition, place::Place,
        time::UnixMs,
    },
    wire::{frames::*, problem::Problem},
};

/// A command without an answer is sent again after this, milliseconds.
const RESEND_MS: i64 = 5_000;

/// What the unit works on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// The dispatch.
    pub dispatch: DispatchId,
    /// The incident.
    pub incident: IncidentId,
    /// Where the dispatch stands.
    pub status: DispatchStatus,
    /// Where to go, once the server said so.
    pub scene: Option<Place>,
}

/// What a frame changed.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The crew is asked.
    Offered,
    /// The work is at another step: by this phone, another one, or a dispatcher.
    Moved,
    /// The scene is elsewhere.
    SceneMoved,
    /// The work is gone, in this way.
    Ended(DispatchStatus),
    /// The command under way was refused, and was dropped.
    Refused(Problem),
}

#[derive(Clone, Debug)]
struct Pending {
    id: CommandId,
    frame: ClientFrame,
    sent: Option<UnixMs>,
}

/// What a crew taps.
#[derive(Clone, Debug, PartialEq)]
pub struct Tap {
    /// Where to.
    pub to: DispatchStatus,
    /// Why, when declining.
    pub reason: Option<String>,
    /// How it ended, when clearing.
    pub disposition: Option<Disposition>,
    /// The device's clock, where there is no signal.
    pub at_ms: Option<UnixMs>,
}

impl Tap {
    /// A step that needs no words.
    pub const fn to(to: DispatchStatus) -> Self {
        Self { to, reason: None, disposition: None, at_ms: None }
    }
}

/// One unit's crew.
#[derive(Debug)]
pub struct Crew {
    unit: UnitId,
    work: Option<Work>,
    pending: Option<Pending>,
    /// Asked for and not refused: the answer may come before the event, and must not be taken for nothing.
    asked: Option<(DispatchId, DispatchStatus)>,
}

impl Crew {
    /// A crew without work.
    pub const fn new(unit: UnitId) -> Self {
        Self { unit, work: None, pending: None, asked: None }
    }

    /// What it works on.
    pub const fn work(&self) -> Option<&Work> {
        self.work.as_ref()
    }

    /// Taps a step of the present work. False without work, while another tap is under way, and for a step that was
    /// tapped already.
    pub fn tap(&mut self, tap: Tap) -> bool {
        let (Some(work), None) = (self.work, &self.pending) else { return false };
        if self.asked == Some((work.dispatch, tap.to)) {
            return false;
        }
        self.asked = Some((work.dispatch, tap.to));
        let command_id = CommandId::random();
        let Tap { to, reason, disposition, at_ms } = tap;
        let frame = ClientFrame::Step { command_id, dispatch: work.dispatch, to, reason, disposition, at_ms };
        self.pending = Some(Pending { id: command_id, frame, sent: None });
        true
    }

    /// The command to be sent now, if any.
    pub fn next_frame(&mut self, now: UnixMs) -> Option<ClientFrame> {
        let pending = self.pending.as_mut()?;
        if pending.sent.is_some_and(|sent| now.since(sent) < RESEND_MS) {
            return None;
        }
        pending.sent = Some(now);
        Some(pending.frame.clone())
    }

    /// Forgets all: the next picture tells everything anew.
    pub fn forget(&mut self) {
        *self = Self::new(self.unit);
    }

    /// The socket is gone: what had no answer is sent again on the next one.
    pub const fn line_lost(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.sent = None;
        }
    }

    /// Takes in what the server says.
    pub fn hear(&mut self, frame: &ServerFrame) -> Option<News> {
        match frame {
            // The brief beside an event tells how things stand by now, however late the event is read.
            ServerFrame::Event { brief: Some(brief), .. } if brief.dispatch.unit == self.unit => {
                let named = Named { dispatch: brief.dispatch.id, incident: brief.incident.id, unit: self.unit };
                self.follow(named, brief.dispatch.status, Some(brief.incident.place))
            }
            ServerFrame::Event { event, .. } => {
                let (named, to) = step_of(&event.what)?;
                if named.unit == self.unit { self.follow(named, to, None) } else { None }
            }
            ServerFrame::Reset { work: Some(briefs), .. } => {
                let held = briefs.iter().find(|b| b.dispatch.unit == self.unit && b.dispatch.status.holds_unit());
                match (held, self.work) {
                    (Some(brief), _) => {
                        let named = Named { dispatch: brief.dispatch.id, incident: brief.incident.id, unit: self.unit };
                        self.follow(named, brief.dispatch.status, Some(brief.incident.place))
                    }
                    (None, Some(work)) => self.end(work.status),
                    (None, None) => None,
                }
            }
            ServerFrame::Reply { command_id, problem, .. } => self.answered(*command_id, problem.as_ref()),
            _ => None,
        }
    }

    fn follow(&mut self, named: Named, to: DispatchStatus, scene: Option<Place>) -> Option<News> {
        let present = self.work.filter(|w| w.dispatch == named.dispatch);
        if !to.holds_unit() {
            return present.and_then(|_| self.end(to));
        }
        let before = present.and_then(|w| w.scene);
        if present.is_none() {
            self.pending = None;
        }
        let scene = scene.or(before);
        self.work = Some(Work { dispatch: named.dispatch, incident: named.incident, status: to, scene });
        match present {
            Some(w) if w.status == to => (scene != before).then_some(News::SceneMoved),
            _ if to == DispatchStatus::Offered => Some(News::Offered),
            _ => Some(News::Moved),
        }
    }

    fn end(&mut self, how: DispatchStatus) -> Option<News> {
        (self.work, self.pending) = (None, None);
        Some(News::Ended(how))
    }

    fn answered(&mut self, id: CommandId, problem: Option<&Problem>) -> Option<News> {
        self.pending.as_ref().filter(|p| p.id == id)?;
        match problem {
            // The server is short of breath: the same command again in a moment.
            Some(problem) if problem.retry_after_s.is_some() => None,
            problem => {
                self.pending = None;
                let problem = problem.cloned()?;
                self.asked = None;
                Some(News::Refused(problem))
            }
        }
    }
}

/// Whose work an event is about, and at which step that is now.
const fn step_of(what: &Happened) -> Option<(Named, DispatchStatus)> {
    use DispatchStatus::{Accepted, Cleared, Declined, EnRoute, Expired, Offered, OnScene, Recalled};
    Some(match what {
        Happened::DispatchOffered { work, .. } => (*work, Offered),
        Happened::DispatchAccepted { work, .. } => (*work, Accepted),
        Happened::DispatchEnRoute(work) => (*work, EnRoute),
        Happened::DispatchOnScene { work, .. } => (*work, OnScene),
        Happened::DispatchCleared(work) => (*work, Cleared),
        Happened::DispatchDeclined { work, .. } => (*work, Declined),
        Happened::DispatchExpired { work, .. } => (*work, Expired),
        Happened::DispatchRecalled { work, .. } => (*work, Recalled),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
