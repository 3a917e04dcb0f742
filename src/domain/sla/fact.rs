//! What a decided incident came to: the one line of it that every figure is made of.
//!
//! Invariants: a fact is a pure function of the incident, its policy and its city's zone; nothing leaves the figures but
//! with a reason, and what left is counted. A fact names nobody: the place is a cell.

use super::{
    Segments,
    cause::{Attribution, Circumstances},
    policy::Band,
};
use crate::domain::{
    cell::cell_of,
    ids::*,
    incident::{Disposition, Incident, Origin, Priority},
    kinds::{self, Category},
    time::{UnixMs, Zone},
    words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// How the promise ended.
    Outcome, "outcome" {
        /// A unit was there within the target.
        Kept = "kept",
        /// A unit came later.
        Late = "late",
        /// It was closed without a unit having been there.
        Unreached = "unreached",
    }
}

words! {
    /// Why an incident does not count for the promise to citizens. Each is counted and can be listed.
    Exclusion, "exclusion" {
        /// It was no police matter.
        Invalid = "invalid",
        /// The caller no longer needed help.
        CancelledByCaller = "cancelled_by_caller",
        /// It was the same as another one, which counts.
        Merged = "merged",
        /// An officer on the spot opened it.
        Officer = "officer",
        /// An officer pressed the panic button.
        Panic = "panic",
    }
}

words! {
    /// By what figures are told apart.
    Dimension, "dimension" {
        /// The city's own days.
        Day = "day",
        /// Hours of the city's own day, 00 to 23.
        Hour = "hour",
        /// How urgent.
        Priority = "priority",
        /// What a citizen wanted.
        Category = "category",
        /// The district that holds the scene.
        District = "district",
        /// The unit that was there first.
        Unit = "unit",
        /// The H3 cell of the scene, resolution 8.
        Cell = "cell",
    }
}

impl Exclusion {
    /// Why an incident does not count; `None` when it does.
    #[must_use]
    pub const fn of(origin: Origin, disposition: Option<Disposition>) -> Option<Self> {
        match (origin, disposition) {
            (Origin::Officer, _) => Some(Self::Officer),
            (Origin::Panic, _) => Some(Self::Panic),
            (Origin::Citizen, Some(Disposition::Invalid)) => Some(Self::Invalid),
            (Origin::Citizen, Some(Disposition::CancelledByCaller)) => Some(Self::CancelledByCaller),
            (Origin::Citizen, Some(Disposition::Duplicate)) => Some(Self::Merged),
            (Origin::Citizen, _) => None,
        }
    }
}

/// What a decided incident came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Fact {
    /// Which.
    pub incident: IncidentId,
    /// When its clock started.
    pub start: UnixMs,
    /// The city's own day of that, in days since 1970.
    pub day: i64,
    /// The hour of that day, 0 to 23.
    pub hour: i64,
    /// The version of the policy that it began under.
    pub policy: i64,
    /// What was promised, milliseconds.
    pub target_ms: i64,
    /// The share promised in its band.
    pub share: f64,
    /// How urgent.
    pub priority: Priority,
    /// What the citizen wanted; none for a kind of the operator's own words.
    pub category: Option<Category>,
    /// The district that holds the scene.
    pub district: Option<String>,
    /// The unit that was there first.
    pub unit: Option<UnitId>,
    /// The H3 cell of the scene, resolution 8.
    pub cell: String,
    /// How the promise ended.
    pub outcome: Outcome,
    /// Whether a fix of the unit near the scene confirms its arrival; none without an arrival.
    pub verified: Option<bool>,
    /// Why it does not count.
    pub excluded: Option<Exclusion>,
    /// How long each part took.
    pub segments: Segments,
    /// By how much a unit was there, or it was closed, after the target, milliseconds.
    pub over_ms: Option<i64>,
    /// Which part spent the time, where the target passed.
    pub cause: Option<Attribution>,
}

/// What is known beside the incident itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// The unit that was there first.
    pub unit: Option<UnitId>,
    /// Whether its arrival is confirmed.
    pub verified: Option<bool>,
    /// What stood in the way.
    pub circumstances: Circumstances,
}

impl Fact {
    /// What an incident came to; `None` while it is open and no unit has been there.
    #[must_use]
    pub fn of(incident: &Incident, zone: Zone, band: &Band, beside: Beside) -> Option<Self> {
        let clock = &incident.clock;
        let end = clock.on_scene.or(incident.closed)?;
        let over_ms = Some(end.since(clock.due())).filter(|over| *over > 0);
        let outcome = match (clock.on_scene, over_ms) {
            (Some(_), None) => Outcome::Kept,
            (Some(_), Some(_)) => Outcome::Late,
            (None, _) => Outcome::Unreached,
        };
        let cause = over_ms.map(|_| Attribution::of(clock, &band.budgets(), beside.circumstances, end));
        Some(Self {
            incident: incident.id,
            start: clock.start,
            day: zone.day(clock.start),
            hour: zone.hour(clock.start),
            policy: clock.policy,
            target_ms: clock.target_ms,
            share: band.share,
            priority: incident.priority,
            category: kinds::find(&incident.kind).map(|kind| kind.category),
            district: incident.district.clone(),
            unit: beside.unit,
            cell: cell_of(incident.place).to_string(),
            outcome,
            verified: beside.verified,
            excluded: Exclusion::of(incident.origin, incident.disposition),
            segments: clock.segments(),
            over_ms,
            cause,
        })
    }

    /// Under which keys it is counted, one for each dimension; a day is told apart by itself.
    #[must_use]
    pub fn keys(&self) -> [(Dimension, String); 7] {
        let none = || "-".to_owned();
        [
            (Dimension::Day, String::new()),
            (Dimension::Hour, format!("{:02}", self.hour)),
            (Dimension::Priority, self.priority.to_string()),
            (Dimension::Category, self.category.map_or_else(|| "other".to_owned(), |c| c.to_string())),
            (Dimension::District, self.district.clone().unwrap_or_else(none)),
            (Dimension::Unit, self.unit.map_or_else(none, |unit| unit.to_string())),
            (Dimension::Cell, self.cell.clone()),
        ]
    }
}
