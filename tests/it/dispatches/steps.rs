//! From the offer to the end: who may take which step, and what follows from it.

use super::*;
use crate::on_both;

on_both! {
    async fn a_ride_from_offer_to_end_stops_the_clock(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, officer, phone) = crewed(&store, "BPN-M1", T0).await;
        let incident = incident(&store, 0).await;
        assert_eq!(incident.clock.due(), T0.plus(TEN_MINUTES));
        let offered = store.dispatch(&system(1_000), new_dispatch(incident.id, unit, Mode::Auto)).await.unwrap();
        store.deliver(&by(&officer, Source::Phone, 1_500), offered.id, phone).await.unwrap();
        store.deliver(&by(&officer, Source::Phone, 1_600), offered.id, phone).await.unwrap();
        for (ms, to) in [
            (5_000, DispatchStatus::Accepted),
            (20_000, DispatchStatus::EnRoute),
            (200_000, DispatchStatus::OnScene),
            (900_000, DispatchStatus::Cleared),
        ] {
            let arrival = (to == DispatchStatus::OnScene).then(|| Arrival::judge(Some(30.0)));
            let cause = by(&officer, Source::Phone, ms);
            store.step(&cause, offered.id, Step { arrival, ..Step::to(to) }).await.unwrap();
        }
        let after = store.find_incident(&Scope::system(), incident.id).await.unwrap().unwrap();
        assert_eq!(after.status, IncidentStatus::Cleared);
        assert_eq!(after.clock.kept(), Some(true));
        let segments = after.clock.segments();
        assert_eq!((segments.queue_ms, segments.turnout_ms), (Some(5_000), Some(15_000)));
        assert_eq!((segments.travel_ms, segments.response_ms), (Some(180_000), Some(200_000)));
        assert_eq!(store.unit(&Scope::system(), unit).await.unwrap().unwrap().dispatch, None);
        let later = T0.plus(2 * TEN_MINUTES);
        assert!(due(&store, later).await.is_empty(), "no deadline is left behind");
        let delivered = kinds(&store, "BPN").await.iter().filter(|k| **k == "dispatch.delivered").count();
        assert_eq!(delivered, 1, "a second acknowledgement changes nothing");
    }

    async fn a_wrong_step_says_where_it_stands(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Auto)).await.unwrap();
        let wrong = refused(store.step(&system(2), d.id, Step::to(DispatchStatus::OnScene)).await);
        assert!(matches!(wrong, Refusal::Dispatch(w) if w.from == DispatchStatus::Offered && w.to == DispatchStatus::OnScene));
        assert_eq!(store.find_dispatch(&Scope::system(), d.id).await.unwrap().unwrap().status, DispatchStatus::Offered);
    }

    async fn officers_move_only_their_own_unit(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let (_, stranger, phone) = crewed(&store, "BPN-M2", T0).await;
        let far = person(&store, "far.away", "SMD", Role::Dispatcher).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Auto)).await.unwrap();
        let cause = by(&stranger, Source::Phone, 2);
        let accept = || Step::to(DispatchStatus::Accepted);
        assert_eq!(refused(store.step(&cause, d.id, accept()).await), Refusal::NotCrew(unit));
        assert_eq!(refused(store.deliver(&cause, d.id, phone).await), Refusal::NotCrew(unit));
        let outside = refused(store.step(&by(&far, Source::Console, 2), d.id, accept()).await);
        assert!(matches!(outside, Refusal::NotFound(_)), "{outside}");
        let dispatcher = person(&store, "near.by", "BPN", Role::Dispatcher).await;
        store.step(&by(&dispatcher, Source::Radio, 3), d.id, accept()).await.unwrap();
        let events = store.events(&Scope::system(), code("BPN"), 0, 1_000, None).await.unwrap();
        let accepted = events.iter().find(|e| e.what.kind() == "dispatch.accepted").unwrap();
        assert_eq!((accepted.on_behalf_of, accepted.source), (Some(unit), Source::Radio));
    }

    async fn a_neighbour_helps_and_both_journals_tell(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, officer, _) = crewed(&store, "SMD-C1", T0).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Offer)).await.unwrap();
        assert_eq!((d.id.area, d.unit.area), (code("BPN"), code("SMD")));
        store.step(&by(&officer, Source::Phone, 2), d.id, Step::to(DispatchStatus::Accepted)).await.unwrap();
        for area in ["BPN", "SMD"] {
            let told = kinds(&store, area).await;
            assert!(told.contains(&"dispatch.offered") && told.contains(&"dispatch.accepted"), "{area}: {told:?}");
            assert!(is_whole(&store, area).await);
        }
        let crews = store.events(&officer, code("SMD"), 0, 100, Some(unit)).await.unwrap();
        assert!(crews.iter().any(|e| e.what.kind() == "dispatch.offered"), "the crew reads it at home");
    }

    async fn closing_recalls_the_units_and_their_journals_tell(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "SMD-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Assign)).await.unwrap();
        let closed = store.close_incident(&system(2), id, Disposition::Duplicate).await.unwrap();
        assert_eq!((closed.status, closed.disposition), (IncidentStatus::Closed, Some(Disposition::Duplicate)));
        let recalled = store.find_dispatch(&Scope::system(), d.id).await.unwrap().unwrap();
        assert_eq!(recalled.status, DispatchStatus::Recalled);
        assert_eq!(store.unit(&Scope::system(), unit).await.unwrap().unwrap().dispatch, None);
        assert!(kinds(&store, "SMD").await.contains(&"dispatch.recalled"));
        assert!(kinds(&store, "BPN").await.contains(&"report.closed"));
        // A region's desk took the next one: its journal tells the end as well.
        let far = store.receive_report(&system(2), Reception::at(code("KALTIM")), call("0899"), in_bpn(Priority::P2)).await.unwrap();
        store.close_incident(&system(3), far.incident.unwrap().id, Disposition::Handled).await.unwrap();
        assert!(kinds(&store, "KALTIM").await.contains(&"report.closed"));
        let again = refused(store.close_incident(&system(3), id, Disposition::Handled).await);
        assert_eq!(again, Refusal::IncidentClosed(id));
        let late = refused(store.dispatch(&system(4), new_dispatch(id, unit, Mode::Assign)).await);
        assert_eq!(late, Refusal::IncidentClosed(id));
        assert!(due(&store, T0.plus(2 * TEN_MINUTES)).await.is_empty());
    }

    async fn a_panic_is_closed_by_a_dispatcher_only(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, officer, _) = crewed(&store, "BPN-M1", T0).await;
        let new = NewIncident {
            kind: "officer_in_danger".to_owned(),
            priority: Priority::P1,
            origin: Origin::Panic,
            place: scene(),
            district: None,
            by_unit: None,
            note: None,
        };
        let id = store.open_incident(&by(&officer, Source::Phone, 0), code("BPN"), new).await.unwrap().id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Assign)).await.unwrap();
        step(&store, 2, d.id, DispatchStatus::OnScene).await;
        let cause = by(&officer, Source::Phone, 4);
        let clear = || Step { disposition: Some(Disposition::Handled), ..Step::to(DispatchStatus::Cleared) };
        store.step(&cause, d.id, clear()).await.unwrap();
        let open = store.find_incident(&Scope::system(), id).await.unwrap().unwrap();
        assert_eq!(open.status, IncidentStatus::Cleared, "a panic stays open");
        // The same of a citizen's report closes it, in the same transaction.
        let other = incident(&store, 5).await.id;
        let e = store.dispatch(&system(6), new_dispatch(other, unit, Mode::Assign)).await.unwrap();
        step(&store, 7, e.id, DispatchStatus::OnScene).await;
        store.step(&by(&officer, Source::Phone, 8), e.id, clear()).await.unwrap();
        let closed = store.find_incident(&Scope::system(), other).await.unwrap().unwrap();
        assert_eq!((closed.status, closed.disposition), (IncidentStatus::Closed, Some(Disposition::Handled)));
        assert!(matches!(refused(store.close_incident(&cause, id, Disposition::Handled).await), Refusal::Forbidden { .. }));
    }

    async fn changes_reach_the_crew_and_keep_the_old_places(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, officer, _) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        store.dispatch(&system(1), new_dispatch(id, unit, Mode::Assign)).await.unwrap();
        let moved = store.move_incident(&system(2), id, scene().moved(90.0, 500.0), None).await.unwrap();
        assert_eq!(moved.place_version, 2);
        store.set_priority(&system(3), id, Priority::P1).await.unwrap();
        assert_eq!(store.add_note(&by(&officer, Source::Phone, 4), id, "door is locked".to_owned()).await.unwrap(), 2);
        let heard = store.events(&officer, code("BPN"), 0, 100, Some(unit)).await.unwrap();
        assert_eq!(heard.iter().filter(|e| e.what.kind() == "dispatch.updated").count(), 3);
        assert_eq!(db.count("SELECT COUNT(*) FROM incident_place").await, 2);
        let (_, stranger, _) = crewed(&store, "BPN-M2", T0).await;
        let nosy = store.add_note(&by(&stranger, Source::Phone, 5), id, "hello".to_owned()).await;
        assert!(matches!(refused(nosy), Refusal::NotFound(_)));
    }
}
