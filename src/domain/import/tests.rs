//! Files good and bad; each bad one must name its feature.

use super::*;
use crate::domain::{area::Targets, atlas::Districts, gazetteer::balikpapan, place::Place, time::Zone};
use proptest::prelude::*;
use serde_json::{Value, json};

fn square(lng: f64, lat: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[lng, lat], [lng + 0.1, lat], [lng + 0.1, lat + 0.1], [lng, lat + 0.1], [lng, lat]]]})
}

fn feature(properties: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": square(116.8, -1.3)})
}

fn collection(features: &[Value]) -> String {
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

fn take(features: &[Value]) -> Import {
    parse(&collection(features), &ImportOptions::default()).unwrap()
}

/// The reason why the second of two features is refused.
fn refused(bad: Value) -> BadFeature {
    let good = feature(json!({"code": "64.72", "name": "Kota Samarinda"}));
    match parse(&collection(&[good, bad]), &ImportOptions::default()).unwrap_err() {
        ImportError::Feature { index: 1, reason, .. } => reason,
        other => panic!("{other}"),
    }
}

fn codes(areas: &[NewArea]) -> Vec<&str> {
    areas.iter().map(|a| a.area.code.as_str()).collect()
}

#[test]
fn a_city_follows_from_its_code_and_shape() {
    let import = take(&[
        feature(json!({"code": "64.71", "name": "Kota Balikpapan", "lat": -1.27, "lng": 116.83})),
        feature(json!({"code": "64.72", "name": "Kota Samarinda"})),
        feature(json!({"code": "36.74", "name": "Tangsel"})),
    ]);
    assert_eq!(codes(&import.regions), ["ID", "KALTIM", "METRO"]);
    assert_eq!(codes(&import.cities), ["BPN", "6472", "TGS"]);
    let [bpn, smd, _] = &import.cities[..] else { panic!("three") };
    assert_eq!(bpn.area.centre, Place::new(-1.27, 116.83).unwrap());
    assert_eq!((smd.area.zone, smd.area.parent.unwrap().as_str()), (Zone::Wita, "KALTIM"));
    assert!(smd.area.centre.distance_m(Place::new(-1.25, 116.85).unwrap()) < 1.0, "the centre of mass");
    assert!(smd.boundary.as_ref().unwrap().contains(smd.area.centre));
}

#[test]
fn properties_go_before_what_follows() {
    let import = take(&[feature(json!({
        "short": "MUSI", "name": " Kota Musi ", "zone": "WIT", "parent": "PAPUA", "offers": "manual", "aid_m": 500,
        "target_min": 15, "targets_min": {"P1": 7.5},
    }))]);
    let area = &import.cities[0].area;
    assert_eq!((area.code.as_str(), area.name.as_str(), area.official_code.as_ref()), ("MUSI", "Kota Musi", None));
    assert_eq!((area.zone, area.offers, area.aid_m), (Zone::Wit, OfferMode::Manual, 500));
    assert_eq!(area.targets, Targets([450_000, 900_000, 900_000, 900_000]));
    assert_eq!(codes(&import.regions), ["ID", "PAPUA"]);
}

#[test]
fn what_is_known_is_kept() {
    let mut known = vec![gazetteer::nation(), gazetteer::province("64").unwrap().region(), balikpapan::area()];
    known[1].code = "BORNEO".parse().unwrap();
    known[2].code = "BALIK".parse().unwrap();
    known[2].parent = Some(known[1].code);
    known[2].targets = Targets([1, 2, 3, 4]);
    let options = ImportOptions { known: known.clone(), ..Default::default() };
    let features = [
        feature(json!({"code": "64.71", "name": "Kota Balikpapan baru"})),
        feature(json!({"code": "64.72", "name": "Kota Samarinda"})),
        feature(json!({"code": "64.71.01", "name": "Balikpapan Timur"})),
    ];
    let import = parse(&collection(&features), &options).unwrap();
    assert_eq!(import.regions, []);
    assert_eq!(import.cities[0].area, Area { name: "Kota Balikpapan baru".into(), ..known[2].clone() });
    assert_eq!(import.cities[1].area.parent, Some(known[1].code), "the Polda is known under another name");
    let districts = parse(&collection(&features[2..]), &options).unwrap();
    assert_eq!((districts.regions.len(), districts.cities.len()), (0, 0));
    assert_eq!(districts.districts[0].city, known[2].code);
    let all = Districts::new(districts.districts);
    let inside = Place::new(-1.25, 116.85).unwrap();
    assert_eq!(all.district_of(known[2].code, inside).unwrap().name, "Balikpapan Timur");

    let clash = |properties| parse(&collection(&[feature(properties)]), &options).unwrap_err().to_string();
    assert!(clash(json!({"short": "BALIK", "code": "64.72", "name": "A"})).contains("BALIK has its code already"));
    assert!(clash(json!({"short": "BPN", "code": "64.71", "name": "A"})).contains("BALIK has its code already"));
    assert!(clash(json!({"short": "BORNEO", "code": "64.74", "name": "A"})).contains("BORNEO has its code already"));
}

#[test]
fn regions_come_before_cities_wherever_they_stand() {
    let import = take(&[
        feature(json!({"code": "64.71.01", "name": "Timur"})),
        feature(json!({"code": "64.71", "name": "Balikpapan", "parent": "BORNEO"})),
        feature(json!({"code": "64", "name": "Borneo", "short": "BORNEO"})),
    ]);
    assert_eq!(codes(&import.regions), ["ID", "BORNEO"]);
    assert_eq!(import.cities[0].area.parent.unwrap().as_str(), "BORNEO");
    assert_eq!(import.districts[0].city.as_str(), "BPN");
    // A province that no gazetteer knows yet: its code as area code and as official code.
    let new = take(&[feature(json!({"code": "97", "name": "Polda Baru", "zone": "WIT"}))]);
    assert_eq!(codes(&new.regions), ["ID", "97"]);
}

#[test]
fn takes_only_what_was_asked_for() {
    let text = collection(&[
        feature(json!({"code": "64.71", "name": "Kota Balikpapan"})),
        feature(json!({"code": "33.19", "name": "Kudus"})),
        feature(json!({"code": "64.71.01", "name": "Timur"})),
        feature(json!({"code": "33.19.01", "name": "Kaliwungu"})),
    ]);
    let only = |codes: &[&str]| {
        let only = codes.iter().map(|&c| c.to_owned()).collect();
        parse(&text, &ImportOptions { only, ..Default::default() })
    };
    let bpn = only(&["BPN"]).unwrap();
    assert_eq!((codes(&bpn.regions), codes(&bpn.cities)), (vec!["ID", "KALTIM"], vec!["BPN"]));
    assert_eq!(bpn.districts.len(), 1);
    assert_eq!(codes(&only(&["33.19", "64.71"]).unwrap().cities), ["BPN", "KDS"]);
    assert_eq!(only(&["BPN", "SMD"]).unwrap_err(), ImportError::NotInFile("SMD".into()));
}

#[test]
fn a_single_feature_is_a_file_too() {
    let text = format!("\u{feff}{}", feature(json!({"code": "64.71", "name": "Kota Balikpapan"})));
    assert_eq!(codes(&parse(&text, &ImportOptions::default()).unwrap().cities), ["BPN"]);
}

#[test]
fn files_that_are_no_collections() {
    let wrong = |text: &str| parse(text, &ImportOptions::default()).unwrap_err();
    assert_eq!(wrong(""), ImportError::Truncated { line: 1, column: 0 });
    assert!(matches!(wrong("<gpx></gpx>"), ImportError::NotJson(_)));
    assert!(matches!(wrong("[1, 2]"), ImportError::NotGeoJson(_)));
    assert!(matches!(wrong(r#"{"name": "x"}"#), ImportError::NotGeoJson(_)));
    assert!(matches!(wrong(r#"{"type": "FeatureCollection"}"#), ImportError::NotGeoJson(_)));
    assert!(wrong(&square(0.0, 0.0).to_string()).to_string().contains("\"Polygon\""));
    assert_eq!(wrong(&collection(&[])), ImportError::Empty);
    let good = collection(&[feature(json!({"code": "64.71", "name": "Kota Balikpapan"}))]);
    for cut in 1..good.len() {
        assert!(matches!(wrong(&good[..cut]), ImportError::Truncated { .. }), "cut at {cut}");
    }
}

#[test]
fn each_bad_feature_is_named_with_its_reason() {
    let shaped = |geometry: Value| {
        refused(json!({"type": "Feature", "properties": {"code": "64.71", "name": "A"}, "geometry": geometry}))
    };
    assert_eq!(shaped(Value::Null), BadFeature::NoGeometry);
    assert!(matches!(shaped(json!({"type": "Point", "coordinates": [116.8, -1.2]})), BadFeature::Boundary(_)));
    assert!(shaped(square(181.0, 0.0)).to_string().contains("longitude"));
    assert!(shaped(square(0.0, f64::NAN)).to_string().contains("not a GeoJSON geometry"), "NaN is null in JSON");
    assert!(matches!(refused(json!({"type": "Polygon"})), BadFeature::Malformed(_)));
    assert!(matches!(refused(json!(7)), BadFeature::Malformed(_)));

    let with = |properties| refused(feature(properties));
    assert_eq!(with(json!({"name": "A"})), BadFeature::NoCode);
    assert_eq!(refused(json!({"type": "Feature", "properties": null, "geometry": null})), BadFeature::NoGeometry);
    assert_eq!(with(json!({"code": "64.74"})), BadFeature::NoName);
    assert_eq!(with(json!({"code": "64.72", "name": "A"})), BadFeature::Duplicate { code: "6472".into(), first: 0 });
    assert_eq!(
        with(json!({"code": "64.72", "short": "SMD", "name": "A"})),
        BadFeature::Duplicate { code: "64.72".into(), first: 0 }
    );
    assert!(matches!(with(json!({"code": "64.71", "name": "A", "zone": "CET"})), BadFeature::Word(_)));
    assert_eq!(with(json!({"code": "99.71", "name": "A"})), BadFeature::NoParent);
    assert_eq!(with(json!({"code": "99.71", "name": "A", "parent": "KALTIM"})), BadFeature::NoZone);
    assert_eq!(
        with(json!({"code": "64.71", "name": "A", "parent": "6472"})),
        BadFeature::UnknownParent("6472".parse().unwrap()),
        "a city is no parent"
    );
    assert_eq!(with(json!({"code": "64.73.01", "name": "A"})), BadFeature::UnknownCity("64.73".into()));
    assert!(matches!(with(json!({"code": "64.71", "name": "A", "lat": 91, "lng": 0})), BadFeature::Centre(_)));
    for (key, value) in [
        ("code", json!(64.71)),
        ("code", json!("64.71.01.1001")),
        ("name", json!("A\u{0}")),
        ("name", json!("")),
        ("short", json!(1)),
        ("lat", json!("-1")),
        ("aid_m", json!(-1)),
        ("aid_m", json!(0.5)),
        ("target_min", json!(0)),
        ("target_min", json!("ten")),
        ("targets_min", json!({"P5": 1})),
        ("targets_min", json!([1])),
    ] {
        let mut properties = json!({"code": "64.71", "name": "A"});
        properties[key] = value.clone();
        match with(properties) {
            BadFeature::Property { key: named, .. } => assert_eq!(named, key),
            other => panic!("{key} {value}: {other}"),
        }
    }
    assert!(matches!(with(json!({"code": "64.71", "name": "A", "lat": 1})), BadFeature::Property { key: "lng", .. }));
    for word in [json!({"short": "bpn"}), json!({"offers": "maybe"}), json!({"parent": "K-1"})] {
        let mut properties = json!({"code": "64.71", "name": "A"});
        properties.as_object_mut().unwrap().append(&mut word.as_object().unwrap().clone());
        assert!(matches!(with(properties), BadFeature::Word(_)), "{word}");
    }
}

#[test]
fn the_error_reads_well() {
    let bad = feature(json!({"code": "64.71", "name": "Kota Balikpapan", "zone": "UTC"}));
    let error = parse(&collection(&[bad]), &ImportOptions::default()).unwrap_err().to_string();
    assert_eq!(error, r#"feature 0 (Kota Balikpapan): "UTC" is not a time zone: expected one of WIB, WITA, WIT"#);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,80}", key in "(code|short|name|lat|lng|zone|parent|target_min|targets_min|offers)",
        word in "\\PC{0,12}", number: f64, cut in any::<prop::sample::Index>()) {
        let _ = parse(&text, &ImportOptions::default());
        for value in [json!(word), json!(number), json!([word]), Value::Null] {
            let mut properties = json!({"code": "64.71", "name": "A"});
            properties[&key] = value;
            let text = collection(&[feature(properties)]);
            let _ = parse(&text, &ImportOptions::default());
            let cut = text.char_indices().map(|(i, _)| i).nth(cut.index(text.chars().count())).unwrap();
            prop_assert!(parse(&text[..cut], &ImportOptions::default()).is_err());
        }
    }
}
