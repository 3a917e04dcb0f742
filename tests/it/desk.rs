//! The 110 desk over a real port, on a clock that the test turns: from the ringing call to the closed report.

mod callers;
mod claims;
mod flows;
mod judging;
mod random;
mod sockets;

use crate::{harness::*, http::Served, served_on_both};
use serde_json::{Value, json};
use sigap::domain::{access::Role, ids::CommandId, place::Place};

/// Somebody at a desk.
pub struct Operator {
    pub token: String,
    pub desk: &'static str,
    pub account: String,
}

impl Served {
    /// Somebody with a role in an area, who sits down at a desk.
    pub async fn sits(&self, role: Role, area: &str, desk: &'static str) -> Operator {
        let token = self.token(role, area).await;
        let shift = self.post(&token, &format!("/desks/{desk}/shift"), json!({})).await.expect(200);
        Operator { token, desk, account: shift["account"].as_str().unwrap().to_owned() }
    }

    /// Those who are still there say so.
    pub async fn beat(&self, there: &[&Operator]) {
        for operator in there {
            self.post(&operator.token, &format!("/desks/{}/shift", operator.desk), json!({})).await.expect(200);
        }
    }

    /// Time passes while these people are at their desks, and the clocks tick.
    pub async fn wait(&self, ms: i64, there: &[&Operator]) {
        let mut left = ms;
        while left > 0 {
            let step = left.min(1_000);
            self.pass(step);
            left -= step;
            self.beat(there).await;
            self.engine.tick().await.unwrap();
        }
    }

    /// A call that rings for a city.
    pub async fn rings(&self, exchange: &str, area: &str, number: &str) -> String {
        let body = json!({ "area": area, "caller_number": number });
        let report = self.post(exchange, "/calls", body).await.expect(201);
        report["id"].as_str().unwrap().to_owned()
    }

    pub async fn report_of(&self, token: &str, id: &str) -> Value {
        self.get(token, &format!("/reports/{id}")).await.expect(200)
    }

    pub async fn on(&self, who: &Operator, id: &str, what: &str, body: Value) -> crate::http::Reply {
        self.post(&who.token, &format!("/reports/{id}/{what}"), body).await
    }

    /// Every event of these areas' journals, as `kind` or `kind desk`.
    pub async fn told(&self, token: &str, area: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let page = self.get(token, &format!("/areas/{area}/journal?after={after}&limit=1000")).await.expect(200);
            let events = page["events"].as_array().unwrap().clone();
            if events.is_empty() {
                return all;
            }
            after = page["next"].as_i64().unwrap();
            all.extend(events);
        }
    }
}

/// The kinds of events about a report.
pub fn about(events: &[Value], report: &str) -> Vec<String> {
    let of = |e: &&Value| e["body"]["report"] == json!(report);
    events.iter().filter(of).map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
}

pub fn scene() -> Place {
    Place::new(-1.268, 116.832).unwrap()
}

served_on_both! {
    async fn a_call_told_twice_is_one_and_a_foreign_desk_is_not_found(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let call = json!({ "area": "BPN", "exchange_id": "pbx-7", "caller_number": "0811-000-001" });
        let named = json!({ "command_id": CommandId::random(), "area": "BPN" });
        let first = s.post(&exchange, "/calls", named.clone()).await.expect(201);
        let one = s.post(&exchange, "/calls", call.clone()).await.expect(201);
        assert_eq!((&one["desk"], &first["id"]), (&json!("ID.SPKT"), &json!("ID-R1")), "nobody is on shift yet");
        s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        assert_eq!(s.post(&exchange, "/calls", named).await.expect(201), first, "whoever is on shift by now");
        let two = s.post(&exchange, "/calls", call).await.expect(201);
        assert_eq!(one["id"], two["id"]);
        let stranger = s.token(Role::Operator, "SMD").await;
        s.post(&stranger, "/desks/BPN.SPKT/shift", json!({})).await.problem(404, "not_found");
        s.post(&stranger, &format!("/reports/{}/claim", one["id"].as_str().unwrap()), json!({})).await.problem(409, "not_on_shift");
        s.post(&stranger, "/desks/SMD.SPKT/shift", json!({})).await.expect(200);
        let claim = format!("/reports/{}/claim", one["id"].as_str().unwrap());
        s.post(&stranger, &claim, json!({})).await.problem(404, "not_found");
        let officer = s.token(Role::Officer, "BPN").await;
        s.post(&officer, "/desks/BPN.SPKT/shift", json!({})).await.problem(403, "forbidden");
        s.post(&exchange, "/desks/KALTIM.NOWHERE/shift", json!({})).await.problem(404, "not_found");
    }

    async fn a_flow_is_data_and_one_that_makes_no_sense_is_refused(s: Served) {
        let admin = s.token(Role::Admin, "ID").await;
        let usual = s.get(&admin, "/areas/BPN/flow").await.expect(200);
        let desks: Vec<_> = usual["flow"]["answering"].as_array().unwrap().iter().map(|r| r["desk"].clone()).collect();
        assert_eq!(desks, ["BPN.SPKT", "KALTIM.SPKT", "ID.SPKT"]);
        s.ask(&admin, "PUT", "/areas/BPN/flow", json!({ "preset": "2021" })).await.expect(200);
        let set = s.get(&admin, "/areas/BPN/flow").await.expect(200);
        assert_eq!(set["flow"]["follow_up"][0], json!({ "desk": "BPN.SPKT", "ring_ms": 5000 }));
        for (flow, field) in [
            (json!({ "answering": [] }), "answering"),
            (json!({ "answering": [{ "desk": "BPN.NOWHERE", "ring_ms": 5000 }] }), "desk"),
            (json!({ "answering": [{ "desk": "SMD.SPKT", "ring_ms": 5000 }] }), "desk"),
            (json!({ "answering": [{ "desk": "BPN.SPKT", "ring_ms": 5 }] }), "answering"),
        ] {
            let told = s.ask(&admin, "PUT", "/areas/BPN/flow", json!({ "flow": flow })).await.problem(422, "invalid");
            assert!(told["detail"].as_str().unwrap().starts_with(field), "{told}");
        }
        let dispatcher = s.token(Role::Dispatcher, "BPN").await;
        s.ask(&dispatcher, "PUT", "/areas/BPN/flow", json!({ "preset": "2026" })).await.problem(403, "forbidden");
    }
}
