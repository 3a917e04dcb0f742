use super::*;
use proptest::prelude::*;

const NOW: UnixMs = UnixMs(1_793_581_200_000);

fn days(n: i64) -> UnixMs {
    NOW.plus(n * DAY_MS)
}

fn grade(set: Grade, until: UnixMs, evidence: usize, now: UnixMs) -> Option<Grade> {
    in_force(set, until, evidence, now).map(|f| f.grade)
}

#[test]
fn a_flag_goes_down_by_itself_until_nothing_is_left() {
    let at = |day: i64| grade(Grade::Last, days(7), 3, days(day).plus(-1));
    assert_eq!(at(7), Some(Grade::Last));
    assert_eq!(grade(Grade::Last, days(7), 3, days(7)), Some(Grade::Warning), "its time ends at that moment");
    assert_eq!((at(8), at(37)), (Some(Grade::Warning), Some(Grade::Warning)));
    assert_eq!((at(38), at(127)), (Some(Grade::Note), Some(Grade::Note)));
    assert_eq!(at(128), None);
    assert_eq!(over(Grade::Last, days(7)), days(127));
    assert_eq!(in_force(Grade::Warning, days(3), 2, days(3)), Some(InForce { grade: Grade::Note, until: days(93) }));
}

#[test]
fn a_flag_falls_with_its_evidence() {
    for (left, now) in [(3, Some(Grade::Last)), (2, Some(Grade::Warning)), (1, Some(Grade::Note)), (0, None)] {
        assert_eq!(grade(Grade::Last, days(7), left, NOW), now, "{left}");
    }
    assert_eq!(grade(Grade::Note, days(7), 9, NOW), Some(Grade::Note), "more evidence makes no higher grade");
}

proptest! {
    #[test]
    fn no_flag_lasts_and_none_rises(set in 0..3usize, lasts in 1..8i64, left in 0..5usize, later in 0..400i64) {
        let (set, until) = (Grade::ALL[set], days(lasts));
        let (one, two) = (grade(set, until, left, NOW), grade(set, until, left, days(later)));
        prop_assert!(two <= one && one <= Some(set));
        prop_assert_eq!(grade(set, until, left, over(set, until)), None);
        if let Some(still) = in_force(set, until, left, days(later)) {
            prop_assert!(still.until > days(later) && still.until <= over(set, until));
        }
    }
}

fn report(no: i64, invalid: Option<InvalidReason>, rung: UnixMs) -> Report {
    let desk = DeskId::main("BPN".parse().unwrap());
    let report = serde_json::json!({
        "id": format!("BPN-R{no}"), "channel": "call", "status": "closed", "rung": rung, "kind": "unknown",
        "priority": "P2", "outside_area": false, "desk": desk, "flow": "BPN", "attention": "done", "stage": "answering",
        "rung_no": 0, "lap": 0, "since": rung, "callbacks": 0, "reopened": 0, "invalid": invalid,
    });
    serde_json::from_value(report).unwrap()
}

fn flag(grade: Grade) -> NewFlag {
    NewFlag { grade, days: None, reason: "again and again".to_owned(), evidence: BTreeSet::new() }
}

#[test]
fn each_grade_needs_the_one_below_and_its_reports() {
    let pranks: Vec<_> = (1..=3).map(|no| report(no, Some(InvalidReason::Prank), NOW)).collect();
    assert_eq!(flag(Grade::Note).check(None, &pranks[..1], NOW), Ok(days(90)));
    let field = |told: Result<UnixMs, Refusal>| match told {
        Err(Refusal::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(flag(Grade::Note).check(None, &[], NOW)), "evidence");
    assert_eq!(field(flag(Grade::Warning).check(None, &pranks, NOW)), "grade");
    assert_eq!(flag(Grade::Warning).check(Some(Grade::Note), &pranks[..2], NOW), Ok(days(30)));
    assert_eq!(field(flag(Grade::Last).check(Some(Grade::Note), &pranks, NOW)), "grade");
    assert_eq!(field(flag(Grade::Last).check(Some(Grade::Warning), &pranks[..2], NOW)), "evidence");
    assert_eq!(flag(Grade::Last).check(Some(Grade::Warning), &pranks, NOW), Ok(days(7)));
    for wrong in [0, 8, -1] {
        let flag = NewFlag { days: Some(wrong), ..flag(Grade::Last) };
        assert_eq!(field(flag.check(Some(Grade::Warning), &pranks, NOW)), "days");
    }
}

#[test]
fn silence_and_old_reports_are_no_evidence() {
    let check = |report: Report| flag(Grade::Note).check(None, &[report], NOW).is_ok();
    for (reason, counts) in [
        (InvalidReason::Prank, true),
        (InvalidReason::Hoax, true),
        (InvalidReason::Other, true),
        (InvalidReason::Silent, false),
        (InvalidReason::Information, false),
        (InvalidReason::WrongNumber, false),
        (InvalidReason::Test, false),
    ] {
        assert_eq!(check(report(1, Some(reason), NOW)), counts, "{reason}");
    }
    assert!(!check(report(1, None, NOW)), "a valid report");
    assert!(check(report(1, Some(InvalidReason::Prank), days(-90))));
    assert!(!check(report(1, Some(InvalidReason::Prank), days(-91))));
}

#[test]
fn counts_add_up() {
    let mut silent = report(3, None, NOW);
    (silent.status, silent.call) = (ReportStatus::Answered, Some(CallState::Silent));
    let all = [report(1, None, NOW), report(2, Some(InvalidReason::Silent), NOW), silent];
    let counts = Counts::of(&all);
    assert_eq!((counts.all, counts.open, counts.valid, counts.silent), (3, 1, 1, 2));
    assert_eq!(counts.invalid, [(InvalidReason::Silent, 1)].into());
}
