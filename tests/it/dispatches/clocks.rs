//! What is due fires once, and the day counts what was decided in it.

use super::*;
use crate::on_both;

on_both! {
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
        assert_eq!(due(&store, on_time).await.len(), 1, "only the warning is due at the last moment");
        assert!(!breaks(&store, TEN_MINUTES, id).await);
        store.close().await;
        let store = db.open().await;
        let due = due(&store, on_time.plus(1)).await;
        assert!(due.iter().any(|d| d.kind == DeadlineKind::Breach && d.no == id.no));
        let mut ticks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            ticks.spawn(async move { breaks(&store, TEN_MINUTES + 1, id).await });
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
        assert!(!breaks(&store, TEN_MINUTES + 6_000, id).await, "not a second time");
        assert_eq!(kinds(&store, "BPN").await.iter().filter(|k| **k == "incident.breached").count(), 1);
        let skipped = store.find_dispatch(&Scope::system(), d.id).await.unwrap().unwrap();
        assert_eq!(skipped.en_route, skipped.on_scene, "a skipped tap gets the time of the later one");
    }

    async fn what_is_due_together_breaks_once_whoever_ticks(db: Db) {
        const MANY: i64 = 2_300;
        let (one, two) = (db.open().await, db.open().await);
        areas(&one).await;
        let (unit, ..) = crewed(&one, "BPN-M1", T0).await;
        let opened = open_many(&one, MANY).await;
        let reached = opened[7].id;
        let d = one.dispatch(&system(1), new_dispatch(reached, unit, Mode::Assign)).await.unwrap();
        step(&one, 60_000, d.id, DispatchStatus::OnScene).await;
        one.close_incident(&system(60_000), opened[8].id, Disposition::Handled).await.unwrap();
        let late = TEN_MINUTES + 1;
        let all: Vec<i64> = opened.iter().map(|incident| incident.id.no).collect();
        let mut ticks = tokio::task::JoinSet::new();
        // Both nodes, each twice, in batches that are cut differently.
        for (store, size) in [(&one, 500), (&two, 500), (&one, 333), (&two, 71)] {
            for batch in all.chunks(size) {
                let (store, batch) = (store.clone(), batch.to_vec());
                ticks.spawn(async move { store.fire_breaches(&system(late), code("BPN"), batch).await.unwrap() });
            }
        }
        let fired: usize = ticks.join_all().await.into_iter().sum();
        assert_eq!(fired as i64, MANY - 2, "but for the one that was reached, and the one that was closed");
        assert_eq!(db.count("SELECT COUNT(*) FROM event WHERE text LIKE '%\"kind\":\"incident.breached\"%'").await, MANY - 2);
        assert_eq!(db.count("SELECT COUNT(DISTINCT subject) FROM event WHERE text LIKE '%\"kind\":\"incident.breached\"%'").await, MANY - 2);
        assert_eq!(db.count("SELECT COUNT(*) FROM incident WHERE breached_ms IS NOT NULL").await, MANY - 2);
        assert!(due(&one, T0.plus(2 * TEN_MINUTES)).await.is_empty(), "what is broken needs no warning");
        assert!(is_whole(&one, "BPN").await);
    }

    async fn a_command_takes_so_many_and_no_more(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let opened = open_many(&store, TAKEN as i64 + 3).await;
        let all: Vec<i64> = opened.iter().map(|incident| incident.id.no).collect();
        let warned = store.fire_warnings(&system(420_000), code("BPN"), at_risk(&all)).await.unwrap();
        assert_eq!(warned, TAKEN, "others wait for their area no longer than that");
        let rest = at_risk(&all[TAKEN..]);
        assert_eq!(store.fire_warnings(&system(420_000), code("BPN"), rest).await.unwrap(), 3);
        assert_eq!(store.fire_warnings(&system(420_000), code("BPN"), at_risk(&all)).await.unwrap(), 0);
    }

    async fn a_tap_in_time_that_is_written_after_the_breach_keeps_the_promise(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let d = store.dispatch(&system(1), new_dispatch(id, unit, Mode::Assign)).await.unwrap();
        assert!(breaks(&store, TEN_MINUTES + 1, id).await);
        step(&store, TEN_MINUTES, d.id, DispatchStatus::OnScene).await;
        let after = store.find_incident(&Scope::system(), id).await.unwrap().unwrap();
        assert_eq!(after.clock.kept(), Some(true), "the server had it in time");
        let bpn = vec![(code("BPN"), Zone::Wita)];
        let now = store.standings(&Scope::system(), bpn, T0.plus(TEN_MINUTES)).await.unwrap()[0].1.standing();
        assert_eq!((now.breached, now.decided_today, now.within_target_today), (0, 1, 1));
        assert!(!breaks(&store, TEN_MINUTES + 2, id).await);
        assert_eq!(kinds(&store, "BPN").await.iter().filter(|k| **k == "incident.breached").count(), 1);
    }

    async fn a_warning_follows_the_ride(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0).await;
        let id = incident(&store, 0).await.id;
        let looks = |ms| { let store = store.clone(); async move {
            store.due(DeadlineKind::Warn, T0.plus(ms), 10).await.unwrap().iter().any(|due| due.no == id.no)
        } };
        let new = NewDispatch { travel_ms: Some(400_000), ..new_dispatch(id, unit, Mode::Offer) };
        let d = store.dispatch(&system(1), new).await.unwrap().id;
        assert!(!looks(199_999).await && looks(200_000).await, "less is left than the ride takes");
        let step = Step { travel_ms: Some(400_000), ..Step::to(DispatchStatus::Accepted) };
        store.step(&system(10_000), d, step).await.unwrap();
        assert!(!looks(9_999 + LOOK_MS).await && looks(10_000 + LOOK_MS).await, "who is under way is looked at soon");
        let again = |at| vec![Looked { no: id.no, found: Found::Again(T0.plus(at)) }];
        assert_eq!(store.fire_warnings(&system(20_000), id.area, again(90_000)).await.unwrap(), 0, "not due");
        assert!(looks(25_000).await);
        assert_eq!(store.fire_warnings(&system(25_000), id.area, again(90_000)).await.unwrap(), 0);
        assert!(!looks(89_999).await && looks(90_000).await, "it was put off");
        assert!(warns(&store, 90_000, id).await);
        assert!(!warns(&store, 420_000, id).await, "once");
    }

    async fn the_clock_starts_at_the_first_ring(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let rung = NewReport { rung: Some(T0.plus(-8_000)), answered: Some(T0.plus(-3_000)), ..call("0811") };
        let received = store.receive_report(&system(0), Reception::at(code("BPN")), rung, in_bpn(Priority::P1)).await.unwrap();
        let clock = received.incident.unwrap().clock;
        assert_eq!(clock.start, T0.plus(-8_000));
        assert_eq!((clock.segments().answer_ms, clock.segments().processing_ms), (Some(5_000), Some(3_000)));
        let early = NewReport { rung: Some(T0.plus(60_000)), ..call("0811") };
        let early = store.receive_report(&system(0), Reception::at(code("BPN")), early, in_bpn(Priority::P1)).await.unwrap();
        assert_eq!(early.incident.unwrap().clock.start, T0, "nobody rings in the future");
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
        warns(&store, TEN_MINUTES, broken).await;
        breaks(&store, TEN_MINUTES + 1, broken).await;
        incident(&store, TEN_MINUTES).await;
        let bpn = || vec![(code("BPN"), Zone::Wita)];
        let now = store.standings(&Scope::system(), bpn(), T0.plus(TEN_MINUTES)).await.unwrap()[0].1.standing();
        assert_eq!((now.open, now.waiting, now.at_risk, now.breached), (3, 2, 0, 1));
        assert_eq!((now.decided_today, now.within_target_today, now.verified_today), (2, 1, 1));
        assert_eq!((now.share_today, now.p50_ms), (Some(0.5), Some(60_000)));
        let tomorrow = store.standings(&Scope::system(), bpn(), T0.plus(86_400_000)).await.unwrap()[0].1.standing();
        assert_eq!((tomorrow.open, tomorrow.decided_today, tomorrow.share_today), (3, 0, None));
    }
}
