//! Places that wait for their call, on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        aml::{AmlFix, AmlMethod, TOGETHER_MS},
        phone::PhoneNumber,
        place::Place,
        report::{Channel, NewReport},
        time::UnixMs,
    },
    store::{Landing, Reception},
};

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

fn fix(radius_m: f64, at: UnixMs) -> AmlFix {
    let place = Place::new(-1.268, 116.832).unwrap();
    AmlFix { place, radius_m, confidence_pct: Some(68.0), at, method: AmlMethod::Wifi }
}

fn call(number: &str) -> NewReport {
    NewReport { caller_number: Some(PhoneNumber::parse(number).unwrap()), ..NewReport::new(Channel::Call, "unknown") }
}

on_both! {
    async fn the_best_place_of_a_number_waits_for_five_minutes(db: Db) {
        let store = db.open().await;
        let (one, other) = (number("0812 3456 7890"), number("0812 3456 7891"));
        let (rough, good) = (fix(50.0, T0), fix(20.0, T0.plus(1)));
        store.park_aml(&one, rough, T0).await.unwrap();
        assert_eq!(store.parked_aml(&one, T0.plus(5)).await.unwrap(), Some(rough));
        assert_eq!(store.parked_aml(&other, T0.plus(5)).await.unwrap(), None);
        store.park_aml(&one, good, T0.plus(10)).await.unwrap();
        store.park_aml(&one, fix(80.0, T0.plus(20)), T0.plus(20)).await.unwrap();
        assert_eq!(store.parked_aml(&number("+62 812-3456-7890"), T0.plus(30)).await.unwrap(), Some(good), "one number, however written");
        assert_eq!(store.parked_aml(&one, T0.plus(10 + TOGETHER_MS)).await.unwrap(), Some(good));
        assert_eq!(store.parked_aml(&one, T0.plus(11 + TOGETHER_MS)).await.unwrap(), None, "too late");
        let later = T0.plus(11 + TOGETHER_MS);
        store.park_aml(&one, rough, later).await.unwrap();
        assert_eq!(store.parked_aml(&one, later).await.unwrap(), Some(rough), "what is over gives way to a worse one");
        assert_eq!(store.prune_aml(later).await.unwrap(), 0);
        assert_eq!(store.prune_aml(later.plus(TOGETHER_MS + 1)).await.unwrap(), 1);
        store.park_aml(&one, rough, later).await.unwrap();
        store.take_aml(&one).await.unwrap();
        assert_eq!(store.parked_aml(&one, later).await.unwrap(), None);
    }

    async fn a_number_finds_its_newest_open_call(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let at = |area: &str| Reception::at(code(area));
        let mine = number("0811000001");
        assert_eq!(store.call_of(&mine, T0).await.unwrap(), None);
        let first = store.receive_report(&system(0), at("BPN"), call("0811000001"), Landing::Unjudged).await.unwrap();
        let message = NewReport { channel: Channel::Whatsapp, ..call("0811000001") };
        store.receive_report(&system(500), at("BPN"), message, Landing::Unjudged).await.unwrap();
        store.receive_report(&system(600), at("BPN"), call("0811000002"), Landing::Unjudged).await.unwrap();
        assert_eq!(store.call_of(&mine, T0.plus(1_000)).await.unwrap(), Some(first.report.id));
        let second = store.receive_report(&system(2_000), at("KALTIM"), call("+62811000001"), Landing::Unjudged).await.unwrap();
        assert_eq!(store.call_of(&mine, T0.plus(3_000)).await.unwrap(), Some(second.report.id), "in whatever area");
        assert_eq!(store.call_of(&mine, T0.plus(2_000 + TOGETHER_MS)).await.unwrap(), Some(second.report.id));
        assert_eq!(store.call_of(&mine, T0.plus(2_001 + TOGETHER_MS)).await.unwrap(), None);
    }
}
