//! A cluster: cities lie on different masters, and one of these may fall.

use super::{
    away::{Fleet, WHOLE},
    *,
};
use std::sync::atomic::Ordering;

#[test]
fn cities_are_spread_over_the_masters() {
    runtime().block_on(async {
        let cluster = PrivateCluster::start();
        let live = Kept::redis(cluster.url()).node();
        let cities: Vec<_> = (0..40).map(|i| format!("C{i}")).collect();
        for city in &cities {
            free_at(&live, unit(city, 1), 50.0, T0).await;
        }
        until("every city is told", WHOLE, async || {
            let sizes: Vec<usize> = cluster.nodes[..3].iter().map(|node| node.ask(&["DBSIZE"])).collect();
            // Three keys each: fixes, what is said, who is free.
            sizes.iter().all(|keys| *keys >= 3 * 5) && sizes.iter().sum::<usize>() == 3 * 40
        })
        .await;
    });
}

#[test]
fn a_master_is_killed_and_its_replica_takes_over() {
    runtime().block_on(async {
        let mut cluster = PrivateCluster::start();
        let kept = Kept::redis(cluster.url());
        let fleet = Arc::new(Fleet::start(&kept).await);
        let drive = fleet.drive();
        cluster.nodes[0].kill();
        until("the replica is a master", Duration::from_secs(30), async || {
            cluster.nodes[3].ask::<String>(&["INFO", "replication"]).contains("role:master")
        })
        .await;
        fleet.until_whole(&kept).await;
        fleet.stop.store(true, Ordering::SeqCst);
        drive.await.unwrap();
    });
}

#[test]
fn a_master_without_a_replica_comes_back_empty() {
    runtime().block_on(async {
        let mut cluster = PrivateCluster::start();
        let kept = Kept::redis(cluster.url());
        let fleet = Arc::new(Fleet::start(&kept).await);
        let drive = fleet.drive();
        for fallen in [1, 2] {
            cluster.nodes[fallen].kill();
            until("somebody says so", WHOLE, async || fleet.nodes.iter().any(|n| n.health() != Health::Well)).await;
            cluster.nodes[fallen].restart();
            fleet.until_whole(&kept).await;
        }
        fleet.stop.store(true, Ordering::SeqCst);
        drive.await.unwrap();
    });
}
