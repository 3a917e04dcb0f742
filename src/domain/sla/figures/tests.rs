use super::*;
use crate::domain::{area::Targets, sla::preset::Preset};

fn policy(version: i64, from: i64) -> Policy {
    let (from, author) = (UnixMs(from), "system".to_owned());
    Policy { version, from, set: UnixMs(0), author, rules: Preset::Balikpapan.rules() }
}

#[test]
fn the_policies_in_force_are_those_of_some_moment_in_between() {
    let all = || vec![policy(1, 0), policy(2, 100), policy(3, 100), policy(4, 50), policy(5, 300)];
    let found = |start, end| -> Vec<(i64, Option<i64>)> {
        let found = in_force(all(), (UnixMs(start), UnixMs(end)));
        found.iter().map(|(policy, until)| (policy.version, until.map(|until| until.0))).collect()
    };
    assert_eq!(found(0, 50), [(1, Some(50))]);
    assert_eq!(found(10, 51), [(1, Some(50)), (4, Some(100))]);
    assert_eq!(found(50, 100), [(4, Some(100))]);
    assert_eq!(found(100, 301), [(3, Some(300)), (5, None)], "version 2 was never in force");
    assert_eq!(found(1_000, 2_000), [(5, None)]);
    assert_eq!(found(-10, 0), []);
}

#[test]
fn what_promises_have_in_common_is_told_and_nothing_else() {
    let rules = |preset: Preset| preset.rules();
    let both = [rules(Preset::National2026), rules(Preset::Nena)];
    let common = Common::of(both.iter());
    assert_eq!((common.target_ms, common.share), (Some(600_000), Some(0.9)));
    assert_eq!((common.budget_ms(Segment::Answer), common.budget_ms(Segment::Processing)), (None, Some(60_000)));
    // A default that no priority uses does not count.
    let own = Rules::simple(Targets([60_000, 60_000, 60_000, 120_000]));
    assert_eq!(Common::of([own].iter()).target_ms, None);
    assert_eq!(Common::of([rules(Preset::Bands2025)].iter()).target_ms, None);
    assert_eq!(Common::of([].iter()), Common::default());
}

#[test]
fn shares_are_held_against_the_promise_exactly() {
    let figures = |kept, counted, promised_bp| {
        let tally =
            Tally { kept, counted, promised_bp: promised_bp * counted, kept_verified: kept / 2, ..Tally::default() };
        Figures::of(&tally, &Common::default())
    };
    assert_eq!(
        [figures(9, 10, 9_000), figures(8, 10, 9_000), figures(0, 0, 9_000)].map(|f| f.met),
        [Some(true), Some(false), None]
    );
    let nine = figures(9, 10, 9_000);
    assert_eq!((nine.share, nine.promised, nine.share_verified, nine.missed()), (Some(0.9), Some(0.9), Some(0.4), 1));
    // By hand: p = 0.9, n = 10, z = 1.96 gives 0.5958 to 0.9821.
    let [low, high] = nine.interval.unwrap();
    assert!((low - 0.5958).abs() < 1e-4 && (high - 0.9821).abs() < 1e-4, "{low} {high}");
    let nothing = figures(0, 0, 9_000);
    assert_eq!((nothing.share, nothing.interval, nothing.promised, nothing.response.p90_s), (None, None, None, None));
}
