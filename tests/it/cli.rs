//! The program as people at a terminal meet it: its words, its exit codes, its end.

use crate::{harness::*, on_both};
use serde_json::json;
use sigap::{
    app::{self, Clock},
    domain::access::Scope,
};

/// Every command, by the words that lead to it.
const COMMANDS: &[&str] = &[
    "",
    "serve",
    "demo",
    "migrate",
    "area",
    "area import",
    "area set",
    "area list",
    "desk",
    "desk add",
    "desk list",
    "flow",
    "flow import",
    "flow show",
    "sla",
    "sla set",
    "sla show",
    "sla history",
    "sla verify",
    "sla rebuild",
    "report",
    "unit",
    "unit add",
    "tracker",
    "tracker add",
    "tracker list",
    "tracker revoke",
    "user",
    "user add",
    "replay",
    "backup",
    "erase-caller",
    "rekey",
    "journal",
    "journal verify",
    "journal checkpoint",
    "spec",
];

/// A square near Samarinda as a file of areas.
const CITY: &str = r#"{"type": "FeatureCollection", "features": [{"type": "Feature",
    "properties": {"code": "64.72", "name": "Samarinda", "short": "SMD", "target_min": 12},
    "geometry": {"type": "Polygon", "coordinates": [[[117.1, -0.6], [117.2, -0.6], [117.2, -0.4], [117.1, -0.4], [117.1, -0.6]]]}}]}"#;

fn assert_said(ended: &Ended, code: i32, words: &[&str]) {
    let all = format!("{}{}", ended.out, ended.err);
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for word in words {
        assert!(all.contains(word), "{word:?} is not in {ended:?}");
    }
}

async fn every_help_has_examples(db: Db) {
    let program = Program::new(&db);
    for command in COMMANDS {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push("--help");
        let help = program.run(&args).await;
        assert_said(&help, 0, &["Usage: sigap", "Example", &format!("  sigap {command}")]);
    }
    let listed = program.run(&["--help"]).await.out;
    let names: Vec<&str> = listed
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() >= 10 && names.iter().all(|name| COMMANDS.contains(name)), "{names:?}");
}

async fn a_wrong_setting_is_named(db: Db) {
    for (name, value, named) in [
        ("SIGAP_LISTN", "127.0.0.1:1", "listn"),
        ("SIGAP_WORKERS", "many", "WORKERS"),
        ("SIGAP_ENGINE__OFFER__ANSWER", "1", "answer"),
    ] {
        assert_said(&Program::new(&db).with(name, value).run(&["serve"]).await, 1, &["sigap: configuration: ", named]);
    }
    assert_said(
        &Program::new(&db).with("SIGAP_MASTER_KEY", "short").run(&["migrate"]).await,
        1,
        &["master_key must be 32 bytes"],
    );
    assert_said(&Program::new(&db).run(&["serve", "--config", "none.toml"]).await, 1, &["none.toml: no such file"]);
    assert_said(&Program::new(&db).run(&["frobnicate"]).await, 2, &["frobnicate"]);
    let away = Program::new(&db).with("SIGAP_DATABASE_URL", "postgres://sigap:secret@127.0.0.1:1/none");
    let refused = away.run(&["migrate"]).await;
    assert_said(&refused, 1, &["sigap: database postgres://…@127.0.0.1:1/none"]);
    assert!(!refused.err.contains("secret"), "{refused:?}");
}

