//! Boards of two nodes: what one commits is on the other's; without the database both say since when they stand still.

use super::{
    offers::scene,
    pair::{Pair, until},
};
use crate::harness::*;
use serde_json::{Value, json};
use sigap::domain::ids::DeviceId;
use std::time::{Duration, Instant};
use tokio::time::timeout;

async fn look(socket: &mut Socket) -> Value {
    socket.send(&json!({ "type": "board", "area": "BPN" })).await.unwrap();
    socket.until("a board", |f| f["type"] == "board").await
}

async fn board_within(socket: &mut Socket, within: Duration, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let came = timeout(within, socket.until(what, |f| f["type"] == "board" && wanted(f))).await;
    came.unwrap_or_else(|_| panic!("no board within {within:?} that shows {what}"))
}

async fn crosses(db: Db) {
    let city = seed(&db, 0).await;
    let pair = Pair::start(&db).await;
    let mut socket = pair.b.api.socket(&city.desk, DeviceId::random()).await;
    look(&mut socket).await;
    for n in 1..=5 {
        let report = json!({
            "channel": "call", "kind": "theft", "priority": "P2", "valid": true, "text": "a window", "place": scene(),
        });
        pair.a.api.post(&city.desk, "/reports", &report).await.expect(201);
        let began = Instant::now();
        let second = Duration::from_secs(1);
        board_within(&mut socket, second, "the other node's incident", |b| b["standing"]["open"] == n).await;
        println!("on the other node's board after {:?}", began.elapsed());
    }
    pair.stop().await;
}

async fn away() {
    let postgres = PrivatePostgres::start().await;
    let db = Db::create_at(postgres.url()).await;
    let city = seed(&db, 0).await;
    let served = serve(config(&db)).await;
    let mut socket = served.api.socket(&city.desk, DeviceId::random()).await;
    assert_eq!(look(&mut socket).await["stale"], false);
    postgres.freeze();
    let frozen = served.engine().now();
    let stale = board_within(&mut socket, Duration::from_secs(6), "that it is stale", |b| b["stale"] == true).await;
    let since = stale["since"].as_i64().unwrap();
    assert!((frozen.0 - 5_000..=frozen.0).contains(&since), "since {since}, frozen at {frozen}");
    postgres.thaw();
    board_within(&mut socket, PATIENCE, "that it is well again", |b| b["stale"] == false).await;
    postgres.stop();
    board_within(&mut socket, Duration::from_secs(6), "that it is stale again", |b| b["stale"] == true).await;
    postgres.start_again().await;
    board_within(&mut socket, PATIENCE, "that it is well once more", |b| b["stale"] == false).await;
    let page = || async { reqwest::get(format!("{}/readyz", served.api.url)).await.unwrap().status().as_u16() };
    until("the node is ready", || async { page().await == 200 }).await;
    served.stop().await;
}

#[test]
fn what_one_node_commits_is_on_the_others_board_within_a_second() {
    run(Engine::Postgres, crosses);
}

#[test]
fn a_board_without_its_database_says_since_when_and_comes_back() {
    run(Engine::Sqlite, |_| away());
}
