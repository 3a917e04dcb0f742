//! A device's newest session counts on whatever node; who is shut out loses the socket everywhere.

use super::pair::*;
use crate::harness::*;
use sigap::domain::access::{Cause, Scope};

/// Reads until the socket is closed, and gives the reason, code first.
async fn closed(socket: &mut Socket) -> String {
    loop {
        if let Err(why) = socket.next().await {
            return why;
        }
    }
}

/// The socket is open: whoever rides with nothing is told so.
async fn stays(socket: &mut Socket) {
    socket.send(&serde_json::json!({ "type": "fixes", "fixes": [] })).await.unwrap();
    socket.until("an answer", |frame| frame["type"] == "problem").await;
}

async fn a_phone_moves_to_the_other_node(db: Db) {
    let city = seed(&db, 1).await;
    for redis in [Some(redis_url()), None] {
        let pair = Pair::over(&db, redis).await;
        let patrol = &city.patrols[0];
        let mut old = pair.a.api.socket(&patrol.token, patrol.phone).await;
        let mut new = pair.b.api.socket(&patrol.token, patrol.phone).await;
        assert!(closed(&mut old).await.starts_with("4502"));
        // Back again, and the one that is open now is left alone.
        let mut back = pair.a.api.socket(&patrol.token, patrol.phone).await;
        assert!(closed(&mut new).await.starts_with("4502"));
        stays(&mut back).await;
        pair.stop().await;
    }
}

async fn who_is_shut_out_loses_every_socket(db: Db) {
    let city = seed(&db, 2).await;
    let pair = Pair::start(&db).await;
    let [lost, closing] = [&city.patrols[0], &city.patrols[1]];
    let mut phone = pair.b.api.socket(&lost.token, lost.phone).await;
    let mut tablet = pair.b.api.socket(&lost.token, device()).await;
    let mut others =
        [pair.a.api.socket(&closing.token, closing.phone).await, pair.b.api.socket(&closing.token, device()).await];
    let store = db.open().await;
    let cause = Cause::system(now());
    store.revoke_device(&cause, lost.phone).await.unwrap();
    assert!(closed(&mut phone).await.starts_with("4503"));
    // Another device of the account.
    stays(&mut tablet).await;
    store.close_account(&cause, closing.account).await.unwrap();
    for socket in &mut others {
        assert!(closed(socket).await.starts_with("4503"));
    }
    let kinds: Vec<_> = journal_kinds(&store).await;
    assert_eq!(kinds.iter().filter(|kind| **kind == "device.revoked").count(), 1);
    store.revoke_device(&cause, lost.phone).await.unwrap();
    assert_eq!(journal_kinds(&store).await, kinds, "revoking twice is told once");
    store.close().await;
    pair.stop().await;
}

async fn journal_kinds(store: &sigap::store::Store) -> Vec<&'static str> {
    let events = store.events(&Scope::system(), code("BPN"), 0, 10_000, None).await.unwrap();
    events.iter().map(|event| event.what.kind()).collect()
}

/// On one node alone, as a city runs it.
async fn one_node_closes_them_too(db: Db) {
    let city = seed(&db, 2).await;
    let node = serve(config(&db)).await;
    let [lost, closing] = [&city.patrols[0], &city.patrols[1]];
    let mut phone = node.api.socket(&lost.token, lost.phone).await;
    let mut other = node.api.socket(&closing.token, closing.phone).await;
    let cause = Cause::system(now());
    node.engine().revoke_device(&cause, lost.phone).await.unwrap();
    assert!(closed(&mut phone).await.starts_with("4503"));
    node.engine().close_account(&cause, closing.account).await.unwrap();
    assert!(closed(&mut other).await.starts_with("4503"));
    node.stop().await;
}

#[test]
fn a_newer_socket_anywhere_closes_the_older() {
    run(Engine::Postgres, a_phone_moves_to_the_other_node);
}

#[test]
fn revoked_and_closed_are_shut_out_on_every_node() {
    run(Engine::Postgres, who_is_shut_out_loses_every_socket);
}

#[test]
fn revoked_and_closed_are_shut_out_on_one_node() {
    run(Engine::Sqlite, one_node_closes_them_too);
}
