//! The past of a demo: what it leaves is as true as what is lived, and it is lived once.

use crate::{harness::*, on_both};
use sigap::{
    app::{self, Clock},
    cli::Demo,
    domain::{
        access::Scope,
        ids::AreaCode,
        sla::{
            cases::CaseLimits,
            compliance::{By, Days},
        },
        time::{UnixMs, Zone, day_text},
    },
    engine::Engine,
};
use std::sync::atomic::{AtomicBool, Ordering};

fn bpn() -> AreaCode {
    code("BPN")
}

/// A small city, so many days before today and what there is of today.
fn options(past: u16) -> Demo {
    Demo { units: 5, reports_per_min: 0.0, seed: 110, past, seconds: None }
}

/// Nobody is signed on or sits at a desk, nothing is open, nothing is due.
async fn assert_at_rest(db: &Db) {
    for left in [
        "deadline",
        "unit WHERE duty <> 'off_duty' OR dispatch_no IS NOT NULL",
        "crew WHERE to_ms IS NULL",
        "shift WHERE to_ms IS NULL",
        "incident WHERE closed_ms IS NULL",
        "report WHERE closed_ms IS NULL",
        "dispatch WHERE status NOT IN ('cleared', 'declined', 'expired', 'recalled')",
        "ws_ticket",
        "refresh_token",
    ] {
        assert_eq!(db.count(&format!("SELECT COUNT(*) FROM {left}")).await, 0, "{left}");
    }
}

/// Moments go on in the journal, and end before the present; its figures are those of its events.
async fn assert_true(engine: &Engine, present: UnixMs) {
    let everywhere = Scope::system();
    let (mut after, mut at) = (0, UnixMs(0));
    loop {
        let page = engine.journal(&everywhere, bpn(), after, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        for event in &page {
            assert!(at <= event.at && event.at < present, "{event:?}");
            at = event.at;
        }
        after = last.seq;
    }
    assert_eq!(engine.verify_sla(&everywhere, bpn()).await.unwrap(), Vec::<String>::new());
}

on_both! {
    async fn a_new_database_is_given_a_past_once(db: Db) {
        let (clock, stop) = (Clock::start(), AtomicBool::new(false));
        let present = clock.now();
        let lived = app::live_through(&config(&db), clock, &options(2), &stop).await.unwrap().expect("it is new");
        // Each date throws dice of its own: what holds of any two days.
        assert!(lived.calls > lived.incidents + 10 && lived.incidents >= 10, "{lived:?}");
        assert_at_rest(&db).await;
        let (engine, _) = app::open(&config(&db), clock).await.unwrap();
        assert_true(&engine, present).await;
        let today = Zone::Wita.day(present);
        let (days, by) = (Days::new(today - 2, today).unwrap(), [By::Hour, By::Unit, By::District]);
        let limits = CaseLimits { worst: 10, excluded_skip: 0, excluded: 10, open_late: 10 };
        let found = engine.compliance(&Scope::system(), bpn(), days, (By::Day, &by), limits).await.unwrap();
        let shown = found.summary.shown(By::Day, 10);
        let (_, yesterday) = shown.groups.iter().find(|(day, _)| *day == day_text(today - 1)).unwrap();
        assert!(yesterday.counted >= 3 && yesterday.arrived >= 1 && yesterday.arrived_verified >= 1, "{yesterday:?}");
        assert!(yesterday.response.percentile_s(90) > Some(60), "{yesterday:?}");
        assert!(found.summary.shown(By::Unit, 10).groups.len() >= 3);
        engine.close().await;

        // A demo that starts again keeps the past that it has.
        let events = "SELECT COUNT(*) FROM event";
        let before = db.count(events).await;
        assert_eq!(app::live_through(&config(&db), clock, &options(2), &stop).await.unwrap(), None);
        assert_eq!(db.count(events).await, before);
    }

    async fn a_past_that_is_broken_off_leaves_nothing_open(db: Db) {
        let (clock, stop) = (Clock::start(), AtomicBool::new(false));
        let (config, options) = (config(&db), options(30));
        // So that there are tables to look into.
        db.open().await.close().await;
        let lives = app::live_through(&config, clock, &options, &stop);
        let stops = async {
            while db.count("SELECT COUNT(*) FROM dispatch WHERE status = 'en_route'").await == 0 {
                tokio::task::yield_now().await;
            }
            stop.store(true, Ordering::SeqCst);
        };
        let lived = tokio::join!(lives, stops).0.unwrap().expect("it is new");
        assert!((1..1_000).contains(&lived.calls), "{lived:?}");
        assert_at_rest(&db).await;
    }
}
