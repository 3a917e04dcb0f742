//! Compliance: the sums of facts over days, as a whole and told apart by one thing, for a city or for many.
//!
//! Invariants: a day is each city's own; the groups of any grouping add up to the whole, those that are not shown being
//! summed as well; a sum of sums is the sum of the facts.

use super::{fact::Dimension, tally::Tally};
use crate::domain::{
    ids::AreaCode,
    time::{UnixMs, Zone, day_text},
    words::words,
};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// Days that one report may have.
pub const DAYS_MAX: i64 = 400;
/// Groups that are held at once while rows are summed: more than any region has cells.
const HELD_MAX: usize = 50_000;

words! {
    /// By what a report is told apart.
    By, "grouping" {
        /// The cities' own days.
        Day = "day",
        /// Hours of the cities' own days, 00 to 23.
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
        /// The city.
        Area = "area",
    }
}

impl By {
    /// Which sums tell it.
    #[must_use]
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Day | Self::Area => Dimension::Day,
            Self::Hour => Dimension::Hour,
            Self::Priority => Dimension::Priority,
            Self::Category => Dimension::Category,
            Self::District => Dimension::District,
            Self::Unit => Dimension::Unit,
            Self::Cell => Dimension::Cell,
        }
    }

    fn group(self, row: &Row<'_>) -> String {
        match self {
            Self::Day => day_text(row.day),
            Self::Area => row.area.to_string(),
            _ => row.key.to_owned(),
        }
    }
}

/// Days of local clocks, the last one included; days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    from: i64,
    to: i64,
}

/// Days that cannot be reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not before `from`, and {DAYS_MAX} days at most, both included")]
pub struct BadDays;

impl Days {
    /// From a day to a day, both included.
    ///
    /// # Errors
    /// [`BadDays`] when the last is before the first, or there are more than [`DAYS_MAX`].
    pub fn new(from: i64, to: i64) -> Result<Self, BadDays> {
        if (0..DAYS_MAX).contains(&to.saturating_sub(from)) { Ok(Self { from, to }) } else { Err(BadDays) }
    }

    /// The days of a month as in `2026-10`; `None` for what is no month.
    #[must_use]
    pub fn month(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let good = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        if !good(year, 4) || !good(month, 2) {
            return None;
        }
        let (year, month): (u16, u16) = (year.parse().ok()?, month.parse().ok()?);
        let first = |year: u16, month: u16| UnixMs::parse_day(&format!("{year:04}-{month:02}-01"));
        let next = if month == 12 { first(year.checked_add(1)?, 1) } else { first(year, month + 1) };
        Self::new(first(year, month)?, next? - 1).ok()
    }

    /// The first.
    #[must_use]
    pub const fn from(self) -> i64 {
        self.from
    }

    /// The last, which is one of them.
    #[must_use]
    pub const fn to(self) -> i64 {
        self.to
    }

    /// Each.
    #[must_use]
    pub const fn each(self) -> RangeInclusive<i64> {
        self.from..=self.to
    }

    /// From when and to before when they last for clocks of a zone.
    #[must_use]
    pub const fn span(self, zone: Zone) -> (UnixMs, UnixMs) {
        (zone.midnight(self.from), zone.midnight(self.to + 1))
    }
}

/// One sum of a city's day.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    /// Whose.
    pub area: AreaCode,
    /// What it is told apart by.
    pub dimension: Dimension,
    /// The city's own day.
    pub day: i64,
    /// Which of these.
    pub key: &'r str,
    /// The counts.
    pub tally: &'r Tally,
}

/// More groups than one report holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {HELD_MAX} groups: a smaller area, or fewer days")]
pub struct TooManyGroups;

/// Sums of rows: the whole, and the groups of one grouping or of several.
#[derive(Clone, Debug)]
pub struct Summary {
    whole: Tally,
    /// The dimension whose rows make the whole: those of any one do.
    first: Dimension,
    by: BTreeMap<By, BTreeMap<String, Tally>>,
}

/// The groups that are shown, in the order of their keys, and what the rest comes to.
#[derive(Clone, Debug)]
pub struct Shown<'s> {
    /// Those with the most incidents.
    pub groups: Vec<(&'s str, &'s Tally)>,
    /// How many groups are not shown, and their sum.
    pub others: Option<(usize, Tally)>,
}

impl Summary {
    /// Nothing yet, to be told apart by `first` and by each of the others.
    #[must_use]
    pub fn new(first: By, others: &[By]) -> Self {
        let by = std::iter::once(first).chain(others.iter().copied()).map(|by| (by, BTreeMap::new())).collect();
        Self { whole: Tally::default(), first: first.dimension(), by }
    }

    /// Which rows it asks for.
    #[must_use]
    pub fn dimensions(&self) -> Vec<Dimension> {
        let mut all: Vec<Dimension> = self.by.keys().map(|by| by.dimension()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Adds a row; one of another dimension changes nothing.
    ///
    /// # Errors
    /// [`TooManyGroups`] when it would be one group too many.
    pub fn add(&mut self, row: &Row<'_>) -> Result<(), TooManyGroups> {
        if row.dimension == self.first {
            self.whole.and(row.tally);
        }
        for (by, groups) in self.by.iter_mut().filter(|(by, _)| by.dimension() == row.dimension) {
            groups.entry(by.group(row)).or_default().and(row.tally);
            if groups.len() > HELD_MAX {
                return Err(TooManyGroups);
            }
        }
        Ok(())
    }

    /// All together.
    #[must_use]
    pub const fn whole(&self) -> &Tally {
        &self.whole
    }

    /// Every group, in the order of the keys.
    pub fn groups(&self, by: By) -> impl Iterator<Item = (&str, &Tally)> {
        self.by.get(&by).into_iter().flatten().map(|(key, tally)| (key.as_str(), tally))
    }

    /// At most `limit` groups: those with the most incidents, excluded ones among them; ties by key.
    #[must_use]
    pub fn shown(&self, by: By, limit: usize) -> Shown<'_> {
        let mut groups: Vec<(&str, &Tally)> = self.groups(by).collect();
        let weight = |tally: &Tally| tally.counted + tally.excluded.values().sum::<i64>();
        groups.sort_by_key(|(key, tally)| (std::cmp::Reverse(weight(tally)), *key));
        let rest = groups.split_off(limit.min(groups.len()));
        groups.sort_unstable_by_key(|(key, _)| *key);
        let mut others = Tally::default();
        rest.iter().for_each(|(_, tally)| others.and(tally));
        Shown { groups, others: (!rest.is_empty()).then_some((rest.len(), others)) }
    }
}

#[cfg(test)]
mod tests;
