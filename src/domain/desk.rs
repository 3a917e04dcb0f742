//! Desks, and the ladder of them that a report climbs until somebody takes it.
//!
//! Invariant: a ladder is never at its end. After the last rung it begins anew; with nobody on shift anywhere the report
//! goes on ringing at the last one.

use super::{ids::*, refusal::Refusal, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// At what level a desk stands.
    DeskKind, "desk kind" {
        /// Of the nation.
        Mabes = "mabes",
        /// Of a region.
        Polda = "polda",
        /// Of a city.
        Polres = "polres",
        /// Of a district.
        Polsek = "polsek",
    }
}

words! {
    /// What a report rings for.
    Stage, "stage" {
        /// Somebody must speak with the citizen and judge.
        Answering = "answering",
        /// It is valid, and somebody at the city must follow it up.
        FollowUp = "follow_up",
    }
}

/// Where reports are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Desk {
    /// `BPN.SPKT`.
    pub id: DeskId,
    /// At what level.
    pub kind: DeskKind,
    /// As people say it.
    pub name: String,
    /// The district that it serves, for a Polsek's.
    pub district: Option<String>,
}

/// Somebody at a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Shift {
    /// Which desk.
    pub desk: DeskId,
    /// Who.
    pub account: AccountId,
    /// Since when.
    pub from: UnixMs,
    /// When the console, or a call of this API, was last heard of.
    pub seen: UnixMs,
}

/// Whoever was not heard of for longer does not count as being there, milliseconds: three beats of an open console.
pub const PRESENT_MS: i64 = 20_000;

/// How often a held report is looked at, whether its holder is still there, milliseconds.
pub const HOLD_MS: i64 = 15_000;

/// How long a report rings at a rung, unless a flow says otherwise: the national order of January 2026, milliseconds.
pub const RING_MS: i64 = 10_000;

/// How long a rung may ring, milliseconds: the alarm repeats at least once a minute.
pub const RING_MS_RANGE: std::ops::RangeInclusive<i64> = 1_000..=60_000;

/// Rungs of a ladder at most.
const RUNGS_MAX: usize = 8;

/// Which desk a rung means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The desk of the district that the place lies in; left out where there is none.
    District,
    /// This one.
    Desk(DeskId),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::District => f.write_str("district"),
            Self::Desk(desk) => desk.fmt(f),
        }
    }
}

impl FromStr for At {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        if s == "district" { Ok(Self::District) } else { s.parse().map(Self::Desk) }
    }
}

impl Serialize for At {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One step of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// `district`, or a desk as in `BPN.SPKT`.
    #[schema(value_type = String, examples("district", "BPN.SPKT"))]
    pub desk: At,
    /// How long it rings there, milliseconds.
    pub ring_ms: i64,
}

/// The order in which an area's reports ring at desks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Until somebody answers.
    pub answering: Vec<Rung>,
    /// Once found valid, until somebody of the city follows it up. Empty: the incident alone is followed.
    #[serde(default)]
    pub follow_up: Vec<Rung>,
}

words! {
    /// A flow that ships with the program.
    Preset, "preset" {
        /// Polda Kaltim, May 2021: Polda answers and validates; a valid report rings at the Polres for 5 s, then Polda
        /// has it back.
        Y2021 = "2021",
        /// The national order of January 2026: within 10 s, else Polsek, Polres, Polda, Mabes.
        Y2026 = "2026",
    }
}

impl Flow {
    /// The flow of an area that has none of its own: its desk, then those of the areas above. `path` begins with the area.
    #[must_use]
    pub fn usual(path: &[AreaCode]) -> Self {
        let rung = |&area: &AreaCode| Rung { desk: At::Desk(DeskId::main(area)), ring_ms: RING_MS };
        Self { answering: path.iter().map(rung).collect(), follow_up: Vec::new() }
    }

    /// A preset for an area; `path` begins with it and goes up to the nation.
    #[must_use]
    pub fn preset(preset: Preset, path: &[AreaCode]) -> Self {
        let rung = |area: AreaCode, ring_ms| Rung { desk: At::Desk(DeskId::main(area)), ring_ms };
        match (preset, path) {
            (Preset::Y2021, [city, region, above @ ..]) => Self {
                answering: std::iter::once(region).chain(above).map(|&a| rung(a, RING_MS)).collect(),
                follow_up: vec![rung(*city, 5_000), rung(*region, RING_MS)],
            },
            (Preset::Y2021, _) => Self::usual(path),
            (Preset::Y2026, _) => {
                let mut flow = Self::usual(path);
                flow.answering.insert(0, Rung { desk: At::District, ring_ms: RING_MS });
                flow
            }
        }
    }

    /// The rungs of a stage.
    #[must_use]
    pub fn rungs(&self, stage: Stage) -> &[Rung] {
        match stage {
            Stage::Answering => &self.answering,
            Stage::FollowUp => &self.follow_up,
        }
    }

