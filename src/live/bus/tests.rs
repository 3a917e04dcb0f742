//! What is told and read, without a Redis; with one, `tests/it/nodes` has it.

use super::{redis::Word, *};

#[test]
fn a_word_that_is_not_understood_is_passed_over() {
    let area = "BPN".parse().unwrap();
    assert_eq!(Word::read("h BPN 12"), Some(Word::Note(Note::Head { area, seq: 12 })));
    let device = DeviceId::random();
    assert_eq!(Word::read(&format!("s {device} 3")), Some(Word::Note(Note::Seat { device, seat: 3 })));
    assert_eq!(Word::read("e 15"), Some(Word::Echo(15)));
    for wrong in ["", "h", "h BPN", "h BPN x", "h BPN -1", "h bpn? 1", "s BPN 1", "x BPN 1", "e x"] {
        assert_eq!(Word::read(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn telling_never_waits_and_what_waits_is_bounded() {
    // Nobody listens at this port of the loopback.
    let (bus, _ear) = Bus::open("redis://127.0.0.1:1", "sigap:", &Handle::current()).unwrap();
    let area = "BPN".parse().unwrap();
    for seq in 0..100_000 {
        bus.announce(area, seq);
        bus.seated(DeviceId::random(), seq);
    }
    assert_eq!(bus.health(), Some(Health::Away));
    assert_eq!(bus.counts().unwrap().told(), 0);
    let Bus::Redis(redis) = &bus else { panic!("it is a Redis") };
    assert_eq!(redis.waiting(), (1, 8_192));
    assert_eq!(Bus::Local.health(), None);
}
