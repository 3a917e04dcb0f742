//! Last places and tracks on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{access::*, place::Place, refusal::Refusal, unit::LastPlace},
    store::{TRACK_SPAN_MS, TrackPart},
};

fn place(n: u32) -> Place {
    Place::new(-1.2, 116.8 + f64::from(n) / 1_000.0).unwrap()
}

on_both! {
    async fn parts_of_a_track_read_back_in_order(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let ids = units(&store, &["BPN-M1", "BPN-M2"]).await;
        let at = |n: i64| T0.plus(n * TRACK_SPAN_MS);
        for (n, part, points) in [(1, "a", vec![1]), (0, "b", vec![0, 255]), (0, "a", vec![]), (2, "a", vec![2]), (0, "a", vec![7])] {
            let one = TrackPart { start: at(n), part: part.to_owned(), points };
            store.append_tracks(vec![(ids[0], one)]).await.unwrap();
        }
        let part = |n, part: &str, points: &[u8]| TrackPart { start: at(n), part: part.to_owned(), points: points.to_vec() };
        let parts = |from, to| { let (store, id) = (store.clone(), ids[0]); async move { store.track_parts(&Scope::system(), id, from, to).await.unwrap() } };
        assert_eq!(parts(at(0), at(2)).await, [part(0, "a", &[7]), part(0, "b", &[0, 255]), part(1, "a", &[1])]);
        assert_eq!(parts(at(1).plus(1), at(2)).await, [part(1, "a", &[1])], "a part that began before may reach in");
        assert_eq!(parts(at(9), at(99)).await, []);
        assert!(store.track_parts(&Scope::system(), ids[1], at(0), at(9)).await.unwrap().is_empty());
        let officer = person(&store, "officer", "BPN", Role::Officer).await;
        let outcome = store.track_parts(&officer, ids[0], at(0), at(1)).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Operator }));
        let unknown = vec![(ids[1], part(0, "a", &[1])), (unit("BPN-M9"), part(0, "a", &[1]))];
        assert!(store.append_tracks(unknown).await.is_err());
        assert!(store.track_parts(&Scope::system(), ids[1], at(0), at(9)).await.unwrap().is_empty(), "all or none");
        assert_eq!(store.prune(T0, at(1)).await.unwrap(), (0, 2));
        assert_eq!(parts(at(0), at(9)).await.len(), 2);
    }

    async fn an_older_place_never_overwrites_a_newer(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let ids = units(&store, &["BPN-M1", "SMD-M1"]).await;
        store.save_places(vec![(ids[0], place(1), T0.plus(1)), (ids[1], place(9), T0), (unit("BPN-M9"), place(1), T0)]).await.unwrap();
        store.save_places(vec![(ids[0], place(3), T0.plus(3)), (ids[0], place(2), T0.plus(2))]).await.unwrap();
        store.save_places(vec![(ids[0], place(4), T0.plus(3))]).await.unwrap();
        let last = |n: usize| { let (store, id) = (store.clone(), ids[n]); async move { store.unit(&Scope::system(), id).await.unwrap().unwrap().last } };
        assert_eq!(last(0).await, Some(LastPlace { place: place(3), at: T0.plus(3) }));
        assert_eq!(last(1).await, Some(LastPlace { place: place(9), at: T0 }));
        // Whatever the order in which many come, the newest stays.
        let tries: Vec<_> = (10..74_u32)
            .map(|n| {
                let (store, id) = (store.clone(), ids[0]);
                let n = (n * 37) % 64 + 10;
                tokio::spawn(async move { store.save_places(vec![(id, place(n), T0.plus(i64::from(n)))]).await.unwrap() })
            })
            .collect();
        for one in tries {
            one.await.unwrap();
        }
        assert_eq!(last(0).await, Some(LastPlace { place: place(73), at: T0.plus(73) }));
        // Nothing of this is an event.
        let events = store.events(&Scope::system(), code("BPN"), 0, 100, None).await.unwrap();
        assert_eq!(events.len(), 2);
    }

    async fn more_places_than_go_at_once(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let names: Vec<String> = (1..=70).map(|n| format!("BPN-M{n}")).collect();
        let ids = units(&store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        store.save_places(ids.iter().map(|&id| (id, place(1), T0)).collect()).await.unwrap();
        let all = store.units(&Scope::system(), code("BPN")).await.unwrap();
        assert_eq!(all.iter().filter(|u| u.last == Some(LastPlace { place: place(1), at: T0 })).count(), 70);
    }
}
