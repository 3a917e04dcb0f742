//! The shapes of areas as maps ask for them.

use super::*;
use crate::served;
use sigap::domain::{atlas::District, boundary::Boundary};

fn district(code: &str, name: &str, boundary: Option<Boundary>) -> District {
    District { city: "BPN".parse().unwrap(), code: code.to_owned(), name: name.to_owned(), centre: scene(), boundary }
}

served! {
    async fn a_city_has_its_outline_and_those_of_its_districts(s: Served) {
        let west = Boundary::outline(&[(116.76, -1.34), (116.83, -1.34), (116.83, -1.20), (116.76, -1.20)]).unwrap();
        let districts = vec![district("64.71.01", "Barat", Some(west)), district("64.71.02", "Timur", None)];
        for district in districts {
            s.store.put_district(&system(0), district).await.unwrap();
        }
        s.engine.import_areas(&system(0), r#"{"type":"Feature","properties":{"short":"BPN","name":"Balikpapan","zone":"WITA"},
            "geometry":{"type":"Polygon","coordinates":[[[116.76,-1.34],[116.83,-1.34000001],[116.9,-1.34],[116.9,-1.2],[116.76,-1.2],[116.76,-1.34]]]}}"#,
            vec![]).await.unwrap();
        let officer = s.token(Role::Officer, "BPN").await;
        let reply = s.get(&officer, "/areas/BPN/outline").await;
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/geo+json", "private, no-cache"));
        let body = reply.expect(200);
        assert_eq!((&body["type"], &body["area"]), (&json!("FeatureCollection"), &json!("BPN")));
        let told: Vec<_> = body["features"].as_array().unwrap().iter().map(|f| &f["properties"]).collect();
        assert_eq!(told.len(), 3, "{body}");
        assert_eq!((&told[0]["kind"], &told[0]["code"], &told[0]["name"]), (&json!("city"), &json!("BPN"), &json!("Balikpapan")));
        assert_eq!((&told[1]["kind"], &told[1]["code"], &told[1]["name"]), (&json!("district"), &json!("64.71.01"), &json!("Barat")));
        assert_eq!(told[2]["centre"], json!({"lat": scene().lat(), "lng": scene().lng()}));
        let ring = json!([[116.76, -1.34], [116.9, -1.34], [116.9, -1.2], [116.76, -1.2], [116.76, -1.34]]);
        assert_eq!(body["features"][0]["geometry"], json!({"type": "MultiPolygon", "coordinates": [[ring]]}),
            "a corner that nobody sees is left out, and the ring is closed");
        assert_eq!(body["features"][1]["geometry"]["coordinates"][0][0].as_array().unwrap().len(), 5);
        assert_eq!(body["features"][2]["geometry"], Value::Null, "a district without a shape has its name");
    }

    async fn a_region_has_its_cities_and_nobody_elses(s: Served) {
        let operator = s.token(Role::Operator, "KALTIM").await;
        let body = s.get(&operator, "/areas/KALTIM/outline").await.expect(200);
        let told: Vec<_> = body["features"].as_array().unwrap().iter()
            .map(|f| (f["properties"]["code"].as_str().unwrap(), f["geometry"].is_object())).collect();
        assert_eq!(told, [("KALTIM", false), ("BPN", true), ("SMD", false)]);
        let elsewhere = s.token(Role::Dispatcher, "SMD").await;
        s.get(&elsewhere, "/areas/BPN/outline").await.problem(404, "not_found");
        s.get(&elsewhere, "/areas/XXX/outline").await.problem(404, "not_found");
        let own = s.get(&elsewhere, "/areas/SMD/outline").await.expect(200);
        assert_eq!((&own["features"][0]["geometry"], &own["tolerance_deg"]), (&Value::Null, &json!(0.0)));
    }

    async fn what_a_map_has_is_not_sent_again(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let bearer = format!("Bearer {desk}");
        let ask = async |known: &str| {
            s.send("GET", "/api/v1/areas/BPN/outline", &[("authorization", &bearer), ("if-none-match", known)], "").await
        };
        let tag = s.get(&desk, "/areas/BPN/outline").await.header("etag").to_owned();
        for known in [tag.clone(), format!("\"other\", W/{tag}")] {
            let again = ask(&known).await;
            assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", tag.as_str()), "{known}");
        }
        s.engine.import_areas(&system(0), r#"{"type":"Feature","properties":{"short":"BPN","name":"Balikpapan","zone":"WITA"},
            "geometry":{"type":"Polygon","coordinates":[[[116.76,-1.34],[116.9,-1.34],[116.9,-1.2],[116.76,-1.34]]]}}"#, vec![]).await.unwrap();
        let changed = ask(&tag).await;
        assert!(changed.status == 200 && changed.header("etag") != tag, "another shape has another tag");
    }
}
