//! Calls, and what a desk does with a report.

use super::{
    commands,
    text::{Line, Text},
};
use crate::domain::{
    duplicate::Likeness,
    ids::{AreaCode, CommandId, DeskId, IncidentId},
    incident::{Incident, Priority},
    phone::PhoneNumber,
    pin,
    place::Place,
    refusal::Refusal,
    report::*,
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A call that rings, as the exchange tells it, or somebody by hand.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The city or region that it comes from, by whose flow it rings. Left out: the city of the place, or the asker's own.
    pub area: Option<AreaCode>,
    /// The exchange's own name for the call: told twice, it is one call.
    #[schema(value_type = Option<String>, max_length = 120)]
    pub exchange_id: Option<Line>,
    /// The caller's number in any form, where it is not hidden.
    #[schema(value_type = Option<String>)]
    pub caller_number: Option<PhoneNumber>,
    /// Where the caller is, where the exchange knows.
    pub place: Option<Place>,
    /// How exact that is, metres.
    pub accuracy_m: Option<f64>,
    /// When it first rang, Unix milliseconds; else now.
    pub rung_at: Option<UnixMs>,
}

impl CallBody {
    /// As the engine takes it.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when the first ring is more than a day ago, or the accuracy is no length.
    pub fn into_new(self, now: UnixMs) -> Result<NewReport, Refusal> {
        if self.rung_at.is_some_and(|rung| now.since(rung) > super::reports::RUNG_AGE_MAX_MS) {
            return Err(Refusal::invalid("rung_at", "more than a day ago; it is in milliseconds"));
        }
        check_accuracy(self.accuracy_m)?;
        Ok(NewReport {
            rung: self.rung_at,
            place: self.place,
            accuracy_m: self.accuracy_m,
            caller_number: self.caller_number,
            exchange_id: self.exchange_id.map(Line::into_string),
            call: Some(CallState::Ringing),
            ..NewReport::new(Channel::Call, "unknown")
        })
    }
}

/// Refuses what is no length, metres.
fn check_accuracy(accuracy_m: Option<f64>) -> Result<(), Refusal> {
    match accuracy_m {
        Some(m) if !(0.0..=1e7).contains(&m) => Err(Refusal::invalid("accuracy_m", "0 to 10,000,000 metres")),
        _ => Ok(()),
    }
}

/// Taking a report.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Take it from whoever holds it.
    #[serde(default)]
    pub take_over: bool,
}

/// The step of a call.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallStepBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// `on_hold`, `talking`, `silent`, `dropped` or `ended`. Who is silent or hangs up before it is judged must be
    /// reached again within a minute.
    pub call: CallState,
}

/// Passing a report on.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// To which desk; left out: given back to the desk where it is, for somebody else.
    pub desk: Option<DeskId>,
}

/// A try to reach the caller again.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// How.
    pub way: CallbackWay,
    /// Whether the caller was reached.
    pub reached: bool,
}

/// Where the exchange keeps the recording.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Its address: `http` or `https`, without user or password.
    #[schema(value_type = String, max_length = 1000)]
    pub url: Text<1_000>,
}

impl RecordingBody {
    /// The address.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for anything else than `http` or `https`, and for an address with a password in it.
    pub fn into_url(self) -> Result<String, Refusal> {
        let url = self.url.into_string();
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match host {
            Some(rest) if !rest.is_empty() && !rest.split('/').next().unwrap_or(rest).contains('@') => Ok(url),
            _ => Err(Refusal::invalid("url", "http:// or https://, without user or password")),
        }
    }
}

/// What became known of a report. What is left out stays.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What kind of thing.
    #[schema(value_type = Option<String>, max_length = 120)]
    pub kind: Option<Line>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// Where. The place that a person enters counts more than a machine's.
    pub place: Option<Place>,
    /// A pin, as people send it: a `geo:` link, a link of a map, or `-1.268, 116.832`. Instead of `place`.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub pin: Option<Text<1_000>>,
    /// The caller's number, where there was none.
    #[schema(value_type = Option<String>)]
    pub caller_number: Option<PhoneNumber>,
    /// The caller's name.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub caller_name: Option<Text<200>>,
    /// The place in words.
    #[schema(value_type = Option<String>, max_length = 500)]
    pub address: Option<Text<500>>,
    /// What was said, added to what was said before.
    #[schema(value_type = Option<String>, max_length = 8000)]
    pub text: Option<Text<8_000>>,
}

impl AmendBody {
    /// As the engine takes it.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a pin without a place in it.
    pub fn into_amendment(self) -> Result<Amendment, Refusal> {
        let pinned =
            match &self.pin {
                Some(text) => {
                    let place = pin::place_in(text.as_str());
                    Some(place.ok_or_else(|| {
                        Refusal::invalid("pin", "no place in it: geo:LAT,LNG, a map's link, or LAT,LNG")
                    })?)
                }
                None => None,
            };
        Ok(Amendment {
            kind: self.kind.map(Line::into_string),
            priority: self.priority,
            place: self.place.or(pinned),
            accuracy_m: None,
            caller_number: self.caller_number,
            caller_name: self.caller_name.map(Text::into_string),
            address: self.address.map(Text::into_string),
            text: self.text.map(Text::into_string),
        })
    }
}

/// A judgement.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgeBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Whether it is police work.
    pub valid: bool,
    /// Of a valid one: the open incident that it tells of. Left out: its own incident opens.
    pub incident: Option<IncidentId>,
    /// Of one that is not valid: why.
    pub reason: Option<InvalidReason>,
    /// Of one that is not valid: close it at once; so unless said otherwise.
    #[serde(default = "yes")]
    pub close: bool,
}

const fn yes() -> bool {
    true
}

/// The end of a report.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseReportBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// How it ended.
    pub closing: Closing,
    /// How the caller learnt of it.
    pub informed: Informed,
}

/// The beginning anew.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Why; sealed.
    #[schema(value_type = String, max_length = 1000)]
    pub reason: Text<1_000>,
}

/// Taking a report out of an incident that it shares.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
}

/// Closing an incident as the same as another one.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The incident that goes on.
    pub into: IncidentId,
}

/// A report, its incident, and what else is open near it.
#[derive(Serialize, ToSchema)]
pub struct ReportBodyOut {
    /// The report.
    pub report: Report,
    /// Its incident.
    pub incident: Option<Incident>,
    /// Open incidents that it may tell of, the nearest first.
    pub similar: Vec<Likeness>,
}

commands! {
    CallBody: "call.take", ClaimBody: "report.claim", CallStepBody: "call.step", PassBody: "report.pass",
    CallbackBody: "call.callback", RecordingBody: "call.recording", AmendBody: "report.amend",
    JudgeBody: "report.judge", CloseReportBody: "report.close", ReopenBody: "report.reopen",
    SplitBody: "report.split", MergeBody: "incident.merge",
}
