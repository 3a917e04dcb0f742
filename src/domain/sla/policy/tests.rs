use super::*;
use proptest::prelude::*;

fn rules(default: Vec<Band>) -> Rules {
    Rules { default, p1: Vec::new(), p2: Vec::new(), p3: Vec::new(), p4: Vec::new() }
}

fn band(from_m: i64, to_m: Option<i64>) -> Band {
    Band { from_m, to_m, ..Band::everywhere(600_000) }
}

#[test]
fn contradictions_are_refused_with_the_reason() {
    let check = |bands: &[Band]| rules(bands.to_vec()).check().unwrap_err().to_string();
    assert_eq!(rules(Vec::new()).check(), Err(BadRules::NoDefault));
    assert!(check(&[band(0, Some(5_000)), band(4_000, None)]).contains("overlap at 4000 m"));
    assert!(check(&[band(0, None), band(4_000, None)]).contains("overlap at 4000 m"));
    assert!(check(&[band(0, Some(5_000)), band(6_000, None)]).contains("leave out what lies 5000 m away"));
    assert!(check(&[band(100, None)]).contains("leave out what lies 0 m away"));
    assert!(check(&[band(0, Some(5_000))]).contains("leave out what lies 5000 m away"));
    assert!(check(&[band(0, Some(0))]).contains("a band ends after it begins"));
    assert!(check(&[Band { target_ms: 0, ..band(0, None) }]).contains("longer than nothing"));
    assert!(check(&[Band { share: 1.01, ..band(0, None) }]).contains("a share"));
    assert!(check(&[Band { share: f64::NAN, ..band(0, None) }]).contains("a share"));
    let long = Budgets { travel_ms: 441_000, ..Budgets::usual(600_000) };
    let said = check(&[Band { budgets: Some(long), ..band(0, None) }]);
    assert_eq!(said, "default, from 0 m: the segments take 601000 ms together, the whole has 600000 ms");
    let negative = Budgets { travel_ms: -1, ..Budgets::usual(600_000) };
    assert!(check(&[Band { budgets: Some(negative), ..band(0, None) }]).contains("less than nothing"));
    let own = Rules { p3: vec![band(0, Some(1))], ..rules(vec![band(0, None)]) };
    assert!(own.check().unwrap_err().to_string().contains("bands of P3 leave out"));
    assert!(matches!(rules(vec![band(0, None); BANDS_MAX + 1]).check(), Err(BadRules::TooMany(_))));
}

#[test]
fn a_priority_has_its_own_bands_or_the_default() {
    let targets = Targets([300_000, 600_000, 600_000, 1_800_000]);
    let rules = Rules::simple(targets);
    assert_eq!(rules.check(), Ok(()));
    assert_eq!(rules.targets(), targets);
    assert!(rules.p3.is_empty() && !rules.asks_distance(Priority::P1));
    assert_eq!(rules.band(Priority::P4, Some(1e6)).target_ms, 1_800_000);
}

#[test]
fn the_usual_split_is_the_whole() {
    for target_ms in [1, 59, 400, 600_000, 1_500_001] {
        assert_eq!(Budgets::usual(target_ms).sum_ms(), target_ms);
    }
    assert_eq!(Budgets::usual(600_000).answer_ms, 10_000);
}

proptest! {
    /// Whatever the edges, checked rules have exactly one band for each distance.
    #[test]
    fn one_band_holds_each_distance(mut edges in proptest::collection::btree_set(1_i64..30_000, 0..8), far_m in 0.0..40_000.0) {
        edges.insert(0);
        let edges: Vec<i64> = edges.into_iter().collect();
        let bands = edges.iter().enumerate().map(|(i, from)| band(*from, edges.get(i + 1).copied())).collect();
        let rules = rules(bands);
        prop_assert_eq!(rules.check(), Ok(()));
        let held = rules.default.iter().filter(|band| band.holds(Some(far_m))).count();
        prop_assert_eq!(held, 1);
    }
}
