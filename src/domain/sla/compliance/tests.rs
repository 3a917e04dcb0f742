use super::*;
use crate::domain::{
    incident::Priority,
    kinds::Category,
    sla::{
        Segments,
        fact::{Exclusion, Fact, Outcome},
        figures::{Common, Figures},
        percentile,
        policy::Segment,
    },
};
use proptest::{prelude::*, sample::select};

fn fact(no: i64, (area, zone, start): (&str, Zone, i64), unit: i64, ms: [i64; 2]) -> Fact {
    let (start, [queue_ms, response_ms]) = (UnixMs(start), ms);
    let over_ms = Some(response_ms - 600_000).filter(|over| *over > 0);
    Fact {
        incident: format!("{area}-{no}").parse().unwrap(),
        start,
        day: zone.day(start),
        hour: zone.hour(start),
        policy: 1,
        target_ms: 600_000,
        share: 0.9,
        priority: Priority::ALL[unit as usize % 4],
        category: (unit > 0).then_some(Category::Report),
        district: (unit > 1).then(|| format!("{area}.0{unit}")),
        unit: Some(format!("{area}-M{unit}").parse().unwrap()),
        cell: format!("88{}", unit % 3),
        outcome: if over_ms.is_some() { Outcome::Late } else { Outcome::Kept },
        verified: Some(unit % 2 == 0),
        excluded: (unit == 5).then_some(Exclusion::Merged),
        segments: Segments { queue_ms: Some(queue_ms), response_ms: Some(response_ms), ..Segments::default() },
        over_ms,
        cause: None,
    }
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let cities = vec![("BPN", Zone::Wita), ("KDS", Zone::Wib), ("JYP", Zone::Wit)];
    // Four days around a month's end, so that midnights of the three zones fall in between.
    let start = 1_793_300_000_000..1_793_640_000_000_i64;
    let one = (select(cities), start, 0..7_i64, 0..90_000_i64, 1_000..900_000_i64);
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let numbered = all.into_iter().zip(1..);
        numbered
            .map(|(((area, zone), at, unit, queue, all), no)| fact(no, (area, zone, at), unit, [queue, all]))
            .collect()
    })
}

/// The rows that a database would hold of these facts.
fn rows(facts: &[Fact]) -> BTreeMap<(AreaCode, Dimension, i64, String), Tally> {
    let mut rows: BTreeMap<_, Tally> = BTreeMap::new();
    for fact in facts {
        for (dimension, key) in fact.keys() {
            rows.entry((fact.incident.area, dimension, fact.day, key)).or_default().add(fact);
        }
    }
    rows
}

fn summed(facts: &[Fact], days: Days) -> Summary {
    let mut summary = Summary::new(By::Day, By::ALL);
    for ((area, dimension, day, key), tally) in &rows(facts) {
        if days.each().contains(day) {
            summary.add(&Row { area: *area, dimension: *dimension, day: *day, key, tally }).unwrap();
        }
    }
    summary
}

/// The group of a fact, found without the code under test.
fn group(by: By, fact: &Fact) -> String {
    let none = "-".to_owned();
    match by {
        By::Day => day_text(fact.day),
        By::Hour => format!("{:02}", fact.hour),
        By::Priority => fact.priority.to_string(),
        By::Category => if fact.category.is_some() { "report" } else { "other" }.to_owned(),
        By::District => fact.district.clone().unwrap_or(none),
        By::Unit => fact.unit.map_or(none, |unit| unit.to_string()),
        By::Cell => fact.cell.clone(),
        By::Area => fact.incident.area.to_string(),
    }
}

fn holds(tally: &Tally, facts: &[&Fact]) {
    let counting: Vec<&&Fact> = facts.iter().filter(|fact| fact.excluded.is_none()).collect();
    let kept = counting.iter().filter(|fact| fact.segments.response_ms.unwrap() <= 600_000);
    let verified = kept.clone().filter(|fact| fact.verified == Some(true)).count();
    let figures = Figures::of(tally, &Common::default());
    let counts = [figures.counted, figures.kept, figures.kept_verified, figures.excluded];
    let brute = [counting.len(), kept.count(), verified, facts.len() - counting.len()];
    assert_eq!(counts.map(|n| usize::try_from(n).unwrap()), brute);
    let mut seconds: Vec<i64> = counting.iter().map(|f| (f.segments.response_ms.unwrap() + 999) / 1_000).collect();
    seconds.sort_unstable();
    let response = figures.response;
    assert_eq!([response.p50_s, response.p90_s, response.p95_s], [50, 90, 95].map(|p| percentile(&seconds, p)));
    let mut queue: Vec<i64> = counting.iter().map(|f| (f.segments.queue_ms.unwrap() + 999) / 1_000).collect();
    queue.sort_unstable();
    assert_eq!(figures.segments[&Segment::Queue].lengths.p90_s, percentile(&queue, 90));
    assert_eq!(figures.segments[&Segment::Travel].lengths.count, 0);
}

