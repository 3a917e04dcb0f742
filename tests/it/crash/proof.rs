//! What must hold at any moment, whatever was killed before.

use super::ledger::Entry;
use crate::harness::*;
use sigap::{
    domain::{
        access::Scope,
        event::{Event, Happened},
        ids::*,
        incident::Incident,
    },
    store::{Store, Verdict},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Journals whole, units held once, every acknowledged command done once.
/// `at_rest` while no server writes.
pub async fn all_is_there(db: &Db, written: &[Entry], at_rest: bool) {
    let store = db.open().await;
    for (area, _) in store.journal_heads().await.unwrap() {
        let verdict = store.verify(&Scope::system(), area).await.unwrap();
        assert!(matches!(verdict, Verdict::Whole(_)), "{area}: {verdict:?}");
    }
    let events = journal(&store).await;
    held_once(db, &events, at_rest).await;
    // What one command tells several crews counts once for each.
    let mut effects: BTreeMap<CommandId, BTreeSet<(&str, Option<DispatchId>)>> = BTreeMap::new();
    for event in &events {
        if let Some(command) = event.command {
            let about = event.what.work().map(|work| work.dispatch);
            let first = effects.entry(command).or_default().insert((event.what.kind(), about));
            assert!(first, "{command} was done twice: {event:?}");
        }
    }
    for entry in written.iter().filter(|e| e.is_done()) {
        assert!(effects.contains_key(&entry.id), "acknowledged and gone: {entry:?}");
    }
    store.close().await;
}

async fn journal(store: &Store) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let after = all.last().map_or(0, |e| e.seq);
        let page = store.events(&Scope::system(), code("BPN"), after, 1_000, None).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// No unit on two open dispatches, by the journal and by the rows, and both say the same.
async fn held_once(db: &Db, events: &[Event], at_rest: bool) {
    let mut held: BTreeMap<UnitId, DispatchId> = BTreeMap::new();
    for event in events {
        let Some(work) = event.what.work() else { continue };
        match &event.what {
            Happened::DispatchOffered { .. }
            | Happened::DispatchAccepted { .. }
            | Happened::DispatchEnRoute(_)
            | Happened::DispatchOnScene { .. } => {
                let holds = *held.entry(work.unit).or_insert(work.dispatch);
                assert_eq!(holds, work.dispatch, "{} is held twice: {event:?}", work.unit);
            }
            Happened::DispatchCleared(_)
            | Happened::DispatchDeclined { .. }
            | Happened::DispatchExpired { .. }
            | Happened::DispatchRecalled { .. } => {
                assert_eq!(held.remove(&work.unit), Some(work.dispatch), "{event:?}");
            }
            _ => {}
        }
    }
    // In one statement, since a server may be at work: every open dispatch has its claim, and every claim its dispatch.
    let open = "status IN ('offered', 'accepted', 'en_route', 'on_scene')";
    let claimed = format!(
        "SELECT COUNT(*) FROM dispatch d JOIN unit u ON u.area = d.unit_area AND u.sign = d.unit_sign
         WHERE d.{open} AND u.dispatch_area = d.area AND u.dispatch_no = d.no"
    );
    let astray = format!(
        "SELECT (SELECT COUNT(*) FROM dispatch WHERE {open}) + (SELECT COUNT(*) FROM unit WHERE dispatch_no IS NOT NULL)
         - 2 * ({claimed})"
    );
    assert_eq!(db.count(&astray).await, 0, "claims and open dispatches differ");
    if at_rest {
        assert!(!held.is_empty(), "it was not killed in the middle of anything");
        assert_eq!(usize::try_from(db.count(&claimed).await).unwrap(), held.len(), "the rows and the journal differ");
    }
}

/// Waits until the server has done what is due; then each incident that nobody reached in time has one breach.
pub async fn each_breach_once(db: &Db) {
    let (started, asked) = (Instant::now(), now().0);
    let due = format!("SELECT COUNT(*) FROM deadline WHERE kind = 'breach' AND due_ms <= {asked}");
    while db.count(&due).await > 0 {
        assert!(started.elapsed() < PATIENCE, "breaches are due and do not fire");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let store = db.open().await;
    let incidents = store.incidents(&Scope::system(), code("BPN"), false, 1_000_000).await.unwrap();
    let mut breaches: BTreeMap<IncidentId, usize> = BTreeMap::new();
    for event in journal(&store).await {
        if let Happened::IncidentBreached { incident, .. } = event.what {
            *breaches.entry(incident).or_default() += 1;
        }
    }
    let (mut late, read) = (0, now().0);
    for incident in &incidents {
        let count = breaches.get(&incident.id).copied().unwrap_or(0);
        match is_late(incident, asked, read) {
            Some(true) => assert_eq!((count, incident.clock.breached.is_some()), (1, true), "{incident:?}"),
            Some(false) => assert_eq!((count, incident.clock.breached), (0, None), "{incident:?}"),
            None => assert!(count <= 1, "{incident:?}"),
        }
        late += usize::from(is_late(incident, asked, read) == Some(true));
    }
    assert!(late > 0, "no promise was broken in {} incidents: nothing was tried", incidents.len());
    store.close().await;
}

/// Whether nobody was there in time. All that was due when `asked` has fired; at `read` everything had been read.
///
/// `None` where it is too close to say: a promise that fell due meanwhile, and an arrival that waited for its turn in
/// the database and is dated before a breach that was written first.
fn is_late(incident: &Incident, asked: i64, read: i64) -> Option<bool> {
    let due = incident.clock.due().0;
    match incident.clock.on_scene.map(|t| t.0) {
        Some(there) if there > due => Some(true),
        Some(there) if there + 2_000 < due => Some(false),
        None if asked > due => Some(true),
        None if read < due => Some(false),
        _ => None,
    }
}
