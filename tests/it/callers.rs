//! Callers in the store, on both engines: one caller over areas, erasure, what is past keeping.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        access::*, caller::*, ids::*, phone::PhoneNumber, place::Place, refusal::Refusal, report::*, time::UnixMs,
    },
    store::{Landing, Reception, Store, StoreError, Verdict},
};
use std::collections::BTreeSet;

const DAY_MS: i64 = 86_400_000;

fn number(n: i64) -> PhoneNumber {
    format!("0811-000-{n:03}").parse().unwrap()
}

/// A call as somebody took it, not judged yet.
async fn call(store: &Store, ms: i64, area: &str, from: Option<PhoneNumber>) -> ReportId {
    let new = NewReport {
        caller_number: from,
        caller_name: Some("a caller".to_owned()),
        place: Some(Place::new(-1.25, 116.83).unwrap()),
        text: Some("two men".to_owned()),
        answered: Some(T0.plus(ms)),
        ..NewReport::new(Channel::Call, "theft")
    };
    store.receive_report(&system(ms), Reception::at(code(area)), new, Landing::Unjudged).await.unwrap().report.id
}

/// A call that was a prank, closed.
async fn prank(store: &Store, ms: i64, area: &str, from: Option<PhoneNumber>) -> ReportId {
    let id = call(store, ms, area, from).await;
    store.judge_invalid(&system(ms), id, InvalidReason::Prank, true).await.unwrap();
    id
}

async fn is_whole(store: &Store, area: &str) -> bool {
    matches!(store.verify(&Scope::system(), code(area)).await.unwrap(), Verdict::Whole(_))
}

async fn known(store: &Store, id: ReportId, ms: i64) -> History {
    store.caller_history(&Scope::system(), id, T0.plus(ms)).await.unwrap()
}

