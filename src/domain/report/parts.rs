//! The words and small parts of a report.

use super::{super::words::words, *};

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
    /// Who has an eye on a report.
    Attention, "attention" {
        /// It rings at its desk until somebody takes it.
        Ringing = "ringing",
        /// Somebody holds it.
        Held = "held",
        /// Its incident is followed; the desk is reminded of it from time to time.
        Followed = "followed",
        /// Nobody needs to: it is closed.
        Done = "done",
    }
}

words! {
    /// How a call stands.
    CallState, "call state" {
        /// The caller hears it ring.
        Ringing = "ringing",
        /// Somebody speaks with the caller.
        Talking = "talking",
        /// The caller waits on the line.
        OnHold = "on_hold",
        /// The line is open and nobody speaks: the caller must be reached again.
        Silent = "silent",
        /// The caller hung up before it was judged: the caller must be reached again.
        Dropped = "dropped",
        /// The call is over.
        Ended = "ended",
    }
}

impl CallState {
    /// Whether the caller must be reached again before the report may end.
    #[must_use]
    pub const fn wants_callback(self) -> bool {
        matches!(self, Self::Silent | Self::Dropped)
    }

    /// The one transition function of calls.
    ///
    /// # Errors
    /// [`WrongTransition`] with both states.
    pub fn change(self, to: Self) -> Result<Self, WrongTransition<Self>> {
        use CallState::{Dropped, Ended, OnHold, Ringing, Silent, Talking};
        match (self, to) {
            (Ringing | OnHold | Silent | Dropped | Ended, Talking) => Ok(to),
            (Talking, OnHold | Silent | Ended | Dropped) | (OnHold, Dropped | Ended) => Ok(to),
            (Ringing, Dropped | Silent) | (Silent, Dropped | Ended) => Ok(to),
            _ => Err(WrongTransition { what: "call", from: self, to }),
        }
    }
}

words! {
    /// Why a report is no police work.
    InvalidReason, "reason" {
        /// Somebody plays.
        Prank = "prank",
        /// Somebody tells what did not happen.
        Hoax = "hoax",
        /// Nobody spoke, and nobody could be reached again.
        Silent = "silent",
        /// A question that was answered.
        Information = "information",
        /// Somebody wanted another number.
        WrongNumber = "wrong_number",
        /// A test of the line.
        Test = "test",
        /// Something else, told in the note.
        Other = "other",
    }
}

words! {
    /// How a report was closed.
    Closing, "closing" {
        /// What was needed was done.
        Handled = "handled",
        /// The caller was told, and the city goes on with the incident.
        Told = "told",
        /// Handed to another service.
        Referred = "referred",
        /// It was not valid.
        Invalid = "invalid",
        /// Its incident was closed.
        WithIncident = "with_incident",
    }
}

words! {
    /// How the caller learnt how it ended.
    Informed, "informed" {
        /// In the call.
        Call = "call",
        /// By a message, which was written before.
        Message = "message",
        /// Not: there is no way to, or no need.
        No = "no",
    }
}

words! {
    /// How somebody tried to reach the caller again.
    CallbackWay, "way" {
        /// By telephone.
        Call = "call",
        /// By a message.
        Message = "message",
    }
}

words! {
    /// Why a report rings.
    RingReason, "ring reason" {
        /// It came in.
        New = "new",
        /// Nobody took it where it rang before.
        Climbed = "climbed",
        /// Somebody passed it on.
        Passed = "passed",
        /// Whoever held it is gone.
        HolderGone = "holder_gone",
        /// Whoever held it gave it back.
        GivenBack = "given_back",
        /// The caller must be reached again, and nobody did.
        Callback = "callback",
        /// It was opened again.
        Reopened = "reopened",
    }
}

impl RingReason {
    /// Whether a desk had it and did not keep it.
    #[must_use]
    pub const fn is_return(self) -> bool {
        matches!(self, Self::Climbed | Self::HolderGone | Self::GivenBack)
    }
}

/// How long a desk has to reach a caller again who was silent or hung up, milliseconds.
pub const CALLBACK_MS: i64 = 60_000;

/// A report whose incident is followed reminds its desk this often, milliseconds.
pub const REMIND_MS: i64 = 1_800_000;

/// What became known of a report; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amendment {
    /// What kind of thing.
    pub kind: Option<String>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// Where.
    pub place: Option<Place>,
    /// How exact a machine's place is, metres; none for what a person enters.
    pub accuracy_m: Option<f64>,
    /// The caller's number, where there was none.
    pub caller_number: Option<PhoneNumber>,
    /// The caller's name.
    pub caller_name: Option<String>,
    /// The place in words.
    pub address: Option<String>,
    /// What was said, added to what was said before.
    pub text: Option<String>,
}

words! {
    /// A part of a report that can change.
    Part, "part" {
        /// What kind of thing.
        Kind = "kind",
        /// How urgent.
        Priority = "priority",
        /// Where.
        Place = "place",
        /// Number or name.
        Caller = "caller",
        /// The place in words.
        Address = "address",
        /// What was said.
        Text = "text",
    }
}

/// Whether a new place takes the place of the present one. `present` is `None` without one, else its accuracy, metres,
/// which is `None` where a person entered it. A person's word counts more than a machine's, a better fix more than a
/// worse one.
#[must_use]
pub fn takes_place(present: Option<Option<f64>>, new: Option<f64>) -> bool {
    match (present, new) {
        (None, _) | (_, None) => true,
        (Some(None), Some(_)) => false,
        (Some(Some(present)), Some(new)) => new < present,
    }
}
