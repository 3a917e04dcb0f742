use super::*;
use crate::domain::message::MessageChannel;

fn letter(saying: Saying) -> Letter {
    Letter {
        channel: MessageChannel::Whatsapp,
        sender: "106540352242922".to_owned(),
        recipient: "+628110000001".to_owned(),
        saying,
        reference: "BPN/1".to_owned(),
    }
}

#[test]
fn the_bodies_are_those_of_the_reference() {
    assert_eq!(
        body(&letter(Saying::Text("Halo".to_owned()))),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+628110000001", "type": "text",
            "text": { "preview_url": false, "body": "Halo" }, "biz_opaque_callback_data": "BPN/1",
        })
    );
    assert_eq!(
        body(&letter(Saying::AskPlace("Di mana?".to_owned()))),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+628110000001",
            "type": "interactive",
            "interactive": {
                "type": "location_request_message", "body": { "text": "Di mana?" },
                "action": { "name": "send_location" },
            },
            "biz_opaque_callback_data": "BPN/1",
        })
    );
    let long = body(&letter(Saying::AskPlace("ä".repeat(5_000))));
    assert_eq!(long["interactive"]["body"]["text"].as_str().unwrap().chars().count(), BUTTON_TEXT_MAX);
}

#[test]
fn answers_say_whether_to_come_back() {
    let read = |status, body: Value| read_answer(status, None, body.to_string().as_bytes());
    let code = |code: i64| json!({ "error": { "code": code, "message": "…" } });
    assert_eq!(read(200, json!({ "messages": [{ "id": "wamid.1" }] })), Ok("wamid.1".to_owned()));
    assert!(matches!(read(200, json!({})), Err(Unsent::Later { .. })), "it may have it or not");
    for passing in [read(500, json!({})), read(429, json!({})), read(400, code(131_056)), read(302, json!({}))] {
        assert!(matches!(passing, Err(Unsent::Later { .. })), "{passing:?}");
    }
    for wrong in [read(400, code(100)), read(401, code(190)), read(404, json!({})), read(403, json!("no"))] {
        assert!(matches!(wrong, Err(Unsent::Never { .. })), "{wrong:?}");
    }
    assert_eq!(read(400, code(131_047)).unwrap_err().to_string(), "400, code 131047");
    assert_eq!(
        read_answer(503, Some(7_000), b"<html>").unwrap_err(),
        Unsent::Later { why: "503".into(), after_ms: Some(7_000) }
    );
}

#[test]
fn wrong_settings_are_named_and_secrets_are_not_shown() {
    let settings = |change: fn(&mut Settings)| {
        let mut settings: Settings = serde_json::from_value(json!({
            "app_secret": "s3cret", "verify_token": "v", "access_token": "a", "numbers": { "1065": "BPN" },
        }))
        .unwrap();
        change(&mut settings);
        settings
    };
    assert_eq!(settings(|_| {}).check(), Ok(()));
    assert!(settings(|s| s.app_secret = Secret::default()).check().unwrap_err().contains("app_secret"));
    assert!(settings(|s| s.api_url = "graph.facebook.com".to_owned()).check().unwrap_err().contains("api_url"));
    let plus = |s: &mut Settings| s.numbers = [("+62".to_owned(), "BPN".parse().unwrap())].into();
    assert!(settings(plus).check().unwrap_err().contains("phone_number_id"));
    assert!(!format!("{:?}", settings(|_| {})).contains("s3cret"));
}
