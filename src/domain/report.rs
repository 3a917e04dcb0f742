//! A citizen's contact, from the first ring to its end.

use super::{
    access::Source, ids::*, phone::PhoneNumber, place::Place, refusal::WrongTransition, time::UnixMs, words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// How a report came in.
    Channel, "channel" {
        /// A call to 110.
        Call = "call",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// A phone's own location message.
        Aml = "aml",
        /// A web form.
        Web = "web",
        /// Another system's API.
        Api = "api",
        /// Someone at the counter or an officer on the spot.
        InPerson = "in_person",
    }
}

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
}

/// A report as stored, without the sealed text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Report {
    /// `BPN-R1024`: numbered in the area whose desk received it.
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
    /// The place, where known and where the asker may see it.
    pub place: Option<Place>,
    /// The place lies in no city: the region's dispatchers have it.
    pub outside_area: bool,
    /// The incident that it led to.
    pub incident: Option<IncidentId>,
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
    /// Where.
    pub place: Option<Place>,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_step_names_both_states() {
        let wrong = ReportStatus::Invalid.change(ReportStatus::Valid).unwrap_err();
        assert_eq!(wrong.to_string(), "report is invalid; it cannot become valid");
    }
}
