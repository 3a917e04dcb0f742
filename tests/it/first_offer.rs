//! The first unit is asked in the transaction that opens the incident, on both engines.

use crate::{
    dispatches::{call, due, in_bpn, incident, new_dispatch, scene},
    harness::*,
    on_both,
};
use sigap::{
    domain::{
        access::*,
        dispatch::*,
        ids::*,
        incident::*,
        nearest::{Candidate, Pick, Survey},
        time::UnixMs,
    },
    store::{FirstOffer, Landing, Reception, Store, Verdict},
};

/// These units in this order, the first of them chosen.
fn asking(units: &[UnitId]) -> Landing {
    let candidate = |&unit: &UnitId| Candidate::new(unit, scene(), T0, scene(), T0);
    let candidates: Vec<Candidate> = units.iter().map(candidate).collect();
    let (chosen, survey) = (candidates.first().copied(), Survey { candidates, skipped: Vec::new() });
    let pick = Pick { at: T0, place: scene(), limit_m: 1_000.0, chosen, survey, neighbours: Vec::new() };
    let travel_ms = units.iter().map(|u| (*u, 60_000)).collect();
    let first = Some(Box::new(FirstOffer { pick, travel_ms, limits: OfferLimits::default() }));
    match in_bpn(Priority::P2) {
        Landing::City { city, district, priority, place, .. } => {
            Landing::City { city, district, priority, place, first }
        }
        other => other,
    }
}

async fn opened(store: &Store, landing: Landing) -> (Incident, Vec<Dispatch>) {
    let received =
        store.receive_report(&system(5_000), Reception::at(code("BPN")), call("0811"), landing).await.unwrap();
    let incident = received.incident.unwrap();
    let dispatches = store.dispatches(&Scope::system(), incident.id).await.unwrap();
    (incident, dispatches)
}

on_both! {
    async fn the_nearest_that_can_be_claimed_is_asked_at_once(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (busy, ..) = crewed(&store, "BPN-M1", T0).await;
        let (free, ..) = crewed(&store, "BPN-M9", T0).await;
        let (off, nobody) = ("BPN-M2".parse().unwrap(), "BPN-M3".parse().unwrap());
        store.add_unit(&system(0), off, sigap::domain::unit::UnitKind::Car).await.unwrap();
        let other = incident(&store, 0).await.id;
        let before = store.dispatch(&system(1), new_dispatch(other, busy, Mode::Auto)).await.unwrap();

        let (incident, dispatches) = opened(&store, asking(&[busy, off, nobody, free])).await;
        assert_eq!(incident.status, IncidentStatus::Waiting, "until somebody says yes");
        let [asked] = &dispatches[..] else { panic!("{dispatches:?}") };
        assert_eq!((asked.unit, asked.status, asked.mode), (free, DispatchStatus::Offered, Mode::Auto));
        assert_eq!(asked.id.no, before.id.no + 1, "those that could not be claimed cost no number");
        let pick = asked.pick.as_ref().unwrap();
        assert_eq!(pick.chosen.unwrap().unit, free);
        assert_eq!(pick.survey.skipped.len(), 3, "why the others were passed over is kept");

        let events = store.events(&Scope::system(), code("BPN"), 0, 1_000, None).await.unwrap();
        let kinds: Vec<_> = events.iter().rev().take(4).rev().map(|e| e.what.kind()).collect();
        assert_eq!(kinds, ["incident.opened", "incident.note", "report.validated", "dispatch.offered"]);
        let verdict = store.verify(&Scope::system(), code("BPN")).await.unwrap();
        assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
        // The offer has its deadlines, like any other.
        let due = due(&store, UnixMs(T0.0 + 5_000 + OfferLimits::default().answer_ms)).await;
        assert!(due.iter().filter(|d| d.no == asked.id.no).count() >= 2);
    }

    async fn where_none_can_be_claimed_the_incident_opens_and_waits(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (busy, ..) = crewed(&store, "BPN-M1", T0).await;
        let other = incident(&store, 0).await.id;
        store.dispatch(&system(1), new_dispatch(other, busy, Mode::Auto)).await.unwrap();
        // The other is of an area whose journal is not held here.
        let (incident, dispatches) = opened(&store, asking(&[busy, "SMR-M1".parse().unwrap()])).await;
        assert_eq!((incident.status, dispatches.len()), (IncidentStatus::Waiting, 0));
    }
}
