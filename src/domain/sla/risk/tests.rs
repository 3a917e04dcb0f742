use super::*;
use proptest::prelude::*;

const CLOCK: Clock = Clock {
    start: UnixMs(0),
    target_ms: 600_000,
    policy: 1,
    answered: None,
    validated: None,
    accepted: None,
    en_route: None,
    on_scene: None,
    at_risk: None,
    breached: None,
};

fn coming(travel_ms: i64) -> Coming {
    Coming { under_way: true, turnout_ms: 0, travel_ms }
}

fn unit(name: &str) -> UnitId {
    name.parse().unwrap()
}

#[test]
fn who_makes_it_is_looked_at_again_and_who_does_not_is_told_of() {
    let at = |travel_ms, late_share, now| look(&CLOCK, Some(&coming(travel_ms)), late_share, UnixMs(now));
    assert_eq!(at(300_000, 0.0, 0), Look::Again(UnixMs(15_000)));
    assert_eq!(at(300_000, 0.0, 300_000), Look::Again(UnixMs(315_000)), "on the last moment is in time");
    assert_eq!(at(300_000, 0.0, 300_001), Look::AtRisk, "it stood still");
    assert_eq!(at(300_000, 0.5, 150_000), Look::Again(UnixMs(165_000)));
    assert_eq!(at(300_000, 0.5, 150_001), Look::AtRisk, "half of such rides were late");
    assert_eq!(at(1_000, 0.0, 410_000), Look::Again(UnixMs(420_000)), "never beyond seventy percent");
    assert_eq!(at(1_000, 0.0, 420_000), Look::AtRisk);
    assert_eq!(look(&CLOCK, None, 0.9, UnixMs(0)), Look::Again(UnixMs(420_000)));
}

#[test]
fn while_nobody_is_asked_the_next_look_is_when_the_best_would_be_late() {
    let best = Coming { under_way: false, turnout_ms: 60_000, travel_ms: 240_000 };
    assert_eq!(look(&CLOCK, Some(&best), 0.0, UnixMs(0)), Look::Again(UnixMs(300_001)));
    assert_eq!(look(&CLOCK, Some(&best), 0.0, UnixMs(300_001)), Look::AtRisk);
    assert_eq!(look(&CLOCK, Some(&best), 0.0, UnixMs(300_000)), Look::Again(UnixMs(300_001)));
}

#[test]
fn like_cases_are_those_of_the_priority_while_there_are_enough() {
    let tally = |arrived, kept| Tally { counted: arrived, arrived, kept, ..Tally::default() };
    assert_eq!(late_share(&tally(20, 15), &tally(1_000, 1_000)), 0.25);
    assert_eq!(late_share(&tally(19, 0), &tally(100, 90)), 0.1);
    assert_eq!(late_share(&tally(19, 0), &tally(19, 0)), 0.0);
}

#[test]
fn what_helps_is_who_is_sooner_and_a_backup_otherwise() {
    let could = |name, eta_ms| Could { unit: unit(name), eta_ms };
    let busy = |no, name, priority, eta_ms| Elsewhere {
        dispatch: format!("BPN-D{no}").parse().unwrap(),
        incident: format!("BPN-{no}").parse().unwrap(),
        priority,
        could: could(name, eta_ms),
    };
    let near = Help::Nearer { unit: unit("BPN-M1"), eta_ms: 100, saves_ms: Some(400) };
    assert_eq!(helps(Some(500), &[could("BPN-M2", 300), could("BPN-M1", 100)], &[]), [near]);
    let backup = Help::Backup { unit: unit("BPN-M1"), eta_ms: 600 };
    assert_eq!(helps(Some(500), &[could("BPN-M1", 600)], &[busy(1, "BPN-M3", Priority::P4, 700)]), [backup]);
    let found = helps(
        Some(500),
        &[could("BPN-M1", 600)],
        &[busy(1, "BPN-M3", Priority::P4, 90), busy(2, "BPN-M4", Priority::P3, 80)],
    );
    assert!(
        matches!(found[..], [Help::Backup { .. }, Help::Divert { priority: Priority::P3, eta_ms: 80, .. }]),
        "{found:?}"
    );
    let alone = helps(None, &[could("BPN-M1", 600)], &[]);
    assert_eq!(alone, [Help::Nearer { unit: unit("BPN-M1"), eta_ms: 600, saves_ms: None }]);
    assert_eq!(helps(None, &[], &[]), []);
}

proptest! {
    #[test]
    fn farther_is_never_safer_and_no_look_comes_too_late(
        target_ms in 1_000..7_200_000_i64, gone in 0.0..1.5_f64, under_way: bool, late_share in 0.0..1.0_f64,
        turnout_ms in 0..120_000_i64, near_ms in 0..7_200_000_i64, more_ms in 0..7_200_000_i64,
    ) {
        let clock = Clock { target_ms, ..CLOCK };
        let now = UnixMs((target_ms as f64 * gone) as i64);
        let at = |travel_ms| look(&clock, Some(&Coming { under_way, turnout_ms, travel_ms }), late_share, now);
        let (near, far) = (at(near_ms), at(near_ms + more_ms));
        if near == Look::AtRisk {
            prop_assert_eq!(far, Look::AtRisk);
        }
        if let (Look::Again(near), Look::Again(far)) = (near, far) {
            prop_assert!(far <= near, "who is farther is looked at no later");
        }
        for found in [near, far, look(&clock, None, late_share, now)] {
            match found {
                Look::Again(at) => prop_assert!(at > now && at <= backstop(&clock), "{:?} at {:?}", at, now),
                Look::AtRisk => {}
            }
        }
        if now >= backstop(&clock) {
            prop_assert_eq!(near, Look::AtRisk);
        }
        // From look to look it is told in any case, by seventy percent at the latest.
        let (mut now, mut looks) = (UnixMs(0), 0);
        while let Look::Again(next) = look(&clock, Some(&Coming { under_way, turnout_ms, travel_ms: near_ms }), late_share, now) {
            prop_assert!(next > now);
            (now, looks) = (next, looks + 1);
        }
        prop_assert!(now <= backstop(&clock));
        prop_assert!(looks <= target_ms / LOOK_MS + 2, "{} looks", looks);
    }
}
