//! What people told in a time: counted, so that what is complained of most is seen, and how much is no police work.
//!
//! Invariant: nothing here names anybody. Callers are told apart by an opaque name, and only counted.

use super::{
    ids::AreaCode,
    kinds::{self, Category},
    report::{Channel, InvalidReason},
    time::{UnixMs, Zone},
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Milliseconds in an hour.
const HOUR_MS: i64 = 3_600_000;

/// One report, as far as it is counted.
#[derive(Clone, Debug)]
pub struct Told {
    /// Whose flow it followed: the city of its place, or the area that received it.
    pub area: AreaCode,
    /// How it came in.
    pub channel: Channel,
    /// What kind of thing.
    pub kind: String,
    /// The district of its place.
    pub district: Option<String>,
    /// When it first rang.
    pub rung: UnixMs,
    /// Whether anybody answered.
    pub answered: bool,
    /// Whether it was judged.
    pub judged: bool,
    /// Why it is not valid, where it is not.
    pub invalid: Option<InvalidReason>,
    /// Who told it; the same text for the same caller of an area.
    pub caller: Option<String>,
}

/// How often a kind was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KindCount {
    /// The word.
    pub kind: String,
    /// How often.
    pub count: u64,
}

/// The counts of an area over a time. A region's are the sums of its cities' and of what it received itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Evaluation {
    /// How many.
    pub reports: u64,
    /// Found valid.
    pub valid: u64,
    /// Found to be no police work.
    pub invalid: u64,
    /// Of those that were judged, the share that is no police work; `null` where none was.
    pub invalid_share: Option<f64>,
    /// Nobody answered, or not yet.
    pub never_answered: u64,
    /// Why they are no police work.
    pub by_reason: BTreeMap<String, u64>,
    /// Of each kind, the most frequent first.
    pub by_kind: Vec<KindCount>,
    /// Of each category; free kinds are `other`.
    pub by_category: BTreeMap<String, u64>,
    /// By the way in which they came.
    pub by_channel: BTreeMap<String, u64>,
    /// By city and district, as in `BPN/SELATAN`; without a district only the city.
    pub by_district: BTreeMap<String, u64>,
    /// By the hour of the city's own day, from 0 to 23.
    pub by_hour: [u64; 24],
    /// What is complained of most: the kinds of valid complaints, the most frequent first.
    pub complained_of: Vec<KindCount>,
    /// Callers with more than one report in this time.
    pub repeat_callers: u64,
    /// Their reports.
    pub reports_of_repeat_callers: u64,
}

/// Counts one report after the other.
#[derive(Debug, Default)]
pub struct Tally {
    sum: Evaluation,
    kinds: HashMap<String, u64>,
    complaints: HashMap<String, u64>,
    callers: HashMap<(AreaCode, String), u64>,
}

impl Tally {
    /// Counts a report; `zone` is that of its area.
    pub fn add(&mut self, report: Told, zone: Zone) {
        let sum = &mut self.sum;
        let category = kinds::find(&report.kind).map(|kind| kind.category);
        let valid = report.judged && report.invalid.is_none();
        sum.reports += 1;
        sum.valid += u64::from(valid);
        sum.never_answered += u64::from(!report.answered);
        if let Some(reason) = report.invalid {
            sum.invalid += 1;
            *sum.by_reason.entry(reason.to_string()).or_default() += 1;
        }
        if category == Some(Category::Complaint) && valid {
            *self.complaints.entry(report.kind.clone()).or_default() += 1;
        }
        *self.kinds.entry(report.kind).or_default() += 1;
        let category = category.map_or("other", Category::as_str);
        *sum.by_category.entry(category.to_owned()).or_default() += 1;
        *sum.by_channel.entry(report.channel.to_string()).or_default() += 1;
        let district = report.district.map_or_else(String::new, |district| format!("/{district}"));
        *sum.by_district.entry(format!("{}{district}", report.area)).or_default() += 1;
        let of_day = report.rung.since(zone.day_start(report.rung));
        if let Some(hour) = usize::try_from(of_day / HOUR_MS).ok().and_then(|hour| sum.by_hour.get_mut(hour)) {
            *hour += 1;
        }
        if let Some(caller) = report.caller {
            *self.callers.entry((report.area, caller)).or_default() += 1;
        }
    }

    /// The counts.
    #[must_use]
    pub fn finish(self) -> Evaluation {
        let mut sum = self.sum;
        let judged = sum.valid + sum.invalid;
        sum.invalid_share = (judged > 0).then(|| sum.invalid as f64 / judged as f64);
        sum.by_kind = most_first(self.kinds);
        sum.complained_of = most_first(self.complaints);
        for count in self.callers.into_values().filter(|count| *count > 1) {
            sum.repeat_callers += 1;
            sum.reports_of_repeat_callers += count;
        }
        sum
    }
}

/// The most frequent first; the same often, in the order of the words.
fn most_first(counts: HashMap<String, u64>) -> Vec<KindCount> {
    let mut all: Vec<KindCount> = counts.into_iter().map(|(kind, count)| KindCount { kind, count }).collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, caller: &str, invalid: Option<InvalidReason>, rung_ms: i64) -> Told {
        Told {
            area: "BPN".parse().unwrap(),
            channel: Channel::Call,
            kind: kind.to_owned(),
            district: (kind == "threat").then(|| "SELATAN".to_owned()),
            rung: UnixMs(rung_ms),
            answered: true,
            judged: true,
            invalid,
            caller: Some(caller.to_owned()),
        }
    }

    #[test]
    fn what_is_complained_of_most_and_who_calls_again_is_counted() {
        let hoax = Some(InvalidReason::Hoax);
        // Four in the afternoon in UTC is midnight in Balikpapan.
        let all = [
            told("threat", "a", None, 16 * HOUR_MS),
            told("threat", "a", None, 16 * HOUR_MS - 1),
            told("insult", "b", None, 0),
            told("insult", "c", hoax, 0),
            told("a tree on the road", "d", None, 0),
        ];
        let mut tally = Tally::default();
        all.into_iter().for_each(|told| tally.add(told, Zone::Wita));
        let sum = tally.finish();
        assert_eq!((sum.reports, sum.valid, sum.invalid, sum.invalid_share), (5, 4, 1, Some(0.2)));
        let kinds: Vec<_> = sum.complained_of.iter().map(|k| (k.kind.as_str(), k.count)).collect();
        assert_eq!(kinds, [("threat", 2), ("insult", 1)], "a hoax is no complaint");
        assert_eq!((sum.by_hour[0], sum.by_hour[23], sum.by_hour[8]), (1, 1, 3), "the city's own hours");
        assert_eq!((sum.repeat_callers, sum.reports_of_repeat_callers), (1, 2));
        assert_eq!((sum.by_district["BPN/SELATAN"], sum.by_district["BPN"]), (2, 3));
        assert_eq!(sum.by_category["other"], 1);
        let none = Tally::default().finish();
        assert_eq!((none.reports, none.invalid_share), (0, None));
    }
}
