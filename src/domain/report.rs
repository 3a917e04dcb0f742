//! A citizen's contact, from the first ring to its end.
//!
//! Invariant: an open report is always at a desk, and either it rings there, or somebody holds it, or its incident is
//! followed; in each case something is due.

mod parts;

pub use parts::*;

use super::{
    access::Source, desk::Stage, ids::*, incident::Priority, phone::PhoneNumber, place::Place,
    refusal::WrongTransition, time::UnixMs, words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// Where a report stands.
    ReportStatus, "report status" {
        /// Nobody has it yet.
        Ringing = "ringing",
        /// Somebody speaks with the caller.
        Answered = "answered",
        /// An incident hangs on it, or will once it has a city.
        Valid = "valid",
        /// No police work: prank, information, wrong number.
        Invalid = "invalid",
        /// Done.
        Closed = "closed",
    }
}

impl ReportStatus {
    /// The one transition function of reports. A closed one may be judged again: that is a reopening.
    ///
    /// # Errors
    /// [`WrongTransition`] with both states.
    pub fn change(self, to: Self) -> Result<Self, WrongTransition<Self>> {
        use ReportStatus::{Answered, Closed, Invalid, Ringing, Valid};
        match (self, to) {
            (Ringing, Answered) | (Answered, Valid | Invalid | Ringing) => Ok(to),
            (Ringing, Valid | Invalid) | (Valid | Invalid, Closed) | (Closed, Answered) => Ok(to),
            _ => Err(WrongTransition { what: "report", from: self, to }),
        }
    }

    /// Whether somebody still has work with it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed)
    }

    /// Whether it was found valid or not.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Valid | Self::Invalid)
    }
}

/// A report as stored, without the sealed text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Report {
    /// `KALTIM-R1024`: numbered in the area whose desk received it.
    pub id: ReportId,
    /// How it came in.
    pub channel: Channel,
    /// Where it stands.
    pub status: ReportStatus,
    /// When it first rang or arrived: the clock of an incident starts here.
    pub rung: UnixMs,
    /// When somebody answered.
    pub answered: Option<UnixMs>,
    /// When it was found valid or not.
    pub validated: Option<UnixMs>,
    /// When it was closed.
    pub closed: Option<UnixMs>,
    /// What kind of thing was reported.
    pub kind: String,
    /// How urgent, as far as is known.
    pub priority: Priority,
    /// The place, where known and where the asker may see it.
    pub place: Option<Place>,
    /// How exact a machine's place is, metres; none for what a person entered.
    pub accuracy_m: Option<f64>,
    /// The district of the city that the place lies in.
    pub district: Option<String>,
    /// The place lies in no city: the region's dispatchers have it.
    pub outside_area: bool,
    /// The incident that it led to.
    pub incident: Option<IncidentId>,
    /// The desk that has it.
    pub desk: DeskId,
    /// Whose flow it follows: the city of its place, or the area that received it.
    pub flow: AreaCode,
    /// Who has an eye on it.
    pub attention: Attention,
    /// What it rings for, or last rang for.
    pub stage: Stage,
    /// Which rung of the ladder it rings at, from 0.
    pub rung_no: i64,
    /// How many times the ladder was begun anew.
    pub lap: i64,
    /// Who holds it.
    pub holder: Option<AccountId>,
    /// Who passed it on, and has it back where nobody takes it.
    pub passed_by: Option<AccountId>,
    /// Since when `attention` is what it is.
    pub since: UnixMs,
    /// How the call stands, for a call.
    pub call: Option<CallState>,
    /// The caller must have been called back, or sent a message, by then.
    pub callback_by: Option<UnixMs>,
    /// How often somebody tried to reach the caller again.
    pub callbacks: i64,
    /// Why it is not valid.
    pub invalid: Option<InvalidReason>,
    /// How it was closed.
    pub closing: Option<Closing>,
    /// How often it was opened again.
    pub reopened: i64,
    /// Where the exchange keeps the recording.
    pub recording: Option<String>,
    /// The caller's number as a desk sees it, most digits hidden, where it is known and was not erased.
    pub caller: Option<String>,
}

/// A report to be received, already checked by `wire`.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// How it came in.
    pub channel: Channel,
    /// When it first rang, where the exchange says so; else now.
    pub rung: Option<UnixMs>,
    /// When somebody answered, where already answered.
    pub answered: Option<UnixMs>,
    /// What kind of thing, from the list of kinds or free.
    pub kind: String,
    /// How urgent, as far as is known.
    pub priority: Priority,
    /// Where.
    pub place: Option<Place>,
    /// How exact a machine's place is, metres; none for what a person entered.
    pub accuracy_m: Option<f64>,
    /// The caller's number, sealed at rest.
    pub caller_number: Option<PhoneNumber>,
    /// The caller's name, sealed at rest.
    pub caller_name: Option<String>,
    /// The place in words, sealed at rest.
    pub address: Option<String>,
    /// What was said, sealed at rest.
    pub text: Option<String>,
    /// Who entered it.
    pub source: Source,
    /// The exchange's own name for the call, so that a call told twice is one.
    pub exchange_id: Option<String>,
    /// How the call stands, for a call that is not judged yet.
    pub call: Option<CallState>,
}

impl NewReport {
    /// A report of which nothing else is known yet.
    #[must_use]
    pub fn new(channel: Channel, kind: impl Into<String>) -> Self {
        Self {
            channel,
            rung: None,
            answered: None,
            kind: kind.into(),
            priority: Priority::P2,
            place: None,
            accuracy_m: None,
            caller_number: None,
            caller_name: None,
            address: None,
            text: None,
            source: Source::Citizen,
            exchange_id: None,
            call: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_step_names_both_states() {
        let wrong = ReportStatus::Invalid.change(ReportStatus::Valid).unwrap_err();
        assert_eq!(wrong.to_string(), "report is invalid; it cannot become valid");
    }

    #[test]
    fn a_persons_place_stays_and_a_better_fix_wins() {
        for (present, new, takes) in [
            (None, None, true),
            (None, Some(5_000.0), true),
            (Some(Some(50.0)), Some(20.0), true),
            (Some(Some(50.0)), Some(50.0), false),
            (Some(Some(50.0)), Some(80.0), false),
            (Some(Some(20.0)), None, true),
            (Some(None), Some(5.0), false),
            (Some(None), None, true),
        ] {
            assert_eq!(takes_place(present, new), takes, "{present:?} {new:?}");
        }
    }
}
