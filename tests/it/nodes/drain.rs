//! A node that stops tells each client when to come back, and its work goes on elsewhere.

use super::pair::*;
use crate::harness::*;
use std::collections::BTreeSet;

async fn everybody_is_told_another_moment(db: Db) {
    let city = seed(&db, 6).await;
    let Pair { a, b } = Pair::start(&db).await;
    let mut phones = Vec::new();
    for patrol in &city.patrols {
        phones.push(a.api.socket(&patrol.token, patrol.phone).await);
    }
    let stopping = tokio::spawn(a.stop());
    let mut told = BTreeSet::new();
    for phone in &mut phones {
        let drain = phone.until("when to come back", |frame| frame["type"] == "drain").await;
        let come_back_ms = drain["come_back_ms"].as_i64().unwrap();
        assert!((0..1_000).contains(&come_back_ms), "{come_back_ms}");
        told.insert(come_back_ms);
        let why = phone.next().await.unwrap_err();
        assert!(why.starts_with("4000"), "{why}");
    }
    assert_eq!(told.len(), phones.len(), "they come back one after the other: {told:?}");
    stopping.await.unwrap();
    for patrol in &city.patrols {
        b.api.socket(&patrol.token, patrol.phone).await;
    }
    b.stop().await;
}

#[test]
fn a_stopping_node_spreads_its_clients() {
    run(Engine::Postgres, everybody_is_told_another_moment);
}
