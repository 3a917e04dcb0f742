//! Coverage over the wire: held against distances reckoned here.

use super::*;
use crate::served;
use h3o::{CellIndex, LatLng};
use sigap::store::Station;

/// What a motorcycle makes, metres per second.
const MOTORCYCLE_MPS: f64 = 10.0;

fn middle(feature: &Value) -> Place {
    let cell: CellIndex = feature["properties"]["cell"].as_str().unwrap().parse().unwrap();
    let at = LatLng::from(cell);
    Place::new(at.lat(), at.lng()).unwrap()
}

/// Whole milliseconds of the ride and of a minute to set out, in seconds.
fn ride_s(from: Place, to: Place) -> f64 {
    ((from.distance_m(to) / MOTORCYCLE_MPS * 1_000.0).trunc() + 60_000.0) / 1_000.0
}

fn count(body: &Value, name: &str, value: &Value) -> u64 {
    let features = body["features"].as_array().unwrap();
    features.iter().filter(|f| &f["properties"][name] == value).count() as u64
}

served! {
    async fn what_a_free_unit_reaches_is_covered(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let nobody = s.get(&desk, "/areas/BPN/coverage").await.expect(200);
        assert_eq!((&nobody["cells_within"], &nobody["share_of_area"], &nobody["units"]), (&json!(0), &json!(0.0), &json!([])));
        assert_eq!(count(&nobody, "seconds", &Value::Null), nobody["cells"].as_u64().unwrap(), "nobody comes");

        let (west, east) = (scene(), scene().moved(90.0, 5_000.0));
        s.patrol("M1", west).await;
        s.patrol("M2", east).await;
        let reply = s.get(&desk, "/areas/BPN/coverage").await;
        assert_eq!(reply.header("content-type"), "application/geo+json");
        let body = reply.expect(200);
        assert_eq!((&body["type"], &body["area"], &body["priority"]), (&json!("FeatureCollection"), &json!("BPN"), &json!("P1")));
        assert_eq!((&body["target_s"], &body["turnout_s"], &body["travel"]), (&json!(600.0), &json!(60.0), &json!("straight_line")));
        assert_eq!((&body["resolution"], &body["at"]), (&json!(8), &json!(T0.0)));

        let features = body["features"].as_array().unwrap();
        let (mut only, mut within_m2, mut all_m2) = ([0, 0], 0.0, 0.0);
        for feature in features {
            let (told, to) = (&feature["properties"], middle(feature));
            let (mut rides, mut names) = ([ride_s(west, to), ride_s(east, to)], ["BPN-M1", "BPN-M2"]);
            if rides[1] < rides[0] {
                rides.reverse();
                names.reverse();
            }
            assert_eq!((&told["unit"], &told["seconds"], &told["next_seconds"]), (&json!(names[0]), &json!(rides[0]), &json!(rides[1])));
            assert_eq!((&told["within"], &told["only"]), (&json!(rides[0] <= 600.0), &json!(rides[0] <= 600.0 && rides[1] > 600.0)));
            only[usize::from(names[0] == "BPN-M2")] += usize::from(told["only"] == true);
            let area_m2 = told["area_m2"].as_f64().unwrap();
            (within_m2, all_m2) = (within_m2 + if rides[0] <= 600.0 { area_m2 } else { 0.0 }, all_m2 + area_m2);
            let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
            assert!(ring.len() >= 7 && ring[0] == ring[ring.len() - 1], "{ring:?}");
            let beside = |at: &Value| Place::new(at[1].as_f64().unwrap(), at[0].as_f64().unwrap()).unwrap().distance_m(to) < 700.0;
            assert!(ring.iter().all(beside), "longitude comes first");
        }
        let within = count(&body, "within", &json!(true));
        assert!(within > 100 && within < features.len() as u64, "near is covered and far is not: {within}");
        assert_eq!((&body["cells"], &body["cells_within"]), (&json!(features.len()), &json!(within)));
        assert!((body["share_of_area"].as_f64().unwrap() - within_m2 / all_m2).abs() < 1e-4, "{}", body["share_of_area"]);
        assert_eq!([0, 1].map(|i| body["units"][i]["uncovers"]["cells"].clone()), only.map(|cells| json!(cells)));
        assert_eq!(body["units"][1]["unit"], "BPN-M2");
    }

    async fn what_a_dispatch_uncovers_is_told(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        s.patrol("M1", scene()).await;
        s.patrol("M2", scene().moved(90.0, 5_000.0)).await;
        let before = s.get(&desk, "/areas/BPN/coverage").await.expect(200);
        assert_eq!(before["dispatches"], json!([]));
        s.post(&desk, "/reports", report(scene())).await.expect(201);
        let sent = s.until(&desk, "/areas/BPN/coverage", |c| !c["dispatches"][0].is_null()).await;
        let lost = before["units"][0]["uncovers"].clone();
        assert!(lost["cells"].as_u64().unwrap() > 10, "{lost}");
        assert_eq!(sent["dispatches"], json!([{ "dispatch": "BPN-D1", "unit": "BPN-M1", "uncovers": lost }]));
        let cells = |c: &Value| c["cells_within"].as_u64().unwrap();
        assert_eq!(cells(&sent), cells(&before) - lost["cells"].as_u64().unwrap());
        assert_eq!((sent["units"].as_array().unwrap().len(), count(&sent, "unit", &json!("BPN-M1"))), (1, 0));
        // A minute later nobody knows where they are.
        s.pass(61_000);
        let silent = s.get(&desk, "/areas/BPN/coverage").await.expect(200);
        assert_eq!((cells(&silent), &silent["units"]), (0, &json!([])));
        assert_eq!(silent["left_out"], json!([{ "unit": "BPN-M2", "fix_age_ms": 61_000 }]));
        assert_eq!(silent["dispatches"][0]["uncovers"], Value::Null);
    }

    async fn a_unit_counts_while_its_fix_is_fresh_and_it_is_on_duty(s: Served) {
        let desk = s.token(Role::Commander, "BPN").await;
        let (unit, officer, phone) = s.patrol("M1", scene()).await;
        let within = async || s.get(&desk, "/areas/BPN/coverage").await.expect(200)["cells_within"].as_u64().unwrap();
        s.pass(60_000);
        let fresh = within().await;
        assert!(fresh > 50, "a minute is fresh: {fresh}");
        s.pass(1);
        assert_eq!(within().await, 0, "a millisecond more is stale");
        s.fix(unit.parse().unwrap(), phone, scene()).await;
        assert_eq!(within().await, fresh);
        s.post(&officer, &format!("/units/{unit}/duty"), json!({ "duty": "out_of_service", "reason": "meal" })).await.expect(200);
        let meal = s.get(&desk, "/areas/BPN/coverage").await.expect(200);
        assert_eq!((&meal["cells_within"], &meal["left_out"]), (&json!(0), &json!([])), "who is at table is not left out");
        // On duty, and its phone has sent nothing yet.
        let admin = s.token(Role::Admin, "BPN").await;
        s.post(&admin, "/areas/BPN/units", json!({ "sign": "C7", "kind": "car" })).await.expect(201);
        let driver = s.token(Role::Officer, "BPN").await;
        s.post(&driver, "/units/BPN-C7/sign-on", json!({ "device": device() })).await.expect(200);
        let silent = s.get(&desk, "/areas/BPN/coverage").await.expect(200);
        assert_eq!(silent["left_out"], json!([{ "unit": "BPN-C7", "fix_age_ms": null }]));
    }

    async fn the_target_in_force_counts(s: Served) {
        let desk = s.token(Role::Operator, "BPN").await;
        s.patrol("M1", scene()).await;
        let ten = s.get(&desk, "/areas/BPN/coverage").await.expect(200)["cells_within"].as_u64().unwrap();
        let admin = s.token(Role::Admin, "BPN").await;
        let band = |from_m: i64, to_m: Option<i64>, min: i64| json!({ "from_m": from_m, "to_m": to_m, "target_ms": min * 60_000 });
        let rules = json!({ "default": [band(0, None, 10)], "P1": [band(0, None, 5)],
            "P3": [band(0, Some(3_000), 5), band(3_000, None, 15)] });
        s.ask(&admin, "PUT", "/areas/BPN/sla/policy", json!({ "rules": rules })).await.expect(200);
        let five = s.get(&desk, "/areas/BPN/coverage").await.expect(200);
        assert_eq!((&five["target_s"], &five["turnout_s"]), (&json!(300.0), &json!(30.0)));
        let five = five["cells_within"].as_u64().unwrap();
        assert!(five > 10 && five * 2 < ten, "half the time, less than half the cells: {five} of {ten}");
        let second = s.get(&desk, "/areas/BPN/coverage?priority=P2").await.expect(200);
        assert_eq!((&second["priority"], &second["target_s"], &second["cells_within"]), (&json!("P2"), &json!(600.0), &json!(ten)));
        // Bands: near the only station five minutes, beyond fifteen.
        let station = Station {
            area: code("BPN"), code: "POLRES".to_owned(), name: "Polres".to_owned(), district: None, place: scene(), demo: false,
        };
        s.store.put_station(&system(0), station).await.unwrap();
        let banded = s.get(&desk, "/areas/BPN/coverage?priority=P3").await.expect(200);
        for feature in banded["features"].as_array().unwrap() {
            let (told, far_m) = (&feature["properties"], scene().distance_m(middle(feature)));
            let target_s = if far_m < 3_000.0 { 300.0 } else { 900.0 };
            assert_eq!(told["target_s"], json!(target_s));
            assert_eq!(told["within"], json!(target_s / 10.0 + far_m / MOTORCYCLE_MPS <= target_s), "{told}");
        }
        s.get(&desk, "/areas/BPN/coverage?priority=P9").await.problem(400, "malformed");
        s.get(&desk, "/areas/BPN/coverage?unit=BPN-M1").await.problem(400, "malformed");
    }

    async fn coverage_is_for_desks_and_of_cities(s: Served) {
        for role in [Role::Operator, Role::Dispatcher, Role::Commander, Role::Admin] {
            let token = s.token(role, "BPN").await;
            s.get(&token, "/areas/BPN/coverage").await.expect(200);
        }
        let officer = s.token(Role::Officer, "BPN").await;
        s.get(&officer, "/areas/BPN/coverage").await.problem(403, "forbidden");
        let elsewhere = s.token(Role::Dispatcher, "SMD").await;
        let hidden = s.get(&elsewhere, "/areas/BPN/coverage").await.problem(404, "not_found");
        assert_eq!(hidden, s.get(&elsewhere, "/areas/XX/coverage").await.problem(404, "not_found"));
        let region = s.token(Role::Commander, "KALTIM").await;
        s.get(&region, "/areas/BPN/coverage").await.expect(200);
        let whole = s.get(&region, "/areas/KALTIM/coverage").await.problem(422, "invalid");
        assert!(whole["detail"].as_str().unwrap().contains("KALTIM is a region"), "{whole}");
        let unmapped = s.get(&region, "/areas/SMD/coverage").await.problem(422, "invalid");
        assert!(unmapped["detail"].as_str().unwrap().contains("no boundary"), "{unmapped}");
    }
}
