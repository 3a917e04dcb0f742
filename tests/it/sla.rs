//! The promise, on both engines: policies by version, what an incident comes to, figures made anew from the journal.

mod random;

use crate::{
    dispatches::{call, due, in_bpn, incident, new_dispatch, scene},
    harness::*,
    on_both,
};
use sigap::{
    domain::{
        access::{Role, Scope, Source},
        area::Targets,
        dispatch::{Arrival, DispatchStatus, Mode},
        event::Happened,
        ids::*,
        incident::{Disposition, Incident, Priority},
        place::Place,
        refusal::Refusal,
        report::NewReport,
        sla::{
            fact::{Exclusion, Fact, Outcome},
            policy::{Band, Rules, Segment},
            preset::Preset,
            tally::Tally,
        },
        time::{UnixMs, Zone},
    },
    store::{Reception, Station, Step, Store, StoreError},
};

const MINUTE: i64 = 60_000;

fn refusal<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Refusal {
    match outcome {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn station(store: &Store, place: Place) {
    let code_of = code("BPN");
    let name = "Polsek".to_owned();
    let new = Station { area: code_of, code: "S1".to_owned(), name, district: None, place, demo: false };
    store.put_station(&system(0), new).await.unwrap();
}

async fn found(store: &Store, id: IncidentId) -> Incident {
    store.find_incident(&Scope::system(), id).await.unwrap().unwrap()
}

/// What the journal says that incidents came to, the newest of each.
async fn counted(store: &Store) -> Vec<Fact> {
    let events = store.events(&Scope::system(), code("BPN"), 0, 100_000, None).await.unwrap();
    let mut facts = std::collections::BTreeMap::new();
    for event in events {
        if let Happened::IncidentCounted { incident, fact } = event.what {
            match fact {
                Some(fact) => drop(facts.insert(incident, *fact)),
                None => drop(facts.remove(&incident)),
            }
        }
    }
    facts.into_values().collect()
}

async fn today(store: &Store, now: UnixMs) -> Tally {
    let mut all = store.standings(&Scope::system(), vec![(code("BPN"), Zone::Wita)], now).await.unwrap();
    all.remove(0).1.tally
}

/// A unit goes to an incident and is there at `there`.
async fn arrive(store: &Store, id: IncidentId, unit: UnitId, there: i64, near_m: f64) -> DispatchId {
    let d = store.dispatch(&system(there - 1), new_dispatch(id, unit, Mode::Assign)).await.unwrap().id;
    let arrival = Some(Arrival::judge(Some(near_m)));
    store.step(&system(there), d, Step { arrival, ..Step::to(DispatchStatus::OnScene) }).await.unwrap();
    d
}

on_both! {
    async fn an_incident_keeps_the_version_that_it_began_under(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let before = incident(&store, 0).await;
        assert_eq!((before.clock.policy, before.clock.target_ms), (1, 10 * MINUTE));
        let rules = Rules::simple(Targets([5 * MINUTE, 8 * MINUTE, 8 * MINUTE, 30 * MINUTE]));
        let set = store.set_policy(&system(1_000), code("BPN"), rules.clone(), Some(T0.plus(60_000))).await.unwrap();
        assert_eq!(set.version, 2);
        // Set, and not in force yet.
        assert_eq!(incident(&store, 59_999).await.clock.policy, 1);
        let after = incident(&store, 60_000).await;
        assert_eq!((after.clock.policy, after.clock.target_ms), (2, 8 * MINUTE));
        // More urgent: by the version that each has.
        let [before, after] = [before.id, after.id].map(|id| { let store = store.clone(); async move {
            store.set_priority(&system(61_000), id, Priority::P1).await.unwrap().clock
        } });
        assert_eq!((before.await.target_ms, after.await.target_ms), (10 * MINUTE, 5 * MINUTE));
        // An earlier report joins: what was in force when that rang.
        let late = incident(&store, 90_000).await;
        let early = NewReport { rung: Some(T0.plus(30_000)), ..call("0812") };
        let joined = store.receive_report(&system(91_000), Reception::at(code("BPN")), early, in_bpn(Priority::P2)).await.unwrap();
        let merged = store.merge_incident(&system(92_000), joined.incident.unwrap().id, late.id).await.unwrap();
        assert_eq!((merged.clock.policy, merged.clock.target_ms, merged.clock.start), (1, 10 * MINUTE, T0.plus(30_000)));
        let (id, later) = (CommandId::random(), Some(T0.plus(200_000)));
        let first = store.set_policy(&named(system(100_000), id, 1), code("BPN"), Preset::Nena.rules(), later).await.unwrap();
        let again = store.set_policy(&named(system(300_000), id, 1), code("BPN"), Preset::Nena.rules(), later).await.unwrap();
        assert_eq!((first.version, &again), (3, &first), "a repeat has its answer, though the moment has come meanwhile");
        let refused = store.set_policy(&system(2_000), code("BPN"), rules, Some(T0)).await;
        assert!(matches!(refusal(refused), Refusal::Invalid { field: "from", .. }));
        let officer = person(&store, "officer", "BPN", Role::Officer).await;
        let outcome = store.set_policy(&by(&officer, Source::Phone, 0), code("BPN"), Preset::Nena.rules(), None).await;
        assert_eq!(refusal(outcome), Refusal::Forbidden { needs: Role::Admin });
        let history = store.policies(&Scope::system(), code("BPN")).await.unwrap();
        assert_eq!(history.iter().map(|p| (p.version, p.from)).collect::<Vec<_>>(), [(1, UnixMs(0)), (2, T0.plus(60_000)), (3, T0.plus(200_000))]);
    }

    async fn the_band_is_that_of_the_distance_from_the_nearest_station(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        store.set_policy(&system(0), code("BPN"), Preset::Bands2025.rules(), None).await.unwrap();
        let unknown = incident(&store, 1).await;
        assert_eq!((unknown.station_m, unknown.clock.target_ms), (None, 10 * MINUTE), "no station is known");
        station(&store, Place::new(scene().lat() + 0.05, scene().lng()).unwrap()).await;
        let far = incident(&store, 2).await;
        assert!((5_500.0..5_620.0).contains(&far.station_m.unwrap()), "{:?}", far.station_m);
        assert_eq!(far.clock.target_ms, 15 * MINUTE);
        // Found to be elsewhere: the promise is that of the place.
        let near = Place::new(scene().lat() + 0.04, scene().lng()).unwrap();
        let moved = store.move_incident(&system(3), far.id, near, None).await.unwrap();
        assert_eq!((moved.clock.target_ms, moved.clock.policy), (10 * MINUTE, 2));
        assert!(moved.station_m.unwrap() < 1_200.0);
        let due = due(&store, T0.plus(2 + 10 * MINUTE + 1)).await;
        assert!(due.iter().any(|d| d.no == far.id.no && d.kind.as_str() == "breach"), "its deadline moved along");
    }

    async fn what_is_excluded_is_counted_with_its_reason(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, officer, _) = crewed(&store, "BPN-M1", T0).await;
        let kept = incident(&store, 0).await.id;
        let d = arrive(&store, kept, unit, 9 * MINUTE, 20.0).await;
        store.step(&system(9 * MINUTE + 1), d, Step::to(DispatchStatus::Cleared)).await.unwrap();
        for (how, why) in [
            (Disposition::Invalid, Exclusion::Invalid),
            (Disposition::CancelledByCaller, Exclusion::CancelledByCaller),
        ] {
            let id = incident(&store, MINUTE).await.id;
            store.close_incident(&system(2 * MINUTE), id, how).await.unwrap();
            assert_eq!(counted(&store).await.last().unwrap().excluded, Some(why));
        }
        let same = incident(&store, MINUTE).await.id;
        store.merge_incident(&system(2 * MINUTE), same, incident(&store, MINUTE).await.id).await.unwrap();
        let on_the_spot = store.open_incident(&by(&officer, Source::Phone, 0), code("BPN"), seed::incident()).await.unwrap().id;
        store.close_incident(&system(2 * MINUTE), on_the_spot, Disposition::Handled).await.unwrap();
        let tally = today(&store, T0).await;
        assert_eq!((tally.counted, tally.kept, tally.kept_verified), (1, 1, 1));
        let excluded: Vec<_> = tally.excluded.iter().map(|(why, n)| (*why, *n)).collect();
        let each = [Exclusion::Invalid, Exclusion::CancelledByCaller, Exclusion::Merged, Exclusion::Officer];
        assert_eq!(excluded, each.map(|why| (why, 1)));
        // Handled with nobody there: that is no promise kept.
        let unreached = incident(&store, MINUTE).await.id;
        store.close_incident(&system(2 * MINUTE), unreached, Disposition::Handled).await.unwrap();
        let tally = today(&store, T0).await;
        assert_eq!((tally.counted, tally.kept, tally.unreached), (2, 1, 1));
    }

    async fn a_breach_names_the_segment_that_spent_the_time(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let (other, ..) = crewed(&store, "BPN-M2", T0).await;
        let id = incident(&store, 0).await.id;
        store.mark_unassigned(&system(1_000), id).await.unwrap();
        let d = store.dispatch(&system(7 * MINUTE), new_dispatch(id, other, Mode::Offer)).await.unwrap().id;
        let reason = Some("puncture".to_owned());
        store.step(&system(7 * MINUTE + 1), d, Step { reason, ..Step::to(DispatchStatus::Declined) }).await.unwrap();
        arrive(&store, id, unit, 11 * MINUTE, 900.0).await;
        let fact = counted(&store).await.remove(0);
        assert_eq!((fact.outcome, fact.verified, fact.over_ms), (Outcome::Late, Some(false), Some(MINUTE)));
        let cause = fact.cause.unwrap();
        assert_eq!(cause.segment, Segment::Queue);
        assert_eq!((cause.spent_ms, cause.over_ms), (11 * MINUTE - 1, 11 * MINUTE - 1 - 30_000));
        assert_eq!((cause.facts.declined, cause.facts.no_unit), (1, Some(T0.plus(1_000))));
        assert_eq!(today(&store, T0).await.causes[&Segment::Queue], 1);
    }

    async fn a_day_ends_at_the_citys_own_midnight(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let midnight = Zone::Wita.day_start(T0).plus(86_400_000).since(T0);
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let before = incident(&store, midnight - 1).await.id;
        let d = arrive(&store, before, unit, midnight + MINUTE, 20.0).await;
        store.step(&system(midnight + MINUTE + 1), d, Step::to(DispatchStatus::Cleared)).await.unwrap();
        // The promise changes at noon: each keeps its own, and both count on one day.
        let after = incident(&store, midnight).await.id;
        let rules = Rules { default: vec![Band { share: 0.5, ..Band::everywhere(MINUTE) }], ..Preset::Nena.rules() };
        store.set_policy(&system(midnight + 12 * 60 * MINUTE), code("BPN"), rules, None).await.unwrap();
        let noon = incident(&store, midnight + 12 * 60 * MINUTE).await.id;
        store.close_incident(&system(midnight + 13 * 60 * MINUTE), after, Disposition::Handled).await.unwrap();
        store.close_incident(&system(midnight + 13 * 60 * MINUTE), noon, Disposition::Handled).await.unwrap();
        let days = [T0.plus(midnight - 1), T0.plus(midnight)].map(|at| { let store = store.clone(); async move { today(&store, at).await } });
        let [first, second] = days;
        assert_eq!((first.await.kept, found(&store, before).await.clock.policy), (1, 1), "it began before midnight");
        let second = second.await;
        assert_eq!((second.counted, second.promised_bp), (2, 9_000 + 5_000));
        let hours: Vec<_> = counted(&store).await.iter().map(|fact| (fact.hour, fact.policy)).collect();
        assert_eq!(hours, [(23, 1), (0, 1), (12, 2)]);
    }
}
