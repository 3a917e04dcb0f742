//! Errors as RFC 9457 problem details: the one table from refusal to code and HTTP status.

use crate::{
    domain::{ids::InvalidId, refusal::Refusal},
    engine::{Error, auth::AuthError},
};
use serde::{Deserialize, Serialize};

/// A problem, as `application/problem+json` and inside reply frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Problem {
    /// A stable word for programs, as in `unit_busy`.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// What it means in general.
    pub title: Box<str>,
    /// What it means here.
    pub detail: Box<str>,
    /// Where the thing stands now, where a step was not allowed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<Box<str>>,
    /// The field that could not be read, where it was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<Box<str>>,
    /// What is wrong with that field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Box<str>>,
    /// Come back after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_s: Option<u32>,
}

/// Code, status, title.
type Entry = (&'static str, u16, &'static str);

/// The table. Outside the asker's areas is 404, inside with the wrong role 403.
const fn entry(refusal: &Refusal) -> Entry {
    match refusal {
        Refusal::NotFound(_) => NOT_FOUND,
        Refusal::Forbidden { .. } => ("forbidden", 403, "Your role does not permit this"),
        Refusal::NotCrew(_) => ("not_crew", 403, "Not of this unit's crew"),
        Refusal::Dispatch(_) | Refusal::Incident(_) | Refusal::Report(_) | Refusal::Call(_) | Refusal::Duty(_) => {
            ("transition_not_allowed", 409, "Not possible in the present state")
        }
        Refusal::ReportHeld { .. } => ("report_held", 409, "Somebody else has it"),
        Refusal::NotOnShift => ("not_on_shift", 409, "You are at no desk"),
        Refusal::CallbackFirst(_) => ("callback_first", 409, "The caller must be reached again"),
        Refusal::NoNumber(_) => ("no_number", 409, "The number is not known"),
        Refusal::CallerOpen(_) => ("report_open", 409, "A report of this caller is open"),
        Refusal::TooOften { .. } => TOO_MANY,
        Refusal::RidesWith(_) => ("rides_with_another", 409, "The phone rides with another unit"),
        Refusal::UnitBusy { .. } => ("unit_busy", 409, "The unit has work"),
        Refusal::UnitOffDuty(_) => ("unit_off_duty", 409, "The unit is not on duty"),
        Refusal::AlreadyAssigned { .. } => ("already_assigned", 409, "The unit works on it already"),
        Refusal::Exists(_) => ("exists", 409, "Exists already"),
        Refusal::CommandReused(_) => ("command_reused", 422, "The command id was used for something else"),
        Refusal::EnoughUnits(_) => ("enough_units", 409, "Enough units work on it"),
        Refusal::IncidentClosed(_) => ("incident_closed", 409, "The incident is closed"),
        Refusal::PanicIncident(_) => ("panic_incident", 409, "Only a dispatcher closes a panic"),
        Refusal::NoConversation(_) => ("no_conversation", 409, "Nobody to write to"),
        Refusal::NotClosed(_) => ("not_closed", 409, "Not closed yet"),
        Refusal::Enough(_) => ("enough", 409, "Enough of these"),
        Refusal::Invalid { .. } => ("invalid", 422, "A value makes no sense"),
    }
}

/// Unknown, or out of scope.
const NOT_FOUND: Entry = ("not_found", 404, "Not found");
/// Problems that do not come from the rules.
pub const MALFORMED: Entry = ("malformed", 400, "Not what was expected");
/// The access token is missing, wrong or old.
pub const UNAUTHENTICATED: Entry = ("unauthenticated", 401, "Log in first");
/// A tracker's name or secret is missing or wrong; which of them is not told.
pub const BAD_TRACKER: Entry = ("bad_tracker", 401, "Not a tracker's name and secret");
/// The gateway's secret is missing or wrong.
pub const BAD_TOKEN: Entry = ("bad_token", 401, "Log in first");
/// Too large a body or frame.
pub const TOO_LARGE: Entry = ("too_large", 413, "Too large");
/// A body that is not JSON.
pub const UNSUPPORTED: Entry = ("unsupported_media_type", 415, "Not what is spoken here");
/// No such route.
pub const NO_ROUTE: Entry = ("no_route", 404, "No such route");
/// The path is there, the method is not; `Allow` says which are.
const METHOD_NOT_ALLOWED: Entry = ("method_not_allowed", 405, "Another method");
/// A plain request where a WebSocket is spoken.
pub const UPGRADE_REQUIRED: Entry = ("upgrade_required", 426, "Open a WebSocket here");
/// Too many requests.
pub const TOO_MANY: Entry = ("too_many", 429, "Too many tries");
/// A citizen's link that is past its time, or whose report is closed long ago.
pub const LINK_OVER: Entry = ("link_over", 410, "The link is over");
/// Fixes or a panic from a phone that is signed on to no unit.
pub const NOT_RIDING: Entry = ("not_riding", 409, "This phone rides with no unit");
/// Fixes from a phone whose unit takes its position from another one.
pub const NOT_SOURCE: Entry = ("not_position_source", 409, "Another phone is the unit's position");
/// The database is away or overloaded.
pub const UNAVAILABLE: Entry = ("unavailable", 503, "Come back in a moment");
/// A bug or damage.
const INTERNAL: Entry = ("internal", 500, "An error of ours");

