//! Single incidents that a report names: the latest, those that do not count, those that are late and still open.
//!
//! Invariant: a case names nobody.

use super::{
    Clock,
    fact::{Exclusion, Fact},
    policy::{Policy, Segment, under_way},
};
use crate::domain::{
    ids::{AreaCode, IncidentId},
    incident::Priority,
    time::UnixMs,
};
use serde::Serialize;
use utoipa::ToSchema;

/// An incident that does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Excluded {
    /// Which.
    pub incident: IncidentId,
    /// When its clock started.
    pub start: UnixMs,
    /// Why.
    pub reason: Exclusion,
}

/// An open incident past its target with nobody there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenLate {
    /// Which.
    pub incident: IncidentId,
    /// When its clock started.
    pub start: UnixMs,
    /// How urgent.
    pub priority: Priority,
    /// What was promised, milliseconds.
    pub target_ms: i64,
    /// By how much it is late by now, milliseconds.
    pub over_ms: i64,
    /// What it waits for.
    pub segment: Option<Segment>,
}

impl OpenLate {
    /// How late an incident is at `now`.
    #[must_use]
    pub fn at(incident: IncidentId, priority: Priority, clock: &Clock, now: UnixMs) -> Self {
        Self {
            incident,
            start: clock.start,
            priority,
            target_ms: clock.target_ms,
            over_ms: now.since(clock.due()),
            segment: under_way(&clock.segments()),
        }
    }
}

/// How many single cases are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseLimits {
    /// Of those that were late by most.
    pub worst: i64,
    /// Of those that do not count: so many are passed over.
    pub excluded_skip: i64,
    /// And so many given.
    pub excluded: i64,
    /// Of those that are late and open.
    pub open_late: i64,
}

/// The single cases of a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    /// Those that were late by most, the latest first.
    pub worst: Vec<Fact>,
    /// Those that do not count, by area, day and number.
    pub excluded: Vec<Excluded>,
    /// Those that are late and open, the latest first.
    pub open_late: Vec<OpenLate>,
    /// How many of these there are.
    pub open_late_total: i64,
    /// Every policy of each city, whenever in force.
    pub policies: Vec<(AreaCode, Vec<Policy>)>,
}
