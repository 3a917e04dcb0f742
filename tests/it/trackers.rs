//! Trackers in the store, on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        access::*,
        event::{Audience, Happened},
        ids::*,
        refusal::Refusal,
        unit::Duty,
    },
    store::TrackerSeal,
};

fn tracker(s: &str) -> TrackerId {
    s.parse().unwrap()
}

on_both! {
    async fn a_number_is_given_once(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        units(&store, &["BPN-M1", "BPN-M2", "SMD-M1"]).await;
        for (sign, want) in [("BPN-M1", "BPN-M1-T1"), ("BPN-M1", "BPN-M1-T2"), ("BPN-M2", "BPN-M2-T1")] {
            let added = store.add_tracker(&system(1), unit(sign), [7; 32], false).await.unwrap();
            assert_eq!((added.tracker.id, added.secret, added.tracker.created), (tracker(want), [7; 32], T0.plus(1)));
        }
        let revoked = store.revoke_tracker(&system(5), tracker("BPN-M1-T2")).await.unwrap();
        assert_eq!(revoked.revoked, Some(T0.plus(5)));
        assert_eq!(store.revoke_tracker(&system(9), revoked.id).await.unwrap(), revoked, "the same again changes nothing");
        let third = store.add_tracker(&system(6), unit("BPN-M1"), [8; 32], true).await.unwrap();
        assert_eq!(third.tracker.id, tracker("BPN-M1-T3"));
        let everywhere = Scope::system();
        let of_unit = store.trackers(&everywhere, code("BPN"), Some(unit("BPN-M1"))).await.unwrap();
        assert_eq!(of_unit.iter().map(|t| (t.id.no, t.position_source)).collect::<Vec<_>>(), [(1, false), (2, false), (3, true)]);
        assert_eq!(of_unit[1], revoked);
        assert_eq!(store.trackers(&everywhere, code("BPN"), None).await.unwrap().len(), 4);
        assert!(store.trackers(&everywhere, code("SMD"), None).await.unwrap().is_empty());
        let events = store.events(&everywhere, code("BPN"), 0, 100, None).await.unwrap();
        let told: Vec<_> = events.iter().filter(|e| e.what.kind().starts_with("tracker.")).collect();
        assert_eq!(told.len(), 5, "a revocation that changes nothing is no event");
        assert_eq!(told[3].what, Happened::TrackerRevoked { tracker: revoked.id, unit: unit("BPN-M1") });
        let last = Happened::TrackerAdded { tracker: third.tracker.id, unit: unit("BPN-M1"), position_source: true };
        assert_eq!((&told[4].what, told[4].audience), (&last, Audience::Desk));
    }

    async fn a_seal_tells_who_counts(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, _, _) = crewed(&store, "BPN-M1", T0).await;
        let added = store.add_tracker(&system(1), id, [7; 32], true).await.unwrap().tracker.id;
        let seal = TrackerSeal { secret: [7; 32], position_source: true, duty: Duty::On };
        assert_eq!(store.tracker_seal(added).await.unwrap(), Some(seal));
        store.set_duty(&system(2), id, Duty::Off, None).await.unwrap();
        assert_eq!(store.tracker_seal(added).await.unwrap().unwrap().duty, Duty::Off);
        assert_eq!(store.tracker_seal(tracker("BPN-M1-T9")).await.unwrap(), None);
        store.revoke_tracker(&system(3), added).await.unwrap();
        assert_eq!(store.tracker_seal(added).await.unwrap(), None);
    }

    async fn a_repeat_finds_what_the_first_one_stored(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        units(&store, &["BPN-M1"]).await;
        let id = CommandId::random();
        let first = store.add_tracker(&named(system(1), id, 1), unit("BPN-M1"), [1; 32], false).await.unwrap();
        let again = store.add_tracker(&named(system(2), id, 1), unit("BPN-M1"), [2; 32], false).await.unwrap();
        assert_eq!(again, first);
        assert_eq!(store.trackers(&Scope::system(), code("BPN"), None).await.unwrap().len(), 1);
    }

    async fn who_may_not_adds_none(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        units(&store, &["BPN-M1", "SMD-M1"]).await;
        for (role, sign, refusal) in [
            (Role::Officer, "BPN-M1", Refusal::Forbidden { needs: Role::Dispatcher }),
            (Role::Operator, "BPN-M1", Refusal::Forbidden { needs: Role::Dispatcher }),
            (Role::Dispatcher, "SMD-M1", Refusal::NotFound("area")),
            (Role::Admin, "BPN-M7", Refusal::NotFound("unit")),
        ] {
            let scope = person(&store, &format!("{role}-{}", sign.to_lowercase()), "BPN", role).await;
            let outcome = store.add_tracker(&by(&scope, Source::Console, 1), unit(sign), [1; 32], false).await;
            assert_eq!(outcome.unwrap_err().refusal(), Some(&refusal), "{role} {sign}");
        }
        let admin = person(&store, "admin", "BPN", Role::Admin).await;
        let added = store.add_tracker(&by(&admin, Source::Console, 1), unit("BPN-M1"), [1; 32], false).await.unwrap();
        let officer = person(&store, "officer", "BPN", Role::Officer).await;
        let outcome = store.revoke_tracker(&by(&officer, Source::Phone, 2), added.tracker.id).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Dispatcher }));
        assert!(store.trackers(&officer, code("BPN"), None).await.is_err());
        let unknown = store.revoke_tracker(&by(&admin, Source::Console, 3), tracker("BPN-M1-T9")).await;
        assert_eq!(unknown.unwrap_err().refusal(), Some(&Refusal::NotFound("tracker")));
    }

    async fn when_one_was_heard_never_goes_back(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        units(&store, &["BPN-M1"]).await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            ids.push(store.add_tracker(&system(1), unit("BPN-M1"), [1; 32], false).await.unwrap().tracker.id);
        }
        store.trackers_seen(vec![(ids[1], T0.plus(50)), (ids[0], T0.plus(20))]).await.unwrap();
        store.trackers_seen(vec![(ids[0], T0.plus(10)), (tracker("BPN-M1-T9"), T0)]).await.unwrap();
        let seen: Vec<_> = store.trackers(&Scope::system(), code("BPN"), None).await.unwrap().iter().map(|t| t.last_seen).collect();
        assert_eq!(seen, [Some(T0.plus(20)), Some(T0.plus(50))]);
    }
}