impl Problem {
    /// A problem of a kind, with what it means here.
    #[must_use]
    pub fn new((code, status, title): Entry, detail: impl Into<String>) -> Self {
        let retry_after_s = matches!(status, 429 | 503).then_some(1);
        let (code, title, detail) = (code.into(), title.into(), detail.into().into());
        Self { code, status, title, detail, state: None, field: None, reason: None, retry_after_s }
    }

    /// What was sent has a field that cannot be read.
    #[must_use]
    pub fn field(field: &str, reason: &str) -> Self {
        let (named, why) = (Some(field.into()), Some(reason.into()));
        Self { field: named, reason: why, ..Self::new(MALFORMED, format!("{field}: {reason}")) }
    }

    /// A method that the path does not have; `Allow` of the answer says which it has.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(METHOD_NOT_ALLOWED, "the Allow header says which methods this path has")
    }

    /// The same, to come back after so many milliseconds, rounded up to seconds.
    #[must_use]
    pub fn after_ms(self, wait_ms: i64) -> Self {
        let seconds = wait_ms.max(0).saturating_add(999) / 1_000;
        Self { retry_after_s: Some(u32::try_from(seconds).unwrap_or(u32::MAX).max(1)), ..self }
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let state = match refusal {
            Refusal::Dispatch(wrong) => Some(wrong.from.to_string()),
            Refusal::Incident(wrong) => Some(wrong.from.to_string()),
            Refusal::Report(wrong) => Some(wrong.from.to_string()),
            Refusal::Call(wrong) => Some(wrong.from.to_string()),
            Refusal::ReportHeld { holder, .. } => Some(holder.to_string()),
            Refusal::CallerOpen(report) => Some(report.to_string()),
            Refusal::Duty(wrong) => Some(wrong.from.to_string()),
            Refusal::IncidentClosed(_) => Some("closed".to_owned()),
            _ => None,
        };
        // One text for all: what was looked at before it was missed would tell what exists elsewhere.
        let detail = match refusal {
            Refusal::NotFound(_) => "it does not exist, or not in your areas".to_owned(),
            refusal => refusal.to_string(),
        };
        let problem = Self { state: state.map(Into::into), ..Self::new(entry(refusal), detail) };
        match refusal {
            Refusal::TooOften { retry_after_ms } => problem.after_ms(*retry_after_ms),
            _ => problem,
        }
    }
}

impl From<&Error> for Problem {
    /// What the database says stays inside: the asker learns only whether to come back.
    fn from(error: &Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            error if error.is_passing() => Self::new(UNAVAILABLE, "repeat it under the same command id"),
            _ => Self::new(INTERNAL, "it was logged"),
        }
    }
}

impl From<&AuthError> for Problem {
    fn from(error: &AuthError) -> Self {
        let entry: Entry = match error {
            AuthError::Store(error) => return error.into(),
            AuthError::BadLogin => ("bad_login", 401, "Wrong login or password"),
            AuthError::Throttled { .. } => TOO_MANY,
            AuthError::Busy => UNAVAILABLE,
            AuthError::BadPassword => ("invalid", 422, "A value makes no sense"),
            AuthError::BadToken => BAD_TOKEN,
            AuthError::ExpiredToken => ("expired_token", 401, "Refresh the token"),
            AuthError::ReusedToken => ("reused_token", 401, "Log in first"),
            AuthError::BadTicket => ("bad_ticket", 401, "Fetch a new ticket"),
            AuthError::NoRole => ("no_role", 403, "This account may do nothing"),
            AuthError::BadDevice => ("bad_device", 403, "This device may not be used"),
        };
        let problem = Self::new(entry, error.to_string());
        match error {
            AuthError::Throttled { retry_after_ms } => problem.after_ms(*retry_after_ms),
            _ => problem,
        }
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        Self::new(MALFORMED, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_out_of_scope_read_the_same() {
        let (a, b) = (Problem::from(&Refusal::NotFound("area")), Problem::from(&Refusal::NotFound("incident")));
        assert_eq!(a, b);
    }

    #[test]
    fn waits_are_rounded_up() {
        let after = |ms| Problem::from(&AuthError::Throttled { retry_after_ms: ms }).retry_after_s;
        assert_eq!([after(1), after(1_000), after(1_001)], [Some(1), Some(1), Some(2)]);
    }
}
