//! Consoles on real sockets and the real clock: the siren's events, and who is at the desk while the console is open.

use crate::harness::*;
use serde_json::json;
use sigap::domain::ids::DeviceId;

#[test]
fn an_open_console_is_somebody_at_the_desk_and_a_closed_one_lets_the_call_ring() {
    async fn test(db: Db) {
        let city = seed(&db, 0).await;
        let store = db.open().await;
        let served = serve(config(&db)).await;
        let api = served.api.clone();
        let (_, other) =
            account(&store, served.engine(), "other", "BPN", sigap::domain::access::Role::Dispatcher).await;
        let mut watching = api.socket(&other, DeviceId::random()).await;
        watching.follow("BPN", None).await;
        let shift = api.post(&city.desk, "/desks/BPN.SPKT/shift", &json!({})).await.expect(200);
        let console = api.socket(&city.desk, DeviceId::random()).await;
        let call = api.post(&city.desk, "/calls", &json!({ "area": "BPN", "caller_number": "0811-000-001" })).await;
        let id = call.expect(201)["id"].as_str().unwrap().to_owned();
        let rings = watching.event("report.ringing").await;
        assert_eq!(
            (&rings["event"]["body"]["report"], &rings["event"]["body"]["desk"]),
            (&json!(id), &json!("BPN.SPKT"))
        );
        api.post(&city.desk, &format!("/reports/{id}/claim"), &json!({})).await.expect(200);
        let claimed = watching.event("report.claimed").await;
        assert_eq!(claimed["event"]["body"]["holder"], shift["account"], "the siren of the others is silent");
        // Nothing but the open socket says that somebody is there.
        let from = shift["seen"].as_i64().unwrap();
        api.until(&city.desk, "/areas/BPN/desks", "a beat of the console", |desks| {
            desks["shifts"].as_array().unwrap().iter().any(|s| s["seen"].as_i64().unwrap() >= from + 5_000)
        })
        .await;
        drop(console);
        // Twenty seconds until they count as gone, fifteen at most until that is looked for.
        api.until(&other, "/areas/BPN/desks", "an empty desk", |desks| desks["shifts"] == json!([])).await;
        let report = format!("/reports/{id}");
        api.until(&other, &report, "the call to ring again", |r| r["attention"] == "ringing").await;
        let told = api.get(&other, "/areas/BPN/journal?after=0&limit=1000").await;
        let gone = |e: &&serde_json::Value| e["kind"] == "report.ringing" && e["body"]["why"] == "holder_gone";
        assert_eq!(told["events"].as_array().unwrap().iter().filter(gone).count(), 1);
        let snapshot = api.socket(&other, DeviceId::random()).await.follow("BPN", None).await;
        assert_eq!(snapshot["desk"]["reports"][0]["attention"], "ringing", "whoever comes now hears it too");
        served.stop().await;
    }
    run(Engine::Sqlite, test);
}
