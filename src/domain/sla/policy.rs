//! The promise as a policy: for each priority and distance of the scene a target for the whole, and a budget for each part.
//!
//! Invariant: [`Rules`] that passed [`Rules::check`] have exactly one band for every priority and every distance.

use super::Segments;
use crate::domain::{area::Targets, incident::Priority, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};

/// Bands that a priority may have.
const BANDS_MAX: usize = 16;
/// The longest target, milliseconds: a day.
pub const TARGET_MS_MAX: i64 = 86_400_000;
/// The share promised unless a policy says otherwise: NFPA's and NENA's ninety percent.
pub const SHARE: f64 = 0.9;

words! {
    /// A part of the response (the intervals of NFPA 1225).
    Segment, "segment" {
        /// Rung → answered.
        Answer = "answer",
        /// Answered → found valid.
        Processing = "processing",
        /// Found valid → a unit accepts.
        Queue = "queue",
        /// Accepted → on the way.
        Turnout = "turnout",
        /// On the way → on scene.
        Travel = "travel",
    }
}

/// How long each part may take, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Budgets {
    /// Rung → answered.
    pub answer_ms: i64,
    /// Answered → found valid.
    pub processing_ms: i64,
    /// Found valid → a unit accepts.
    pub queue_ms: i64,
    /// Accepted → on the way.
    pub turnout_ms: i64,
    /// On the way → on scene.
    pub travel_ms: i64,
}

impl Budgets {
    /// The usual split of a target: of ten minutes 10 s to answer (national order of 2026), 60 s to process and 60 s to
    /// turn out (NFPA 1225, 1710), 30 s to find a unit, the rest to drive; of other targets the same shares.
    #[must_use]
    pub const fn usual(target_ms: i64) -> Self {
        let [answer_ms, processing_ms, queue_ms, turnout_ms] =
            [target_ms / 60, target_ms / 10, target_ms / 20, target_ms / 10];
        let travel_ms = target_ms - answer_ms - processing_ms - queue_ms - turnout_ms;
        Self { answer_ms, processing_ms, queue_ms, turnout_ms, travel_ms }
    }

    /// The budget of one part, milliseconds.
    #[must_use]
    pub const fn of(&self, segment: Segment) -> i64 {
        match segment {
            Segment::Answer => self.answer_ms,
            Segment::Processing => self.processing_ms,
            Segment::Queue => self.queue_ms,
            Segment::Turnout => self.turnout_ms,
            Segment::Travel => self.travel_ms,
        }
    }

    /// All parts together, milliseconds.
    #[must_use]
    pub fn sum_ms(&self) -> i64 {
        Segment::ALL.iter().map(|segment| self.of(*segment)).fold(0, i64::saturating_add)
    }
}

/// What is promised for scenes so far from the nearest station of the city.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Band {
    /// From this distance on, metres.
    #[serde(default)]
    pub from_m: i64,
    /// Up to it and not including it, metres; none for without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_m: Option<i64>,
    /// From the first ring to the first unit on scene, milliseconds.
    pub target_ms: i64,
    /// Of all incidents so many are to be within the target, above 0 and at most 1.
    #[serde(default = "usual_share")]
    pub share: f64,
    /// How long each part may take; the usual split of the target where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budgets: Option<Budgets>,
}

const fn usual_share() -> f64 {
    SHARE
}

impl Band {
    /// One band for every distance.
    #[must_use]
    pub const fn everywhere(target_ms: i64) -> Self {
        Self { from_m: 0, to_m: None, target_ms, share: SHARE, budgets: None }
    }

    /// How long each part may take.
    #[must_use]
    pub fn budgets(&self) -> Budgets {
        self.budgets.unwrap_or_else(|| Budgets::usual(self.target_ms))
    }

    /// Whether a scene lies in it. A distance that is not known counts as none.
    #[must_use]
    pub fn holds(&self, station_m: Option<f64>) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "metres on the earth are far below 2^53")]
        let edge = |m: i64| m as f64;
        let far_m = station_m.unwrap_or_default();
        far_m >= edge(self.from_m) && self.to_m.is_none_or(|to| far_m < edge(to))
    }
}

