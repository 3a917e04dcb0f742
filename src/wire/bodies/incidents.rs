//! Incidents and their notes.

use super::{
    commands,
    text::{Line, Text},
};
use crate::domain::{
    dispatch::Dispatch,
    ids::{CommandId, UnitId},
    incident::{Disposition, Incident, NewIncident, Note, Origin, Priority},
    place::Place,
    sla::{Segments, cause::Spent},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An incident that an officer found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncidentBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The unit that found it; the asker rides with it. When free, it is on scene at once.
    pub unit: UnitId,
    /// What happened: a word of the desk's list, or free.
    #[schema(value_type = String, max_length = 120)]
    pub kind: Line,
    /// How urgent.
    pub priority: Priority,
    /// Where.
    pub place: Place,
    /// What is known.
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub note: Option<Text<4_000>>,
    /// The device's clock, where it was tapped offline, Unix milliseconds.
    pub at_ms: Option<UnixMs>,
}

impl From<NewIncidentBody> for NewIncident {
    fn from(body: NewIncidentBody) -> Self {
        Self {
            kind: body.kind.into_string(),
            priority: body.priority,
            origin: Origin::Officer,
            place: body.place,
            district: None,
            by_unit: Some(body.unit),
            note: body.note.map(Text::into_string),
        }
    }
}

/// An incident with all that hangs on it.
#[derive(Serialize, ToSchema)]
pub struct IncidentBody {
    /// The incident.
    pub incident: Incident,
    /// How long each part of the response took.
    pub segments: Segments,
    /// Each part beside its budget, and why the promise was broken, once it is.
    pub spent: Spent,
    /// Who was asked, and who came, in order.
    pub dispatches: Vec<Dispatch>,
    /// What is known, in order.
    pub notes: Vec<Note>,
}

impl IncidentBody {
    /// The whole picture.
    #[must_use]
    pub fn new(incident: Incident, spent: Spent, dispatches: Vec<Dispatch>, notes: Vec<Note>) -> Self {
        Self { segments: incident.clock.segments(), incident, spent, dispatches, notes }
    }
}

/// Which incidents of an area.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct IncidentsQuery {
    /// Only open ones, the most urgent and oldest first; `false` for all, from the newest back.
    #[serde(default = "yes")]
    pub open: bool,
}

const fn yes() -> bool {
    true
}

/// A note.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What.
    #[schema(value_type = String, max_length = 4000)]
    pub text: Text<4_000>,
    /// The device's clock, where it was written offline, Unix milliseconds.
    pub at_ms: Option<UnixMs>,
}

/// A note's number.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct NotedBody {
    /// In its incident, from 1.
    pub no: i64,
}

/// Another place became known.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Where.
    pub place: Place,
}

/// More or less urgent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// How urgent.
    pub priority: Priority,
}

/// The incident is over; its units are recalled.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// How it ended.
    pub disposition: Disposition,
}

/// Commands that an officer may have tapped offline.
macro_rules! offline {
    ($($body:ty: $operation:literal),* $(,)?) => { $(
        impl super::Command for $body {
            const OPERATION: &'static str = $operation;

            fn command_id(&self) -> Option<CommandId> {
                self.command_id
            }

            fn device_at(&self) -> Option<UnixMs> {
                self.at_ms
            }
        }
    )* };
}

offline! { NewIncidentBody: "incident.open", NoteBody: "incident.note" }

commands! {
    PlaceBody: "incident.place",
    PriorityBody: "incident.priority",
    CloseBody: "incident.close",
}