fn flag(grade: Grade, evidence: impl IntoIterator<Item = ReportId>) -> NewFlag {
    NewFlag { grade, days: None, reason: "laughs".to_owned(), evidence: evidence.into_iter().collect() }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Refusal {
    match outcome {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

on_both! {
    async fn a_caller_is_one_over_areas_and_from_the_moment_the_number_is_known(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let one = prank(&store, 0, "BPN", Some(number(1))).await;
        let two = prank(&store, 1, "SMD", Some(number(1))).await;
        let hidden = call(&store, 2, "BPN", None).await;
        assert_eq!((known(&store, one, 3).await.counts.all, known(&store, hidden, 3).await.counts.all), (2, 1));
        let new = Amendment { caller_number: Some(number(1)), ..Amendment::default() };
        store.amend_report(&system(3), hidden, new, (None, None)).await.unwrap();
        let all = known(&store, two, 4).await;
        assert_eq!((all.counts.all, all.counts.open, all.recent[0].report), (3, 1, hidden));
        // The flag of a city counts in that city, one of the region in all its cities.
        let path = |area: &str| vec![code(area), code("KALTIM"), code("ID")];
        let grade = async |area: &str| store.caller_grade(&number(1), path(area), T0.plus(5)).await.unwrap();
        store.flag_caller(&system(4), one, flag(Grade::Note, [one, two]), path("BPN")).await.unwrap();
        assert_eq!((grade("BPN").await, grade("SMD").await), (Some(Grade::Note), None));
        let region = prank(&store, 5, "KALTIM", Some(number(1))).await;
        store.flag_caller(&system(5), region, flag(Grade::Note, [region]), path("KALTIM")).await.unwrap();
        assert_eq!(grade("SMD").await, Some(Grade::Note));
        let warned = flag(Grade::Warning, [one, two]);
        store.flag_caller(&system(5), one, warned, path("BPN")).await.unwrap();
        assert_eq!((grade("BPN").await, grade("SMD").await), (Some(Grade::Warning), Some(Grade::Note)));
        let stranger = prank(&store, 5, "BPN", Some(number(2))).await;
        let foreign = store.flag_caller(&system(6), one, flag(Grade::Note, [stranger]), path("BPN")).await;
        assert!(matches!(refused(foreign), Refusal::Invalid { field: "evidence", .. }));
    }

    async fn no_table_holds_a_number_or_a_reason(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let one = prank(&store, 0, "BPN", Some(number(1))).await;
        let named = |ms| named(system(ms), CommandId::random(), 1);
        let seen = store.unmask(&named(1), one, Purpose::Other, Some("for a note".to_owned())).await.unwrap();
        assert_eq!(seen, number(1));
        let set = store.flag_caller(&named(2), one, flag(Grade::Note, [one]), vec![code("BPN")]).await.unwrap();
        assert_eq!(set.reason.as_deref(), Some("laughs"));
        store.lift_flag(&named(3), set.id, "grown up".to_owned()).await.unwrap();
        store.erase_caller(&named(4), number(1), "asked for it".to_owned()).await.unwrap();
        for word in ["811000", "for a note", "laughs", "grown up", "asked for it"] {
            for table in ["command WHERE reply", "event WHERE text"] {
                assert_eq!(db.count(&format!("SELECT COUNT(*) FROM {table} LIKE '%{word}%'")).await, 0, "{word} in {table}");
            }
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM command").await, 4);
    }

    async fn erasing_takes_all_and_leaves_the_chains_whole(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let one = prank(&store, 0, "BPN", Some(number(1))).await;
        let two = prank(&store, 1, "SMD", Some(number(1))).await;
        let landing = Landing::City { city: code("BPN"), district: None, priority: sigap::domain::incident::Priority::P2,
            place: Place::new(-1.25, 116.83).unwrap(), first: None };
        let new = NewReport { caller_number: Some(number(1)), text: Some("two men".to_owned()), ..NewReport::new(Channel::Call, "theft") };
        let valid = store.receive_report(&system(2), Reception::at(code("BPN")), new, landing).await.unwrap();
        let incident = valid.incident.unwrap().id;
        store.flag_caller(&system(3), one, flag(Grade::Note, [one]), vec![code("BPN")]).await.unwrap();
        store.close_report(&system(4), valid.report.id, Closing::Told, Informed::Call).await.unwrap();
        // The report is closed, but a crew may still need the note.
        let early = store.erase_caller(&system(5), number(1), "asked".to_owned()).await;
        assert_eq!(refused(early), Refusal::CallerOpen(valid.report.id));
        store.close_incident(&system(6), incident, sigap::domain::incident::Disposition::Handled).await.unwrap();
        let admin = person(&store, "admin.smd", "SMD", Role::Admin).await;
        let there = store.erase_caller(&by(&admin, Source::Console, 7), number(1), "asked".to_owned()).await.unwrap();
        assert_eq!((there.areas, there.reports), (BTreeSet::from([code("SMD")]), 1));
        assert_eq!(known(&store, one, 8).await.counts.all, 2, "an admin erases where they manage");
        let done = store.erase_caller(&system(9), number(1), "asked".to_owned()).await.unwrap();
        assert_eq!((done.areas, done.reports), (BTreeSet::from([code("BPN")]), 2));
        assert_eq!(refused(store.erase_caller(&system(9), number(1), "asked".to_owned()).await), Refusal::NotFound("caller"));
        for id in [one, two, valid.report.id] {
            let gone = store.find_report(&Scope::system(), id).await.unwrap().unwrap();
            assert_eq!((gone.caller, gone.place), (None, None));
            assert_eq!(refused(store.unmask(&system(10), id, Purpose::Other, None).await), Refusal::NoNumber(id));
        }
        assert_eq!(store.notes(&Scope::system(), incident).await.unwrap()[0].text, None);
        assert!(is_whole(&store, "BPN").await && is_whole(&store, "SMD").await);
        for table in ["caller", "caller_flag", "caller_evidence"] {
            assert_eq!(db.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        let again = prank(&store, 11, "BPN", Some(number(1))).await;
        assert_eq!(known(&store, again, 12).await.counts.all, 1);
    }

    async fn what_is_past_keeping_goes_by_itself(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let gone = prank(&store, 0, "BPN", Some(number(1))).await;
        let hidden = prank(&store, 0, "SMD", None).await;
        let came_back = prank(&store, 0, "BPN", Some(number(2))).await;
        let open = call(&store, 0, "BPN", Some(number(3))).await;
        prank(&store, 20 * DAY_MS, "BPN", Some(number(2))).await;
        store.flag_caller(&system(1), came_back, flag(Grade::Note, [came_back]), vec![code("BPN")]).await.unwrap();
        let now = T0.plus(30 * DAY_MS);
        let before = now.plus(-15 * DAY_MS);
        assert_eq!(store.prune_callers(before, now).await.unwrap(), 2);
        assert_eq!(store.prune_callers(before, now).await.unwrap(), 0);
        let place = async |id| store.find_report(&Scope::system(), id).await.unwrap().unwrap().place.is_some();
        assert_eq!((place(gone).await, place(hidden).await), (false, false));
        assert_eq!((place(came_back).await, place(open).await), (true, true));
        assert!(is_whole(&store, "BPN").await && is_whole(&store, "SMD").await);
        let flags = "SELECT COUNT(*) FROM caller_flag";
        let sealed = "SELECT COUNT(*) FROM sealed WHERE context LIKE 'flag/%'";
        assert_eq!((db.count(flags).await, db.count(sealed).await), (1, 1));
        // Long after, the flag has nothing left of it and goes too, with its reason; its caller stays.
        let later = T0.plus(211 * DAY_MS);
        store.prune_callers(T0, later).await.unwrap();
        assert_eq!((db.count(flags).await, db.count(sealed).await), (0, 0));
        assert!(place(came_back).await);
    }

    async fn a_number_is_seen_so_often_in_an_hour(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (here, there) = (call(&store, 0, "BPN", Some(number(1))).await, call(&store, 0, "SMD", Some(number(1))).await);
        let commander = person(&store, "commander", "KALTIM", Role::Commander).await;
        let see = async |ms: i64, id| store.unmask(&by(&commander, Source::Console, ms), id, Purpose::Other, None).await;
        for n in 0..UNMASK_MAX {
            see(n, if n % 2 == 0 { here } else { there }).await.unwrap();
        }
        let refused = refused(see(1_000, here).await);
        assert_eq!(refused, Refusal::TooOften { retry_after_ms: UNMASK_MS - 1_000 }, "counted over all areas");
        see(UNMASK_MS, there).await.unwrap();
        store.prune_callers(UnixMs(0), T0.plus(3 * UNMASK_MS)).await.unwrap();
        assert_eq!(db.count("SELECT COUNT(*) FROM unmasking").await, 0);
    }
}
