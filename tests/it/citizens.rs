//! Citizens' links over real ports: what their holders see, say, and may not.

use crate::{
    harness::{graph::*, *},
    http::{Reply, Served, at_sea, report, scene},
    on_both, served,
};
use serde_json::{Value, json};
use sigap::{
    domain::{access::Role, place::Place},
    engine::Post,
};
use std::time::Duration;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A report of a citizen with a link: the desk's token and the link's.
async fn linked(s: &Served, body: Value) -> (String, String) {
    let desk = s.token(Role::Dispatcher, "BPN").await;
    let made = s.post(&desk, "/reports", body).await.expect(201);
    let id = made["report"]["id"].as_str().unwrap();
    let link = s.post(&desk, &format!("/reports/{id}/link"), json!({})).await.expect(201);
    (desk, link["token"].as_str().unwrap().to_owned())
}

/// A report that nobody has looked at.
fn unjudged() -> Value {
    json!({ "channel": "call", "kind": "theft", "caller_number": "0811000001", "text": "two men" })
}

async fn get(s: &Served, path: &str) -> Reply {
    s.send("GET", &format!("/t/{path}"), &[], "").await
}

async fn say(s: &Served, token: &str, what: &str, body: Value) -> Reply {
    s.send("POST", &format!("/t/{token}/{what}"), &[JSON], body.to_string()).await
}

async fn state(s: &Served, token: &str) -> Value {
    get(s, &format!("{token}/state")).await.expect(200)
}

