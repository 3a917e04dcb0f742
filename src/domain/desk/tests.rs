use super::*;
use proptest::prelude::*;

fn code(s: &str) -> AreaCode {
    s.parse().unwrap()
}

fn desk(s: &str) -> DeskId {
    s.parse().unwrap()
}

fn path() -> [AreaCode; 3] {
    [code("BPN"), code("KALTIM"), code("ID")]
}

#[test]
fn the_flow_of_2021_answers_at_polda_and_comes_back_to_it() {
    let flow = Flow::preset(Preset::Y2021, &path());
    flow.check().unwrap();
    let answering = Ladder::new(&flow, Stage::Answering, Some(desk("BPN.SELATAN"))).unwrap();
    assert_eq!(answering.first(|_| true).desk, desk("KALTIM.SPKT"));
    let follow = Ladder::new(&flow, Stage::FollowUp, None).unwrap();
    let first = follow.first(|_| true);
    assert_eq!((first.desk, first.ring_ms), (desk("BPN.SPKT"), 5_000));
    assert_eq!(follow.next(first.rung, first.lap, |_| true).desk, desk("KALTIM.SPKT"));
}

#[test]
fn the_flow_of_2026_climbs_from_the_district_to_mabes_and_begins_anew() {
    let flow = Flow::preset(Preset::Y2026, &path());
    flow.check().unwrap();
    let ladder = Ladder::new(&flow, Stage::Answering, Some(desk("BPN.SELATAN"))).unwrap();
    let mut ring = ladder.first(|_| true);
    let mut seen = vec![ring.desk.to_string()];
    for _ in 0..4 {
        ring = ladder.next(ring.rung, ring.lap, |_| true);
        seen.push(ring.desk.to_string());
    }
    assert_eq!(seen, ["BPN.SELATAN", "BPN.SPKT", "KALTIM.SPKT", "ID.SPKT", "BPN.SELATAN"]);
    assert_eq!(ring.lap, 1);
    let elsewhere = Ladder::new(&flow, Stage::Answering, None).unwrap();
    assert_eq!(elsewhere.first(|_| true).desk, desk("BPN.SPKT"), "a place in no district has no such rung");
}

#[test]
fn a_desk_with_nobody_on_shift_is_passed_over_at_once() {
    let ladder = Ladder::new(&Flow::usual(&path()), Stage::Answering, None).unwrap();
    let polda = desk("KALTIM.SPKT");
    assert_eq!(ladder.first(|d| d == polda).desk, polda);
    assert_eq!(ladder.from(desk("BPN.SPKT"), |d| d == polda).desk, polda);
    let alone = ladder.next(1, 0, |d| d == polda);
    assert_eq!((alone.desk, alone.lap), (polda, 1), "it rings there again");
    let nobody = ladder.first(|_| false);
    assert_eq!((nobody.desk, nobody.staffed), (desk("ID.SPKT"), false));
}

#[test]
fn a_flow_that_makes_no_sense_is_refused_with_the_reason() {
    let rung = |at: &str, ring_ms| Rung { desk: at.parse().unwrap(), ring_ms };
    let told = |flow: Flow| flow.check().unwrap_err().to_string();
    let follow_up = Vec::new();
    assert!(told(Flow { answering: vec![], follow_up: vec![] }).contains("somebody must answer"));
    assert!(told(Flow { answering: vec![rung("BPN.SPKT", 999)], follow_up: follow_up.clone() }).contains("999"));
    let twice = vec![rung("BPN.SPKT", 5_000), rung("BPN.SPKT", 6_000)];
    assert!(told(Flow { answering: twice, follow_up: follow_up.clone() }).contains("twice"));
    assert!(told(Flow { answering: vec![rung("district", 5_000)], follow_up }).contains("district"));
    let json = r#"{"answering":[{"desk":"district","ring_ms":10000},{"desk":"BPN.SPKT","ring_ms":10000}]}"#;
    let flow: Flow = serde_json::from_str(json).unwrap();
    assert_eq!(flow.answering[0].desk, At::District);
    assert!(serde_json::from_str::<Flow>(r#"{"answering":[{"desk":"Polres","ring_ms":1}]}"#).is_err());
}

proptest! {
    #[test]
    fn whoever_is_on_shift_hears_it_within_one_lap(staff in prop::collection::vec(any::<bool>(), 3), start in 0i64..3) {
        let ladder = Ladder::new(&Flow::usual(&path()), Stage::Answering, None).unwrap();
        let desks: Vec<_> = ladder.desks().collect();
        let staffed = |d: DeskId| staff[desks.iter().position(|x| *x == d).unwrap()];
        let mut heard = std::collections::BTreeSet::new();
        let (mut rung, mut lap) = (start, 0);
        for _ in 0..desks.len() {
            let ring = ladder.next(rung, lap, staffed);
            prop_assert_eq!(ring.staffed, staff.iter().any(|s| *s));
            prop_assert!(ring.lap >= lap && (!ring.staffed || staffed(ring.desk)));
            (rung, lap) = (ring.rung, ring.lap);
            heard.insert(ring.desk);
        }
        for d in desks.iter().filter(|d| staffed(**d)) {
            prop_assert!(heard.contains(d));
        }
    }
}

#[test]
fn whoever_goes_to_the_end_begins_at_the_last_desk_with_somebody_there() {
    let ladder = Ladder::new(&Flow::usual(&path()), Stage::Answering, None).unwrap();
    assert_eq!(ladder.last(|_| true).desk, desk("ID.SPKT"));
    let begun = ladder.last(|d| d != desk("ID.SPKT"));
    assert_eq!((begun.desk, begun.lap, begun.staffed), (desk("KALTIM.SPKT"), 0, true));
    assert_eq!(ladder.next(begun.rung, begun.lap, |d| d != desk("ID.SPKT")).desk, desk("BPN.SPKT"), "then from below");
    let nobody = ladder.last(|_| false);
    assert_eq!((nobody.desk, nobody.staffed), (desk("ID.SPKT"), false), "with nobody anywhere it rings all the same");
}
