//! The words of the page, in two languages.

mod english;
mod indonesian;

use crate::{
    domain::{
        kinds::Category,
        sla::{compliance::By, fact::Exclusion, policy::Segment},
    },
    wire::bodies::citizens::Language,
};

/// All words of the page. In texts `{…}` is where a figure goes.
#[derive(Debug)]
pub struct Words {
    /// As in the page's head.
    pub code: &'static str,
    pub title: &'static str,
    pub months: [&'static str; 12],
    pub short_months: [&'static str; 12],
    /// Behind thousands, before decimals.
    pub marks: [char; 2],
    pub unfinished: &'static str,
    pub made: &'static str,
    pub days_of: &'static str,
    pub of_cities: &'static str,
    pub nothing: &'static str,
    pub verdict: &'static str,
    pub met: &'static str,
    pub met_by_chance: &'static str,
    pub missed: &'static str,
    pub missed_by_chance: &'static str,
    pub not_kept: &'static str,
    pub main_cause: &'static str,
    pub interval: &'static str,
    pub promise: &'static str,
    pub target: &'static str,
    pub tiles: [&'static str; 6],
    pub tile_notes: [&'static str; 6],
    pub share_per_day: [&'static str; 2],
    pub kept_mark: &'static str,
    pub missed_mark: &'static str,
    pub incidents: &'static str,
    pub lengths_per_day: [&'static str; 2],
    pub by_hour: [&'static str; 2],
    pub in_time: &'static str,
    pub not_in_time: &'static str,
    pub segments_title: [&'static str; 2],
    pub segments: [&'static str; 5],
    pub budget: &'static str,
    pub within_budget: &'static str,
    pub causes_title: [&'static str; 2],
    pub no_causes: &'static str,
    pub tables: &'static str,
    pub columns: [&'static str; 8],
    pub others: &'static str,
    pub none: &'static str,
    pub categories: [&'static str; 3],
    pub worst: [&'static str; 2],
    pub worst_columns: [&'static str; 7],
    pub nobody_came: &'static str,
    pub facts: [&'static str; 6],
    pub open_late: [&'static str; 2],
    pub open_columns: [&'static str; 5],
    pub excluded: [&'static str; 2],
    pub excluded_columns: [&'static str; 3],
    pub exclusions: [&'static str; 5],
    pub more: &'static str,
    pub policies: &'static str,
    pub policy_columns: [&'static str; 8],
    pub always: &'static str,
    pub further: &'static str,
    pub notes_title: &'static str,
    pub notes: [&'static str; 6],
}

impl Words {
    /// What a part of the response is called.
    pub const fn segment(&self, segment: Segment) -> &'static str {
        self.segments[segment as usize]
    }

    /// Why something does not count.
    pub const fn exclusion(&self, why: Exclusion) -> &'static str {
        self.exclusions[why as usize]
    }

    /// What a category is called.
    pub const fn category(&self, category: Category) -> &'static str {
        self.categories[category as usize]
    }

    /// The head of a table by this.
    pub const fn by(&self, by: By) -> &'static str {
        let english = self.marks[1] == '.';
        match (by, english) {
            (By::Day, false) => "Hari",
            (By::Hour, false) => "Jam",
            (By::Priority, false) => "Prioritas",
            (By::Category, false) => "Jenis laporan",
            (By::District, false) => "Polsek",
            (By::Unit, false) => "Unit yang tiba pertama",
            (By::Cell, false) => "Sel",
            (By::Area, false) => "Polres",
            (By::Day, true) => "Day",
            (By::Hour, true) => "Hour",
            (By::Priority, true) => "Priority",
            (By::Category, true) => "Kind of report",
            (By::District, true) => "District (Polsek)",
            (By::Unit, true) => "Unit there first",
            (By::Cell, true) => "Cell",
            (By::Area, true) => "City (Polres)",
        }
    }
}

/// The words of a language.
pub const fn words(lang: Language) -> &'static Words {
    match lang {
        Language::Id => &indonesian::INDONESIAN,
        Language::En => &english::ENGLISH,
    }
}
