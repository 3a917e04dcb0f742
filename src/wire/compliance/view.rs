//! What the page shows, as numbers: every day and hour in its place, groups in the order of what was missed.
//!
//! Invariant: nothing is written here; the same view serves every language.

use crate::{
    domain::sla::{
        compliance::By,
        figures::{Common, Figures, Lengths},
        tally::Tally,
    },
    engine::Compliance,
};
use std::collections::HashMap;

/// Groups that a table shows; the rest is one row.
const ROWS: usize = 20;

/// By what the page tells figures apart, the first one beside [`By::Day`].
pub const GROUPINGS: [By; 6] = [By::Hour, By::Area, By::Priority, By::Category, By::District, By::Unit];

/// The page's figures.
#[derive(Debug)]
pub struct View<'c> {
    /// All together.
    pub whole: Figures,
    /// What all promises in force have in common.
    pub common: Common,
    /// Every day.
    pub days: Vec<DayFigures>,
    /// Every hour of the day.
    pub hours: Vec<HourFigures>,
    /// The tables.
    pub tables: Vec<Table<'c>>,
}

/// A day's figures.
#[derive(Clone, Debug)]
pub struct DayFigures {
    /// In days since 1970.
    pub day: i64,
    /// Incidents that count.
    pub counted: i64,
    /// The share within target.
    pub share: Option<f64>,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
    /// What was promised.
    pub promised: Option<f64>,
    /// Whether that was kept.
    pub met: bool,
    /// The response.
    pub response: Lengths,
}

/// An hour's figures.
#[derive(Clone, Copy, Debug, Default)]
pub struct HourFigures {
    /// Incidents that count.
    pub counted: i64,
    /// Of those, within target.
    pub kept: i64,
}

/// Figures told apart.
#[derive(Debug)]
pub struct Table<'c> {
    /// By what.
    pub by: By,
    /// The groups, those with the most missed first.
    pub rows: Vec<(&'c str, Figures)>,
    /// How many others there are, and theirs.
    pub others: Option<(usize, Figures)>,
}

impl<'c> View<'c> {
    /// The view of what was found.
    #[must_use]
    pub fn new(found: &'c Compliance) -> Self {
        let figures = |tally: &Tally| Figures::of(tally, &found.common);
        let by_day: HashMap<&str, &Tally> = found.summary.groups(By::Day).collect();
        let day = |day: i64| {
            let none = Tally::default();
            let key = crate::domain::time::day_text(day);
            let of = figures(by_day.get(key.as_str()).copied().unwrap_or(&none));
            DayFigures {
                day,
                counted: of.counted,
                share: of.share,
                interval: of.interval,
                promised: of.promised,
                met: of.met == Some(true),
                response: of.response,
            }
        };
        let mut hours = vec![HourFigures::default(); 24];
        for (key, tally) in found.summary.groups(By::Hour) {
            if let Some(hour) = key.parse::<usize>().ok().and_then(|hour| hours.get_mut(hour)) {
                *hour = HourFigures { counted: tally.counted, kept: tally.kept };
            }
        }
        let tables = GROUPINGS.iter().filter(|by| !matches!(by, By::Hour)).map(|by| Table::new(found, *by));
        // A city's table of cities says nothing new.
        let tables = tables.filter(|table| table.by != By::Area || found.cities.len() > 1);
        Self {
            whole: figures(found.summary.whole()),
            common: found.common,
            days: found.days.each().map(day).collect(),
            hours,
            tables: tables.filter(|table| !table.rows.is_empty()).collect(),
        }
    }
}

impl<'c> Table<'c> {
    fn new(found: &'c Compliance, by: By) -> Self {
        let mut all: Vec<(&str, &Tally)> = found.summary.groups(by).filter(|(_, tally)| tally.counted > 0).collect();
        if !matches!(by, By::Priority | By::Category) {
            all.sort_by_key(|(key, tally)| (tally.kept - tally.counted, -tally.counted, *key));
        }
        let rest = all.split_off(ROWS.min(all.len()));
        let mut sum = Tally::default();
        rest.iter().for_each(|(_, tally)| sum.and(tally));
        let figures = |tally: &Tally| Figures::of(tally, &found.common);
        Self {
            by,
            rows: all.into_iter().map(|(key, tally)| (key, figures(tally))).collect(),
            others: (!rest.is_empty()).then(|| (rest.len(), figures(&sum))),
        }
    }
}
