//! The API's description says what there is.

use super::*;
use crate::served;
use std::{collections::BTreeSet, fs, path::Path};

fn document() -> Value {
    serde_json::to_value(http::openapi()).unwrap()
}

/// Method and path of each operation in the document.
fn documented() -> BTreeSet<(String, String)> {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            found.insert((method.clone(), path.clone()));
        }
    }
    found
}

#[test]
fn every_route_in_the_sources_is_in_the_document() {
    let mut routes = BTreeSet::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let base = match path.file_stem().unwrap().to_str().unwrap() {
            "health" | "metrics" | "aml" => "",
            "tracking" => "/trackers",
            "citizen" => "/t",
            _ => "/api/v1",
        };
        for line in fs::read_to_string(&path).unwrap().lines() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(rest) = line.trim().strip_prefix(&format!("#[{method}(\"")) {
                    routes.insert((method.to_owned(), format!("{base}{}", rest.split('"').next().unwrap())));
                }
            }
        }
    }
    assert!(routes.len() > 35, "{routes:?}");
    assert_eq!(routes, documented());
}

served! {
    async fn every_route_in_the_document_is_served_and_wants_a_token(s: Served) {
        for (method, path) in documented() {
            let real = path.replace("{code}", "BPN").replace("/units/{id}", "/units/BPN-M1");
            let real = real.replace("/incidents/{id}", "/incidents/BPN-1").replace("/dispatches/{id}", "/dispatches/BPN-D1");
            let real = real.replace("/reports/{id}", "/reports/BPN-R1");
            let reply = s.send(&method.to_uppercase(), &real, &[], "").await;
            let document = document();
            let operation = &document["paths"][&path][&method];
            if operation["security"] == json!([{}]) || operation["security"] == json!([]) {
                // A channel that is not set up is not there.
                let absent = (path.contains("/channels/") || path.starts_with("/t/")) && reply.status == 404;
                assert!(absent || matches!(reply.status, 200 | 415 | 400), "{method} {path}: {}", reply.status);
                continue;
            }
            // A body that is missing may be noticed before the token that is.
            // Without a secret there is no gateway's door.
            if path.starts_with("/aml") {
                reply.problem(404, "no_route");
                continue;
            }
            assert!(matches!(reply.status, 400 | 401 | 415), "{method} {path}: {} {}", reply.status, reply.text);
            if method == "get" && path.starts_with("/trackers/") {
                reply.problem(401, "bad_tracker");
            } else if method == "get" && !path.ends_with("/track") {
                reply.problem(401, "unauthenticated");
            }
        }
    }
}

#[test]
fn operations_are_named_once_and_tell_their_problems() {
    let document = document();
    assert_eq!(document["info"]["title"], "Sigap");
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at} is named like another");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{at} says nothing");
            let answers = operation["responses"].as_object().unwrap();
            if path.starts_with("/api/") {
                let problem = &answers["503"]["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{at}");
                assert!(answers.keys().any(|status| status.starts_with('2')), "{at}");
                assert_eq!(method != "get", operation["requestBody"].is_object(), "{at} has a body");
            }
            for part in path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')) {
                let has = |p: &Value| p["name"] == part && p["in"] == "path";
                assert!(operation["parameters"].as_array().unwrap().iter().any(has), "{at}: {part}");
            }
        }
    }
    let journal = &document["paths"]["/api/v1/areas/{code}/journal"]["get"]["parameters"];
    assert!(journal.as_array().unwrap().iter().any(|p| p["name"] == "after" && p["in"] == "query"), "{journal}");
}

#[test]
fn words_are_described_as_they_are_sent() {
    let document = document();
    let described = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    let sent = |words: &[&str]| json!(words);
    assert_eq!(described("Role"), sent(&Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>()));
    let kinds = sigap::domain::unit::UnitKind::ALL;
    assert_eq!(described("UnitKind"), sent(&kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()));
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let is_rust = word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
            assert!(!is_rust, "{name}: {word} is the name in the sources, not the word on the wire");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(text) if key == "$ref" => drop(found.insert(text)),
                        value => walk(value, found),
                    }
                }
            }
            Value::Array(all) => all.iter().for_each(|v| walk(v, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = BTreeSet::new();
    walk(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