/// What is promised: bands for each priority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For priorities that have no bands of their own.
    #[serde(default)]
    pub default: Vec<Band>,
    /// For the most urgent.
    #[serde(rename = "P1", default, skip_serializing_if = "Vec::is_empty")]
    pub p1: Vec<Band>,
    /// For what is dangerous.
    #[serde(rename = "P2", default, skip_serializing_if = "Vec::is_empty")]
    pub p2: Vec<Band>,
    /// For what needs a unit soon.
    #[serde(rename = "P3", default, skip_serializing_if = "Vec::is_empty")]
    pub p3: Vec<Band>,
    /// For what can wait.
    #[serde(rename = "P4", default, skip_serializing_if = "Vec::is_empty")]
    pub p4: Vec<Band>,
}

/// Why rules contradict themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRules {
    /// Some priority would have no promise.
    #[error("there is no default: the bands under \"default\" hold for every priority without its own")]
    NoDefault,
    /// Two bands claim one distance.
    #[error("bands of {0} overlap at {1} m")]
    Overlap(String, i64),
    /// No band claims a distance.
    #[error("bands of {0} leave out what lies {1} m away")]
    Gap(String, i64),
    /// The parts take longer than the whole.
    #[error("{0}, from {1} m: the segments take {2} ms together, the whole has {3} ms")]
    SegmentsTooLong(String, i64, i64, i64),
    /// A number outside of what makes sense.
    #[error("{0}, from {1} m: {2}")]
    Number(String, i64, &'static str),
    /// Too many bands.
    #[error("{0} has more than {BANDS_MAX} bands")]
    TooMany(String),
}

impl Rules {
    /// One target for each priority, whatever the distance.
    #[must_use]
    pub fn simple(targets: Targets) -> Self {
        let default = targets.of(Priority::P2);
        let own = |priority| match targets.of(priority) {
            target if target == default => Vec::new(),
            target => vec![Band::everywhere(target)],
        };
        let [p1, p3, p4] = [Priority::P1, Priority::P3, Priority::P4].map(own);
        Self { default: vec![Band::everywhere(default)], p1, p2: Vec::new(), p3, p4 }
    }

    /// The priority's own bands; `None` is the default.
    #[must_use]
    pub fn own(&self, priority: Option<Priority>) -> &[Band] {
        match priority {
            None => &self.default,
            Some(Priority::P1) => &self.p1,
            Some(Priority::P2) => &self.p2,
            Some(Priority::P3) => &self.p3,
            Some(Priority::P4) => &self.p4,
        }
    }

    /// The bands that hold for a priority.
    #[must_use]
    pub fn bands(&self, priority: Priority) -> &[Band] {
        match self.own(Some(priority)) {
            [] => &self.default,
            own => own,
        }
    }

    /// Whether it matters how far a scene is.
    #[must_use]
    pub fn asks_distance(&self, priority: Priority) -> bool {
        self.bands(priority).len() > 1
    }

    /// What is promised for a priority at a distance from the nearest station, metres.
    #[must_use]
    pub fn band(&self, priority: Priority, station_m: Option<f64>) -> Band {
        let found = self.bands(priority).iter().find(|band| band.holds(station_m));
        found.copied().unwrap_or(Band::everywhere(crate::domain::area::DEFAULT_TARGET_MS))
    }

    /// The targets next to a station, for a glance.
    #[must_use]
    pub fn targets(&self) -> Targets {
        let mut targets = Targets::default();
        for priority in Priority::ALL {
            targets.0[*priority as usize] = self.band(*priority, None).target_ms;
        }
        targets
    }

    /// Puts each priority's bands in order, and every budget in its place.
    #[must_use]
    pub fn settled(mut self) -> Self {
        for bands in [&mut self.default, &mut self.p1, &mut self.p2, &mut self.p3, &mut self.p4] {
            bands.sort_by_key(|band| band.from_m);
            for band in bands {
                band.budgets = Some(band.budgets());
            }
        }
        self
    }

