//! What every test stands on: a database of its own on either engine, a runtime, a moment to start from.
//!
//! ```ignore
//! on_both! {
//!     async fn a_unit_is_claimed_once(db: Db) {
//!         let store = db.open().await;
//!     }
//! }
//! ```
//!
//! makes the tests `a_unit_is_claimed_once::sqlite` and `a_unit_is_claimed_once::postgres`.

mod client;
mod database;
pub mod graph;
mod postgres;
mod redis;
pub mod seed;
mod server;

pub use client::*;
pub use database::{Db, Engine, run};
pub use postgres::PrivatePostgres;
pub use redis::{PrivateCluster, PrivateRedis, redis_cluster_url, redis_prefix, redis_url};
pub use seed::*;
pub use server::*;

use sigap::domain::time::UnixMs;

/// When the tests take place: 2026-11-02T01:00Z, nine o'clock on a Monday morning in Balikpapan.
pub const T0: UnixMs = UnixMs(1_793_581_200_000);

/// Makes two tests of each function, one per engine.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Db) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($db: $crate::harness::Db) $body

            #[test]
            fn sqlite() {
                $crate::harness::run($crate::harness::Engine::Sqlite, test);
            }

            #[test]
            fn postgres() {
                $crate::harness::run($crate::harness::Engine::Postgres, test);
            }
        }
    )* };
}
