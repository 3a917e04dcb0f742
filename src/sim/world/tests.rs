//! The city over real sockets, against a server from a script.

use super::*;
use crate::sim::{
    fake::{Fake, clock, until},
    script,
};
use serde_json::json;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::oneshot;

fn world(fake: &Fake, reports_per_min: f64) -> World {
    let password = |login: &str| Login::Password { login: login.to_owned(), password: "correct".to_owned() };
    World {
        base_url: fake.base_url.clone(),
        town: Arc::new(Town::balikpapan()),
        riders: vec![Rider {
            unit: script::UNIT.parse().unwrap(),
            kind: UnitKind::Motorcycle,
            login: password("bpn-m1"),
        }],
        desk: None,
        exchange: (reports_per_min > 0.0).then(|| password("kaltim-operator")),
        seed: 7,
        fixes_hz: 20.0,
        reports_per_min,
        mix: Mix { repeated: 1.0, ..Mix::load() },
        behaviour: Arc::new(Behaviour { answer_s: (0.05, 0.05), ..Behaviour::load() }),
        clock: clock(),
    }
}

/// Runs a world beside the test; the sender ends it.
fn begin(world: World) -> (Arc<Stats>, oneshot::Sender<()>, tokio::task::JoinHandle<Result<(), ClientError>>) {
    let stats = Arc::new(Stats::default());
    let (end, ended) = oneshot::channel::<()>();
    let running = tokio::spawn(run(world, Arc::clone(&stats), async move {
        let _ = ended.await;
    }));
    (stats, end, running)
}

#[actix_web::test]
async fn a_report_is_offered_acknowledged_accepted_and_cleared() {
    let fake = Fake::start();
    let (stats, end, running) = begin(world(&fake, 300.0));
    until("a third clearing", || stats.cleared.load(Relaxed) >= 3).await;
    let now = stats.snapshot();
    assert_eq!((now.online, now.errors, now.reconnects), (1, 0, 0), "{now:?}");
    assert!(now.offers >= 3 && now.accepted >= 3 && now.reports >= 3 && now.fixes > 0);
    assert!(now.offer_p50_ms.is_some_and(|ms| ms < 1_000.0) && now.offer_p99_ms >= now.offer_p50_ms);
    end.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(stats.snapshot().online, 0);
    fake.with(|seen| {
        assert_eq!((seen.logins, seen.sockets), (2, 1));
        assert_eq!(seen.sign_ons, [script::UNIT]);
        assert!(seen.delivered.len() >= 3);
        assert_eq!(seen.steps[..3], ["accepted", "on_scene", "cleared"]);
        assert_eq!(seen.subscriptions, [json!({"BPN": null})]);
    });
    fake.stop().await;
}

#[actix_web::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_name() {
    let fake = Fake::start();
    fake.with(|seen| seen.lose_answers = 1);
    let (stats, end, running) = begin(world(&fake, 600.0));
    until("a report", || stats.reports.load(Relaxed) >= 2).await;
    end.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(stats.errors.load(Relaxed), 0, "the repeat got the answer of the first");
    fake.stop().await;
}

#[actix_web::test]
async fn a_phone_comes_back_where_the_code_permits_and_resumes_from_its_cursor() {
    let fake = Fake::start();
    fake.with(|seen| seen.close_with = vec![4002]);
    let (stats, end, running) = begin(world(&fake, 0.0));
    until("a second socket", || fake.with(|seen| seen.subscriptions.len() >= 2 && seen.fixes > 10)).await;
    assert_eq!((stats.reconnects.load(Relaxed), stats.errors.load(Relaxed)), (1, 0));
    fake.with(|seen| {
        assert_eq!(seen.subscriptions[..2], [json!({"BPN": null}), json!({"BPN": 5})]);
        assert_eq!(seen.sign_ons.len(), 1, "once is enough");
        seen.close_with = vec![4003];
    });
    until("a third socket", || fake.with(|seen| seen.subscriptions.len() >= 3)).await;
    fake.with(|seen| assert_eq!(seen.subscriptions[2], json!({"BPN": null}), "a stale cursor is dropped"));
    end.send(()).unwrap();
    running.await.unwrap().unwrap();
    fake.stop().await;
}

#[actix_web::test]
async fn a_replaced_phone_stays_away() {
    let fake = Fake::start();
    fake.with(|seen| seen.close_with = vec![4502]);
    let (stats, end, running) = begin(world(&fake, 0.0));
    until("the end of the phone", || stats.errors.load(Relaxed) == 1).await;
    assert_eq!((stats.online.load(Relaxed), fake.with(|seen| seen.sockets)), (0, 1));
    end.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(fake.with(|seen| seen.sockets), 1);
    fake.stop().await;
}

#[actix_web::test]
async fn a_spent_access_token_is_refreshed_once() {
    let fake = Fake::start();
    let password = Login::Password { login: "bpn-m1".to_owned(), password: "correct".to_owned() };
    let session = Session::new(Client::new(&fake.base_url).unwrap(), password);
    let phone = device(1, script::UNIT.parse().unwrap());
    session.ws_ticket(phone).await.unwrap();
    fake.with(|seen| seen.spent.push("access1".to_owned()));
    let (a, b) = tokio::join!(session.ws_ticket(phone), session.ws_ticket(phone));
    assert_ne!(a.unwrap(), b.unwrap());
    fake.with(|seen| assert_eq!((seen.logins, seen.refreshes), (1, 1), "the second took the first one's new token"));
    let token = Session::new(Client::new(&fake.base_url).unwrap(), Login::Token("access1".to_owned()));
    assert!(matches!(token.ws_ticket(phone).await, Err(ClientError::LoggedOut)));
    let wrong = Login::Password { login: "bpn-m1".to_owned(), password: "wrong".to_owned() };
    let wrong = Session::new(Client::new(&fake.base_url).unwrap(), wrong).ws_ticket(phone).await.unwrap_err();
    assert_eq!(wrong.code(), Some("unauthenticated"));
    fake.stop().await;
}
