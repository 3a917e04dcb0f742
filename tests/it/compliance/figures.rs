//! What is counted, where, and under which promise.

use super::*;

/// The counts of figures, in the order counted, kept, kept verified, arrived, arrived verified, unreached, excluded.
fn counts(figures: &Value) -> [i64; 7] {
    ["counted", "kept", "kept_verified", "arrived", "arrived_verified", "unreached", "excluded"]
        .map(|name| figures[name].as_i64().unwrap_or_else(|| panic!("no {name} in {figures:#}")))
}

fn add(a: [i64; 7], b: [i64; 7]) -> [i64; 7] {
    std::array::from_fn(|i| a[i] + b[i])
}

fn lengths(of: &Value) -> [i64; 4] {
    ["count", "p50_s", "p90_s", "p95_s"].map(|name| of[name].as_i64().unwrap_or_else(|| panic!("{of:#}")))
}

on_both! {
    async fn figures_are_those_counted_by_hand(db: Db) {
        let s = Served::start(&db).await;
        two_days(&s.store).await;
        let token = s.token(Role::Commander, "BPN").await;
        let found = report(&s, &token, "BPN", "").await;
        let whole = &found["whole"];
        assert_eq!(counts(whole), [5, 3, 3, 4, 3, 1, 2], "{whole:#}");
        assert_eq!((&whole["share"], &whole["promised"], &whole["met"]), (&json!(0.6), &json!(0.9), &json!(false)));
        // Wilson by hand, 3 of 5: the middle (0.6 + 3.8415 / 10) / 1.76829, half of it 1.96 / 1.76829 × √(0.048 + 0.038415).
        let interval = whole["interval"].as_array().unwrap();
        assert!((interval[0].as_f64().unwrap() - 0.2307).abs() < 1e-4, "{interval:?}");
        assert!((interval[1].as_f64().unwrap() - 0.8824).abs() < 1e-4, "{interval:?}");
        // 180 s, 240 s (a millisecond less, rounded up), 540 s, 720 s.
        assert_eq!(lengths(&whole["response"]), [4, 240, 720, 720]);
        // Found valid at once; until somebody accepted: 1, 1 (rounded up from 1 ms), 10 and 480 s.
        let queue = &whole["segments"]["queue"];
        assert_eq!(lengths(queue), [4, 1, 480, 480]);
        assert_eq!((&queue["budget_s"], &queue["within_budget"]), (&json!(30), &json!(0.75)));
        assert_eq!(lengths(&whole["segments"]["turnout"]), [4, 1, 30, 30]);
        assert_eq!(whole["causes"], json!({ "queue": 1 }));
        assert_eq!(whole["excluded_by"], json!({ "invalid": 1, "cancelled_by_caller": 1 }));
        let (monday, tuesday) = (group(&found, "2026-11-02"), group(&found, "2026-11-03"));
        assert_eq!((counts(monday), counts(tuesday)), ([4, 2, 2, 3, 2, 1, 1], [1, 1, 1, 1, 1, 0, 1]));
        assert_eq!(monday["response"]["p50_s"], 540);
        let worst = found["worst"].as_array().unwrap();
        assert_eq!(worst.len(), 1, "{worst:?}");
        assert_eq!((&worst[0]["over_ms"], &worst[0]["cause"]["segment"]), (&json!(2 * MINUTE), &json!("queue")));
        assert_eq!((&worst[0]["unit"], &worst[0]["verified"]), (&json!("BPN-M2"), &json!(false)));
        let exclusions = &found["exclusions"];
        let reasons: Vec<&Value> = exclusions["items"].as_array().unwrap().iter().map(|item| &item["reason"]).collect();
        assert_eq!((&exclusions["total"], reasons), (&json!(2), vec![&json!("invalid"), &json!("cancelled_by_caller")]));
        let late = &found["still_open_late"];
        assert_eq!((&late["total"], &late["items"][0]["segment"]), (&json!(1), &json!("queue")), "{late:#}");
        let policies = found["policies"].as_array().unwrap();
        assert_eq!((policies.len(), &policies[0]["version"], &policies[0]["until"]), (1, &json!(1), &Value::Null));
        assert_eq!(policies[0]["rules"]["default"][0]["target_ms"], 10 * MINUTE);
        assert_eq!((&found["from"], &found["to"], &found["cities"]), (&json!("2026-11-02"), &json!("2026-11-03"), &json!(1)));
        // A day of the report is one of its days, whichever end; a month is its days.
        let day = s.get(&token, "/areas/BPN/sla/report?from=2026-11-03&to=2026-11-03").await.expect(200);
        assert_eq!(counts(&day["whole"]), counts(tuesday));
        let month = s.get(&token, "/areas/BPN/sla/report?month=2026-11").await.expect(200);
        assert_eq!((&month["whole"], &month["to"]), (whole, &json!("2026-11-30")));
        let before = s.get(&token, "/areas/BPN/sla/report?month=2026-10").await.expect(200);
        assert_eq!((counts(&before["whole"]), &before["groups"], &before["whole"]["share"]), ([0; 7], &json!([]), &Value::Null));
    }

    async fn every_grouping_adds_up_to_the_whole(db: Db) {
        let s = Served::start(&db).await;
        two_days(&s.store).await;
        let token = s.token(Role::Dispatcher, "BPN").await;
        for by in ALL {
            let found = report(&s, &token, "BPN", &format!("&by={by}")).await;
            let all = found["groups"].as_array().unwrap().iter();
            assert_eq!(all.clone().map(counts).fold([0; 7], add), counts(&found["whole"]), "{by}");
            assert_eq!(found["others"], Value::Null);
            let one = report(&s, &token, "BPN", &format!("&by={by}&limit=1")).await;
            let rest = if all.len() > 1 { counts(&one["others"]) } else { [0; 7] };
            assert_eq!(add(counts(&one["groups"][0]), rest), counts(&found["whole"]), "{by}");
            assert_eq!((&one["whole"], one["groups"].as_array().unwrap().len()), (&found["whole"], 1));
        }
        let by = async |by: &str| report(&s, &token, "BPN", &format!("&by={by}")).await;
        let units = by("unit").await;
        assert_eq!((counts(group(&units, "BPN-M1"))[..2].to_vec(), counts(group(&units, "-"))), (vec![2, 2], [1, 0, 0, 0, 0, 1, 2]));
        let hours = by("hour").await;
        assert_eq!(["00", "09", "10", "23"].map(|hour| counts(group(&hours, hour))[1]), [1, 1, 0, 1]);
        let priorities = by("priority").await;
        assert_eq!(["P1", "P2", "P3"].map(|p| counts(group(&priorities, p))[0]), [2, 3, 0]);
        assert_eq!(counts(group(&by("category").await, "report")), counts(&units["whole"]));
        assert_eq!(["BPN.1", "-"].map(|d| d.to_owned()), {
            let found = by("district").await;
            let mut keys: Vec<String> = found["groups"].as_array().unwrap().iter().map(|g| g["key"].as_str().unwrap().into()).collect();
            keys.sort_by_key(|key| key == "-");
            <[String; 2]>::try_from(keys).unwrap()
        });
        assert_eq!(by("cell").await["groups"].as_array().unwrap().len(), 2);
        let listed = report(&s, &token, "BPN", "&excluded_limit=1&excluded_skip=1").await;
        assert_eq!((&listed["exclusions"]["total"], &listed["exclusions"]["items"][0]["reason"]), (&json!(2), &json!("cancelled_by_caller")));
        assert_eq!(listed["exclusions"]["items"].as_array().unwrap().len(), 1);
    }

    async fn each_incident_counts_under_the_promise_that_it_began_under(db: Db) {
        let s = Served::start(&db).await;
        let (m1, ..) = crewed(&s.store, "BPN-M1", T0).await;
        let (admin, token) = (s.token(Role::Admin, "BPN").await, s.token(Role::Commander, "BPN").await);
        // From one in the afternoon on, half of them within five minutes.
        let noon = 4 * HOUR;
        let rules = json!({ "default": [{ "target_ms": 5 * MINUTE, "share": 0.5 }] });
        let body = json!({ "rules": rules, "from": T0.plus(noon) });
        s.ask(&admin, "PUT", "/areas/BPN/sla/policy", body).await.expect(200);
        for (start, took) in [(noon - 1, 8), (noon, 8), (noon + HOUR, 4)] {
            let id = incident(&s.store, start).await.id;
            served(&s.store, id, m1, [start + 1_000, start + 2_000, start + took * MINUTE], 20.0).await;
        }
        let found = s.get(&token, "/areas/BPN/sla/report?from=2026-11-02&to=2026-11-02&by=hour").await.expect(200);
        assert_eq!(counts(&found["whole"])[..2], [3, 2]);
        // (0.9 + 0.5 + 0.5) / 3, and 2 of 3 is more.
        let promised = found["whole"]["promised"].as_f64().unwrap();
        assert!((promised - 1.9 / 3.0).abs() < 1e-4 && found["whole"]["met"] == true, "{found:#}");
        assert_eq!(["12", "13", "14"].map(|hour| counts(group(&found, hour))[1]), [1, 0, 1]);
        let policies = found["policies"].as_array().unwrap();
        let times: Vec<_> = policies.iter().map(|p| (&p["version"], &p["until"])).collect();
        assert_eq!(times, [(&json!(1), &json!(T0.plus(noon))), (&json!(2), &Value::Null)]);
        assert_eq!(found["whole"]["segments"]["queue"]["budget_s"], Value::Null, "the two promises differ");
        let next = s.get(&token, "/areas/BPN/sla/report?from=2026-11-03&to=2026-11-03").await.expect(200);
        let times: Vec<_> = next["policies"].as_array().unwrap().iter().map(|p| &p["version"]).collect();
        assert_eq!((times, &next["whole"]["segments"]["queue"]["budget_s"]), (vec![&json!(2)], &json!(15)));
    }

    async fn a_region_is_the_sum_of_its_cities_each_by_its_own_days(db: Db) {
        let s = Served::start(&db).await;
        let token = s.token(Role::Commander, "KALTIM").await;
        western_city(&s, &token, "Kudus").await;
        let midnight = two_days(&s.store).await;
        // Half an hour after midnight in Balikpapan it is Monday still in the west.
        for ms in [midnight + HOUR / 2, midnight + HOUR] {
            let id = told(&s.store, "KDS", Priority::P1, scene(), ms).await;
            store_closed(&s.store, id, ms + MINUTE).await;
        }
        let found = report(&s, &token, "KALTIM", "").await;
        assert_eq!(["2026-11-02", "2026-11-03"].map(|day| counts(group(&found, day))[0]), [4 + 1, 1 + 1]);
        let cities = report(&s, &token, "KALTIM", "&by=area").await;
        assert_eq!((counts(group(&cities, "BPN"))[0], counts(group(&cities, "KDS"))[0], &cities["cities"]), (5, 2, &json!(3)));
        assert_eq!(group(&cities, "KDS")["name"], "Kudus");
        assert_eq!(cities["whole"], found["whole"]);
        // Percentiles are those of all arrivals, not means of the cities'.
        let alone = report(&s, &token, "BPN", "").await;
        assert_eq!(found["whole"]["response"], alone["whole"]["response"]);
        assert_eq!(found["policies"].as_array().unwrap().len(), 3);
        assert_eq!(found["policies"][0]["rules"], Value::Null, "a region's are told in short");
        let hours = report(&s, &token, "KALTIM", "&by=hour").await;
        assert_eq!(["23", "00"].map(|hour| counts(group(&hours, hour))[0]), [1 + 1, 1 + 1]);
        for by in ALL {
            let one = report(&s, &token, "KALTIM", &format!("&by={by}")).await;
            assert_eq!(one["whole"], found["whole"], "{by}");
            let sum = one["groups"].as_array().unwrap().iter().map(counts).fold([0; 7], add);
            assert_eq!(sum, counts(&found["whole"]), "{by}");
        }
    }
}

async fn store_closed(store: &Store, id: IncidentId, ms: i64) {
    store.close_incident(&system(ms), id, Disposition::NothingFound).await.unwrap();
}