proptest! {
    #[test]
    fn groups_are_what_a_look_at_every_fact_finds(all in facts(), skip in 0..3_i64, count in 1..4_i64, limit in 0..5_usize) {
        let first = Zone::Wita.day(UnixMs(1_793_300_000_000)) + skip;
        let days = Days::new(first, first + count - 1).unwrap();
        let summary = summed(&all, days);
        let meant: Vec<&Fact> = all.iter().filter(|fact| days.each().contains(&fact.day)).collect();
        holds(summary.whole(), &meant);
        for by in By::ALL {
            let mut brute: BTreeMap<String, Vec<&Fact>> = BTreeMap::new();
            meant.iter().for_each(|fact| brute.entry(group(*by, fact)).or_default().push(fact));
            prop_assert_eq!(summary.groups(*by).map(|(key, _)| key).collect::<Vec<_>>(), brute.keys().collect::<Vec<_>>());
            summary.groups(*by).for_each(|(key, tally)| holds(tally, &brute[key]));
            let shown = summary.shown(*by, limit);
            prop_assert_eq!(shown.groups.len(), brute.len().min(limit));
            prop_assert_eq!(shown.others.as_ref().map_or(0, |(count, _)| *count), brute.len() - shown.groups.len());
            let least = shown.groups.iter().map(|(key, _)| brute[*key].len()).min().unwrap_or(usize::MAX);
            let left_out = brute.iter().filter(|(key, _)| shown.groups.iter().all(|(shown, _)| shown != key));
            prop_assert!(left_out.clone().all(|(_, facts)| facts.len() <= least));
            let rest: Vec<&Fact> = left_out.flat_map(|(_, facts)| facts.iter().copied()).collect();
            holds(&shown.others.unwrap_or_default().1, &rest);
        }
    }
}

#[test]
fn days_and_months_are_read_and_bounded() {
    let october = Days::month("2026-10").unwrap();
    assert_eq!((day_text(october.from()), day_text(october.to())), ("2026-10-01".into(), "2026-10-31".into()));
    let ends = ["2026-12", "2028-02", "2027-02"].map(|month| day_text(Days::month(month).unwrap().to()));
    assert_eq!(ends, ["2026-12-31", "2028-02-29", "2027-02-28"]);
    let none = ["2026", "2026-13", "2026-00", "2026-1", "+026-01", "2026-10-01", "", "x", "9999-12"];
    assert_eq!(none.map(Days::month), [None; 9]);
    assert_eq!(Days::new(5, 4), Err(BadDays));
    assert_eq!(Days::new(5, 5).map(|days| days.each().count()), Ok(1));
    assert_eq!(Days::new(0, DAYS_MAX - 1).map(|days| days.each().count()), Ok(400));
    assert_eq!(Days::new(0, DAYS_MAX), Err(BadDays));
    assert_eq!(Days::new(i64::MIN, i64::MAX), Err(BadDays));
    let (start, end) = october.span(Zone::Wita);
    assert_eq!(
        (start.to_string(), end.to_string()),
        ("2026-09-30T16:00:00.000Z".into(), "2026-10-31T16:00:00.000Z".into())
    );
}

#[test]
fn too_many_groups_are_refused() {
    let mut summary = Summary::new(By::Cell, &[]);
    let (area, tally) = ("BPN".parse().unwrap(), Tally::default());
    let mut add =
        |n: usize| summary.add(&Row { area, dimension: Dimension::Cell, day: 0, key: &n.to_string(), tally: &tally });
    assert!((0..HELD_MAX).all(|n| add(n) == Ok(())));
    assert_eq!(add(0), Ok(()));
    assert_eq!(add(HELD_MAX), Err(TooManyGroups));
}
