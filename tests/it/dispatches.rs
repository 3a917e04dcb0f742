//! Claims, steps, clocks: the rules of the work, on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        access::*, deadline::DeadlineKind, dispatch::*, ids::*, incident::*, place::Place, refusal::Refusal, report::*,
        time::UnixMs,
    },
    store::{Landing, NewDispatch, Received, Step, Store, StoreError, Verdict},
};

const TEN_MINUTES: i64 = 600_000;

pub fn scene() -> Place {
    Place::new(-1.25, 116.83).unwrap()
}

/// A call that was answered and found valid.
pub fn call(number: &str) -> NewReport {
    NewReport {
        channel: Channel::Call,
        rung: None,
        answered: None,
        kind: "theft".to_owned(),
        place: Some(scene()),
        caller_number: Some(number.to_owned()),
        caller_name: Some("a caller".to_owned()),
        address: Some("by the harbour".to_owned()),
        text: Some("two men".to_owned()),
        source: Source::Citizen,
    }
}

pub fn in_bpn(priority: Priority) -> Landing {
    Landing::City { city: code("BPN"), district: None, priority, place: scene(), first: None }
}

pub async fn incident(store: &Store, ms: i64) -> Incident {
    let landing = in_bpn(Priority::P2);
    let received = store.receive_report(&system(ms), code("BPN"), call("0811"), landing).await.unwrap();
    received.incident.unwrap()
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

async fn kinds(store: &Store, area: &str) -> Vec<&'static str> {
    let events = store.events(&Scope::system(), code(area), 0, 1_000, None).await.unwrap();
    events.iter().map(|e| e.what.kind()).collect()
}

