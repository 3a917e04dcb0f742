//! Desks, shifts and flows.

use super::{commands, text::Line};
use crate::domain::{
    desk::{Desk, DeskKind, Flow, Preset, Shift},
    ids::{AreaCode, CommandId, DeskId},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A desk to be set up or changed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// `BPN.SELATAN`: the area's code, a dot, 2 to 12 capitals or digits.
    pub id: DeskId,
    /// At what level it stands.
    pub kind: DeskKind,
    /// As people say it.
    #[schema(value_type = String, max_length = 120)]
    pub name: Line,
    /// The district that it serves, for a Polsek's.
    #[schema(value_type = Option<String>)]
    pub district: Option<Line>,
}

impl From<DeskBody> for Desk {
    fn from(body: DeskBody) -> Self {
        let district = body.district.map(Line::into_string);
        Self { id: body.id, kind: body.kind, name: body.name.into_string(), district }
    }
}

/// The desks of an area, and who is there.
#[derive(Serialize, ToSchema)]
pub struct DesksBody {
    /// The desks.
    pub desks: Vec<Desk>,
    /// Who is on shift and was heard of within 20 seconds.
    pub shifts: Vec<Shift>,
}

/// Nothing but the name of the command.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
}

/// Getting up.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftEndBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
}

/// A flow of one's own, or a preset.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The flow.
    pub flow: Option<Flow>,
    /// One that ships with the program.
    pub preset: Option<Preset>,
}

/// Of which time.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TimeQuery {
    /// From this moment on, Unix milliseconds.
    pub from: UnixMs,
    /// To before this moment, Unix milliseconds; at most 366 days after `from`.
    pub to: UnixMs,
}

/// An area's flow.
#[derive(Serialize, ToSchema)]
pub struct AreaFlowBody {
    /// Whose.
    pub area: AreaCode,
    /// The rungs.
    pub flow: Flow,
}

commands! {
    DeskBody: "desk.put", ShiftBody: "shift.begin", ShiftEndBody: "shift.end", FlowBody: "flow.set",
}
