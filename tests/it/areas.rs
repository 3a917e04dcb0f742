//! Areas, districts and stations on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        access::{Role, Scope, Source},
        area::{AID_M_MAX, Area, DEFAULT_AID_M, Level, OfferMode, Targets},
        atlas::District,
        event::Happened,
        import::NewArea,
        place::Place,
        refusal::Refusal,
        sla::policy::Rules,
    },
    store::{Station, Store, StoreError},
};

async fn kinds(store: &Store, name: &str) -> Vec<&'static str> {
    let events = store.events(&Scope::system(), code(name), 0, 100, None).await.unwrap();
    events.iter().map(|e| e.what.kind()).collect()
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Refusal {
    match outcome {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

on_both! {
    async fn a_tree_reads_back(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let all = store.areas(&Scope::system(), T0).await.unwrap();
        assert_eq!(all.iter().map(|a| a.code.as_str()).collect::<Vec<_>>(), ["BPN", "ID", "KALTIM", "SMD"]);
        assert_eq!(all[0], area("BPN", Some("KALTIM"), Level::City));
        assert_eq!(store.area(&Scope::system(), code("BPN"), T0).await.unwrap().as_ref(), Some(&all[0]));
        assert_eq!(store.area(&Scope::system(), code("XX"), T0).await.unwrap(), None);
        let tree = store.area_tree().await.unwrap();
        assert_eq!(tree.within(code("KALTIM")), [code("BPN"), code("KALTIM"), code("SMD")]);
        assert_eq!(store.boundaries().await.unwrap(), [(code("BPN"), square().to_string())]);
        assert_eq!(kinds(&store, "BPN").await, ["area.created"]);
    }

    async fn the_same_again_changes_nothing_and_a_change_is_told(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        areas(&store).await;
        assert_eq!(kinds(&store, "BPN").await, ["area.created"]);
        let bpn = Area { name: "Balikpapan".to_owned(), offers: OfferMode::Manual, ..area("BPN", Some("KALTIM"), Level::City) };
        store.put_area(&system(1), NewArea { area: bpn.clone(), boundary: None }).await.unwrap();
        assert_eq!(store.area(&Scope::system(), code("BPN"), T0).await.unwrap(), Some(bpn));
        assert_eq!(store.boundaries().await.unwrap().len(), 1, "no boundary keeps the one that there is");
        let events = store.events(&Scope::system(), code("BPN"), 1, 10, None).await.unwrap();
        assert_eq!(events[0].what, Happened::AreaChanged { what: "settings".to_owned() });
    }

    async fn a_tree_that_makes_no_sense_is_refused(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let put = |area: Area| { let store = store.clone(); async move { store.put_area(&system(0), NewArea { area, boundary: None }).await } };
        let orphan = area("XX", Some("NOWHERE"), Level::City);
        assert_eq!(refusal(put(orphan).await), Refusal::NotFound("area"));
        for wrong in [
            area("XX", None, Level::City),
            area("XX", Some("BPN"), Level::City),
            area("XX", Some("KALTIM"), Level::Nation),
            area("KALTIM", Some("KALTIM"), Level::Region),
            area("BPN", Some("ID"), Level::Region),
            Area { name: " ".to_owned(), ..area("XX", Some("KALTIM"), Level::City) },
            Area { name: "a\0b".to_owned(), ..area("XX", Some("KALTIM"), Level::City) },
            Area { targets: Targets([0, 1, 1, 1]), ..area("XX", Some("KALTIM"), Level::City) },
        ] {
            assert!(matches!(refusal(put(wrong.clone()).await), Refusal::Invalid { .. }), "{wrong:?}");
        }
        assert_eq!(store.areas(&Scope::system(), T0).await.unwrap().len(), 4);
        let official = Some("64.71".to_owned());
        put(Area { official_code: official.clone(), ..area("BPN", Some("KALTIM"), Level::City) }).await.unwrap();
        for other in ["SMD", "XX"] {
            let twice = Area { official_code: official.clone(), ..area(other, Some("KALTIM"), Level::City) };
            assert!(matches!(refusal(put(twice).await), Refusal::Exists(_)), "{other}");
        }
    }

    async fn an_admin_reaches_as_far_as_the_area(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let admin = by(&person(&store, "admin", "KALTIM", Role::Admin).await, Source::Console, 0);
        let put = |area: Area| { let (store, admin) = (store.clone(), admin.clone()); async move { store.put_area(&admin, NewArea { area, boundary: None }).await } };
        put(area("NEW", Some("KALTIM"), Level::City)).await.unwrap();
        put(Area { name: "Samarinda".to_owned(), ..area("SMD", Some("KALTIM"), Level::City) }).await.unwrap();
        assert_eq!(refusal(put(area("NEW2", Some("ID"), Level::City)).await), Refusal::NotFound("area"));
        assert_eq!(refusal(put(area("ID", None, Level::Nation)).await), Refusal::NotFound("area"));
        // Neither a city of another region nor its move into this one.
        store.put_area(&system(0), NewArea { area: area("JABAR", Some("ID"), Level::Region), boundary: None }).await.unwrap();
        store.put_area(&system(0), NewArea { area: area("BDG", Some("JABAR"), Level::City), boundary: None }).await.unwrap();
        assert!(matches!(refusal(put(area("BDG", Some("KALTIM"), Level::City)).await), Refusal::Exists(_)));
        assert_eq!(refusal(put(area("SMD", Some("JABAR"), Level::City)).await), Refusal::NotFound("area"));
        let bdg = store.area(&Scope::system(), code("BDG"), T0).await.unwrap().unwrap();
        assert_eq!(bdg.parent, Some(code("JABAR")));
        // Who sees what.
        let seen = store.areas(&admin.scope, T0).await.unwrap();
        assert_eq!(seen.iter().map(|a| a.code.as_str()).collect::<Vec<_>>(), ["BPN", "KALTIM", "SMD"]);
        assert_eq!(refusal(store.area(&admin.scope, code("ID"), T0).await), Refusal::NotFound("area"));
        let officer = person(&store, "officer", "BPN", Role::Officer).await;
        let outcome = store.set_offers(&by(&officer, Source::Phone, 0), code("BPN"), OfferMode::Manual).await;
        assert_eq!(refusal(outcome), Refusal::Forbidden { needs: Role::Admin });
    }

    async fn a_promise_counts_from_its_moment_on(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let faster = Targets([300_000, 600_000, 900_000, 1_200_000]);
        for _ in 0..2 {
            let set = store.set_policy(&system(1_000), code("BPN"), Rules::simple(faster), None).await.unwrap();
            assert_eq!((set.version, set.from), (2, T0.plus(1_000)));
        }
        let at = |ms| { let store = store.clone(); async move { store.area(&Scope::system(), code("BPN"), T0.plus(ms)).await.unwrap().unwrap().targets } };
        assert_eq!(at(-1_000_000).await, Targets::default());
        assert_eq!(at(999).await, Targets::default());
        assert_eq!(at(1_000).await, faster);
        assert_eq!(store.areas(&Scope::system(), T0.plus(1_000)).await.unwrap()[0].targets, faster);
        assert_eq!(store.areas(&Scope::system(), T0).await.unwrap()[0].targets, Targets::default());
        let wrong = store.set_policy(&system(0), code("BPN"), Rules::simple(Targets([1, 1, 1, -1])), None).await;
        assert!(matches!(refusal(wrong), Refusal::Invalid { .. }));
        assert_eq!(kinds(&store, "BPN").await, ["area.created", "sla.policy"]);
    }

    async fn offers_change_once(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        for _ in 0..2 {
            store.set_offers(&system(0), code("BPN"), OfferMode::Manual).await.unwrap();
        }
        assert_eq!(store.area(&Scope::system(), code("BPN"), T0).await.unwrap().unwrap().offers, OfferMode::Manual);
        assert_eq!(kinds(&store, "BPN").await, ["area.created", "area.changed"]);
    }

    async fn aid_changes_once_within_reason_and_by_an_admin(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        assert_eq!(db.count("SELECT aid_m FROM area WHERE code = 'BPN'").await, DEFAULT_AID_M);
        for _ in 0..2 {
            store.set_aid(&system(1), code("BPN"), 750).await.unwrap();
        }
        assert_eq!(store.area(&Scope::system(), code("BPN"), T0).await.unwrap().unwrap().aid_m, 750);
        let events = store.events(&Scope::system(), code("BPN"), 1, 10, None).await.unwrap();
        assert_eq!(events.iter().map(|e| &e.what).collect::<Vec<_>>(), [&Happened::AreaChanged { what: "aid".to_owned() }]);
        for beyond in [-1, AID_M_MAX + 1] {
            let refused = refusal(store.set_aid(&system(2), code("BPN"), beyond).await);
            assert!(matches!(refused, Refusal::Invalid { .. }), "{refused}");
        }
        let dispatcher = person(&store, "dispatch", "BPN", Role::Dispatcher).await;
        let refused = refusal(store.set_aid(&by(&dispatcher, Source::Console, 3), code("BPN"), 0).await);
        assert_eq!(refused, Refusal::Forbidden { needs: Role::Admin });
    }

    async fn districts_and_stations_read_back(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let centre = Place::new(-1.252, 116.838).unwrap();
        let district = District { city: code("BPN"), code: "64.71.05".to_owned(), name: "Tengah".to_owned(), centre, boundary: Some(square()) };
        let station = Station { area: code("BPN"), code: "S1".to_owned(), name: "Polsek".to_owned(), district: Some(district.code.clone()), place: centre, demo: true };
        for _ in 0..2 {
            store.put_district(&system(0), district.clone()).await.unwrap();
            store.put_district(&system(0), District { boundary: None, ..district.clone() }).await.unwrap();
            store.put_station(&system(0), station.clone()).await.unwrap();
        }
        assert_eq!(kinds(&store, "BPN").await, ["area.created", "area.changed", "area.changed"]);
        let everywhere = Scope::system();
        assert_eq!(store.districts(&everywhere, code("BPN")).await.unwrap(), std::slice::from_ref(&district));
        assert_eq!(store.all_districts().await.unwrap(), std::slice::from_ref(&district));
        assert_eq!(store.stations(&everywhere, code("BPN")).await.unwrap(), std::slice::from_ref(&station));
        assert!(store.districts(&everywhere, code("SMD")).await.unwrap().is_empty());
        let moved = Station { name: "Other".to_owned(), demo: false, district: None, ..station };
        store.put_station(&system(1), moved.clone()).await.unwrap();
        assert_eq!(store.stations(&everywhere, code("BPN")).await.unwrap(), std::slice::from_ref(&moved));
        for bad in ["", "a b", "a\0"] {
            let wrong = Station { code: bad.to_owned(), ..moved.clone() };
            assert!(matches!(refusal(store.put_station(&system(0), wrong).await), Refusal::Invalid { .. }));
            let wrong = District { code: bad.to_owned(), ..district.clone() };
            assert!(matches!(refusal(store.put_district(&system(0), wrong).await), Refusal::Invalid { .. }));
        }
        let elsewhere = person(&store, "smd", "SMD", Role::Admin).await;
        assert_eq!(refusal(store.stations(&elsewhere, code("BPN")).await), Refusal::NotFound("area"));
        assert_eq!(refusal(store.put_station(&by(&elsewhere, Source::Console, 0), moved).await), Refusal::NotFound("area"));
    }
}
