//! Random actions of many people at desks: no report is ever left alone.

use super::*;
use proptest::{prelude::*, test_runner::TestRunner};

#[derive(Clone, Debug)]
enum Action {
    Ring,
    Claim { who: usize, report: usize },
    TakeOver { who: usize, report: usize },
    Pass { who: usize, report: usize, to: usize },
    Call { who: usize, report: usize, to: usize },
    Callback { who: usize, report: usize, reached: bool },
    Place { who: usize, report: usize },
    Valid { who: usize, report: usize },
    Invalid { who: usize, report: usize },
    Close { who: usize, report: usize },
    Reopen { who: usize, report: usize },
    Up { who: usize },
    Down { who: usize },
    Wait { s: i64 },
}

const DESKS: [&str; 3] = ["BPN.SPKT", "KALTIM.SPKT", "ID.SPKT"];
const CALLS: [&str; 5] = ["on_hold", "talking", "silent", "dropped", "ended"];

fn action() -> impl Strategy<Value = Action> {
    let (who, report) = (0..3usize, 0..6usize);
    prop_oneof![
        2 => Just(Action::Ring),
        4 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::Claim { who, report }),
        1 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::TakeOver { who, report }),
        2 => (who.clone(), report.clone(), 0..4usize).prop_map(|(who, report, to)| Action::Pass { who, report, to }),
        2 => (who.clone(), report.clone(), 0..5usize).prop_map(|(who, report, to)| Action::Call { who, report, to }),
        1 => (who.clone(), report.clone(), any::<bool>()).prop_map(|(who, report, reached)| Action::Callback { who, report, reached }),
        2 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::Place { who, report }),
        2 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::Valid { who, report }),
        1 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::Invalid { who, report }),
        1 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::Close { who, report }),
        1 => (who.clone(), report.clone()).prop_map(|(who, report)| Action::Reopen { who, report }),
        1 => who.clone().prop_map(|who| Action::Up { who }),
        1 => who.prop_map(|who| Action::Down { who }),
        4 => (1..40i64).prop_map(|s| Action::Wait { s }),
    ]
}

/// Whether anything was refused for a reason that a client would not expect.
fn good(status: u16) -> bool {
    matches!(status, 200 | 201 | 204 | 409 | 422)
}

async fn act(
    s: &Served,
    db: &Db,
    desk: &[(String, usize)],
    sits: &mut [bool],
    calls: &mut Vec<String>,
    action: &Action,
) {
    let report = |n: usize| calls.get(n % calls.len().max(1)).cloned();
    let post = async |who: usize, n: usize, what: &str, body: Value| {
        if let Some(id) = report(n) {
            let answer = s.post(&desk[who].0, &format!("/reports/{id}/{what}"), body).await;
            assert!(good(answer.status), "{what}: {}", answer.text);
        }
    };
    match action {
        Action::Ring => {
            if calls.len() < 6 {
                let number = format!("0811-000-{:03}", calls.len());
                calls.push(s.rings(&desk[1].0, "BPN", &number).await);
            }
        }
        Action::Claim { who, report } => post(*who, *report, "claim", json!({})).await,
        Action::TakeOver { who, report } => post(*who, *report, "claim", json!({ "take_over": true })).await,
        Action::Pass { who, report, to } => post(*who, *report, "pass", json!({ "desk": DESKS.get(*to) })).await,
        Action::Callback { who, report, reached } => {
            post(*who, *report, "callback", json!({ "way": "call", "reached": reached })).await;
        }
        Action::Call { who, report: n, to } => {
            if let Some(id) = report(*n) {
                let body = json!({ "call": CALLS[*to] });
                let answer = s.ask(&desk[*who].0, "PUT", &format!("/reports/{id}/call"), body).await;
                assert!(good(answer.status), "{}", answer.text);
            }
        }
        Action::Place { who, report: n } => {
            if let Some(id) = report(*n) {
                let body = json!({ "place": scene() });
                let answer = s.ask(&desk[*who].0, "PATCH", &format!("/reports/{id}"), body).await;
                assert!(good(answer.status), "{}", answer.text);
            }
        }
        Action::Valid { who, report } => post(*who, *report, "judge", json!({ "valid": true })).await,
        Action::Invalid { who, report } => {
            post(*who, *report, "judge", json!({ "valid": false, "reason": "prank" })).await
        }
        Action::Close { who, report } => {
            post(*who, *report, "close", json!({ "closing": "told", "informed": "call" })).await
        }
        Action::Reopen { who, report } => post(*who, *report, "reopen", json!({ "reason": "once more" })).await,
        Action::Up { who } => {
            sits[*who] = false;
            s.post(&desk[*who].0, "/shift/end", json!({})).await.expect(204);
        }
        Action::Down { who } => {
            sits[*who] = true;
            s.post(&desk[*who].0, &format!("/desks/{}/shift", DESKS[desk[*who].1]), json!({})).await.expect(200);
        }
        Action::Wait { s: seconds } => {
            for _ in 0..*seconds {
                s.pass(1_000);
                for (who, (token, at)) in desk.iter().enumerate().filter(|(who, _)| sits[*who]) {
                    let _ = who;
                    s.post(token, &format!("/desks/{}/shift", DESKS[*at]), json!({})).await.expect(200);
                }
                s.engine.tick().await.unwrap();
            }
        }
    }
    nobody_is_alone(db, s).await;
}