/// Asks until the stage is this one: what follows from an event comes a moment later.
async fn until_stage(s: &Served, token: &str, stage: &str) -> Value {
    for _ in 0..200 {
        let seen = state(s, token).await;
        if seen["stage"] == stage {
            return seen;
        }
        // The limit on asking refills with the server's time.
        s.pass(1_000);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never {stage}: {}", state(s, token).await);
}

async fn events(s: &Served, desk: &str, kind: &str) -> Vec<Value> {
    let page = s.get(desk, "/areas/BPN/journal?after=0&limit=1000").await.expect(200);
    page["events"].as_array().unwrap().iter().filter(|e| e["kind"] == kind).cloned().collect()
}

served! {
    async fn the_page_follows_the_ride(s: Served) {
        let (unit, officer, phone) = s.patrol("M1", scene().moved(90.0, 2_000.0)).await;
        let (_, token) = linked(&s, report(scene())).await;
        assert!(token.len() <= 40, "short enough for a message: {token}");
        let seen = state(&s, &token).await;
        assert_eq!((&seen["stage"], &seen["unit_near"], &seen["placed"]), (&json!("looked_at"), &Value::Null, &json!(true)));
        let work = s.until(&officer, &format!("/units/{unit}/work"), |work| work[0]["dispatch"]["id"].is_string()).await;
        let dispatch = work[0]["dispatch"]["id"].as_str().unwrap().to_owned();
        let step = async |to: &str| {
            let mut body = json!({ "to": to });
            if to == "cleared" {
                body["disposition"] = json!("handled");
            }
            s.post(&officer, &format!("/dispatches/{dispatch}/status"), body).await.expect(200);
        };
        step("accepted").await;
        let seen = state(&s, &token).await;
        assert_eq!(seen["stage"], "on_the_way");
        let near = Place::new(seen["unit_near"]["lat"].as_f64().unwrap(), seen["unit_near"]["lng"].as_f64().unwrap()).unwrap();
        let real = scene().moved(90.0, 2_000.0);
        assert!(near.distance_m(real) > 1.0 && near.distance_m(real) < 700.0, "the cell, not the place: {} m", near.distance_m(real));
        // A hundred metres on, in the same cell, nothing changes for the citizen; elsewhere it does.
        s.pass(20_000);
        s.fix(unit.parse().unwrap(), phone, near.moved(0.0, 50.0)).await;
        assert_eq!(state(&s, &token).await["unit_near"], seen["unit_near"]);
        let page = get(&s, &token).await;
        assert_eq!(page.status, 200);
        for hidden in ["M1", &unit, "Caller", "811", &real.lat().to_string()] {
            assert!(!page.text.contains(hidden), "{hidden} is nobody's business");
        }
        assert!(page.text.contains("Petugas menuju ke lokasi") && page.text.contains("geo:"), "{}", page.text);
        // Where the unit was long ago is nothing to show.
        s.pass(120_000);
        assert_eq!(state(&s, &token).await["unit_near"], Value::Null);
        step("en_route").await;
        s.fix(unit.parse().unwrap(), phone, scene()).await;
        step("on_scene").await;
        let seen = state(&s, &token).await;
        assert_eq!((&seen["stage"], &seen["unit_near"]), (&json!("arrived"), &Value::Null));
        assert_eq!(say(&s, &token, "rating", json!({ "stars": 5 })).await.problem(409, "not_closed")["status"], 409);
        step("cleared").await;
        let seen = until_stage(&s, &token, "closed").await;
        assert_eq!(seen["rated"], Value::Null);
        assert_eq!(say(&s, &token, "rating", json!({ "stars": 5, "text": "cepat" })).await.expect(200)["rated"], 5);
        say(&s, &token, "rating", json!({ "stars": 1 })).await.problem(409, "exists");
    }

    async fn a_link_that_is_not_ours_opens_nothing(s: Served) {
        let (desk, token) = linked(&s, unjudged()).await;
        let (_, other) = linked(&s, unjudged()).await;
        assert_ne!(token, other);
        let mut flipped: Vec<u8> = token.bytes().collect();
        for at in 0..flipped.len() {
            let was = flipped[at];
            flipped[at] = if was == b'A' { b'Q' } else { b'A' };
            let forged = String::from_utf8(flipped.clone()).unwrap();
            if forged != token {
                get(&s, &format!("{forged}/state")).await.problem(404, "not_found");
            }
            flipped[at] = was;
        }
        for forged in ["x", "", "AAAA", &token[1..], &format!("{token}A"), &token.repeat(9), "%00", "..%2f..", &other[..9]] {
            let reply = get(&s, &format!("{forged}/state")).await;
            assert_eq!(reply.status, 404, "{forged}: {}", reply.text);
        }
        let page = get(&s, "forged").await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
        assert!(page.text.contains("Tautan ini tidak dikenal"));
        // Another installation's key signs other links.
        let stranger = sigap::store::Keys::new(&[9; 32]);
        let link = s.engine.read_link(&token).unwrap().to_bytes().unwrap();
        assert_ne!(stranger.link_tag(&link), s.store.keys().link_tag(&link));
        // Whoever may not take reports makes no links; and there is none for what does not exist.
        let commander = s.token(Role::Commander, "BPN").await;
        s.post(&commander, "/reports/BPN-R1/link", json!({})).await.problem(403, "forbidden");
        s.post(&desk, "/reports/BPN-R99/link", json!({})).await.problem(404, "not_found");
        s.post(&desk, "/reports/BPN-R1/link", json!({ "send": true })).await.problem(422, "invalid");
    }

    async fn a_link_is_over_in_time(s: Served) {
        let (_, token) = linked(&s, unjudged()).await;
        s.pass(7 * 86_400_000 - 120_000);
        assert_eq!(state(&s, &token).await["stage"], "received");
        s.pass(120_000);
        get(&s, &format!("{token}/state")).await.problem(410, "link_over");
        let page = get(&s, &format!("{token}?lang=en")).await;
        assert_eq!(page.status, 410);
        assert!(page.text.contains("This link is over"));
        say(&s, &token, "complaint", json!({ "text": "x" })).await.problem(410, "link_over");
        say(&s, &token, "cancel", json!({})).await.problem(410, "link_over");
        assert!(events(&s, &s.token(Role::Dispatcher, "BPN").await, "complaint.filed").await.is_empty());
        // Or three days after its report was closed.
        let (_, token) = linked(&s, unjudged()).await;
        let desk = s.token(Role::Dispatcher, "BPN").await;
        s.post(&desk, "/reports/BPN-R2/judge", json!({ "valid": false, "reason": "prank" })).await.expect(200);
        assert_eq!(state(&s, &token).await["stage"], "closed");
        say(&s, &token, "cancel", json!({})).await.problem(409, "transition_not_allowed");
        s.pass(72 * 3_600_000);
        get(&s, &format!("{token}/state")).await.problem(410, "link_over");
    }

    async fn a_better_place_is_taken_and_the_incident_follows(s: Served) {
        let (desk, token) = linked(&s, unjudged()).await;
        let share = async |place: Place, accuracy_m: f64| {
            say(&s, &token, "location", json!({ "lat": place.lat(), "lng": place.lng(), "accuracy_m": accuracy_m })).await
        };
        assert_eq!(state(&s, &token).await["placed"], false);
        assert_eq!(share(scene(), 500.0).await.expect(200)["placed"], true);
        let at = async || s.get(&desk, "/reports/BPN-R1").await.expect(200)["place"].clone();
        assert_eq!(at().await, json!(scene()));
        let better = scene().moved(0.0, 300.0);
        share(better, 20.0).await.expect(200);
        share(scene().moved(180.0, 900.0), 2_000.0).await.expect(200);
        assert_eq!(at().await, json!(better), "the worse one does not count");
        for wrong in [0.0, -1.0, 1e9] {
            share(scene(), wrong).await.problem(422, "invalid");
        }
        let body = json!({ "lat": 91.0, "lng": 0.0, "accuracy_m": 5.0 });
        say(&s, &token, "location", body).await.problem(422, "invalid");
        say(&s, &token, "location", json!({ "lat": 0.0 })).await.problem(400, "malformed");
        assert_eq!(events(&s, &desk, "report.amended").await.len(), 2);
        s.pass(60_000);
        // Found valid: the incident is where the citizen was; a better place moves it, with an event.
        s.post(&desk, "/reports/BPN-R1/judge", json!({ "valid": true })).await.expect(200);
        assert_eq!(s.get(&desk, "/incidents/BPN-1").await.expect(200)["incident"]["place"], json!(better));
        let best = scene().moved(0.0, 350.0);
        share(best, 5.0).await.expect(200);
        assert_eq!(s.get(&desk, "/incidents/BPN-1").await.expect(200)["incident"]["place"], json!(best));
        assert_eq!(events(&s, &desk, "incident.place").await.len(), 1);
    }

    async fn cancelling_tells_the_desk_and_closes_nothing(s: Served) {
        let (desk, token) = linked(&s, report(scene())).await;
        for _ in 0..2 {
            assert_eq!(say(&s, &token, "cancel", json!({})).await.expect(200)["cancelled"], true);
        }
        let told = events(&s, &desk, "citizen.cancelled").await;
        assert_eq!((told.len(), &told[0]["source"], &told[0]["audience"]), (1, &json!("citizen"), &json!("desk")));
        assert_eq!(s.get(&desk, "/reports/BPN-R1").await.expect(200)["closed"], Value::Null);
        assert_eq!(s.get(&desk, "/incidents/BPN-1").await.expect(200)["incident"]["closed"], Value::Null);
    }

    async fn the_page_works_without_scripts(s: Served) {
        let (desk, token) = linked(&s, unjudged()).await;
        let page = get(&s, &token).await;
        for header in ["cache-control", "content-security-policy", "referrer-policy", "x-content-type-options"] {
            assert!(!page.header(header).is_empty(), "{header}");
        }
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for tag in ["style", "script"] {
            let (_, rest) = page.text.split_once(&format!("<{tag}>")).unwrap();
            let text = rest.split_once(&format!("</{tag}>")).unwrap().0;
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
            assert!(policy.contains(&format!("{tag}-src 'sha256-{hash}'")), "{tag}");
        }
        for outside in ["http://", "https://", "//cdn", "<img", "onclick", "style="] {
            assert!(!page.text.contains(outside), "{outside}");
        }
        assert!(!page.text.contains("{switch}") && page.text.contains("lang=en"), "{}", page.text);
        let english = get(&s, &format!("{token}?lang=en")).await;
        assert!(english.text.contains("<html lang=\"en\">") && english.text.contains("Your report was received"));
        assert_eq!(get(&s, &format!("{token}?lang=xx")).await.status, 400);
        // Its forms come back to it.
        let post = async |what: &str, body: &str| {
            let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let url = format!("{}/t/{token}/{what}?lang=en", s.url);
            client.post(url).header(FORM.0, FORM.1).body(body.to_owned()).send().await.unwrap()
        };
        let back = post("cancel", "").await;
        assert_eq!((back.status().as_u16(), back.headers()["location"].to_str().unwrap()),
            (303, format!("/t/{token}?lang=en&said=true").as_str()));
        assert_eq!(post("complaint", "text=Tidak+ada+yang+datang").await.status(), 303);
        assert!(get(&s, &format!("{token}?lang=en&said=true")).await.text.contains("Thank you"));
        assert_eq!(events(&s, &desk, "complaint.filed").await.len(), 1);
        let early = post("rating", "stars=5&text=").await;
        assert_eq!(early.status(), 409);
        assert!(early.text().await.unwrap().contains("<html lang=\"en\">"), "a failed form leads to a page");
    }

    async fn complaints_are_for_commanders(s: Served) {
        let (desk, token) = linked(&s, unjudged()).await;
        say(&s, &token, "complaint", json!({ "text": "=1+1, \"nobody came\"" })).await.expect(201);
        s.pass(1_000);
        say(&s, &token, "complaint", json!({ "text": "a second one" })).await.expect(201);
        let commander = s.token(Role::Commander, "KALTIM").await;
        for path in ["/areas/BPN/complaints", "/areas/KALTIM/complaints"] {
            let all = s.get(&commander, path).await.expect(200);
            assert_eq!((all.as_array().unwrap().len(), &all[0]["report"]), (2, &json!("BPN-R1")), "{path}");
            assert_eq!((&all[0]["destination"], &all[1]["text"]), (&json!("dumas_presisi"), &json!("a second one")));
        }
        let t = s.engine.now().0;
        let one = s.get(&commander, &format!("/areas/BPN/complaints?from={}&to={}", t, t + 1)).await.expect(200);
        assert_eq!(one.as_array().unwrap().len(), 1);
        let table = s.get(&commander, "/areas/BPN/complaints?format=csv").await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        assert!(table.text.contains("\"'=1+1, \"\"nobody came\"\"\"\r\n"), "{}", table.text);
        s.get(&desk, "/areas/BPN/complaints").await.problem(403, "forbidden");
        let elsewhere = s.token(Role::Commander, "SMD").await;
        s.get(&elsewhere, "/areas/BPN/complaints").await.problem(404, "not_found");
        let read = events(&s, &desk, "complaints.read").await;
        assert_eq!((read.len(), &read[0]["body"]["count"]), (4, &json!(2)), "who reads them is in the journal");
        // Words are nobody's before a commander reads them.
        let journal = s.get(&desk, "/areas/BPN/journal?after=0&limit=1000").await.text;
        assert!(!journal.contains("nobody came"));
        s.pass(60_000);
        for _ in 0..8 {
            say(&s, &token, "complaint", json!({ "text": "again" })).await.expect(201);
        }
        s.pass(60_000);
        say(&s, &token, "complaint", json!({ "text": "again" })).await.problem(409, "enough");
    }

    async fn too_often_is_too_often(s: Served) {
        let (_, token) = linked(&s, unjudged()).await;
        let (_, other) = linked(&s, unjudged()).await;
        let mut admitted = 0;
        let last = loop {
            let reply = get(&s, &format!("{token}/state")).await;
            if reply.status != 200 {
                break reply;
            }
            admitted += 1;
            assert!(admitted <= 60);
        };
        last.problem(429, "too_many");
        assert_eq!((admitted, last.header("retry-after")), (60, "1"));
        assert_eq!(get(&s, &format!("{other}/state")).await.status, 200, "another link is another's");
        s.pass(1_000);
        assert_eq!(get(&s, &format!("{token}/state")).await.status, 200);
        // Whoever guesses is held by the address, whatever they guess.
        let mut guesses = 0;
        while get(&s, &format!("guess{guesses}/state")).await.status == 404 {
            guesses += 1;
            assert!(guesses <= 700);
        }
        get(&s, &format!("{other}/state")).await.problem(429, "too_many");
        let large = "x".repeat(20_000);
        s.pass(60_000);
        let reply = say(&s, &other, "complaint", json!({ "text": large })).await;
        assert_eq!(reply.status, 413, "{}", reply.text);
    }

    async fn a_report_in_no_city_has_a_link_too(s: Served) {
        let desk = s.token(Role::Dispatcher, "KALTIM").await;
        let made = s.post(&desk, "/reports", report(at_sea())).await.expect(201);
        let id = made["report"]["id"].as_str().unwrap().to_owned();
        let link = s.post(&desk, &format!("/reports/{id}/link"), json!({})).await.expect(201);
        assert_eq!(state(&s, link["token"].as_str().unwrap()).await["report"], json!(id));
    }
}

on_both! {
    async fn words_of_the_citizen_are_sealed_and_erased(db: Db) {
        let s = Served::start(&db).await;
        let (_, token) = linked(&s, unjudged()).await;
        say(&s, &token, "complaint", json!({ "text": "nobody came" })).await.expect(201);
        let subject = db.text("SELECT subject FROM complaint").await.parse().unwrap();
        assert_eq!(db.text("SELECT subject FROM report").await, db.text("SELECT subject FROM complaint").await);
        s.store.erase_subject(&system(0), code("BPN"), subject).await.unwrap();
        let commander = s.token(Role::Commander, "BPN").await;
        let all = s.get(&commander, "/areas/BPN/complaints").await.expect(200);
        assert_eq!((&all[0]["text"], &all[0]["report"]), (&Value::Null, &json!("BPN-R1")));
        say(&s, &token, "complaint", json!({ "text": "still nobody" })).await.expect(201);
        assert_eq!(s.get(&commander, "/areas/BPN/complaints").await.expect(200)[1]["text"], "still nobody");
    }
}

served! {
    async fn a_link_goes_out_by_whatsapp(s: Served) {
        let graph = Graph::start().await;
        s.engine.open_post(Post::new(Some(serde_json::from_value(graph.settings()).unwrap())).unwrap());
        let body = delivery(&[text("wamid.1", s.engine.now().0, "tolong")], &[]).to_string().into_bytes();
        let signed = signature(APP_SECRET, &body);
        let heard = s.send("POST", "/api/v1/channels/whatsapp", &[("x-hub-signature-256", &signed)], body).await;
        assert_eq!(heard.status, 200);
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let body = json!({ "command_id": sigap::domain::ids::CommandId::random(), "send": true });
        // This service does not know how citizens reach it.
        s.post(&desk, "/reports/BPN-R1/link", body).await.problem(422, "invalid");
    }
}

#[test]
fn a_service_that_knows_its_address_sends_links() {
    async fn test(db: Db) {
        let graph = Graph::start().await;
        let city = seed(&db, 0).await;
        let mut config = config(&db);
        config.whatsapp = Some(serde_json::from_value(graph.settings()).unwrap());
        config.engine.link.public_url = Some("https://110.example.id/".to_owned());
        let served = serve(config).await;
        let body = delivery(&[text("wamid.1", now().0, "tolong")], &[]).to_string();
        let url = format!("{}/api/v1/channels/whatsapp", served.api.url);
        let heard =
            reqwest::Client::new().post(url).header("x-hub-signature-256", signature(APP_SECRET, body.as_bytes()));
        assert_eq!(heard.body(body).send().await.unwrap().status(), 200);
        let command = json!({ "command_id": sigap::domain::ids::CommandId::random(), "send": true });
        let made = served.api.post(&city.desk, "/reports/BPN-R1/link", &command).await.expect(201);
        let again = served.api.post(&city.desk, "/reports/BPN-R1/link", &command).await.expect(201);
        assert_eq!(made["message"], again["message"], "a repeat sends nothing again");
        let said = graph.until(2).await;
        let url = made["url"].as_str().unwrap();
        assert!(url.starts_with("https://110.example.id/t/") && said[1].text().ends_with(url), "{}", said[1].text());
        let page = reqwest::get(format!("{}/t/{}", served.api.url, made["token"].as_str().unwrap())).await.unwrap();
        assert!(page.text().await.unwrap().contains("BPN-R1"));
        drop(graph);
        served.stop().await;
    }
    run(Engine::Sqlite, test);
}
