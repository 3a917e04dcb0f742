//! What `deploy/grafana/` asks Prometheus for is on the page of a node that serves: every metric, and every label by
//! which one is chosen.

use crate::harness::*;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::{Duration, Instant},
};
use yaml_rust2::{Yaml, YamlLoader};

fn read(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana").join(name);
    fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// A question and where it stands.
type Asked = (String, String);

/// Everything under a key, wherever it lies.
fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| {
            if k == key {
                found.push(v);
            }
            under(v, key, found);
        }),
        Value::Array(list) => list.iter().for_each(|v| under(v, key, found)),
        _ => {}
    }
}

/// What the dashboard asks.
fn of_dashboard() -> Vec<Asked> {
    let board: Value = serde_json::from_str(&read("sigap-promise.json")).unwrap();
    let mut asked = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["type"] == "row" || !panel["targets"].as_array().unwrap().is_empty(), "{title} shows nothing");
        let mut expressions = Vec::new();
        under(panel, "expr", &mut expressions);
        asked.extend(expressions.iter().map(|e| (title.to_owned(), e.as_str().unwrap().to_owned())));
    }
    let variables = board["templating"]["list"].as_array().unwrap();
    assert!(
        variables.iter().any(|v| v["name"] == "datasource" && v["type"] == "datasource"),
        "nothing to choose it by"
    );
    let mut sources = Vec::new();
    under(&board, "datasource", &mut sources);
    assert!(sources.iter().all(|source| source["uid"] == "${datasource}"), "{sources:?}");
    asked.extend(variables.iter().filter_map(|v| Some(("variable".to_owned(), v["definition"].as_str()?.to_owned()))));
    asked
}

/// What the alert rules ask, by the names of the alerts.
fn of_rules() -> Vec<Asked> {
    let documents = YamlLoader::load_from_str(&read("sigap-alerts.yaml")).unwrap();
    assert_eq!(documents.len(), 1);
    let mut asked = Vec::new();
    for group in documents[0]["groups"].as_vec().unwrap() {
        for rule in group["rules"].as_vec().unwrap() {
            let text =
                |of: &Yaml, what: &str| of.as_str().unwrap_or_else(|| panic!("no {what} in {rule:?}")).to_owned();
            text(&rule["labels"]["severity"], "severity");
            text(&rule["annotations"]["summary"], "summary");
            asked.push((text(&rule["alert"], "name"), text(&rule["expr"], "expression")));
        }
    }
    let names: BTreeSet<&String> = asked.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), asked.len(), "a name is used twice");
    asked
}

/// The metrics that a question names, each with the `label="value"` that chooses among its lines.
fn metrics(expression: &str) -> Vec<(String, Vec<(String, String)>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    for (at, _) in expression.match_indices("sigap_") {
        if expression[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let name: String = expression[at..].chars().take_while(|c| is_name(*c)).collect();
        let rest = &expression[at + name.len()..];
        let chosen = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
        let labels = chosen.split(',').filter_map(|matcher| {
            let (label, value) = matcher.split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            (!label.ends_with('!')).then(|| (label.trim().to_owned(), value.to_owned()))
        });
        found.push((name.clone(), labels.collect()));
    }
    found
}

/// The lines of a page by their metrics.
fn lines(page: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        lines.entry(line.split(['{', ' ']).next().unwrap()).or_default().push(line);
    }
    lines
}

