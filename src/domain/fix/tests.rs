use super::*;
use proptest::prelude::*;

const NOW: i64 = 1_790_000_000_000;
const HOUR_MS: i64 = 3_600_000;

fn home() -> Place {
    Place::new(-1.268, 116.832).unwrap()
}

fn raw(place: Place, device_ms: i64) -> RawFix {
    RawFix {
        lat: place.lat(),
        lng: place.lng(),
        device_ms,
        accuracy_m: Some(8.0),
        speed_mps: Some(9.0),
        heading_deg: Some(360.0),
        battery_pct: Some(71.6),
        mock: false,
        backlog: false,
    }
}

fn try_one(change: impl FnOnce(&mut RawFix)) -> Result<Verdict, Reject> {
    let mut fix = raw(home(), NOW);
    change(&mut fix);
    judge(&mut Track::default(), &fix, UnixMs(NOW), &Limits::default())
}

/// A unit whose pin stands at home since `NOW`.
fn standing() -> Track {
    let mut track = Track::default();
    judge(&mut track, &raw(home(), NOW), UnixMs(NOW), &Limits::default()).unwrap();
    track
}

fn name(of: Result<Verdict, Reject>) -> &'static str {
    match of {
        Ok(Verdict::Live(_)) => "live",
        Ok(Verdict::History(_)) => "history",
        Err(reject) => reject.as_str(),
    }
}

#[test]
fn each_check_has_its_name() {
    assert_eq!(name(try_one(|_| ())), "live");
    assert_eq!(name(try_one(|f| f.lat = f64::NAN)), "not_a_number");
    assert_eq!(name(try_one(|f| f.accuracy_m = Some(f64::INFINITY))), "not_a_number");
    assert_eq!(try_one(|f| f.lng = 180.5), Err(Reject::OutOfRange { lat: -1.268, lng: 180.5 }));
    assert_eq!(name(try_one(|f| (f.lat, f.lng) = (5e-5, -5e-5))), "zero_island");
    assert_eq!(name(try_one(|f| f.mock = true)), "mock");
    assert_eq!(try_one(|f| f.accuracy_m = Some(200.5)), Err(Reject::Inaccurate { accuracy_m: 200.5 }));
    assert_eq!(name(try_one(|f| f.accuracy_m = Some(-1.0))), "inaccurate");
    assert_eq!(try_one(|f| f.device_ms += 30_001), Err(Reject::Future { ahead_ms: 30_001 }));
    assert_eq!(name(try_one(|f| f.device_ms -= 8 * 24 * HOUR_MS)), "too_old");
    let mut names: Vec<_> = Reject::ALL.to_vec();
    names.dedup();
    assert_eq!(names.len(), CHECKS.len());
}

#[test]
fn what_is_odd_beside_the_place_becomes_unknown() {
    let odd = try_one(|f| (f.speed_mps, f.heading_deg, f.battery_pct) = (Some(-1.0), Some(f64::NAN), Some(101.0)));
    let fix = *odd.unwrap().fix();
    assert_eq!((fix.speed_mps, fix.heading_deg, fix.battery_pct), (None, None, None));
    let fix = *try_one(|_| ()).unwrap().fix();
    assert_eq!((fix.speed_mps, fix.heading_deg, fix.battery_pct), (Some(9.0), Some(0.0), Some(72)));
}

#[test]
fn what_came_before_counts() {
    let limits = Limits::default();
    let later = |ms: i64, place| judge(&mut standing(), &raw(place, NOW + ms), UnixMs(NOW + ms.max(0)), &limits);
    assert_eq!(name(later(1_000, home().moved(0.0, 69.0))), "live");
    assert_eq!(name(later(1_000, home().moved(0.0, 71.0))), "too_fast");
    assert_eq!(later(-5, home().moved(0.0, 1.0)), Err(Reject::Older { by_ms: 5 }));
    // Noise within a second is no journey.
    assert_eq!(name(later(100, home().moved(90.0, 30.0))), "live");
}

#[test]
fn the_same_fix_51_times_counts_once() {
    let (mut track, limits) = (standing(), Limits::default());
    for i in 1..=51 {
        let again = judge(&mut track, &raw(home(), NOW), UnixMs(NOW + i * 1_000), &limits);
        assert_eq!(again, Err(Reject::Duplicate));
    }
}