    /// Refuses rules that contradict themselves.
    ///
    /// # Errors
    /// [`BadRules`] with the first contradiction.
    pub fn check(&self) -> Result<(), BadRules> {
        if self.default.is_empty() {
            return Err(BadRules::NoDefault);
        }
        let all = std::iter::once(None).chain(Priority::ALL.iter().copied().map(Some));
        for priority in all {
            let name = priority.map_or_else(|| "default".to_owned(), |p| p.to_string());
            let mut bands = self.own(priority).to_vec();
            if bands.len() > BANDS_MAX {
                return Err(BadRules::TooMany(name));
            }
            bands.sort_by_key(|band| band.from_m);
            bands.iter().try_for_each(|band| check_band(&name, band))?;
            check_cover(&name, &bands)?;
        }
        Ok(())
    }
}

fn check_band(name: &str, band: &Band) -> Result<(), BadRules> {
    let number = |why| Err(BadRules::Number(name.to_owned(), band.from_m, why));
    if band.from_m < 0 || band.to_m.is_some_and(|to| to <= band.from_m) {
        return number("a band ends after it begins, and begins at 0 m or farther");
    }
    if !(1..=TARGET_MS_MAX).contains(&band.target_ms) {
        return number("a target is longer than nothing and at most a day");
    }
    if !(band.share > 0.0 && band.share <= 1.0) {
        return number("a share is above 0 and at most 1");
    }
    let budgets = band.budgets();
    if Segment::ALL.iter().any(|segment| budgets.of(*segment) < 0) {
        return number("no segment takes less than nothing");
    }
    match budgets.sum_ms() {
        sum if sum > band.target_ms => {
            Err(BadRules::SegmentsTooLong(name.to_owned(), band.from_m, sum, band.target_ms))
        }
        _ => Ok(()),
    }
}

/// Whether bands in order leave nothing out and claim nothing twice.
fn check_cover(name: &str, bands: &[Band]) -> Result<(), BadRules> {
    let Some((first, last)) = bands.first().zip(bands.last()) else { return Ok(()) };
    if first.from_m > 0 {
        return Err(BadRules::Gap(name.to_owned(), 0));
    }
    for pair in bands.windows(2) {
        let next = pair[1].from_m;
        match pair[0].to_m {
            Some(to) if to == next => {}
            Some(to) if to < next => return Err(BadRules::Gap(name.to_owned(), to)),
            _ => return Err(BadRules::Overlap(name.to_owned(), next)),
        }
    }
    match last.to_m {
        Some(to) => Err(BadRules::Gap(name.to_owned(), to)),
        None => Ok(()),
    }
}

/// A version of a city's policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Policy {
    /// Counts the city's policies, from 1.
    pub version: i64,
    /// In force for what begins from then on.
    pub from: UnixMs,
    /// When it was set.
    pub set: UnixMs,
    /// Who set it, as in the journal.
    pub author: String,
    /// What is promised.
    pub rules: Rules,
}

/// What is promised to one incident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// The policy's version.
    pub version: i64,
    /// How far the scene is from the nearest station, metres, where that matters and a station is known.
    pub station_m: Option<f64>,
    /// What is promised.
    pub band: Band,
}

/// The part that is under way when `segments` have come so far; `None` when the last has ended.
#[must_use]
pub const fn under_way(segments: &Segments) -> Option<Segment> {
    match segments {
        Segments { travel_ms: Some(_), .. } => None,
        Segments { turnout_ms: Some(_), .. } => Some(Segment::Travel),
        Segments { queue_ms: Some(_), .. } => Some(Segment::Turnout),
        Segments { processing_ms: Some(_), .. } => Some(Segment::Queue),
        Segments { answer_ms: Some(_), .. } => Some(Segment::Processing),
        _ => Some(Segment::Answer),
    }
}

#[cfg(test)]
mod tests;
