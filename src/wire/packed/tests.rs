use super::*;
use crate::{
    domain::{ids::*, place::Place, time::UnixMs},
    wire::frames::PositionFrame,
};
use proptest::prelude::*;

const NOW: UnixMs = UnixMs(1_764_000_000_000);

fn area() -> AreaCode {
    "BPN".parse().unwrap()
}

fn unit(no: usize) -> UnitId {
    UnitId::new(area(), &format!("M{no}")).unwrap()
}

fn moving(no: usize, second: u32) -> PositionFrame {
    let far = f64::from(second) * 8.0;
    PositionFrame {
        unit: unit(no),
        availability: "free".into(),
        place: Some(Place::new(-1.2, 116.8).unwrap().moved((no as f64 * 7.0) % 360.0, far + no as f64)),
        at: Some(NOW.plus(i64::from(second) * 1_000 - 300)),
        heading_deg: Some((no as f32 * 7.0) % 360.0),
        speed_mps: Some(8.0),
    }
}

/// Whether what was heard is what was told, as far as it is told.
fn is_near(told: &PositionFrame, heard: &PositionFrame, now: UnixMs) {
    assert_eq!(
        (told.unit, &told.availability, told.place.is_some()),
        (heard.unit, &heard.availability, heard.place.is_some())
    );
    if let (Some(a), Some(b)) = (told.place, heard.place) {
        assert!(
            (a.lat() - b.lat()).abs() <= STEP_DEG * 0.51 && (a.lng() - b.lng()).abs() <= STEP_DEG * 0.51,
            "{a} {b}"
        );
        let (at, heard_at) = (told.at.unwrap_or(now).0.min(now.0), heard.at.unwrap().0);
        assert!((at - heard_at).abs() <= AGE_STEP_MS / 2, "{at} {heard_at}");
    }
    let turn = |a: f32, b: f32| ((a - b + 540.0).rem_euclid(360.0) - 180.0).abs();
    match (told.heading_deg, heard.heading_deg) {
        (Some(a), Some(b)) => assert!(turn(a, b) <= HEADING_STEP_DEG * 0.51, "{a} {b}"),
        (a, b) => assert_eq!(a, b),
    }
    match (told.speed_mps, heard.speed_mps) {
        (Some(a), Some(b)) => assert!((a.clamp(0.0, 127.5) - b).abs() <= SPEED_STEP_MPS * 0.51, "{a} {b}"),
        (a, b) => assert_eq!(a, b),
    }
}

#[test]
fn a_city_on_the_move_takes_five_bytes_for_each_unit() {
    let (mut packer, mut unpacker) = (Packer::new(area()), Unpacker::default());
    for second in 0..5 {
        let now = NOW.plus(i64::from(second) * 1_000);
        let told: Vec<_> = (0..1_000).map(|no| moving(no, second)).collect();
        let frame = packer.pack(&told, now);
        let most = if second == 0 { 20_000 } else { 5_020 };
        assert!(frame.len() <= most, "{} bytes in second {second}", frame.len());
        let (of, heard) = unpacker.unpack(&frame).unwrap();
        assert_eq!((of, heard.len()), (area(), 1_000));
        told.iter().zip(&heard).for_each(|(told, heard)| is_near(told, heard, now));
    }
}

#[test]
fn the_bytes_are_those_that_the_description_says() {
    let mut packer = Packer::new(area());
    let at = |lat, lng| Some(Place::new(lat, lng).unwrap());
    let first = PositionFrame { place: at(-0.000_02, 0.001), heading_deg: Some(90.0), ..moving(7, 0) };
    let now = UnixMs(128);
    let fix = Some(UnixMs(-172));
    let told = packer.pack(&[PositionFrame { at: fix, ..first.clone() }], now);
    // Version, beginning, BPN, 128; one named: M7, free with all; -2, 100 (zigzag 200), 3 steps old; 90°; 8 m/s.
    assert_eq!(told, [1, 1, 3, b'B', b'P', b'N', 0x80, 1, 6, 2, b'M', b'7', 28, 3, 200, 1, 3, 64, 16]);
    let second = PositionFrame { place: at(-0.000_01, 0.000_99), at: fix, ..first.clone() };
    // One step, none passed over: +1, -1, 3; 90°; 8 m/s.
    assert_eq!(packer.pack(&[second], now), [1, 0, 3, b'B', b'P', b'N', 0x80, 1, 4, 0, 2, 1, 3, 64, 16]);
    let gone = PositionFrame {
        place: None,
        at: None,
        heading_deg: None,
        speed_mps: None,
        availability: "off".into(),
        ..first
    };
    assert_eq!(packer.pack(&[gone], now), [1, 0, 3, b'B', b'P', b'N', 0x80, 1, 5, 0, 2]);
}

#[test]
fn what_does_not_follow_is_refused() {
    let (mut packer, mut unpacker) = (Packer::new(area()), Unpacker::default());
    let first = packer.pack(&[moving(1, 0)], NOW);
    let second = packer.pack(&[moving(1, 1)], NOW);
    assert_eq!(unpacker.unpack(&second), Err(NotPacked::Strange), "the first was not heard");
    assert_eq!(unpacker.unpack(&[9]), Err(NotPacked::Version));
    unpacker.unpack(&first).unwrap();
    for length in 0..second.len() {
        let cut = Unpacker::default().unpack(&second[..length]);
        assert!(cut.is_err(), "{length} bytes");
    }
    unpacker.unpack(&second).unwrap();
    let anew = Packer::new(area()).pack(&[moving(5, 0)], NOW);
    assert_eq!(unpacker.unpack(&anew).unwrap().1[0].unit, unit(5), "a view that begins anew forgets the one before");
}

fn any_position() -> impl Strategy<Value = PositionFrame> {
    let place = proptest::option::weighted(0.9, (-90.0..=90.0, -180.0..=180.0));
    let (heading, speed) = (proptest::option::of(0.0f32..360.0), proptest::option::of(0.0f32..200.0));
    let word = proptest::sample::select(&AVAILABILITIES[..]);
    (0usize..40, word, place, -500i64..100_000, heading, speed).prop_map(
        |(no, word, place, age_ms, heading_deg, speed_mps)| {
            let place = place.map(|(lat, lng)| Place::new(lat, lng).unwrap());
            PositionFrame {
                unit: unit(no),
                availability: word.into(),
                place,
                at: place.map(|_| NOW.plus(-age_ms)),
                heading_deg,
                speed_mps,
            }
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_told_is_heard(frames in proptest::collection::vec(proptest::collection::vec(any_position(), 0..60), 1..6)) {
        let (mut packer, mut unpacker) = (Packer::new(area()), Unpacker::default());
        for told in frames {
            let heard = unpacker.unpack(&packer.pack(&told, NOW)).unwrap().1;
            let newest: std::collections::HashMap<_, _> = told.iter().map(|t| (t.unit, t)).collect();
            prop_assert_eq!(heard.len(), newest.len());
            heard.iter().for_each(|heard| is_near(newest[&heard.unit], heard, NOW));
        }
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..200), begun in any::<bool>()) {
        let mut unpacker = Unpacker::default();
        let mut frame = vec![VERSION, u8::from(begun), 3, b'B', b'P', b'N'];
        frame.extend(bytes);
        let _ = unpacker.unpack(&frame);
    }
}
