//! Callers: lookups, unmasking, flags, erasures. The one body that answers with a number is [`NumberBody`].

use super::{commands, text::Text};
use crate::domain::{
    caller::{Grade, NewFlag, Purpose},
    ids::{CommandId, ReportId},
    phone::PhoneNumber,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Asking what is known of a number.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The number, in any form.
    #[schema(value_type = String)]
    pub number: PhoneNumber,
}

/// Asking for a whole number.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmaskBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What for. It is in the journal.
    pub purpose: Purpose,
    /// More about it; sealed.
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub note: Option<Text<1_000>>,
}

/// A whole number.
#[derive(Serialize, ToSchema)]
pub struct NumberBody {
    /// E.164, as in `+62812…`.
    #[schema(value_type = String)]
    pub number: PhoneNumber,
}

/// Saying something of a caller.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What. A warning comes after a note, the end of the ladder after a warning.
    pub grade: Grade,
    /// How long, days: a note up to 90, a warning 30, the end of the ladder 7; as long as may be, where left out. Then it
    /// goes down by one grade.
    pub days: Option<i64>,
    /// Why; sealed.
    #[schema(value_type = String, max_length = 1000)]
    pub reason: Text<1_000>,
    /// Reports of this caller, at most 90 days old, that were found to be a prank, a hoax or other misuse: one for a
    /// note, two for a warning, three for the end of the ladder.
    #[schema(value_type = Vec<ReportId>, max_items = 100)]
    pub evidence: BTreeSet<ReportId>,
}

impl From<FlagBody> for NewFlag {
    fn from(body: FlagBody) -> Self {
        Self { grade: body.grade, days: body.days, reason: body.reason.into_string(), evidence: body.evidence }
    }
}

/// Taking it back.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Why; sealed.
    #[schema(value_type = String, max_length = 1000)]
    pub reason: Text<1_000>,
}

/// Erasing a caller.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The number, in any form.
    #[schema(value_type = String)]
    pub number: PhoneNumber,
    /// Why; sealed, apart from the caller.
    #[schema(value_type = String, max_length = 1000)]
    pub reason: Text<1_000>,
}

commands! {
    LookUpBody: "caller.look_up", UnmaskBody: "caller.unmask", FlagBody: "caller.flag", LiftBody: "caller.lift",
    EraseBody: "caller.erase",
}