/// Every open report is at a desk, rings or is held or followed, and has something due within its time.
async fn nobody_is_alone(db: &Db, s: &Served) {
    let now = s.engine.now().0;
    let alone = "SELECT COUNT(*) FROM report r WHERE closed_ms IS NULL AND (desk IS NULL
        OR (attention = 'held' AND holder IS NULL) OR (attention <> 'held' AND holder IS NOT NULL)
        OR attention = 'done'
        OR NOT EXISTS (SELECT 1 FROM deadline d WHERE d.area = r.area AND d.kind = 'report' AND d.no = r.no))";
    assert_eq!(db.count(alone).await, 0, "an open report is left alone");
    let late = format!(
        "SELECT COUNT(*) FROM report r, deadline d WHERE d.area = r.area AND d.kind = 'report' AND d.no = r.no
        AND (d.due_ms < {now} - 1000 OR (r.attention = 'ringing' AND d.due_ms > {now} + 60000)
            OR (r.attention = 'held' AND d.due_ms > {now} + 15000) OR r.closed_ms IS NOT NULL)"
    );
    assert_eq!(db.count(&late).await, 0, "what is due is too far away, or too long ago");
}

#[test]
fn no_report_is_ever_left_alone_on_sqlite() {
    no_report_is_ever_left_alone(Engine::Sqlite, 12);
}

#[test]
fn no_report_is_ever_left_alone_on_postgres() {
    no_report_is_ever_left_alone(Engine::Postgres, 4);
}

fn no_report_is_ever_left_alone(engine: Engine, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let actions = prop::collection::vec(action(), 10..60);
    runner
        .run(&(actions, any::<bool>()), |(actions, new)| {
            run(engine, async move |db: Db| {
                let s = Served::start(&db).await;
                let admin = s.token(Role::Admin, "ID").await;
                let preset = json!({ "preset": if new { "2026" } else { "2021" } });
                s.ask(&admin, "PUT", "/areas/BPN/flow", preset).await.expect(200);
                let mut desk = Vec::new();
                for (n, area) in ["BPN", "KALTIM", "ID"].into_iter().enumerate() {
                    let role = if n == 0 { Role::Dispatcher } else { Role::Operator };
                    desk.push((s.token(role, area).await, n));
                }
                let (mut sits, mut calls) = ([false; 3], Vec::new());
                for action in &actions {
                    act(&s, &db, &desk, &mut sits, &mut calls, action).await;
                }
            });
            Ok(())
        })
        .unwrap();
}
