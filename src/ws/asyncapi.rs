//! The AsyncAPI 3 document of the socket, from the Rust types of its frames.
//!
//! Invariant: nothing here repeats what the types say. A message is a variant of [`ClientFrame`] or [`ServerFrame`],
//! and its text is the variant's own comment. The one kind of frame that is no text is told in words.

use super::close::Close;
use crate::wire::{
    frames::{ClientFrame, PROTOCOL, ServerFrame},
    packed,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The document.
#[must_use]
pub fn asyncapi() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut messages = Map::new();
    let from_client = add::<ClientFrame>(&mut schemas, &mut messages, "client");
    let mut from_server = add::<ServerFrame>(&mut schemas, &mut messages, "server");
    from_server.push(add_packed(&mut messages));
    let in_channel: Map<String, Value> =
        messages.keys().map(|name| (name.clone(), reference(&format!("#/components/messages/{name}")))).collect();
    let named = |names: &[String]| -> Vec<Value> {
        names.iter().map(|name| reference(&format!("#/channels/session/messages/{name}"))).collect()
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sigap, the socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "JSON texts, each with a `type`; positions also as binary frames, where a view asks for it. Open the socket with the subprotocols `sigap.v1` and \
                `ticket.` followed by a ticket of POST /api/v1/ws-ticket; the server answers `sigap.v1` and sends `hello`.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": {
            "session": {
                "address": "/api/v1/ws",
                "title": "A session of one device",
                "messages": in_channel,
                "bindings": { "ws": {
                    "method": "GET",
                    "headers": {
                        "type": "object",
                        "required": ["Sec-WebSocket-Protocol"],
                        "properties": { "Sec-WebSocket-Protocol": {
                            "type": "string",
                            "pattern": format!("{PROTOCOL}, ?ticket\\.[A-Za-z0-9_-]+"),
                        } },
                    },
                    "bindingVersion": "0.1.0",
                } },
                "x-close-codes": closes(),
            },
        },
        "operations": {
            "hear": {
                "action": "receive",
                "channel": reference("#/channels/session"),
                "summary": "What a client sends.",
                "messages": named(&from_client),
            },
            "tell": {
                "action": "send",
                "channel": reference("#/channels/session"),
                "summary": "What the server sends.",
                "messages": named(&from_server),
            },
        },
        "components": { "messages": messages, "schemas": schemas.take_definitions(true) },
    })
}

fn reference(to: &str) -> Value {
    json!({ "$ref": to })
}

/// Adds a message per variant; gives their names.
fn add<F: JsonSchema>(schemas: &mut SchemaGenerator, messages: &mut Map<String, Value>, side: &str) -> Vec<String> {
    let schema = F::json_schema(schemas).to_value();
    let variants = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut names = Vec::new();
    for mut variant in variants {
        let Some(kind) = variant["properties"]["type"]["const"].as_str().map(str::to_owned) else { continue };
        let name = format!("{side}.{kind}");
        let summary = variant.as_object_mut().and_then(|variant| variant.remove("description"));
        messages.insert(name.clone(), json!({ "name": kind, "summary": summary, "payload": variant }));
        names.push(name);
    }
    names
}

/// Adds the message of the binary frames; gives its name.
fn add_packed(messages: &mut Map<String, Value>) -> String {
    let name = "server.positions_packed".to_owned();
    let message = json!({
        "name": "positions_packed",
        "summary": "What `positions` tells, in some five bytes for each unit, for a view that asked for it (`packed`). \
            Binary; every other frame is a text.",
        "contentType": "application/octet-stream",
        "payload": { "type": "string", "format": "binary", "description": packed::LAYOUT },
    });
    messages.insert(name.clone(), message);
    name
}

fn closes() -> Vec<Value> {
    let close =
        |close: &Close| json!({ "code": close.code(), "reconnect": close.reconnect(), "reason": close.reason() });
    Close::ALL.iter().map(close).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use std::collections::BTreeSet;

    /// Every reference in a document.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(to)) = map.get("$ref") {
                    found.push(to.clone());
                }
                map.values().for_each(|v| references(v, found));
            }
            Value::Array(list) => list.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }

    #[test]
    fn every_frame_is_a_message_and_every_reference_leads_somewhere() {
        let document = asyncapi();
        let messages = document["components"]["messages"].as_object().unwrap();
        for name in ["client.fixes", "client.step", "client.view", "server.hello", "server.event", "server.problem"] {
            assert!(messages[name]["payload"]["properties"]["type"]["const"].is_string(), "{name}");
            assert!(messages[name]["summary"].is_string(), "{name} says what it is");
        }
        assert_eq!(messages.len(), 8 + 12 + 1);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.iter().any(|to| to.starts_with("#/components/schemas/")));
        for to in found {
            let pointer = to.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{to} leads nowhere");
        }
    }

    /// The keys that a type's schema tells, wherever in it they lie: beside each other, or in alternatives.
    fn keys(schema: &Value, found: &mut BTreeSet<String>) {
        found.extend(schema["properties"].as_object().into_iter().flat_map(|p| p.keys().cloned()));
        for one in ["oneOf", "anyOf", "allOf"].iter().filter_map(|of| schema[of].as_array()).flatten() {
            keys(one, found);
        }
    }

    #[test]
    fn what_frames_carry_is_described_key_by_key() {
        let document = asyncapi();
        let schemas = &document["components"]["schemas"];
        let payload = |name: &str| &document["components"]["messages"][name]["payload"]["properties"];
        for (schema, name) in [
            (&payload("server.event")["event"], "Event"),
            (&payload("server.event")["brief"], "Brief"),
            (&payload("server.reset")["desk"], "Deskful"),
            (&payload("server.reset")["work"]["items"], "Brief"),
        ] {
            let mut found = Vec::new();
            references(schema, &mut found);
            assert_eq!(found, [format!("#/components/schemas/{name}")], "{schema}");
        }
        // An event as it is sent has no key that its schema does not tell.
        let event = json!({
            "area": "BPN", "seq": 7, "at": 1_000, "kind": "dispatch.offered", "actor": "system", "source": "system",
            "on_behalf_of": "BPN-M12", "device_at": 900, "command": "019a0000-0000-7000-8000-000000000000",
            "body": { "dispatch": "BPN-D1", "incident": "BPN-1", "unit": "BPN-M12", "mode": "auto", "answer_by": 16_000 },
            "audience": "unit:BPN-M12",
        });
        let sent = serde_json::to_value(serde_json::from_value::<Event>(event).unwrap()).unwrap();
        let mut told = BTreeSet::new();
        keys(&schemas["Event"], &mut told);
        assert_eq!(sent.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>(), told);
        let kinds = schemas["Event"]["oneOf"].as_array().unwrap();
        let kind = |kind: &&Value| kind["properties"]["kind"]["const"] == "dispatch.offered";
        let mut told = BTreeSet::new();
        keys(&kinds.iter().find(kind).unwrap()["properties"]["body"], &mut told);
        assert_eq!(sent["body"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>(), told);
    }
}