#[test]
fn last_fixes_sent_round_and_round_are_not_believed() {
    let (mut track, limits) = (standing(), Limits::default());
    let of = |i: i64| raw(home().moved(90.0, (i * 10) as f64), NOW + i * 1_000);
    for i in 1..=5 {
        assert_eq!(name(judge(&mut track, &of(i), UnixMs(NOW + i * 1_000), &limits)), "live");
    }
    for i in 6..60 {
        assert_eq!(name(judge(&mut track, &of(i % 5 + 1), UnixMs(NOW + i * 1_000), &limits)), "duplicate");
    }
}

#[test]
fn a_backlog_is_history_newest_first_and_once() {
    let (mut track, limits) = (standing(), Limits::default());
    let now = UnixMs(NOW + 600_000);
    assert_eq!(name(judge(&mut track, &raw(home().moved(0.0, 3_000.0), now.0), now, &limits)), "live");
    let pin = *track.last().unwrap();
    for turn in ["history", "duplicate"] {
        for s in (560..600).rev() {
            let old =
                RawFix { backlog: true, ..raw(home().moved(0.0, f64::from(s) * 5.0), NOW + i64::from(s) * 1_000) };
            assert_eq!(name(judge(&mut track, &old, now, &limits)), turn);
        }
    }
    assert_eq!(*track.last().unwrap(), pin);
    let wrong = RawFix { backlog: true, ..raw(home(), now.0 + HOUR_MS) };
    assert_eq!(name(judge(&mut track, &wrong, now, &limits)), "future");
}

#[test]
fn three_that_agree_are_believed_and_two_are_not() {
    let (mut track, limits) = (standing(), Limits::default());
    let far = home().moved(45.0, 20_000.0);
    for (s, wanted) in [(1, "too_fast"), (2, "too_fast"), (3, "live"), (4, "live")] {
        let fix = raw(far.moved(0.0, 10.0 * f64::from(s)), NOW + i64::from(s) * 1_000);
        assert_eq!(name(judge(&mut track, &fix, UnixMs(fix.device_ms), &limits)), wanted);
    }
    // Wrong ones that contradict each other never are.
    let mut track = standing();
    for s in 1..20 {
        let fix = raw(home().moved(f64::from(s) * 70.0, 30_000.0), NOW + i64::from(s) * 1_000);
        assert_eq!(name(judge(&mut track, &fix, UnixMs(fix.device_ms), &limits)), "too_fast");
    }
}

#[test]
fn an_unmarked_backlog_in_a_burst_is_not_believed() {
    let (mut track, limits) = (standing(), Limits::default());
    for s in 1..100 {
        let old = raw(home().moved(0.0, f64::from(s)), NOW - HOUR_MS + i64::from(s) * 1_000);
        let seen = judge(&mut track, &old, UnixMs(NOW + 1_000 + i64::from(s) * 2), &limits);
        assert_eq!(name(seen), "older");
    }
    assert_eq!(track.last().unwrap().at, UnixMs(NOW));
}

#[test]
fn a_phone_whose_clock_is_an_hour_off_is_neither_stale_nor_frozen() {
    let limits = Limits::default();
    for (skew_ms, says_when_sent) in [(HOUR_MS, true), (-HOUR_MS, true), (HOUR_MS, false)] {
        let mut track = Track::default();
        let mut pin = None;
        for s in 0..5 {
            let now = UnixMs(NOW + s * 1_000);
            track.hear(says_when_sent.then_some(now.0 + skew_ms - 80), now);
            if let Ok(Verdict::Live(fix)) = judge(&mut track, &raw(home(), now.0 + skew_ms - 200), now, &limits) {
                pin = Some(fix);
            }
        }
        let age_ms = NOW + 4_000 - pin.unwrap().at.0;
        assert!((0..1_000).contains(&age_ms), "{skew_ms} {says_when_sent}: {age_ms} ms");
    }
}

/// What happens to a phone, one second or more each.
#[derive(Clone, Debug)]
enum Event {
    Good,
    Burst,
    Wrong { bearing_deg: f64, m: f64 },
    Dated { ahead_ms: i64 },
    ClockSet { by_ms: i64 },
    Silence { s: i64 },
    Backlog,
    Again,
    NewSession,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Good),
        1 => Just(Event::Burst),
        1 => (0.0..360.0, 50.0..2e6).prop_map(|(bearing_deg, m)| Event::Wrong { bearing_deg, m }),
        1 => prop_oneof![-90_000..90_000_i64, -9e11 as i64..9e11 as i64].prop_map(|ahead_ms| Event::Dated { ahead_ms }),
        1 => prop_oneof![-90_000..90_000_i64, -4_000_000_000..4_000_000_000_i64]
            .prop_map(|by_ms| Event::ClockSet { by_ms }),
        1 => prop_oneof![1..100_i64, 1..100_000_i64].prop_map(|s| Event::Silence { s }),
        1 => Just(Event::Backlog),
        1 => Just(Event::Again),
        1 => Just(Event::NewSession),
    ]
}

