use super::*;
use proptest::prelude::*;
use serde_json::json;

fn of(value: &Value) -> Delivery {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }],
    });
    Delivery::read(body.to_string().as_bytes())
}

fn message(kind: &str, content: &Value) -> Delivery {
    of(&json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "62542110", "phone_number_id": "1065" },
        "contacts": [{ "profile": { "name": "Caller" }, "wa_id": "628110000001" }],
        "messages": [{
            "from": "628110000001", "id": "wamid.1", "timestamp": "1793581200", "type": kind, (kind): content,
        }],
    }))
}

#[test]
fn texts_and_pins_are_read() {
    let read = message("text", &json!({ "body": " tolong\u{0}\u{7}\nada api " }));
    let only = &read.messages[0];
    assert_eq!((only.number_id.as_str(), only.id.as_str(), only.from.as_str()), ("1065", "wamid.1", "+628110000001"));
    assert_eq!((only.at, only.name.as_deref()), (UnixMs(1_793_581_200_000), Some("Caller")));
    assert!(only.what == What::Words("tolong\nada api".to_owned()));
    let pin = message(
        "location",
        &json!({ "latitude": -1.268, "longitude": "116.832", "name": "Pasar", "address": "Jl. 1" }),
    );
    assert!(pin.messages[0].what == What::Pin(Place::new(-1.268, 116.832).unwrap(), Some("Pasar, Jl. 1".to_owned())));
}

#[test]
fn a_voice_reaches_the_desk() {
    assert!(message("audio", &json!({ "id": "7" })).messages[0].what == What::Words("[audio]".to_owned()));
    let picture = message("image", &json!({ "id": "7", "caption": "di sini" }));
    assert!(picture.messages[0].what == What::Words("[image] di sini".to_owned()));
}

#[test]
fn what_is_not_known_is_told_from_what_is_broken() {
    let counts = |read: Delivery| (read.messages.len(), read.statuses.len(), read.unknown, read.malformed);
    assert_eq!(counts(message("reaction", &json!({ "emoji": "+" }))), (0, 0, 1, 0));
    assert_eq!(counts(message("text", &json!({ "body": 7 }))), (0, 0, 0, 1));
    assert_eq!(counts(message("text", &json!({ "body": " \n " }))), (0, 0, 0, 1));
    assert_eq!(counts(message("location", &json!({ "latitude": 91, "longitude": 0 }))), (0, 0, 0, 1));
    assert_eq!(counts(Delivery::read(b"not json")), (0, 0, 0, 1));
    assert_eq!(counts(Delivery::read(br#"{"entry":[7,{"changes":[{"field":"account_update"},{}]}]}"#)), (0, 0, 1, 2));
    let two = of(&json!({
        "metadata": { "phone_number_id": "1065" },
        "messages": [{ "from": "not a number", "id": "1", "timestamp": "1", "type": "text", "text": { "body": "a" } },
            { "from": "628110000001", "id": "2", "timestamp": "1", "type": "text", "text": { "body": "a" } }],
    }));
    assert_eq!(counts(two), (1, 0, 0, 1), "the good one counts");
}

#[test]
fn statuses_are_read() {
    let read = of(&json!({
        "metadata": { "phone_number_id": "1065" },
        "statuses": [
            { "id": "wamid.2", "status": "read", "timestamp": "1793581200", "recipient_id": "628110000001",
              "biz_opaque_callback_data": "BPN/1" },
            { "id": "wamid.3", "status": "failed", "timestamp": 1_793_581_201, "errors": [{ "code": 131_047 }] },
            { "id": "wamid.4", "status": "deleted", "timestamp": "1793581200" },
        ],
    }));
    assert_eq!((read.statuses.len(), read.unknown), (2, 1));
    assert!(read.statuses[0].progress == Progress::Read && read.statuses[0].reference.as_deref() == Some("BPN/1"));
    assert!(read.statuses[1].progress == Progress::Failed && read.statuses[1].code == Some(131_047));
}

/// Any JSON of some depth.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let keys = prop_oneof![Just("type"), Just("id"), Just("from"), Just("timestamp"), Just("text"), Just("location")];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|all| all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(messages in any_json(), statuses in any_json(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Delivery::read(&bytes);
        let _ = of(&json!({
            "metadata": { "phone_number_id": "1" }, "messages": [messages.clone()], "statuses": [statuses.clone()],
        }));
        let _ = of(&json!({ "metadata": { "phone_number_id": "1" }, "messages": messages, "statuses": statuses }));
    }
}
