//! Frames of a server, as the tests of this room write them.

use crate::{
    domain::{ids::CommandId, place::Place},
    wire::frames::ServerFrame,
};
use serde_json::{Value, json};

/// Whose work the frames are about.
pub const UNIT: &str = "BPN-M1";

/// Where it leads.
pub fn scene() -> Place {
    Place::new(-1.25, 116.85).unwrap()
}

fn parse(frame: Value) -> ServerFrame {
    serde_json::from_value(frame).unwrap()
}

fn work(no: i64) -> Value {
    json!({"dispatch": format!("BPN-D{no}"), "incident": format!("BPN-{no}"), "unit": UNIT})
}

fn brief(no: i64, status: &str) -> Value {
    json!({
        "dispatch": {
            "id": format!("BPN-D{no}"), "incident": format!("BPN-{no}"), "unit": UNIT, "status": status, "mode": "auto",
            "created": 1_000, "offered": 1_000, "delivered": null, "accepted": null, "en_route": null,
            "on_scene": null, "ended": null, "arrival": null, "reason": null, "pick": null,
        },
        "incident": {
            "id": format!("BPN-{no}"), "kind": "theft", "priority": "P2", "origin": "citizen", "status": "waiting",
            "place": scene(), "place_version": 1, "district": null, "opened_by_unit": null, "opened": 900,
            "closed": null, "disposition": null, "unassigned_since": null,
            "clock": {
                "start": 500, "target_ms": 600_000, "answered": null, "validated": null, "accepted": null,
                "en_route": null, "on_scene": null, "at_risk": null, "breached": null,
            },
        },
        "notes": [],
        "travel_ms": null,
    })
}

fn event(seq: i64, kind: &str, body: &Value, brief: Value) -> ServerFrame {
    let event = json!({
        "area": "BPN", "seq": seq, "at": seq * 1_000, "kind": kind, "body": body, "actor": "system",
        "source": "system", "audience": format!("unit:{UNIT}"),
    });
    parse(json!({"type": "event", "area": "BPN", "seq": seq, "prev": seq - 1, "event": event, "brief": brief}))
}

/// An offer, with its brief.
pub fn offer(seq: i64, no: i64) -> ServerFrame {
    let mut body = work(no);
    body["mode"] = json!("auto");
    body["answer_by"] = json!(20_000);
    event(seq, "dispatch.offered", &body, brief(no, "offered"))
}

/// A step, without a brief.
pub fn step(seq: i64, no: i64, kind: &str) -> ServerFrame {
    let mut body = work(no);
    match kind {
        "dispatch.offered" => {
            body["mode"] = json!("auto");
            body["answer_by"] = json!(20_000);
        }
        "dispatch.accepted" => body["mode"] = json!("auto"),
        "dispatch.recalled" => body["reason"] = json!("elsewhere"),
        "dispatch.expired" => body["why"] = json!("no_answer"),
        "dispatch.on_scene" => body["arrival"] = json!({"verified": true, "distance_m": 40.0}),
        _ => {}
    }
    event(seq, kind, &body, Value::Null)
}

/// An answer to a command.
pub fn reply(command_id: CommandId, problem: Option<(&str, u16)>) -> ServerFrame {
    let problem = problem.map(|(code, status)| {
        json!({"code": code, "status": status, "title": code, "detail": code,
            "retry_after_s": (status == 503).then_some(1)})
    });
    parse(json!({"type": "reply", "command_id": command_id, "problem": problem}))
}

/// A picture of the open work.
pub fn reset(held: Option<(i64, &str)>) -> ServerFrame {
    let work: Vec<_> = held.into_iter().map(|(no, status)| brief(no, status)).collect();
    parse(json!({"type": "reset", "area": "BPN", "cursor": 5, "work": work}))
}