/// A phone on the road, and the pin that a console would show of it.
struct Road {
    track: Track,
    now_ms: i64,
    skew_ms: i64,
    says_when_sent: bool,
    place: Place,
    last_sent: Option<RawFix>,
    pin: Option<Fix>,
}

impl Road {
    fn send(&mut self, fix: RawFix) {
        let now = UnixMs(self.now_ms);
        let delay_ms = 20 + (self.now_ms / 1_000 * 7_919) % 300;
        self.track.hear(self.says_when_sent.then_some(self.now_ms + self.skew_ms - delay_ms), now);
        if let Ok(Verdict::Live(fix)) = judge(&mut self.track, &fix, now, &Limits::default())
            && self.pin.is_none_or(|pin| fix.at > pin.at)
        {
            assert!(fix.at <= now);
            self.pin = Some(fix);
        }
        self.last_sent = Some(fix);
    }

    fn fix_here(&self) -> RawFix {
        raw(self.place, self.now_ms + self.skew_ms - 400)
    }

    fn drive(&mut self, s: i64) {
        self.now_ms += s * 1_000;
        self.place = self.place.moved(self.now_ms as f64 / 9_000.0, 14.0 * s as f64);
    }

    fn happen(&mut self, event: &Event) {
        self.drive(1);
        let here = self.fix_here();
        match *event {
            Event::Good => self.send(here),
            Event::Burst => (0..5).for_each(|i| self.send(RawFix { device_ms: here.device_ms + i * 10, ..here })),
            Event::Wrong { bearing_deg, m } => self.send(raw(self.place.moved(bearing_deg, m), here.device_ms)),
            Event::Dated { ahead_ms } => self.send(RawFix { device_ms: here.device_ms + ahead_ms, ..here }),
            Event::ClockSet { by_ms } => self.skew_ms += by_ms,
            Event::Silence { s } => self.drive(s),
            Event::Backlog => (1..9).for_each(|i| {
                self.send(RawFix { backlog: true, device_ms: here.device_ms - i * 1_000, ..here });
            }),
            Event::Again => (0..51).for_each(|_| self.send(self.last_sent.unwrap_or(here))),
            Event::NewSession => self.track.new_session(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_freezes_a_unit(events in prop::collection::vec(event(), 0..40), says_when_sent: bool, skew_ms in prop_oneof![Just(0), -4_000_000..4_000_000_i64]) {
        let mut road = Road {
            track: Track::default(), now_ms: NOW, skew_ms, says_when_sent, place: home(), last_sent: None, pin: None,
        };
        for event in &events {
            road.happen(event);
        }
        for _ in 0..12 {
            road.happen(&Event::Good);
        }
        let pin = road.pin.expect("good fixes came");
        prop_assert!(pin.place.distance_m(road.place) < 30.0, "{pin:?} {} {}", road.place, road.now_ms);
        if says_when_sent {
            // A clock set back during a silence is known within a minute at the latest; then the pin is also dated well.
            for _ in 0..70 {
                road.happen(&Event::Good);
            }
            let age_ms = road.now_ms - road.pin.expect("more came").at.0;
            prop_assert!((0..2_000).contains(&age_ms), "{age_ms} ms");
        }
    }

    #[test]
    fn no_numbers_panic(lat: f64, lng: f64, times: [(i64, i64); 6], odd: f64, backlog: bool) {
        let mut track = Track::default();
        for (device_ms, now_ms) in times {
            track.hear(Some(device_ms), UnixMs(now_ms));
            let any = Some(odd);
            let fix = RawFix {
                lat, lng, device_ms, accuracy_m: None, speed_mps: any, heading_deg: any, battery_pct: any,
                mock: false, backlog,
            };
            if let Err(reject) = judge(&mut track, &fix, UnixMs(now_ms), &Limits::default()) {
                prop_assert!(Reject::ALL.contains(&reject.as_str()) && !reject.to_string().is_empty());
            }
        }
    }
}
