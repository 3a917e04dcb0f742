//! The service as a whole: what a fix costs, how soon an offer is read, what a journal takes, what a socket holds.
//!
//! Where the figure is the server's, the server is the real program, `sigap serve`, in a process of its own, and this
//! one plays the phones. Arguments choose among the measurements: `cargo bench --bench service -- ingest offer_sqlite`.

#[path = "service/board.rs"]
mod board;
#[path = "service/bytes.rs"]
mod bytes;
#[path = "service/city.rs"]
mod city;
#[path = "service/clocks.rs"]
mod clocks;
#[path = "common/mod.rs"]
mod common;
#[path = "service/database.rs"]
mod database;
#[path = "service/echo.rs"]
mod echo;
#[path = "service/idle.rs"]
mod idle;
#[path = "service/ingest.rs"]
mod ingest;
#[path = "service/journal.rs"]
mod journal;
#[path = "service/nodes.rs"]
mod nodes;
#[path = "service/offer.rs"]
mod offer;
#[path = "service/phone.rs"]
mod phone;
#[path = "service/process.rs"]
mod process;

use common::Summary;
use database::Kind;
use tokio::runtime::{Builder, Runtime};

fn main() {
    if let Some(port) = std::env::var_os(echo::PORT) {
        return echo::serve(port.to_str().and_then(|port| port.parse().ok()).expect("a port"));
    }
    if !common::is_wanted() || common::is_table() {
        return;
    }
    let mut summary = Summary::default();
    for (name, measure) in [
        ("ingest", (|summary| one_core(ingest::run(summary))) as fn(&mut Summary)),
        ("console_bytes", |summary| one_core(bytes::run(summary))),
        ("idle", |summary| one_core(idle::run(summary))),
        ("journal_sqlite", |summary| all_cores().block_on(journal::run(summary, Kind::Sqlite))),
        ("journal_postgres", |summary| all_cores().block_on(journal::run(summary, Kind::Postgres))),
        ("offer_sqlite", |summary| all_cores().block_on(offer::run(summary, Kind::Sqlite))),
        ("offer_postgres", |summary| all_cores().block_on(offer::run(summary, Kind::Postgres))),
        ("clocks_sqlite", |summary| all_cores().block_on(clocks::run(summary, Kind::Sqlite))),
        ("clocks_postgres", |summary| all_cores().block_on(clocks::run(summary, Kind::Postgres))),
        ("cross_node_offer", |summary| all_cores().block_on(nodes::offers(summary))),
        ("sla_board", |summary| all_cores().block_on(board::run(summary))),
        ("failover_gap", |summary| all_cores().block_on(nodes::failover(summary))),
    ] {
        if common::is_chosen(name) {
            measure(&mut summary);
        }
    }
    summary.write();
}

/// Runs the phones on one core, so that the other one is the server's alone.
fn one_core(work: impl Future<Output = ()>) {
    let (own, all) = (std::process::id(), process::cores());
    process::pin(own, process::PHONES);
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work);
    process::pin(own, &all);
}

fn all_cores() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime")
}
