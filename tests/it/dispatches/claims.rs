//! Who gets a unit, and who does not.

use super::*;
use crate::on_both;

on_both! {
    async fn of_32_claimants_one_wins(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let mut claims = tokio::task::JoinSet::new();
        for n in 0..32 {
            let incident = incident(&store, n).await.id;
            let store = store.clone();
            claims.spawn(async move { store.dispatch(&system(100), new_dispatch(incident, unit, Mode::Auto)).await });
        }
        let outcomes = claims.join_all().await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            assert!(matches!(refused(outcome), Refusal::UnitBusy { .. }));
        }
        assert!(is_whole(&store, "BPN").await);
    }

    async fn one_incident_gets_no_more_units_than_it_needs(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let incident = incident(&store, 0).await.id;
        let mut claims = tokio::task::JoinSet::new();
        for n in 1..=8 {
            let (unit, ..) = crewed(&store, &format!("BPN-M{n}"), T0).await;
            let store = store.clone();
            let new = NewDispatch { at_most: Some(2), ..new_dispatch(incident, unit, Mode::Auto) };
            claims.spawn(async move { store.dispatch(&system(100), new).await });
        }
        let outcomes = claims.join_all().await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 2);
    }

    async fn queued_work_does_not_hold_the_unit(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let (first, second) = (incident(&store, 0).await.id, incident(&store, 1).await.id);
        let now = store.dispatch(&system(2), new_dispatch(first, unit, Mode::Assign)).await.unwrap();
        let next = store.dispatch(&system(3), new_dispatch(second, unit, Mode::Queue)).await.unwrap();
        assert_eq!(next.status, DispatchStatus::Queued);
        let again = refused(store.dispatch(&system(4), new_dispatch(second, unit, Mode::Queue)).await);
        assert!(matches!(again, Refusal::AlreadyAssigned { .. }));
        let early = refused(store.step(&system(5), next.id, Step::to(DispatchStatus::Offered)).await);
        assert!(matches!(early, Refusal::UnitBusy { dispatch, .. } if dispatch == now.id));
        step(&store, 6, now.id, DispatchStatus::Cleared).await;
        assert_eq!(store.queued_for(&Scope::system(), unit).await.unwrap().unwrap().id, next.id);
        assert_eq!(step(&store, 7, next.id, DispatchStatus::Offered).await.status, DispatchStatus::Offered);
    }

    async fn a_hand_over_that_fails_changes_nothing(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (one, ..) = crewed(&store, "BPN-M1", T0).await;
        let (two, ..) = crewed(&store, "BPN-M2", T0).await;
        let (a, b) = (incident(&store, 0).await.id, incident(&store, 1).await.id);
        let work = store.dispatch(&system(2), new_dispatch(a, one, Mode::Assign)).await.unwrap();
        let other = store.dispatch(&system(3), new_dispatch(b, two, Mode::Assign)).await.unwrap();
        let busy = refused(store.hand_over(&system(4), work.id, new_dispatch(a, two, Mode::Assign)).await);
        assert!(matches!(busy, Refusal::UnitBusy { .. }));
        let same = store.find_dispatch(&Scope::system(), work.id).await.unwrap().unwrap();
        assert_eq!(same.status, DispatchStatus::Accepted, "still the first unit's");
        step(&store, 5, other.id, DispatchStatus::Cleared).await;
        let new = store.hand_over(&system(6), work.id, new_dispatch(a, two, Mode::Assign)).await.unwrap();
        assert_eq!(new.unit, two);
        let freed = store.unit(&Scope::system(), one).await.unwrap().unwrap();
        assert_eq!(freed.dispatch, None);
        assert!(is_whole(&store, "BPN").await);
    }

    async fn two_cities_claim_one_unit_and_one_wins(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "SMD-C1", T0).await;
        let mut claims = tokio::task::JoinSet::new();
        for n in 0..24 {
            let city = code(if n % 2 == 0 { "BPN" } else { "SMD" });
            let landing = Landing::City { city, district: None, priority: Priority::P2, place: scene(), first: None };
            let received = store.receive_report(&system(n), Reception::at(city), call("0811"), landing).await.unwrap();
            let (store, id) = (store.clone(), received.incident.unwrap().id);
            claims.spawn(async move { store.dispatch(&system(100), new_dispatch(id, unit, Mode::Auto)).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) = claims.join_all().await.into_iter().partition(Result::is_ok);
        let won: Vec<Dispatch> = won.into_iter().map(Result::unwrap).collect();
        assert_eq!(won.len(), 1);
        for outcome in lost {
            assert!(matches!(refused(outcome), Refusal::UnitBusy { dispatch, .. } if dispatch == won[0].id));
        }
        assert_eq!(store.unit(&Scope::system(), unit).await.unwrap().unwrap().dispatch, Some(won[0].id));
        let told = kinds(&store, "SMD").await;
        assert_eq!(told.iter().filter(|k| **k == "dispatch.offered").count(), 1);
        assert!(is_whole(&store, "BPN").await && is_whole(&store, "SMD").await);
    }
}