    /// Whether it makes sense in itself.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the reason.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.answering.is_empty() {
            return Err(Refusal::invalid("answering", "somebody must answer: name one desk at least"));
        }
        for (field, rungs) in [("answering", &self.answering), ("follow_up", &self.follow_up)] {
            if rungs.len() > RUNGS_MAX {
                return Err(Refusal::invalid(field, format!("{RUNGS_MAX} rungs at most")));
            }
            if let Some(rung) = rungs.iter().find(|r| !RING_MS_RANGE.contains(&r.ring_ms)) {
                return Err(Refusal::invalid(
                    field,
                    format!("{} rings {} ms: 1,000 to 60,000", rung.desk, rung.ring_ms),
                ));
            }
            if rungs.iter().enumerate().any(|(i, r)| rungs[..i].iter().any(|before| before.desk == r.desk)) {
                return Err(Refusal::invalid(field, "a desk is named twice"));
            }
            if rungs.iter().all(|r| r.desk == At::District) && !rungs.is_empty() {
                return Err(Refusal::invalid(field, "not every place has a district: name another desk as well"));
            }
        }
        Ok(())
    }
}

/// The desks of one stage for one report, each with how long it rings there. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Of which stage.
    pub stage: Stage,
    rungs: Vec<(DeskId, i64)>,
}

/// Where a report rings next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// For what.
    pub stage: Stage,
    /// Where.
    pub desk: DeskId,
    /// Which rung, from 0.
    pub rung: i64,
    /// How many times the ladder was begun anew.
    pub lap: i64,
    /// How long, milliseconds.
    pub ring_ms: i64,
    /// Whether anybody is on shift there; if not, nobody is at any desk of the ladder.
    pub staffed: bool,
}

impl Ladder {
    /// The ladder of a stage; `district` is the desk of the report's district. `None` where the stage has no rungs.
    #[must_use]
    pub fn new(flow: &Flow, stage: Stage, district: Option<DeskId>) -> Option<Self> {
        let desk = |rung: &Rung| match rung.desk {
            At::District => district.map(|d| (d, rung.ring_ms)),
            At::Desk(desk) => Some((desk, rung.ring_ms)),
        };
        let mut rungs: Vec<(DeskId, i64)> = flow.rungs(stage).iter().filter_map(desk).collect();
        // The district's desk may be named a second time: it rings once.
        let mut seen = Vec::new();
        rungs.retain(|(desk, _)| {
            !seen.contains(desk) && {
                seen.push(*desk);
                true
            }
        });
        (!rungs.is_empty()).then_some(Self { stage, rungs })
    }

    /// The same desks for another stage.
    #[must_use]
    pub fn for_stage(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// The desks, lowest rung first.
    pub fn desks(&self) -> impl Iterator<Item = DeskId> + '_ {
        self.rungs.iter().map(|(desk, _)| *desk)
    }

    /// The first desk with somebody on shift.
    #[must_use]
    pub fn first(&self, staffed: impl Fn(DeskId) -> bool) -> Ring {
        self.at(self.rungs.iter().position(|(desk, _)| staffed(*desk)), 0)
    }

    /// The last desk with somebody on shift: where calls begin whose caller goes to the end. From there they go on as any
    /// other, so that they are answered where anybody is.
    #[must_use]
    pub fn last(&self, staffed: impl Fn(DeskId) -> bool) -> Ring {
        self.at(self.rungs.iter().rposition(|(desk, _)| staffed(*desk)), 0)
    }

    /// The next desk with somebody on shift; after the last the ladder begins anew.
    #[must_use]
    pub fn next(&self, rung: i64, lap: i64, staffed: impl Fn(DeskId) -> bool) -> Ring {
        let above = usize::try_from(rung + 1).unwrap_or(0);
        let above = (above..self.rungs.len()).find(|&i| staffed(self.rungs[i].0));
        match above {
            Some(i) => self.at(Some(i), lap),
            None => self.at(self.rungs.iter().position(|(desk, _)| staffed(*desk)), lap + 1),
        }
    }

    /// At a desk that somebody chose, where anybody is on shift there; else on to the next at once.
    #[must_use]
    pub fn from(&self, desk: DeskId, staffed: impl Fn(DeskId) -> bool) -> Ring {
        match self.rungs.iter().position(|(d, _)| *d == desk) {
            Some(i) if staffed(desk) => self.at(Some(i), 0),
            Some(i) => self.next(i64::try_from(i).unwrap_or(0), 0, staffed),
            None if staffed(desk) => {
                // Not of this ladder: it rings there, and then from the beginning.
                Ring { stage: self.stage, desk, rung: -1, lap: 0, ring_ms: RING_MS, staffed: true }
            }
            None => self.first(staffed),
        }
    }

    fn at(&self, found: Option<usize>, lap: i64) -> Ring {
        let i = found.unwrap_or(self.rungs.len() - 1);
        let (desk, ring_ms) = self.rungs[i];
        let rung = i64::try_from(i).unwrap_or(0);
        Ring { stage: self.stage, desk, rung, lap, ring_ms, staffed: found.is_some() }
    }
}

#[cfg(test)]
mod tests;
