//! Live positions in Redis: what a fix costs, and how soon the nearest is known, beside Redis's own commands for places.
//!
//! Needs the server that `scripts/with-redis.sh` starts. Everything on this side runs on one thread, ours and the peer's.

#[path = "common/mod.rs"]
mod common;
#[path = "nearest/fleet.rs"]
mod fleet;
#[path = "redis/ingest.rs"]
mod ingest;
#[path = "redis/near.rs"]
mod near;
#[path = "redis/postgis.rs"]
mod postgis;
#[path = "redis/server.rs"]
mod server;

use common::Summary;
use tokio::runtime::Builder;

// This binary uses a part of the fleet; so that the compiler does not complain of the rest, here all of it is used.
const _: fn() = || {
    let _ = (fleet::Fleet::drive, fleet::Region::Cities, fleet::JAKARTA);
};

fn main() {
    if !common::is_wanted() || common::is_table() {
        return;
    }
    let mut summary = Summary::default();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (name, hz) in [("redis_ingest_per_cpu_s_1hz", 1), ("redis_ingest_per_cpu_s_5hz", 5)] {
        if common::is_chosen(name) {
            runtime.block_on(ingest::run(&mut summary, name, hz));
        }
    }
    let near = ["redis_nearest_10k", "nearest_10k_vs_geosearch", "nearest_10k_vs_postgis"];
    if near.into_iter().any(common::is_chosen) {
        runtime.block_on(near::run(&mut summary));
    }
    summary.write();
}
