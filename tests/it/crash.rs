//! Kill -9 of the real program in the middle of 200 dispatches, again and again, over one database.
//!
//! Citizens report by HTTP; crews take offers from their sockets and take their steps by socket (two of three) or by
//! HTTP. Every command that was acknowledged is written down with its answer; after each restart it must be there, once,
//! and a repeat must be answered the same.

mod fleet;
pub mod ledger;
pub mod proof;

use crate::{harness::*, on_both};
use fleet::Fleet;
use ledger::Ledger;
use sigap::{
    app,
    app::Clock,
    domain::{access::Cause, area::Targets, sla::policy::Rules},
};
use std::time::{Duration, Instant};

/// Reports posted between two kills.
const REPORTS: usize = 200;
/// Units that ride.
const UNITS: usize = 24;
/// P1 is often broken before anybody comes, P2 by crews that were cut off; P3 and P4 are kept.
const TARGETS: Targets = Targets([700, 2_500, 60_000, 600_000]);

on_both! {
    async fn three_kills_lose_nothing(db: Db) {
        survive(&db, 3).await;
    }
}

/// `make torture` runs these: `cargo test --release --test it -- --ignored`.
mod torture {
    use super::*;

    async fn twenty_kills(db: Db) {
        survive(&db, 20).await;
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn twenty_kills_on_sqlite() {
        run(Engine::Sqlite, twenty_kills);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn twenty_kills_on_postgres() {
        run(Engine::Postgres, twenty_kills);
    }
}

async fn survive(db: &Db, kills: usize) {
    let mut city = seed(db, UNITS).await;
    promise(db).await;
    let program = Program::new(db)
        .with("SIGAP_ENGINE__ASK_AGAIN_MS", "1000")
        .with("SIGAP_ENGINE__OFFER__DELIVERY_MS", "2000")
        .with("SIGAP_ENGINE__OFFER__ANSWER_MS", "4000");
    let mut alive = program.serve().await;
    city.sign_on(&alive.api).await;
    let mut broken_meanwhile = 0;
    for round in 0..kills {
        if round % 5 == 4 {
            city.renew(db).await;
        }
        let ledger = Ledger::default();
        let fleet = Fleet::start(&alive.api, &city, &ledger, round * REPORTS..(round + 1) * REPORTS);
        // All of a round's work has about 1,000 commands: somewhere before its middle, elsewhere each time.
        let fatal = 150 + round * 271 % 400;
        ledger.reach(fatal).await;
        alive.kill();
        fleet.cut_off().await;
        broken_meanwhile += a_promise_breaks(db).await;
        let mut written = ledger.take();
        proof::all_is_there(db, &written, true).await;
        alive = program.serve().await;
        ledger::repeat_all(&alive.api, &mut written).await;
        proof::all_is_there(db, &written, false).await;
        proof::each_breach_once(db).await;
    }
    assert!(broken_meanwhile > 0, "no promise broke while nobody served: nothing was tried");
    finish(db, &alive, &city).await;
    alive.terminate();
    assert!(alive.ended().await.success(), "{}", alive.logged());
    proof::each_breach_once(db).await;
}

/// Sets promises that break within seconds.
async fn promise(db: &Db) {
    let (engine, _) = app::open(&config(db), Clock::start()).await.unwrap();
    engine.set_policy(&Cause::system(engine.now()), code("BPN"), Rules::simple(TARGETS), None).await.unwrap();
    engine.close().await;
}

/// While nobody serves, waits until one more promise has fallen due, where one will soon; gives how many have.
async fn a_promise_breaks(db: &Db) -> i64 {
    let earliest = db.count("SELECT COALESCE(MIN(due_ms), 0) FROM deadline WHERE kind = 'breach'").await;
    while now().0 <= earliest && earliest - now().0 < TARGETS.0[1] {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    db.count(&format!("SELECT COUNT(*) FROM deadline WHERE kind = 'breach' AND due_ms <= {}", now().0)).await
}

/// The crews finish what is open.
async fn finish(db: &Db, alive: &Alive, city: &City) {
    let ledger = Ledger::default();
    let fleet = Fleet::start(&alive.api, city, &ledger, 0..0);
    let started = Instant::now();
    while db.count("SELECT COUNT(*) FROM incident WHERE status <> 'closed'").await > 0 {
        assert!(started.elapsed() < 2 * PATIENCE, "open incidents are never served: {}", alive.logged());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    fleet.cut_off().await;
    proof::all_is_there(db, &ledger.take(), false).await;
}
