//! The bodies of the few requests that phones and the exchange make, written as a client of another make would.

use crate::domain::{
    ids::*,
    incident::Priority,
    place::Place,
    report::{Attention, Channel, InvalidReason},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub struct LoginBody<'a> {
    pub login: &'a str,
    pub password: &'a str,
}

#[derive(Serialize)]
pub struct RefreshBody<'a> {
    pub refresh_token: &'a str,
    pub command_id: CommandId,
}

/// The answer to a login and to a refresh.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

#[derive(Serialize)]
pub struct TicketBody {
    pub device: DeviceId,
}

#[derive(Deserialize)]
pub struct TicketAnswer {
    pub ticket: String,
}

#[derive(Serialize)]
pub struct SignOnBody {
    pub command_id: CommandId,
    pub device: DeviceId,
    pub position_source: bool,
}

#[derive(Serialize)]
pub struct SignOffBody {
    pub command_id: CommandId,
    pub device: DeviceId,
}

/// A report as the exchange of the 110 posts it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewReport {
    /// The name of this post; the same one for a repeat.
    pub command_id: CommandId,
    /// Whose desk took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
    /// How it came in.
    pub channel: Channel,
    /// What kind of thing.
    pub kind: String,
    /// How urgent.
    pub priority: Priority,
    /// Whether somebody found it valid.
    pub valid: bool,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When it first rang.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung_at: Option<UnixMs>,
    /// When somebody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<UnixMs>,
    /// The caller's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_number: Option<String>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What became of a report, as far as its sender needs to know.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ReportAnswer {
    /// The report.
    pub report: Numbered<ReportId>,
    /// The incident that it opened.
    #[serde(default)]
    pub incident: Option<Numbered<IncidentId>>,
}

/// Something with a name.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Numbered<Id> {
    /// Its name.
    pub id: Id,
}

/// A command that says nothing but its name.
#[derive(Serialize)]
pub struct NamedBody {
    pub command_id: CommandId,
}

/// A report at a desk, as far as an operator of ours looks at it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Ringing {
    /// Which.
    pub id: ReportId,
    /// Who has an eye on it.
    pub attention: Attention,
    /// When it first rang.
    pub rung: UnixMs,
}

#[derive(Serialize)]
pub struct JudgeBody {
    pub command_id: CommandId,
    pub valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<InvalidReason>,
}
