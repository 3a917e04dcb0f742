//! The promise: policies, presets, how an area stands.

use super::commands;
use crate::domain::{
    area::Targets,
    ids::{AreaCode, CommandId},
    sla::{
        Standing,
        policy::{Policy, Rules},
        preset::Preset,
    },
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an area stands with its promise.
#[derive(Serialize, ToSchema)]
pub struct SlaBody {
    /// Which.
    pub area: AreaCode,
    /// At this moment.
    pub at: UnixMs,
    /// What it promises next to a station, milliseconds, P1 first.
    pub targets: Targets,
    /// The counts; a region's are the sum of its cities', its percentiles those of all their arrivals.
    #[serde(flatten)]
    pub standing: Standing,
}

/// A new policy.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicySetBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What is promised.
    pub rules: Rules,
    /// In force for what begins from then on; at once where it is not said, never before now.
    pub from: Option<UnixMs>,
}

/// The policies of a city.
#[derive(Serialize, ToSchema)]
pub struct PoliciesBody {
    /// Whose.
    pub area: AreaCode,
    /// The version in force now.
    pub in_force: Option<i64>,
    /// Every one, in the order of their versions.
    pub policies: Vec<Policy>,
}

/// A policy to begin with.
#[derive(Serialize, ToSchema)]
pub struct PresetBody {
    /// Its word.
    pub preset: Preset,
    /// What it promises.
    pub rules: Rules,
}

commands! { PolicySetBody: "sla.policy" }