async fn is_whole(store: &Store, area: &str) -> bool {
    matches!(store.verify(&Scope::system(), code(area)).await.unwrap(), Verdict::Whole(_))
}

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
        assert!(store.due(later, 100).await.unwrap().is_empty(), "no deadline is left behind");
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

    async fn an_offer_expires_once_whoever_ticks(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(0), new_dispatch(id, unit, Mode::Auto)).await.unwrap();
        assert_eq!(store.expire(&system(4_999), d.id, Unanswered::Undelivered).await.unwrap(), None, "too early");
        let mut ticks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            ticks.spawn(async move { store.expire(&system(5_000), d.id, Unanswered::Undelivered).await.unwrap() });
        }
        let fired = ticks.join_all().await.into_iter().flatten().count();
        assert_eq!(fired, 1);
        assert_eq!(store.expire(&system(20_000), d.id, Unanswered::NoAnswer).await.unwrap(), None);
        assert_eq!(store.unit(&Scope::system(), unit).await.unwrap().unwrap().dispatch, None, "the unit is free again");
        let told = kinds(&store, "BPN").await;
        assert_eq!(told.iter().filter(|k| **k == "dispatch.expired").count(), 1);
    }

    async fn a_promise_breaks_once_whatever_restarts(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let id = incident(&store, 0).await.id;
        let on_time = T0.plus(TEN_MINUTES);
        assert_eq!(store.due(on_time, 10).await.unwrap().len(), 1, "only the warning is due at the last moment");
        assert!(!store.fire_breach(&system(TEN_MINUTES), id).await.unwrap());
        store.close().await;
        let store = db.open().await;
        let due = store.due(on_time.plus(1), 10).await.unwrap();
        assert!(due.iter().any(|d| d.kind == DeadlineKind::Breach && d.no == id.no));
        let mut ticks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            ticks.spawn(async move { store.fire_breach(&system(TEN_MINUTES + 1), id).await.unwrap() });
        }
        assert_eq!(ticks.join_all().await.into_iter().filter(|fired| *fired).count(), 1);
        assert_eq!(kinds(&store, "BPN").await.iter().filter(|k| **k == "incident.breached").count(), 1);
    }

    async fn an_arrival_that_is_late_breaks_the_promise_before_any_tick(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Assign)).await.unwrap();
        step(&store, TEN_MINUTES + 5_000, d.id, DispatchStatus::OnScene).await;
        let after = store.find_incident(&Scope::system(), id).await.unwrap().unwrap();
        assert_eq!(after.clock.kept(), Some(false));
        assert!(!store.fire_breach(&system(TEN_MINUTES + 6_000), id).await.unwrap(), "not a second time");
        assert_eq!(kinds(&store, "BPN").await.iter().filter(|k| **k == "incident.breached").count(), 1);
        let skipped = store.find_dispatch(&Scope::system(), d.id).await.unwrap().unwrap();
        assert_eq!(skipped.en_route, skipped.on_scene, "a skipped tap gets the time of the later one");
    }

    async fn a_warning_follows_the_ride(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let new = NewDispatch { travel_ms: Some(400_000), ..new_dispatch(id, unit, Mode::Assign) };
        store.dispatch(&system(1), new).await.unwrap();
        assert!(!store.fire_warn(&system(199_999), id).await.unwrap());
        assert!(store.fire_warn(&system(200_000), id).await.unwrap(), "less is left than the ride takes");
        assert!(!store.fire_warn(&system(420_000), id).await.unwrap(), "once");
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
        let far = store.receive_report(&system(2), code("KALTIM"), call("0899"), in_bpn(Priority::P2)).await.unwrap();
        store.close_incident(&system(3), far.incident.unwrap().id, Disposition::Handled).await.unwrap();
        assert!(kinds(&store, "KALTIM").await.contains(&"report.closed"));
        let again = refused(store.close_incident(&system(3), id, Disposition::Handled).await);
        assert_eq!(again, Refusal::IncidentClosed(id));
        let late = refused(store.dispatch(&system(4), new_dispatch(id, unit, Mode::Assign)).await);
        assert_eq!(late, Refusal::IncidentClosed(id));
        assert!(store.due(T0.plus(2 * TEN_MINUTES), 10).await.unwrap().is_empty());
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

    async fn erasing_a_caller_leaves_the_chain_whole(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let first = incident(&store, 0).await;
        let landing = in_bpn(Priority::P3);
        let second = store.receive_report(&system(1), code("BPN"), call("0811"), landing).await.unwrap();
        let notes = store.notes(&Scope::system(), first.id).await.unwrap();
        assert_eq!(notes[0].text.as_deref(), Some("by the harbour\ntwo men"));
        let report = store.find_report(&Scope::system(), second.report.id).await.unwrap().unwrap();
        assert_eq!(report.place, Some(scene()));
        let subject = db.text("SELECT subject FROM caller").await;
        store.erase_subject(&system(2), code("BPN"), subject.parse().unwrap()).await.unwrap();
        let gone = store.find_report(&Scope::system(), second.report.id).await.unwrap().unwrap();
        assert_eq!(gone.place, None);
        assert_eq!(store.notes(&Scope::system(), first.id).await.unwrap()[0].text, None);
        assert!(is_whole(&store, "BPN").await);
        let dump = db.text("SELECT text FROM event WHERE seq = 2").await;
        assert!(!dump.contains("0811") && !dump.contains("harbour"), "{dump}");
    }

    async fn a_repeated_report_is_one_report(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, mut posts) = (CommandId::random(), tokio::task::JoinSet::new());
        for _ in 0..16 {
            let store = store.clone();
            posts.spawn(async move {
                let cause = named(system(0), id, 1);
                store.receive_report(&cause, code("BPN"), call("0811"), in_bpn(Priority::P1)).await.unwrap()
            });
        }
        let answers: Vec<Received> = posts.join_all().await;
        assert!(answers.iter().all(|a| a == &answers[0]));
        let changed = store.receive_report(&named(system(1), id, 2), code("BPN"), call("0811"), in_bpn(Priority::P1)).await;
        assert_eq!(refused(changed), Refusal::CommandReused(id));
        assert_eq!(store.incidents(&Scope::system(), code("BPN"), true, 100).await.unwrap().len(), 1);
    }

    async fn reports_without_a_city_or_a_judgement_are_kept(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let near = vec![code("BPN"), code("SMD")];
        let landing = Landing::Outside { near };
        let lost = store.receive_report(&system(0), code("KALTIM"), call("0812"), landing).await.unwrap();
        assert!(lost.report.outside_area && lost.incident.is_none());
        assert_eq!(lost.report.status, ReportStatus::Valid);
        let ringing = NewReport { place: None, ..call("0813") };
        let ringing = store.receive_report(&system(1), code("KALTIM"), ringing, Landing::Unjudged).await.unwrap();
        assert_eq!(ringing.report.status, ReportStatus::Ringing);
        for report in [lost.report.id, ringing.report.id] {
            assert!(!store.fire_report(&system(59_999), report).await.unwrap(), "not yet");
            assert!(store.fire_report(&system(61_000), report).await.unwrap(), "the desk is told");
            assert!(!store.fire_report(&system(62_000), report).await.unwrap(), "once");
        }
        assert_eq!(kinds(&store, "KALTIM").await.iter().filter(|k| **k == "report.waiting").count(), 2);
        let outside = store.reports(&Scope::system(), code("KALTIM"), true, 10).await.unwrap();
        assert_eq!(outside.len(), 1);
        assert_eq!(store.reports(&Scope::system(), code("KALTIM"), false, 10).await.unwrap().len(), 2);
    }

    async fn the_clock_starts_at_the_first_ring(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let rung = NewReport { rung: Some(T0.plus(-8_000)), answered: Some(T0.plus(-3_000)), ..call("0811") };
        let received = store.receive_report(&system(0), code("BPN"), rung, in_bpn(Priority::P1)).await.unwrap();
        let clock = received.incident.unwrap().clock;
        assert_eq!(clock.start, T0.plus(-8_000));
        assert_eq!((clock.segments().answer_ms, clock.segments().processing_ms), (Some(5_000), Some(3_000)));
        let early = NewReport { rung: Some(T0.plus(60_000)), ..call("0811") };
        let early = store.receive_report(&system(0), code("BPN"), early, in_bpn(Priority::P1)).await.unwrap();
        assert_eq!(early.incident.unwrap().clock.start, T0, "nobody rings in the future");
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

    async fn the_day_counts_what_was_decided_in_it(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let kept = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(kept, unit, Mode::Assign)).await.unwrap();
        let arrival = Some(Arrival::judge(Some(10.0)));
        store.step(&system(60_000), d.id, Step { arrival, ..Step::to(DispatchStatus::OnScene) }).await.unwrap();
        let broken = incident(&store, 0).await.id;
        store.fire_warn(&system(TEN_MINUTES), broken).await.unwrap();
        store.fire_breach(&system(TEN_MINUTES + 1), broken).await.unwrap();
        incident(&store, TEN_MINUTES).await;
        let now = store.standing(&Scope::system(), code("BPN"), T0.plus(-1)).await.unwrap();
        assert_eq!((now.open, now.waiting, now.at_risk, now.breached), (3, 2, 0, 1));
        assert_eq!((now.decided_today, now.within_target_today, now.verified_today), (2, 1, 1));
        assert_eq!((now.share_today, now.p50_ms), (Some(0.5), Some(60_000)));
        let tomorrow = store.standing(&Scope::system(), code("BPN"), UnixMs(T0.0 + 86_400_000)).await.unwrap();
        assert_eq!((tomorrow.open, tomorrow.decided_today, tomorrow.share_today), (3, 0, None));
    }
}
