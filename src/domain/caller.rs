//! Callers: what is known of one, what supervisors say of one, and who may see a number.
//!
//! Invariants: nobody is ever blocked; a flag is set by a person, rests on reports that were found to be misuse, and goes
//! down by itself: there is none that lasts.

use super::{
    ids::*,
    refusal::Refusal,
    report::{CallState, Channel, Closing, InvalidReason, Report, ReportStatus},
    time::UnixMs,
    words::words,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 86_400_000;

/// A report is evidence for so long after it rang, milliseconds.
pub const EVIDENCE_MS: i64 = 90 * DAY_MS;

/// Numbers that one account may see within [`UNMASK_MS`].
pub const UNMASK_MAX: i64 = 30;

/// See [`UNMASK_MAX`], milliseconds.
pub const UNMASK_MS: i64 = 3_600_000;

words! {
    /// What a supervisor says of a caller, the mildest first.
    Grade, "grade" {
        /// Worth knowing for whoever answers.
        Note = "note",
        /// The caller was told, or is to be told.
        Warning = "warning",
        /// New calls begin at the end of the ladder. They still ring, climb, alarm and are answered.
        Last = "last_in_ladder",
    }
}

impl Grade {
    /// How long it lasts at most, days.
    #[must_use]
    pub const fn days_max(self) -> i64 {
        match self {
            Self::Note => 90,
            Self::Warning => 30,
            Self::Last => 7,
        }
    }

    /// How many reports it has to rest on.
    #[must_use]
    pub const fn evidence_min(self) -> usize {
        match self {
            Self::Note => 1,
            Self::Warning => 2,
            Self::Last => 3,
        }
    }

    /// What it becomes when its time is over.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::Note => None,
            Self::Warning => Some(Self::Note),
            Self::Last => Some(Self::Warning),
        }
    }
}

words! {
    /// Why somebody has to see a whole number.
    Purpose, "purpose" {
        /// To reach the caller again.
        Callback = "callback",
        /// To find somebody in danger.
        Rescue = "rescue",
        /// For an investigation.
        Investigation = "investigation",
        /// Something else, told in the note.
        Other = "other",
    }
}

impl InvalidReason {
    /// Whether it speaks against the caller. Silence, a slip of the finger and a question never do: a silent caller may
    /// be one who cannot speak.
    #[must_use]
    pub const fn is_misuse(self) -> bool {
        matches!(self, Self::Prank | Self::Hoax | Self::Other)
    }
}

/// What is in force of a flag at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InForce {
    /// The grade.
    pub grade: Grade,
    /// Until when; then it goes down by one.
    pub until: UnixMs,
}

/// What is in force at `now` of a flag that was set until `until` and rests on so many reports that are still found to be
/// misuse. When its time is over it is the next lower one for that one's whole time, then the next. It is never more than
/// its reports carry: where they were found valid after all, it goes down with them.
#[must_use]
pub fn in_force(set: Grade, until: UnixMs, evidence: usize, now: UnixMs) -> Option<InForce> {
    let (mut grade, mut until) = (set, until);
    while now >= until {
        grade = grade.below()?;
        until = until.plus(grade.days_max() * DAY_MS);
    }
    let carried = Grade::ALL.iter().rev().find(|g| g.evidence_min() <= evidence)?;
    Some(InForce { grade: grade.min(*carried), until })
}

/// When nothing is left of a flag.
#[must_use]
pub fn over(set: Grade, until: UnixMs) -> UnixMs {
    match set.below() {
        Some(below) => over(below, until.plus(below.days_max() * DAY_MS)),
        None => until,
    }
}

/// A flag to be set.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFlag {
    /// The grade.
    pub grade: Grade,
    /// How long, days; as long as it may be where nothing is said.
    pub days: Option<i64>,
    /// Why; sealed.
    pub reason: String,
    /// What it rests on.
    pub evidence: BTreeSet<ReportId>,
}

