//! The journal's promises: no gap, one chain, every change found, every command once.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        access::*,
        event::{Audience, Happened, link},
        ids::*,
        refusal::Refusal,
        report::*,
        unit::UnitKind,
    },
    store::{JournalHead, Landing, NewAccount, Reception, Store, StoreError, Verdict},
};
use std::collections::BTreeSet;

/// How many write at the same time.
const WRITERS: usize = 16;
/// What each of them writes.
const EACH: usize = 12;

async fn whole(store: &Store, area: &str) -> JournalHead {
    match store.verify(&Scope::system(), code(area)).await.unwrap() {
        Verdict::Whole(head) => head,
        Verdict::Broken { seq, reason } => panic!("{area} is broken at {seq}: {reason}"),
    }
}

/// Reads the whole journal and holds it against the rules by itself, without the store's own walk.
async fn gapless(store: &Store, area: &str) -> i64 {
    let mut seqs = Vec::new();
    loop {
        let after = seqs.last().copied().unwrap_or(0);
        let page = store.events(&Scope::system(), code(area), after, 50, None).await.unwrap();
        if page.is_empty() {
            break;
        }
        seqs.extend(page.iter().map(|e| e.seq));
    }
    let count = i64::try_from(seqs.len()).unwrap();
    assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
    assert_eq!(whole(store, area).await.seq, count);
    count
}

/// An account with a role in both areas: one command over two journals.
fn account(n: usize, first: &str, second: &str) -> NewAccount {
    let grant = |area| Grant { area: code(area), role: Role::Officer };
    NewAccount {
        id: AccountId::random(),
        login: format!("both{n}").parse().unwrap(),
        area: code(first),
        password_hash: "!".to_owned(),
        grants: vec![grant(first), grant(second)],
    }
}

async fn broken(store: &Store) -> (i64, &'static str) {
    match store.verify(&Scope::system(), code("BPN")).await.unwrap() {
        Verdict::Broken { seq, reason } => (seq, reason),
        Verdict::Whole(head) => panic!("whole up to {}", head.seq),
    }
}

/// A journal of ten events in BPN.
async fn ten(db: &Db) -> Store {
    let store = db.open().await;
    areas(&store).await;
    units(&store, &["BPN-M2", "BPN-M3", "BPN-M4", "BPN-M5", "BPN-M6", "BPN-M7", "BPN-M8", "BPN-M9", "BPN-M10"]).await;
    assert_eq!(whole(&store, "BPN").await.seq, 10);
    store
}

