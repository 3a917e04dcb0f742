//! The rules of the work, on both engines: claims, steps, clocks, reports.

mod claims;
mod clocks;
mod reports;
mod steps;

use crate::harness::*;
use futures_util::{StreamExt, stream};
use sigap::{
    domain::{
        access::*,
        deadline::{DeadlineKind, Due},
        dispatch::*,
        ids::*,
        incident::*,
        place::Place,
        refusal::Refusal,
        report::*,
        sla::risk::{Advice, LOOK_MS},
        time::{UnixMs, Zone},
    },
    store::{Found, Landing, Looked, NewDispatch, Received, Reception, Step, Store, StoreError, TAKEN, Verdict},
};

const TEN_MINUTES: i64 = 600_000;

pub fn scene() -> Place {
    Place::new(-1.25, 116.83).unwrap()
}

/// A call that was answered and found valid.
pub fn call(number: &str) -> NewReport {
    NewReport {
        place: Some(scene()),
        caller_number: Some(format!("{number}-000-001").parse().unwrap()),
        caller_name: Some("a caller".to_owned()),
        address: Some("by the harbour".to_owned()),
        text: Some("two men".to_owned()),
        ..NewReport::new(Channel::Call, "theft")
    }
}

pub fn in_bpn(priority: Priority) -> Landing {
    Landing::City { city: code("BPN"), district: None, priority, place: scene(), first: None }
}

pub async fn incident(store: &Store, ms: i64) -> Incident {
    let landing = in_bpn(Priority::P2);
    let received = store.receive_report(&system(ms), Reception::at(code("BPN")), call("0811"), landing).await.unwrap();
    received.incident.unwrap()
}

/// Incidents of citizens without their reports, in the order of their numbers.
pub async fn open_many(store: &Store, count: i64) -> Vec<Incident> {
    let open = || async {
        let new = NewIncident { origin: Origin::Citizen, ..seed::incident() };
        store.open_incident(&system(0), code("BPN"), new).await.unwrap()
    };
    let mut opened: Vec<Incident> = stream::iter(0..count).map(|_| open()).buffered(256).collect().await;
    opened.sort_unstable_by_key(|incident| incident.id);
    opened
}

pub fn new_dispatch(incident: IncidentId, unit: UnitId, mode: Mode) -> NewDispatch {
    let limits = OfferLimits::default();
    NewDispatch { incident, unit, mode, at_most: None, limits, travel_ms: None, pick: None }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Refusal {
    match outcome {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn step(store: &Store, ms: i64, id: DispatchId, to: DispatchStatus) -> Dispatch {
    store.step(&system(ms), id, Step::to(to)).await.unwrap()
}

/// What is due, of every kind.
pub async fn due(store: &Store, now: UnixMs) -> Vec<Due> {
    let mut all = Vec::new();
    for kind in DeadlineKind::ALL {
        all.extend(store.due(*kind, now, 100).await.unwrap());
    }
    all
}

async fn breaks(store: &Store, ms: i64, id: IncidentId) -> bool {
    store.fire_breaches(&system(ms), id.area, vec![id.no]).await.unwrap() > 0
}

fn at_risk(nos: &[i64]) -> Vec<Looked> {
    nos.iter().map(|no| Looked { no: *no, found: Found::AtRisk(Advice::default()) }).collect()
}

async fn warns(store: &Store, ms: i64, id: IncidentId) -> bool {
    store.fire_warnings(&system(ms), id.area, at_risk(&[id.no])).await.unwrap() > 0
}

async fn kinds(store: &Store, area: &str) -> Vec<&'static str> {
    let events = store.events(&Scope::system(), code(area), 0, 1_000, None).await.unwrap();
    events.iter().map(|e| e.what.kind()).collect()
}

async fn is_whole(store: &Store, area: &str) -> bool {
    matches!(store.verify(&Scope::system(), code(area)).await.unwrap(), Verdict::Whole(_))
}