async fn areas_come_from_good_files_only(db: Db) {
    let program = Program::new(&db);
    let import = |text: &'static [u8]| {
        std::fs::write(program.path("areas.geojson"), text).unwrap();
        let program = program.clone();
        async move { program.run(&["area", "import", "areas.geojson"]).await }
    };
    let cut = &CITY.as_bytes()[..CITY.len() - 40];
    let bad: [(&'static [u8], &str); 9] = [
        (b"", "it is empty or was cut off"),
        (cut, "it is empty or was cut off"),
        (b"<gpx/>", "the file is not JSON"),
        (b"[1, 2]", "not a GeoJSON FeatureCollection"),
        (br#"{"type": "Topology"}"#, "its type is \"Topology\""),
        (br#"{"type": "FeatureCollection", "features": []}"#, "the collection has no features"),
        (br#"{"type": "Feature", "properties": {"code": "64.72", "name": "Samarinda"}, "geometry": null}"#, "feature 0 (Samarinda): it has no geometry"),
        (br#"{"type": "Feature", "properties": {"name": "x"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}"#, "feature 0 (x)"),
        (b"\xff\xfe\x00", "areas.geojson: "),
    ];
    for (text, told) in bad {
        assert_said(&import(text).await, 1, &["sigap: areas.geojson: ", told]);
    }
    assert_said(&program.run(&["area", "import", "nowhere.geojson"]).await, 1, &["nowhere.geojson: No such file"]);
    let none = program.run(&["area", "list"]).await;
    assert_eq!((none.code, none.out.lines().count()), (Some(0), 1), "nothing was loaded: {none:?}");
    assert_said(&import(CITY.as_bytes()).await, 0, &["1 cities, 0 districts loaded"]);
    assert_said(&import(CITY.as_bytes()).await, 0, &["1 cities, 0 districts loaded"]);
    let listed = program.run(&["area", "list"]).await;
    let row = listed.out.lines().find(|line| line.starts_with("SMD ")).unwrap_or_else(|| panic!("{listed:?}"));
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words, ["SMD", "city", "KALTIM", "WITA", "12", "min", "auto", "2000", "m", "Samarinda"]);
    let set = ["area", "set", "SMD", "--aid-m", "750", "--offers", "manual"];
    assert_said(&program.run(&set).await, 0, &["SMD changed"]);
    let promise = ["sla", "set", "SMD", "--target-min", "9"];
    assert_said(&program.run(&promise).await, 0, &["SMD: version 2 counts from", "WITA"]);
    assert_said(&program.run(&["sla", "show", "SMD"]).await, 0, &["version 2, in force", "9:00"]);
    assert_said(&program.run(&["sla", "verify", "SMD"]).await, 0, &["what the journal tells"]);
    // What the file does not say stays.
    assert_said(&import(CITY.as_bytes()).await, 0, &["1 cities"]);
    let listed = program.run(&["area", "list"]).await.out;
    let row = listed.lines().find(|line| line.starts_with("SMD ")).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(row[4..9], ["12", "min", "manual", "750", "m"], "the file says twelve minutes");
    assert_said(&program.run(&["area", "set", "SMD"]).await, 2, &["--aid-m", "--offers"]);
    assert_said(&program.run(&["area", "set", "SMD", "--aid-m", "30001"]).await, 2, &["30001"]);
    assert_said(&program.run(&["area", "set", "XX", "--aid-m", "1"]).await, 1, &["sigap: "]);
}

async fn people_are_added_and_can_log_in(db: Db) {
    seed(&db, 0).await;
    let program = Program::new(&db);
    let add = |login: &'static str, grant: &'static str| {
        let program = program.clone();
        async move { program.run(&["user", "add", "--login", login, "--grant", grant]).await }
    };
    let added = add("sari", "commander@KALTIM").await;
    assert_said(&added, 0, &["login sari", "(shown once)"]);
    let password = added.out.split("password ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_said(&add("sari", "officer@BPN").await, 1, &["sigap: ", "exists"]);
    assert_said(&add("dewi", "officer").await, 2, &["expected ROLE@AREA"]);
    assert_said(&add("dewi", "boss@BPN").await, 2, &["boss"]);
    assert_said(&add("dewi", "officer@XX").await, 1, &["sigap: "]);
    assert_said(&add("no spaces", "officer@BPN").await, 2, &["no spaces"]);
    let short = program
        .clone()
        .with("SIGAP_PASSWORD", "short")
        .run(&["user", "add", "--login", "dewi", "--grant", "officer@BPN"])
        .await;
    assert_said(&short, 1, &["a password has "]);
    let alive = program.serve().await;
    let tokens = alive.api.post("", "/auth/login", &json!({ "login": "Sari", "password": password })).await.expect(200);
    assert_eq!(tokens["grants"], json!([{ "area": "KALTIM", "role": "commander" }]));
    alive
        .api
        .post("", "/auth/login", &json!({ "login": "sari", "password": "guessed it" }))
        .await
        .problem(401, "bad_login");
    alive.kill();
}

async fn a_stop_loses_nothing(db: Db) {
    let city = seed(&db, 1).await;
    let program = Program::new(&db);
    let mut alive = program.serve().await;
    city.sign_on(&alive.api).await;
    let Patrol { token, phone, unit, .. } = &city.patrols[0];
    let mut socket = alive.api.socket(token, *phone).await;
    let fix = json!({ "at_ms": now().0, "lat": -1.25, "lng": 116.84, "accuracy_m": 5.0 });
    socket.send(&json!({ "type": "fixes", "fixes": [fix] })).await.unwrap();
    let path = format!("/units/{unit}");
    alive.api.until(token, &path, "the fix", |u| !u["fix"].is_null()).await;
    alive.terminate();
    let drain = socket.until("when to come back", |frame| frame["type"] == "drain").await;
    assert_eq!(drain["come_back_ms"], 0, "one alone may come back at once");
    let closed = socket.next().await.unwrap_err();
    assert!(closed.starts_with("4000 "), "{closed}");
    assert!(alive.ended().await.success(), "{}", alive.logged());
    assert!(alive.logged().contains("stopped"), "{}", alive.logged());
    assert!(alive.api.try_ask("GET", token, "/areas", &json!(null)).await.is_err());
    let (engine, _) = app::open(&config(&db), Clock::start()).await.unwrap();
    let track = engine.track(&Scope::system(), *unit, now().plus(-60_000), now()).await.unwrap();
    assert_eq!(track.len(), 1, "the last minute of tracks is kept");
    engine.close().await;
}

async fn a_backup_is_a_whole_database(db: Db) {
    seed(&db, 2).await;
    let program = Program::new(&db);
    // While the service runs.
    let alive = program.serve().await;
    assert_said(&program.run(&["backup", "copy.db"]).await, 0, &["copy.db written"]);
    assert_said(&program.run(&["backup", "copy.db"]).await, 1, &["sigap: "]);
    alive.kill();
    let copy = program.clone().with("SIGAP_DATABASE_URL", &format!("sqlite://{}", program.path("copy.db").display()));
    assert_said(&copy.run(&["journal", "verify"]).await, 0, &["BPN: ", "KALTIM: ", "whole"]);
    assert_eq!(copy.run(&["area", "list"]).await.out, program.run(&["area", "list"]).await.out);
}

async fn postgres_has_a_backup_of_its_own(db: Db) {
    assert_said(&Program::new(&db).run(&["backup", "copy.db"]).await, 1, &["use pg_dump"]);
}

/// Tests on one engine.
macro_rules! on_one {
    ($engine:ident: $($test:ident as $name:ident),* $(,)?) => { $(
        #[test]
        fn $name() {
            run(Engine::$engine, $test);
        }
    )* };
}

on_one! { Sqlite:
    every_help_has_examples as help,
    a_wrong_setting_is_named as settings,
    areas_come_from_good_files_only as area_import,
    people_are_added_and_can_log_in as user_add,
    a_stop_loses_nothing as clean_shutdown,
    a_backup_is_a_whole_database as backup,
}
on_one! { Postgres: postgres_has_a_backup_of_its_own as backup_of_postgres }

on_both! {
    async fn migrating_twice_changes_nothing(db: Db) {
        let program = Program::new(&db);
        for _ in 0..2 {
            assert_said(&program.run(&["migrate"]).await, 0, &["are up to date"]);
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM area").await, 0);
    }

    async fn a_touched_journal_is_found(db: Db) {
        seed(&db, 3).await;
        let program = Program::new(&db);
        let head = db.count("SELECT seq FROM journal_head WHERE area = 'BPN'").await;
        assert_said(&program.run(&["journal", "verify", "--area", "BPN"]).await, 0, &[&format!("BPN: {head} events, whole")]);
        assert_said(&program.run(&["journal", "verify", "--area", "XX"]).await, 1, &["XX"]);
        let signed = program.run(&["journal", "checkpoint"]).await;
        assert_eq!(signed.code, Some(0), "{signed:?}");
        std::fs::write(program.path("kept.jsonl"), &signed.out).unwrap();
        let against = ["journal", "verify", "--checkpoint", "kept.jsonl"];
        assert_said(&program.run(&against).await, 0, &["BPN: ", &format!("checkpoint of event {head} holds")]);

        // One byte.
        let change = |from: &str, to: &str| {
            format!("UPDATE event SET text = REPLACE(text, '\"{from}\"', '\"{to}\"') WHERE area = 'BPN' AND seq = {}", head - 1)
        };
        db.tamper(&change("kind", "kinD")).await;
        assert_said(&program.run(&["journal", "verify"]).await, 1, &[&format!("BPN: BROKEN at event {}", head - 1), "KALTIM: "]);
        db.tamper(&change("kinD", "kind")).await;
        assert_said(&program.run(&["journal", "verify"]).await, 0, &["whole"]);

        // The tail, with the head put right.
        db.tamper(&format!("DELETE FROM event WHERE area = 'BPN' AND seq = {head}")).await;
        let cut = format!(
            "UPDATE journal_head SET seq = {0}, hash = (SELECT hash FROM event WHERE area = 'BPN' AND seq = {0}) WHERE area = 'BPN'",
            head - 1
        );
        db.tamper(&cut).await;
        assert_said(&program.run(&["journal", "verify"]).await, 0, &[&format!("BPN: {} events, whole", head - 1)]);
        let found = format!("BPN: CUT: ends at event {}, but event {head} was signed", head - 1);
        assert_said(&program.run(&against).await, 1, &[&found]);
        std::fs::write(program.path("kept.jsonl"), signed.out.replace("\"seq\":", "\"seq\":1")).unwrap();
        assert_said(&program.run(&against).await, 1, &["sigap: "]);
    }
}
