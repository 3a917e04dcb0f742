//! The master key is rotated: everything reads as before under the new key, nothing under the old one, whatever breaks it
//! off.

use crate::{harness::*, on_both};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use serde_json::json;
use sigap::{
    domain::{access::*, caller::Purpose, ids::*, phone::PhoneNumber, report::*},
    store::{Keys, Landing, Reception, Store, StoreError},
};
use tokio::runtime::Handle;

fn number(n: usize) -> PhoneNumber {
    format!("0811-{n:06}").parse().unwrap()
}

async fn call(store: &Store, n: usize) -> ReportId {
    let new =
        NewReport { caller_number: Some(number(n)), answered: Some(T0), ..NewReport::new(Channel::Call, "theft") };
    let area = code(if n.is_multiple_of(2) { "BPN" } else { "KALTIM" });
    store.receive_report(&system(0), Reception::at(area), new, Landing::Unjudged).await.unwrap().report.id
}

/// So many callers, each with a report.
async fn callers(store: &Store, count: usize) -> Vec<ReportId> {
    let mut all = Vec::new();
    for from in (0..count).step_by(100) {
        all.extend(join_all((from..count.min(from + 100)).map(|n| call(store, n))).await);
    }
    all
}

async fn with_key(db: &Db, keys: Keys) -> Store {
    Store::open(db.url(), keys, Handle::current()).await.unwrap()
}

/// Each report shows its caller's number, and each caller is found by it.
async fn all_are_known(store: &Store, reports: &[ReportId]) {
    for (n, id) in reports.iter().enumerate() {
        let report = store.find_report(&Scope::system(), *id).await.unwrap().unwrap();
        assert_eq!(report.caller, Some(number(n).masked()));
    }
    for (n, id) in reports.iter().enumerate().step_by(101) {
        assert_eq!(store.unmask(&system(1), *id, Purpose::Other, None).await.unwrap(), number(n));
    }
    for n in (0..reports.len()).step_by(97) {
        // The same number is the same caller: the next report joins the first.
        let id = call(store, n).await;
        assert_eq!(store.caller_history(&Scope::system(), id, T0).await.unwrap().counts.all, 2, "{n}");
    }
}

