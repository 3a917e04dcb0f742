//! The bus itself, over one Redis and over a cluster.

use super::pair::until;
use crate::harness::*;
use sigap::{
    domain::ids::{AreaCode, DeviceId},
    live::bus::{Bus, Ear, Health, Note},
};
use std::time::Duration;
use tokio::{runtime::Handle, time::timeout};

fn open(url: &str, prefix: &str) -> (Bus, Ear) {
    Bus::open(url, prefix, &Handle::current()).unwrap()
}

async fn ready(buses: &[&Bus]) {
    until("the buses are ready", || async { buses.iter().all(|bus| bus.health() == Some(Health::Ready)) }).await;
}

/// Waits for a note; what comes before is let go.
async fn hears(ear: &mut Ear, wanted: Note) {
    let came = timeout(PATIENCE, async { while ear.next().await != wanted {} }).await;
    assert!(came.is_ok(), "waited in vain for {wanted:?}");
}

fn areas() -> Vec<AreaCode> {
    ["BPN", "SMD", "KALTIM", "ID", "JKT", "BDG", "SBY", "MDN"].map(|name| name.parse().unwrap()).to_vec()
}

/// Words on every area and device cross in both directions, and none comes back or reaches another installation.
async fn words_cross(url: &str) {
    let (prefix, elsewhere) = (redis_prefix(), redis_prefix());
    let ((one, mut ear_one), (two, mut ear_two)) = (open(url, &prefix), open(url, &prefix));
    let (stranger, mut ear_stranger) = open(url, &elsewhere);
    ready(&[&one, &two, &stranger]).await;
    for (n, area) in areas().into_iter().enumerate() {
        let (seq, device) = (n as i64 + 7, DeviceId::random());
        one.announce(area, seq);
        hears(&mut ear_two, Note::Head { area, seq }).await;
        two.seated(device, seq);
        hears(&mut ear_one, Note::Seat { device, seat: seq }).await;
    }
    assert_eq!((one.counts().unwrap().heard(), two.counts().unwrap().heard()), (8, 8), "nobody hears itself");
    hears(&mut ear_stranger, Note::Gap).await;
    assert!(timeout(Duration::from_millis(100), ear_stranger.next()).await.is_err(), "it is another installation");
}

/// All nodes agree on who comes first for an area, each is first for some, and who is gone is soon counted out.
async fn nodes_take_turns(url: &str) {
    let prefix = redis_prefix();
    let opened = [open(url, &prefix), open(url, &prefix), open(url, &prefix)];
    let buses: Vec<&Bus> = opened.iter().map(|(bus, _)| bus).collect();
    let many: Vec<AreaCode> = (0..60).map(|n| format!("CITY{n}").parse().unwrap()).collect();
    let ranks = |buses: &[&Bus], area: AreaCode| {
        let mut ranks: Vec<_> = buses.iter().map(|bus| bus.rank(area)).collect();
        ranks.sort_unstable();
        ranks
    };
    ready(&buses).await;
    until("each has another place", || async { many.iter().all(|area| ranks(&buses, *area) == [0, 1, 2]) }).await;
    for bus in &buses {
        let first = many.iter().filter(|area| bus.rank(**area) == 0).count();
        assert!((5..40).contains(&first), "first for {first} of {} areas", many.len());
    }
    let [one, two, three] = opened;
    drop(three);
    let left = [&one.0, &two.0];
    until("the third is counted out", || async { many.iter().all(|area| ranks(&left, *area) == [0, 1]) }).await;
    assert_eq!(Bus::Local.rank(many[0]), 0);
}

async fn one_redis_comes_and_goes() {
    let mut redis = PrivateRedis::start();
    let prefix = redis_prefix();
    let ((one, mut ear_one), (two, mut ear_two)) = (open(&redis.url(), &prefix), open(&redis.url(), &prefix));
    ready(&[&one, &two]).await;
    let area = areas()[0];
    for round in 1..=3 {
        if round == 3 {
            redis.freeze();
        } else {
            redis.kill();
        }
        until("they know", || async { one.health() == Some(Health::Away) && two.health() == Some(Health::Away) }).await;
        one.announce(area, round);
        if round == 3 {
            redis.thaw();
        } else {
            redis.restart();
        }
        ready(&[&one, &two]).await;
        hears(&mut ear_two, Note::Gap).await;
        two.announce(area, 100 + round);
        hears(&mut ear_one, Note::Head { area, seq: 100 + round }).await;
    }
}

/// A master dies and its replica takes over: words cross again on every channel.
async fn a_master_is_replaced() {
    let mut cluster = PrivateCluster::start();
    let prefix = redis_prefix();
    let ((one, _ear), (two, mut ear)) = (open(&cluster.url(), &prefix), open(&cluster.url(), &prefix));
    ready(&[&one, &two]).await;
    cluster.nodes[0].kill();
    until("they know", || async { one.health() == Some(Health::Away) && two.health() == Some(Health::Away) }).await;
    ready(&[&one, &two]).await;
    for (n, area) in areas().into_iter().enumerate() {
        one.announce(area, n as i64 + 1);
        hears(&mut ear, Note::Head { area, seq: n as i64 + 1 }).await;
    }
}

fn on_a_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

#[test]
fn words_cross_over_one_redis() {
    on_a_runtime(async { words_cross(&redis_url()).await });
}

#[test]
fn words_cross_over_a_cluster() {
    on_a_runtime(async { words_cross(&redis_cluster_url()).await });
}

#[test]
fn nodes_take_turns_over_one_redis() {
    on_a_runtime(async { nodes_take_turns(&redis_url()).await });
}

#[test]
fn nodes_take_turns_over_a_cluster() {
    on_a_runtime(async { nodes_take_turns(&redis_cluster_url()).await });
}

#[test]
fn the_line_opens_again_after_redis_was_away() {
    on_a_runtime(one_redis_comes_and_goes());
}

#[test]
fn the_line_opens_again_after_a_master_was_replaced() {
    on_a_runtime(a_master_is_replaced());
}
