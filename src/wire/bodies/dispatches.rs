//! Dispatches: a dispatcher's orders, a crew's steps.

use super::{Command, Via, commands, text::Line};
use crate::{
    domain::{
        dispatch::{DispatchStatus, Mode},
        ids::{CommandId, DeviceId, UnitId},
        incident::Disposition,
        time::UnixMs,
    },
    engine::{Order, Tap},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a unit is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// The crew is asked.
    Offer,
    /// Ordered, often by radio: counts as accepted.
    Assign,
    /// Behind the unit's present work.
    Queue,
}

impl From<Manner> for Mode {
    fn from(manner: Manner) -> Self {
        match manner {
            Manner::Offer => Self::Offer,
            Manner::Assign => Self::Assign,
            Manner::Queue => Self::Queue,
        }
    }
}

/// A unit is sent to an incident: the first, or another as backup.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Which; it may have no fresh fix.
    pub unit: UnitId,
    /// Asked, ordered, or queued.
    pub mode: Manner,
    /// `radio` when it was spoken.
    pub source: Option<Via>,
}

/// The work goes from one unit to another, in one go.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Who takes it.
    pub unit: UnitId,
    /// Asked, ordered, or queued.
    pub mode: Manner,
    /// `radio` when it was spoken.
    pub source: Option<Via>,
}

impl DispatchBody {
    /// As the engine takes it.
    #[must_use]
    pub fn order(&self) -> Order {
        Order { unit: self.unit, mode: self.mode.into() }
    }
}

impl HandOverBody {
    /// As the engine takes it.
    #[must_use]
    pub fn order(&self) -> Order {
        Order { unit: self.unit, mode: self.mode.into() }
    }
}

/// A step of the work, tapped by the crew or entered for it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusBody {
    /// The client's name for this tap.
    pub command_id: Option<CommandId>,
    /// Where to.
    pub to: DispatchStatus,
    /// Why, when declining or recalling. No names: the journal keeps it.
    #[schema(value_type = Option<String>, max_length = 120)]
    pub reason: Option<Line>,
    /// How it ended, when clearing as the last unit.
    pub disposition: Option<Disposition>,
    /// The device's clock at the tap, where it was made offline, Unix milliseconds.
    pub at_ms: Option<UnixMs>,
    /// By which way; what fits the asker's role unless said. Only a dispatcher may say `radio`.
    pub source: Option<Via>,
}

impl StatusBody {
    /// As the engine takes it.
    #[must_use]
    pub fn tap(&self) -> Tap {
        let reason = self.reason.as_ref().map(|r| r.as_str().to_owned());
        Tap { to: self.to, reason, disposition: self.disposition }
    }
}

/// A phone of the crew has the offer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveredBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Which phone.
    pub device: DeviceId,
}

macro_rules! spoken {
    ($($body:ty: $operation:literal),* $(,)?) => { $(
        impl Command for $body {
            const OPERATION: &'static str = $operation;

            fn command_id(&self) -> Option<CommandId> {
                self.command_id
            }

            fn via(&self) -> Option<Via> {
                self.source
            }
        }
    )* };
}

spoken! { DispatchBody: "dispatch.order", HandOverBody: "dispatch.hand_over" }

impl Command for StatusBody {
    const OPERATION: &'static str = "dispatch.step";

    fn command_id(&self) -> Option<CommandId> {
        self.command_id
    }

    fn device_at(&self) -> Option<UnixMs> {
        self.at_ms
    }

    fn via(&self) -> Option<Via> {
        self.source
    }
}

commands! { DeliveredBody: "dispatch.delivered" }
