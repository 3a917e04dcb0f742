use super::*;
use crate::domain::{ids::IncidentId, incident::Priority, sla::percentile, time::UnixMs};
use proptest::prelude::*;

fn fact(response_ms: Option<i64>, excluded: Option<Exclusion>, verified: bool) -> Fact {
    let kept = response_ms.is_some_and(|ms| ms <= 600_000);
    Fact {
        incident: IncidentId { area: "BPN".parse().unwrap(), no: 1 },
        start: UnixMs(0),
        day: 0,
        hour: 8,
        policy: 1,
        target_ms: 600_000,
        share: 0.9,
        priority: Priority::P2,
        category: None,
        district: None,
        unit: None,
        cell: String::new(),
        outcome: if kept { Outcome::Kept } else { Outcome::Late },
        verified: response_ms.map(|_| verified),
        excluded,
        segments: Segments { response_ms, travel_ms: response_ms.map(|ms| ms / 2), ..Segments::default() },
        over_ms: response_ms.map(|ms| ms - 600_000).filter(|over| *over > 0),
        cause: None,
    }
}

#[test]
fn wilson_holds_at_the_ends_and_in_the_middle() {
    assert_eq!(wilson(0, 0), None);
    let near = |got: Option<[f64; 2]>, want: [f64; 2]| {
        let got = got.unwrap();
        assert!((got[0] - want[0]).abs() < 5e-4 && (got[1] - want[1]).abs() < 5e-4, "{got:?}");
    };
    // From the published formula: 9 of 10, 10 of 10, 0 of 10, 900 of 1,000.
    near(wilson(9, 10), [0.5958, 0.9821]);
    near(wilson(10, 10), [0.7225, 1.0]);
    near(wilson(0, 10), [0.0, 0.2775]);
    near(wilson(900, 1_000), [0.8799, 0.9171]);
}

#[test]
fn seconds_are_rounded_up() {
    let mut tally = Tally::default();
    tally.add(&fact(Some(600_001), None, false));
    assert_eq!(tally.response.percentile_s(50), Some(601));
    tally.add(&fact(Some(0), None, true));
    assert_eq!(tally.response.percentile_s(50), Some(0));
    assert_eq!((tally.counted, tally.kept, tally.kept_verified, tally.arrived), (2, 1, 1, 2));
    assert_eq!(tally.promised(), Some(0.9));
}

#[test]
fn what_is_excluded_is_counted_apart() {
    let mut tally = Tally::default();
    tally.add(&fact(Some(1_000), Some(Exclusion::Merged), true));
    assert_eq!((tally.counted, tally.share(), tally.excluded[&Exclusion::Merged]), (0, None, 1));
    assert_eq!(tally.response.total(), 0);
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let excluded = prop_oneof![3 => Just(None), 1 => proptest::sample::select(Exclusion::ALL).prop_map(Some)];
    let one = (proptest::option::of(0_i64..2_000_000), excluded, any::<bool>());
    proptest::collection::vec(one.prop_map(|(ms, excluded, verified)| fact(ms, excluded, verified)), 0..60)
}

proptest! {
    #[test]
    fn taking_out_undoes_counting_in(all in facts(), more in facts()) {
        let mut tally = Tally::default();
        all.iter().for_each(|fact| tally.add(fact));
        let before = tally.clone();
        more.iter().for_each(|fact| tally.add(fact));
        more.iter().rev().for_each(|fact| tally.take(fact));
        prop_assert_eq!(&tally, &before);
        let back: Tally = serde_json::from_str(&serde_json::to_string(&tally).unwrap()).unwrap();
        prop_assert_eq!(back, tally);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list(all in facts(), more in facts(), percent in 1_usize..=100) {
        let (mut tally, mut other) = (Tally::default(), Tally::default());
        all.iter().for_each(|fact| tally.add(fact));
        more.iter().for_each(|fact| other.add(fact));
        tally.and(&other);
        let counted = all.iter().chain(&more).filter(|fact| fact.excluded.is_none());
        let mut seconds: Vec<i64> =
            counted.filter_map(|fact| fact.segments.response_ms).map(|ms| (ms + 999) / 1_000).collect();
        seconds.sort_unstable();
        prop_assert_eq!(tally.response.percentile_s(percent as i64), percentile(&seconds, percent));
    }
}