/// A city on which everything has happened today: one too late, one cancelled, one that waits.
async fn busy(served: &Served, city: &City) {
    let (api, desk) = (&served.api, &city.desk);
    city.sign_on(api).await;
    let bands = json!([{ "from_m": 0, "target_ms": 1, "share": 0.9 }]);
    let policy = json!({ "rules": { "default": bands } });
    api.try_ask("PUT", &city.admin, "/areas/BPN/sla/policy", &policy).await.unwrap().expect(200);
    let open = || async {
        let place = json!({ "lat": -1.25, "lng": 116.83 });
        let report = json!({
            "channel": "call", "kind": "theft", "priority": "P2", "valid": true, "text": "a window", "place": place,
        });
        let received = api.post(desk, "/reports", &report).await.expect(201);
        received["incident"]["id"].as_str().unwrap().to_owned()
    };
    let [late, cancelled, _waits] = [open().await, open().await, open().await];
    let order = json!({ "unit": city.patrols[0].unit, "mode": "assign" });
    let sent = api.post(desk, &format!("/incidents/{late}/dispatches"), &order).await.expect(201);
    let there = json!({ "to": "on_scene", "source": "radio" });
    api.post(desk, &format!("/dispatches/{}/status", sent["id"].as_str().unwrap()), &there).await.expect(200);
    let end = json!({ "disposition": "cancelled_by_caller" });
    api.post(desk, &format!("/incidents/{cancelled}/close"), &end).await.expect(200);
}

async fn everything_asked_for_is_told(db: Db) {
    let city = seed(&db, 1).await;
    let config = sigap::config::Config { redis_url: Some(redis_url()), redis_prefix: redis_prefix(), ..config(&db) };
    let served = serve(config).await;
    busy(&served, &city).await;
    let lines_wanted = [
        "sigap_units{area=\"BPN\",status=\"on_scene\"} 1",
        "sigap_units_stale{area=\"BPN\"} 1",
        "sigap_sla_decided_today{area=\"BPN\"} 2",
        "sigap_sla_kept_today{area=\"BPN\"} 0",
        "sigap_sla_verified_today{area=\"BPN\"} 0",
        "sigap_sla_excluded_today{area=\"BPN\",reason=\"cancelled_by_caller\"} 1",
        "sigap_sla_share_today{area=\"BPN\"} 0",
        "sigap_sla_promised_today{area=\"BPN\"} 0.9",
        "sigap_incidents{area=\"BPN\",state=\"open\"} 2",
        "sigap_incidents{area=\"BPN\",state=\"breached\"} 1",
        "sigap_database_up 1",
    ];
    let began = Instant::now();
    let page = loop {
        let page = reqwest::get(format!("{}/metrics", served.api.url)).await.unwrap().text().await.unwrap();
        let missing = lines_wanted.iter().find(|wanted| !page.lines().any(|line| line == **wanted));
        let Some(missing) = missing else { break page };
        // The clock of the one that waits ticks on.
        assert!(began.elapsed() < PATIENCE, "{missing} in\n{page}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let told = lines(&page);
    let all: Vec<Asked> = of_dashboard().into_iter().chain(of_rules()).collect();
    assert!(all.len() > 30, "{}", all.len());
    for (title, expression) in all {
        let named = metrics(&expression);
        assert!(!named.is_empty() || expression.starts_with("up{"), "{title}: {expression} names none of ours");
        for (name, labels) in named {
            let lines = told.get(name.as_str());
            let lines = lines.unwrap_or_else(|| panic!("{title}: {name} is not told\n{page}"));
            let has = |line: &&&str| labels.iter().all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")));
            assert!(lines.iter().any(|line| has(&line)), "{title}: no line of {name} has {labels:?}: {lines:?}");
        }
    }
    served.stop().await;
}

#[test]
fn every_metric_that_the_dashboard_and_the_rules_name_exists() {
    run(Engine::Postgres, everything_asked_for_is_told);
}

#[test]
fn names_and_labels_are_found_in_questions() {
    let asked =
        r#"sum(rate(sigap_a_total{outcome="done", kind!="x",area=~"$area"}[1m])) / on (area) sigap_b > notsigap_c"#;
    let a = ("sigap_a_total".to_owned(), vec![("outcome".to_owned(), "done".to_owned())]);
    assert_eq!(metrics(asked), [a, ("sigap_b".to_owned(), Vec::new())]);
}