impl NewFlag {
    /// Whether it may be set, and until when. `present` is the highest grade in force of this caller, `evidence` are the
    /// reports as they stand now, all of this caller.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the reason.
    pub fn check(&self, present: Option<Grade>, evidence: &[Report], now: UnixMs) -> Result<UnixMs, Refusal> {
        let days = self.days.unwrap_or(self.grade.days_max());
        if !(1..=self.grade.days_max()).contains(&days) {
            return Err(Refusal::invalid(
                "days",
                format!("a {} lasts 1 to {} days", self.grade, self.grade.days_max()),
            ));
        }
        if let Some(below) = self.grade.below().filter(|&below| present.is_none_or(|p| p < below)) {
            return Err(Refusal::invalid("grade", format!("a {} comes after a {below}", self.grade)));
        }
        let needed = self.grade.evidence_min();
        if evidence.len() < needed {
            return Err(Refusal::invalid("evidence", format!("a {} rests on {needed} reports at least", self.grade)));
        }
        for report in evidence {
            if !report.invalid.is_some_and(InvalidReason::is_misuse) {
                return Err(Refusal::invalid("evidence", format!("{} was not found to be misuse", report.id)));
            }
            if now.since(report.rung) > EVIDENCE_MS {
                return Err(Refusal::invalid("evidence", format!("{} is too long ago", report.id)));
            }
        }
        Ok(now.plus(days * DAY_MS))
    }
}

/// What a supervisor said of a caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Flag {
    /// Its name.
    pub id: FlagId,
    /// In which area; it counts there and below.
    pub area: AreaCode,
    /// The grade as it was set.
    pub grade: Grade,
    /// Since when.
    pub from: UnixMs,
    /// How long that grade lasts.
    pub until: UnixMs,
    /// What of it is in force now.
    pub in_force: Option<InForce>,
    /// When it was lifted.
    pub lifted: Option<UnixMs>,
    /// Who set it.
    #[schema(value_type = String)]
    pub by: super::access::Actor,
    /// What it rests on.
    pub evidence: Vec<ReportId>,
    /// How many of these are still found to be misuse.
    pub evidence_left: usize,
    /// Why, where it can still be read.
    pub reason: Option<String>,
}

/// How often a caller was heard of, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    /// All reports.
    pub all: usize,
    /// Not closed yet.
    pub open: usize,
    /// Found valid.
    pub valid: usize,
    /// Found to be no police work, by why.
    pub invalid: BTreeMap<InvalidReason, usize>,
    /// Calls in which nobody spoke, or that were dropped before somebody could judge them.
    pub silent: usize,
}

impl Counts {
    /// Counts reports.
    #[must_use]
    pub fn of(reports: &[Report]) -> Self {
        let mut counts = Self { all: reports.len(), ..Self::default() };
        for report in reports {
            let silent =
                report.call.is_some_and(CallState::wants_callback) || report.invalid == Some(InvalidReason::Silent);
            let judged = matches!(report.status, ReportStatus::Valid | ReportStatus::Closed);
            counts.open += usize::from(report.status.is_open());
            counts.silent += usize::from(silent);
            counts.valid += usize::from(judged && report.invalid.is_none());
            if let Some(reason) = report.invalid {
                *counts.invalid.entry(reason).or_default() += 1;
            }
        }
        counts
    }
}

/// One report of a caller, as a history lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Contact {
    /// The report.
    pub report: ReportId,
    /// How it came in.
    pub channel: Channel,
    /// When it first rang or arrived.
    pub rung: UnixMs,
    /// What kind of thing.
    pub kind: String,
    /// Where it stands.
    pub status: ReportStatus,
    /// How the call stands, for a call.
    pub call: Option<CallState>,
    /// Why it is not valid.
    pub invalid: Option<InvalidReason>,
    /// How it was closed.
    pub closing: Option<Closing>,
    /// The incident that it led to.
    pub incident: Option<IncidentId>,
}

impl From<&Report> for Contact {
    fn from(report: &Report) -> Self {
        Self {
            report: report.id,
            channel: report.channel,
            rung: report.rung,
            kind: report.kind.clone(),
            status: report.status,
            call: report.call,
            invalid: report.invalid,
            closing: report.closing,
            incident: report.incident,
        }
    }
}

/// What is known of a caller, as far as the asker may see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct History {
    /// The number, most digits hidden; none where it is not known or was erased.
    pub caller: Option<String>,
    /// Over the newest reports, 5,000 at most.
    pub counts: Counts,
    /// The newest reports, the newest first.
    pub recent: Vec<Contact>,
    /// What supervisors said, as long as something of it is in force.
    pub flags: Vec<Flag>,
}

/// What an erasure took away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Erased {
    /// In which areas.
    pub areas: BTreeSet<AreaCode>,
    /// How many reports can no longer be read.
    pub reports: u64,
    /// Where the exchange keeps recordings of the caller: they are to be deleted there.
    pub recordings: Vec<String>,
}

#[cfg(test)]
mod tests;
