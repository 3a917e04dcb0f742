//! What is to come, in the order of its moments.

use crate::domain::{
    dispatch::DispatchStatus,
    ids::{DispatchId, ReportId},
    incident::Disposition,
    report::InvalidReason,
    time::UnixMs,
};
use std::collections::BTreeMap;

/// Something that somebody does.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    /// Somebody calls, or is believed: this one of the calls.
    Call(usize),
    /// The desk takes a report.
    Claim(ReportId),
    /// The desk finds it to be no police work.
    Judge(ReportId, InvalidReason),
    /// The desk told the caller that help is on its way.
    Told(ReportId),
    /// A phone has an offer.
    Delivered(DispatchId),
    /// A crew takes a step.
    Step(DispatchId, DispatchStatus, Why),
    /// What waits for a unit is tried again.
    TryAgain,
    /// This unit's crew begins, or ends, its ride.
    Ride(usize, bool),
    /// The next ones sit down at the desk.
    Handover,
    /// Where the units were is written.
    Flush,
}

/// What goes with a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Why {
    /// Why it was declined.
    pub reason: Option<&'static str>,
    /// How the work ended.
    pub disposition: Option<Disposition>,
}

/// What is to come. What was written down first comes first at its moment.
#[derive(Default)]
pub(super) struct Agenda {
    turns: BTreeMap<(UnixMs, u64), Turn>,
    written: u64,
}

impl Agenda {
    /// Writes something down.
    pub fn add(&mut self, at: UnixMs, turn: Turn) {
        self.written += 1;
        self.turns.insert((at, self.written), turn);
    }

    /// When the next is to come.
    pub fn next_at(&self) -> Option<UnixMs> {
        self.turns.first_key_value().map(|((at, _), _)| *at)
    }

    /// What comes next, and when.
    pub fn take(&mut self) -> Option<(UnixMs, Turn)> {
        self.turns.pop_first().map(|((at, _), turn)| (at, turn))
    }

    /// Keeps only what is kept.
    pub fn retain(&mut self, keep: impl Fn(&Turn) -> bool) {
        self.turns.retain(|_, turn| keep(turn));
    }
}