on_both! {
    async fn a_rotation_changes_every_row_and_nothing_that_is_read(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        store.require_same_key().await.unwrap();
        let mut reports = callers(&store, 230).await;
        // Of this one the text is gone and only the hash was left behind.
        let lost = reports.pop().unwrap();
        db.tamper(&format!("DELETE FROM sealed WHERE area = '{}' AND context = 'report/{}'", lost.area, lost.no)).await;
        // Two talk by messages; of one of them the report holds no number any more.
        for id in [reports[0], lost] {
            let hash = db.bytes(&store.keys().number_hash(number(if id == lost { 229 } else { 0 }).as_str()));
            db.tamper(&format!(
                "INSERT INTO conversation (area, channel, number_hash, report_no, sender, heard_ms, active_ms)
                 VALUES ('{}', 'whatsapp', {hash}, {}, '1', 0, 0)", id.area, id.no
            )).await;
        }
        let new = with_key(&db, Keys::after(&[8; 32], Keys::new(&[7; 32]))).await;
        // A node serves.
        store.beat(T0).await.unwrap();
        assert!(matches!(new.rekey(T0.plus(19_000), |_| {}).await, Err(StoreError::NodesServe(19))));
        store.take_leave().await.unwrap();
        let mut steps = 0;
        let done = new.rekey(T0.plus(20_000), |_| steps += 1).await.unwrap();
        assert_eq!((done.subjects, done.callers, done.dropped, done.damaged), (230, 230, 2, 0));
        assert!(steps >= 6, "in small transactions: {steps}");
        let hash = db.bytes(&new.keys().number_hash(number(0).as_str()));
        assert_eq!(db.count(&format!("SELECT COUNT(*) FROM conversation WHERE number_hash = {hash}")).await, 1);
        assert_eq!(db.count("SELECT COUNT(*) FROM conversation").await, 1);
        let again = new.rekey(T0.plus(20_000), |_| {}).await.unwrap();
        assert_eq!(again, sigap::store::Rekeyed::default(), "what is done is not done again");
        // A node that went on under the old key makes nothing that nobody could open.
        assert!(matches!(store.require_same_key().await, Err(StoreError::OtherKey)));
        assert!(matches!(store.beat(T0).await, Err(StoreError::OtherKey)));
        let late = NewReport::new(Channel::Call, "theft");
        let late = store.receive_report(&system(0), Reception::at(code("BPN")), late, Landing::Unjudged).await;
        assert!(matches!(late, Err(StoreError::OtherKey)), "{late:?}");
        let after = with_key(&db, Keys::new(&[8; 32])).await;
        after.require_same_key().await.unwrap();
        all_are_known(&after, &reports).await;
    }

    async fn only_the_key_in_force_is_rotated_and_only_to_one(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        store.require_same_key().await.unwrap();
        callers(&store, 10).await;
        let foreign = with_key(&db, Keys::after(&[8; 32], Keys::new(&[9; 32]))).await;
        assert!(matches!(foreign.rekey(T0, |_| {}).await, Err(StoreError::OtherKey)));
        // Broken off after the first transaction.
        let name = db.bytes(&[1; 32]);
        db.tamper(&format!("UPDATE installation SET next_fingerprint = {name}")).await;
        let new = with_key(&db, Keys::after(&[8; 32], Keys::new(&[7; 32]))).await;
        assert!(matches!(new.rekey(T0, |_| {}).await, Err(StoreError::OtherKey)), "to another key");
        assert!(matches!(store.require_same_key().await, Err(StoreError::Rekeying)));
        let late = NewReport::new(Channel::Call, "theft");
        let late = store.receive_report(&system(0), Reception::at(code("BPN")), late, Landing::Unjudged).await;
        assert!(matches!(late, Err(StoreError::OtherKey)), "nobody makes a subject meanwhile: {late:?}");
    }

    async fn killed_in_the_middle_it_goes_on(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let reports = callers(&store, 1_500).await;
        store.close().await;
        // With a key file, as most have it.
        let mut program = Program::new(&db);
        program = program.without("SIGAP_MASTER_KEY").with("SIGAP_KEY_FILE", "sigap.key");
        std::fs::write(program.path("sigap.key"), master_key()).unwrap();
        let signed = program.run(&["journal", "checkpoint"]).await;
        assert_eq!(signed.code, Some(0), "{signed:?}");
        std::fs::write(program.path("kept.jsonl"), &signed.out).unwrap();
        // Each round is killed a little later, until one comes to its end.
        let (mut broken_off, mut rounds) = (0, 0);
        loop {
            let mut child = program.start(&["rekey"]);
            rounds += 1;
            let wanted = rounds * 400;
            let ended = loop {
                if child.try_wait().unwrap().is_some() {
                    break true;
                }
                if db.count("SELECT CAST(COALESCE(SUM(rekeyed), 0) AS BIGINT) FROM installation").await >= wanted {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break false;
                }
            };
            if ended {
                break;
            }
            if db.count("SELECT COUNT(*) FROM installation WHERE next_fingerprint IS NOT NULL").await == 0 {
                // It was through with the database, and killed before the files.
                break;
            }
            broken_off += 1;
            let refused = program.run(&["migrate"]).await;
            assert_eq!(refused.code, Some(1), "nothing runs in between: {refused:?}");
            assert!(refused.err.contains("sigap rekey again"), "{refused:?}");
        }
        assert!(broken_off >= 2, "killed in the middle {broken_off} times");
        if program.path("sigap.key.new").exists() {
            let last = program.run(&["rekey"]).await;
            assert_eq!(last.code, Some(0), "{last:?}");
        }
        let old = std::fs::read_dir(program.path(".")).unwrap().filter_map(|f| f.unwrap().file_name().into_string().ok());
        let old: Vec<_> = old.filter(|f| f.starts_with("sigap.key.old-")).collect();
        assert_eq!(old.len(), 1);
        assert_eq!(std::fs::read_to_string(program.path(&old[0])).unwrap(), master_key());
        let key = std::fs::read_to_string(program.path("sigap.key")).unwrap();
        assert_ne!(key, master_key());
        let checked = program.run(&["journal", "verify", "--checkpoint", "kept.jsonl"]).await;
        assert_eq!(checked.code, Some(0), "{checked:?}");
        assert!(checked.out.contains("checkpoint of event"), "the old key's checkpoints still hold: {checked:?}");
        let forged = signed.out.replace("\"seq\":", "\"seq\":1");
        std::fs::write(program.path("forged.jsonl"), forged).unwrap();
        assert_eq!(program.run(&["journal", "verify", "--checkpoint", "forged.jsonl"]).await.code, Some(1));
        let bytes: [u8; 32] = STANDARD.decode(key).unwrap().try_into().unwrap();
        let store = with_key(&db, Keys::new(&bytes)).await;
        store.require_same_key().await.unwrap();
        all_are_known(&store, &reports).await;
    }

    async fn a_node_that_serves_is_not_rekeyed_and_one_with_the_old_key_does_not_start(db: Db) {
        seed(&db, 0).await;
        let program = Program::new(&db);
        let mut alive = program.serve().await;
        let refused = program.run(&["rekey"]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("stop all nodes first"), "{refused:?}");
        alive.terminate();
        assert!(alive.ended().await.success());
        let done = program.run(&["rekey", "--key-file", "next.key"]).await;
        assert_eq!(done.code, Some(0), "a node that stopped took its leave: {done:?}");
        assert!(done.out.contains("give every node the contents of next.key"), "{done:?}");
        let refused = program.run(&["serve"]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("another master key"), "{refused:?}");
        let key = std::fs::read_to_string(program.path("next.key")).unwrap();
        let alive = program.without("SIGAP_MASTER_KEY").with("SIGAP_MASTER_KEY", &key).serve().await;
        let login = json!({ "login": "desk", "password": PASSWORD });
        alive.api.post("", "/auth/login", &login).await;
        alive.kill();
    }

    async fn the_terminal_erases_a_caller_too(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let id = call(&store, 1).await;
        let program = Program::new(&db);
        let erase = ["erase-caller", "0811-000001", "--reason", "asked for it"];
        let open = program.run(&erase).await;
        assert_eq!(open.code, Some(1), "{open:?}");
        assert!(open.err.contains(&format!("{id} of this caller is open")), "{open:?}");
        store.judge_invalid(&system(1), id, InvalidReason::Prank, true).await.unwrap();
        std::fs::write(program.path("number.txt"), "0811 000001\n").unwrap();
        let done = program.run_with_input(&["erase-caller", "-", "--reason", "asked for it"], "number.txt").await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(done.out.contains("erased in KALTIM: 1 reports"), "{done:?}");
        let again = program.run(&erase).await;
        assert_eq!(again.code, Some(1), "{again:?}");
        let odd = program.run(&["erase-caller", "110", "--reason", "x"]).await;
        assert_eq!(odd.code, Some(1), "{odd:?}");
        assert_eq!(program.run(&["journal", "verify"]).await.code, Some(0));
        assert_eq!(store.find_report(&Scope::system(), id).await.unwrap().unwrap().caller, None);
    }
}