on_both! {
    async fn sixteen_writers_on_one_area_leave_no_gap(db: Db) {
        // Two nodes, so that the row's lock decides and not a task's queue.
        let nodes = [db.open().await, db.open().await];
        areas(&nodes[0]).await;
        let tasks: Vec<_> = (0..WRITERS)
            .map(|w| {
                let store = nodes[w % 2].clone();
                tokio::spawn(async move {
                    for n in 0..EACH {
                        let id = unit(&format!("BPN-M{}", w * EACH + n));
                        store.add_unit(&system(0), id, UnitKind::Car).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(gapless(&nodes[0], "BPN").await, i64::try_from(WRITERS * EACH).unwrap() + 1);
    }

    async fn writers_on_several_areas_and_on_two_at_once_never_deadlock(db: Db) {
        let nodes = [db.open().await, db.open().await];
        areas(&nodes[0]).await;
        let tasks: Vec<_> = (0..WRITERS)
            .map(|w| {
                let store = nodes[w % 2].clone();
                tokio::spawn(async move {
                    for n in 0..EACH {
                        let no = w * EACH + n;
                        match w % 4 {
                            0 => drop(store.add_unit(&system(0), unit(&format!("BPN-M{no}")), UnitKind::Car).await.unwrap()),
                            1 => drop(store.add_unit(&system(0), unit(&format!("SMD-M{no}")), UnitKind::Car).await.unwrap()),
                            2 => store.add_account(&system(0), account(no, "BPN", "SMD")).await.unwrap(),
                            _ => store.add_account(&system(0), account(no, "SMD", "BPN")).await.unwrap(),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let each = i64::try_from(WRITERS / 4 * EACH).unwrap();
        assert_eq!(gapless(&nodes[0], "BPN").await, 1 + each * 3);
        assert_eq!(gapless(&nodes[1], "SMD").await, 1 + each * 3);
        assert_eq!(gapless(&nodes[1], "KALTIM").await, 1);
    }

    async fn crossed_aid_between_two_cities_never_deadlocks(db: Db) {
        let nodes = [db.open().await, db.open().await];
        areas(&nodes[0]).await;
        // Every unit serves the other city: claims cross while both cities' rows are locked.
        let mut orders = Vec::new();
        for n in 1..=6 {
            for (home, away) in [("BPN", "SMD"), ("SMD", "BPN")] {
                let (id, ..) = crewed(&nodes[0], &format!("{home}-M{n}"), T0).await;
                let incident = nodes[0].open_incident(&system(0), code(away), incident()).await.unwrap().id;
                orders.push((incident, id));
            }
        }
        let tasks: Vec<_> = orders
            .into_iter()
            .enumerate()
            .map(|(n, (incident, id))| {
                let store = nodes[n / 2 % 2].clone();
                tokio::spawn(async move { order(&store, incident, id).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let units = nodes[0].on_duty_units().await.unwrap();
        assert!(units.iter().all(|u| u.dispatch.is_some_and(|d| d.area != u.id.area)), "{units:?}");
        gapless(&nodes[0], "BPN").await;
        gapless(&nodes[0], "SMD").await;
    }

    async fn what_is_committed_is_told_in_order(db: Db) {
        let store = db.open().await;
        let mut bell = store.committed();
        areas(&store).await;
        let tasks: Vec<_> = (0..WRITERS)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.add_unit(&system(0), unit(&format!("BPN-M{n}")), UnitKind::Car).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let mut told = Vec::new();
        while let Ok(committed) = bell.try_recv() {
            if committed.area == code("BPN") {
                told.extend(committed.events.iter().map(|e| e.seq));
            }
        }
        assert_eq!(told, (1..=17).collect::<Vec<_>>());
    }

    async fn a_changed_text_is_found(db: Db) {
        let store = ten(&db).await;
        let changed = r#"UPDATE event SET text = replace(text, 'BPN-M5', 'BPN-M6') WHERE area = 'BPN' AND seq = 5"#;
        assert_eq!(db.tamper(changed).await, 1);
        assert_eq!(broken(&store).await, (5, "the hash does not fit the text"));
    }

    async fn a_changed_audience_is_found(db: Db) {
        let store = ten(&db).await;
        let changed = "UPDATE event SET audience = 'unit:BPN-M1' WHERE area = 'BPN' AND seq = 4";
        assert_eq!(db.tamper(changed).await, 1);
        assert_eq!(broken(&store).await, (4, "the row differs from its text"));
    }

    async fn a_changed_hash_is_found(db: Db) {
        let store = ten(&db).await;
        let (_, hash) = store.verify_against(&Scope::system(), code("BPN"), Some(10)).await.unwrap();
        let mut hash = hash.unwrap();
        hash[31] ^= 1;
        let hash = db.bytes(&hash);
        let changed = format!("UPDATE event SET hash = {hash} WHERE area = 'BPN' AND seq = 10");
        assert_eq!(db.tamper(&changed).await, 1);
        assert_eq!(broken(&store).await, (10, "the hash does not fit the text"));
    }

    async fn a_changed_event_with_its_hashes_done_again_is_found_at_the_end(db: Db) {
        let store = ten(&db).await;
        let head = whole(&store, "BPN").await;
        // Somebody rewrites event 10 and its hash, but not the head.
        let events = store.events(&Scope::system(), code("BPN"), 9, 1, None).await.unwrap();
        let other = unit("BPN-X1");
        let mut event = events[0].clone();
        event.what = Happened::UnitAdded { unit: other };
        let text = serde_json::to_string(&event).unwrap();
        let (_, before) = store.verify_against(&Scope::system(), code("BPN"), Some(9)).await.unwrap();
        let literal = db.bytes(&link(&before.unwrap(), &text));
        assert_eq!(db.tamper(&format!("UPDATE event SET text = '{text}', hash = {literal} WHERE area = 'BPN' AND seq = 10")).await, 1);
        assert_eq!(broken(&store).await, (10, "the head holds another hash"));
        // With the head as well, only the checkpoint knows.
        assert_eq!(db.tamper(&format!("UPDATE journal_head SET hash = {literal} WHERE area = 'BPN'")).await, 1);
        let (verdict, now) = store.verify_against(&Scope::system(), code("BPN"), Some(head.seq)).await.unwrap();
        assert!(matches!(verdict, Verdict::Whole(_)));
        assert_ne!(now, Some(head.hash));
    }

    async fn a_missing_event_is_found(db: Db) {
        let store = ten(&db).await;
        assert_eq!(db.tamper("DELETE FROM event WHERE area = 'BPN' AND seq = 7").await, 1);
        assert_eq!(broken(&store).await, (7, "the event is missing"));
    }

    async fn a_cut_tail_is_found_by_its_checkpoint(db: Db) {
        let store = ten(&db).await;
        let checkpoint = whole(&store, "BPN").await;
        let (verdict, hash) = store.verify_against(&Scope::system(), code("BPN"), Some(checkpoint.seq)).await.unwrap();
        assert_eq!((verdict, hash), (Verdict::Whole(checkpoint), Some(checkpoint.hash)));
        assert_eq!(db.tamper("DELETE FROM event WHERE area = 'BPN' AND seq > 8").await, 2);
        assert_eq!(broken(&store).await, (9, "the event is missing"));
        // Cut with care: the head goes back as well, and the chain is whole by itself.
        let back = "UPDATE journal_head SET seq = 8, hash = (SELECT hash FROM event WHERE area = 'BPN' AND seq = 8) WHERE area = 'BPN'";
        assert_eq!(db.tamper(back).await, 1);
        let (verdict, hash) = store.verify_against(&Scope::system(), code("BPN"), Some(checkpoint.seq)).await.unwrap();
        assert!(matches!(verdict, Verdict::Whole(head) if head.seq == 8));
        assert_eq!(hash, None, "there is no event of the checkpoint's number any more");
    }

    async fn an_unknown_area_has_no_journal(db: Db) {
        let store = db.open().await;
        assert_eq!(store.journal_head(&Scope::system(), code("XX")).await.unwrap(), None);
        let nothing = store.verify(&Scope::system(), code("XX")).await.unwrap();
        assert_eq!(nothing, Verdict::Broken { seq: 0, reason: "the journal has no head" });
    }

    async fn erasing_a_caller_leaves_the_chain_whole_and_the_text_unreadable(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let subject = told(&db, &store).await;
        let read = |context: &'static str| { let store = store.clone(); async move { store.unseal(&Scope::system(), code("BPN"), subject, context).await.unwrap() } };
        assert!(read("report/1").await.is_some_and(|text| text.contains("81234567")));
        assert_eq!(db.count("SELECT COUNT(*) FROM event WHERE text LIKE '%81234567%'").await, 0);
        let officer = by(&person(&store, "officer", "BPN", Role::Officer).await, Source::Phone, 0);
        let outcome = store.erase_subject(&officer, code("BPN"), subject).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Admin }));
        store.erase_subject(&system(5), code("BPN"), subject).await.unwrap();
        assert_eq!(read("report/1").await, None);
        gapless(&store, "BPN").await;
        let last = store.events(&Scope::system(), code("BPN"), 0, 100, None).await.unwrap().pop().unwrap();
        assert_eq!((last.what, last.audience), (Happened::SubjectErased { subject, commitment: None }, Audience::Desk));
        let again = store.erase_subject(&system(6), code("BPN"), subject).await.unwrap_err();
        assert_eq!(again.refusal(), Some(&Refusal::NotFound("subject")));
    }

    async fn a_repeated_command_is_answered_the_same_and_runs_once(db: Db) {
        let nodes = [db.open().await, db.open().await];
        areas(&nodes[0]).await;
        let id = CommandId::random();
        let tries: Vec<_> = (0..WRITERS)
            .map(|n| {
                let store = nodes[n % 2].clone();
                let cause = named(system(i64::try_from(n).unwrap()), id, 1);
                tokio::spawn(async move { store.open_incident(&cause, code("BPN"), incident()).await.unwrap() })
            })
            .collect();
        let mut answers = BTreeSet::new();
        for one in tries {
            answers.insert(serde_json::to_string(&one.await.unwrap()).unwrap());
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(db.count("SELECT COUNT(*) FROM incident").await, 1);
        let restarted = db.open().await;
        let again = restarted.open_incident(&named(system(99), id, 1), code("BPN"), incident()).await.unwrap();
        assert!(answers.contains(&serde_json::to_string(&again).unwrap()));
        let other = restarted.open_incident(&named(system(99), id, 2), code("BPN"), incident()).await.unwrap_err();
        assert_eq!(other.refusal(), Some(&Refusal::CommandReused(id)));
        assert_eq!(db.count("SELECT COUNT(*) FROM incident").await, 1);
        // Another area's journal knows nothing of it; and an answer that was pruned is forgotten.
        restarted.open_incident(&named(system(0), id, 2), code("SMD"), incident()).await.unwrap();
        assert_eq!(restarted.prune(T0.plus(1_000), T0).await.unwrap(), (2, 0));
    }

    async fn a_refused_command_is_not_remembered(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let cause = named(system(0), CommandId::random(), 1);
        let (id, phone) = (unit("BPN-M1"), device());
        let officer = person(&store, "officer", "BPN", Role::Officer).await;
        let cause = Cause { scope: officer.clone(), ..cause };
        assert_eq!(store.sign_on(&cause, id, phone, true).await.unwrap_err().refusal(), Some(&Refusal::NotFound("unit")));
        units(&store, &["BPN-M1"]).await;
        assert_eq!(store.sign_on(&cause, id, phone, true).await.unwrap().id, id, "what was refused may be tried again");
    }

    async fn a_refused_command_takes_nothing_with_it(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        // Sixteen wait together, so that most share a transaction; every second asks for what exists already.
        units(&store, &["BPN-M99"]).await;
        let tries: Vec<_> = (0..WRITERS)
            .map(|n| {
                let store = store.clone();
                let id = if n % 2 == 0 { unit(&format!("BPN-M{n}")) } else { unit("BPN-M99") };
                tokio::spawn(async move { (n, store.add_unit(&system(0), id, UnitKind::Car).await) })
            })
            .collect();
        for one in tries {
            let (n, outcome) = one.await.unwrap();
            match outcome {
                Ok(_) => assert_eq!(n % 2, 0),
                Err(e) => assert!(n % 2 == 1 && matches!(e, StoreError::Refused(Refusal::Exists(_))), "{n}: {e}"),
            }
        }
        assert_eq!(gapless(&store, "BPN").await, 2 + 8);
        assert_eq!(store.units(&Scope::system(), code("BPN")).await.unwrap().len(), 9);
    }

    async fn a_crew_reads_its_share(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, officer, _) = crewed(&store, "BPN-M1", T0).await;
        crewed(&store, "BPN-M2", T0).await;
        let share = store.events(&officer, id.area, 0, 100, Some(id)).await.unwrap();
        assert_eq!(share.iter().map(|e| e.what.kind()).collect::<Vec<_>>(), ["crew.signed_on", "unit.duty"]);
        let all = store.events(&officer, id.area, 0, 100, None).await.unwrap_err();
        assert_eq!(all.refusal(), Some(&Refusal::Forbidden { needs: Role::Operator }));
        let desk = person(&store, "desk", "BPN", Role::Dispatcher).await;
        assert!(store.events(&desk, id.area, 0, 100, None).await.unwrap().len() > 4);
        assert_eq!(store.events(&desk, code("SMD"), 0, 1, None).await.unwrap_err().refusal(), Some(&Refusal::NotFound("area")));
        assert_eq!(store.verify(&officer, id.area).await.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Operator }));
    }
}

/// A report whose caller is sealed; gives the caller.
async fn told(db: &Db, store: &Store) -> SubjectId {
    let report = NewReport {
        caller_number: Some("081234567890".parse().unwrap()),
        text: Some("a tree lies across the road".to_owned()),
        source: Source::Console,
        ..NewReport::new(Channel::Call, "traffic")
    };
    let desk = by(&person(store, "desk", "BPN", Role::Dispatcher).await, Source::Console, 0);
    let received = store.receive_report(&desk, Reception::at(code("BPN")), report, Landing::Unjudged).await.unwrap();
    assert_eq!(received.report.id.no, 1);
    db.text("SELECT subject FROM report WHERE area = 'BPN' AND no = 1").await.parse().unwrap()
}
