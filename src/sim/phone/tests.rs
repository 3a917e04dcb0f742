//! Phones in made-up time: no socket, no waiting.

use super::*;
use crate::{
    domain::{dispatch::DispatchStatus, fix, ids::CommandId, place::Place},
    sim::script,
};

const START: UnixMs = UnixMs(1_800_000_000_000);

fn phone(behaviour: Behaviour) -> Phone {
    let make = Make {
        unit: script::UNIT.parse().unwrap(),
        kind: UnitKind::Motorcycle,
        town: Arc::new(Town::balikpapan()),
        behaviour: Arc::new(behaviour),
        fix_every_ms: 1_000,
        phase_ms: 250,
        seed: 7,
    };
    Phone::new(make, START)
}

/// Lets a phone live for a while, online or not; gives what it sent, with the moments.
fn live(phone: &mut Phone, from: UnixMs, ms: i64, online: bool) -> Vec<(UnixMs, ClientFrame)> {
    let (mut sent, mut out, mut now) = (Vec::new(), Vec::new(), from);
    while now < from.plus(ms) {
        phone.tick(now, online, &mut out);
        sent.extend(out.drain(..).map(|frame| (now, frame)));
        now = phone.wake_at().max(now.plus(1));
    }
    sent
}

fn fixes(sent: &[(UnixMs, ClientFrame)]) -> Vec<(UnixMs, FixFrame)> {
    let of = |(at, frame): &(UnixMs, ClientFrame)| match frame {
        ClientFrame::Fixes { fixes, .. } => fixes.iter().map(|f| (*at, *f)).collect(),
        _ => Vec::new(),
    };
    sent.iter().flat_map(of).collect()
}

fn steps(sent: &[(UnixMs, ClientFrame)]) -> Vec<(DispatchStatus, CommandId)> {
    let of = |(_, frame): &(UnixMs, ClientFrame)| match frame {
        ClientFrame::Step { to, command_id, .. } => Some((*to, *command_id)),
        _ => None,
    };
    sent.iter().filter_map(of).collect()
}

/// Holds what was sent against the server's own checks.
fn judged(sent: &[(UnixMs, ClientFrame)]) -> (usize, Vec<&'static str>) {
    let (mut track, mut kept, mut refused) = (fix::Track::default(), 0, Vec::new());
    for (at, frame) in sent {
        let ClientFrame::Fixes { sent_ms, fixes } = frame else { continue };
        track.hear(*sent_ms, *at);
        for f in fixes {
            match fix::judge(&mut track, &f.into(), *at, &fix::Limits::default()) {
                Ok(_) => kept += 1,
                Err(reject) => refused.push(reject.as_str()),
            }
        }
    }
    (kept, refused)
}

#[test]
fn a_calm_phone_sends_a_good_fix_each_second() {
    let sent = live(&mut phone(Behaviour::calm()), START, 600_000, true);
    assert_eq!(judged(&sent), (600, Vec::new()));
    let fixes = fixes(&sent);
    assert!(fixes.windows(2).all(|w| w[1].0.since(w[0].0) == 1_000));
    let places: Vec<_> = fixes.iter().map(|(_, f)| Place::new(f.lat, f.lng).unwrap()).collect();
    let way_m: f64 = places.windows(2).map(|w| w[0].distance_m(w[1])).sum();
    assert!((1_500.0..6_000.0).contains(&way_m), "a patrol drives about 5 m/s: {way_m} m in ten minutes");
}

#[test]
fn the_same_seed_drives_the_same_way() {
    let way = || fixes(&live(&mut phone(Behaviour::lifelike()), START, 300_000, true));
    assert_eq!(way(), way());
}

#[test]
fn outliers_are_what_the_server_refuses() {
    let wild = Behaviour { outlier: 0.05, outlier_m: 5_000.0, ..Behaviour::calm() };
    let (kept, refused) = judged(&live(&mut phone(wild), START, 1_000_000, true));
    assert!(kept > 850, "{kept}");
    assert!((20..150).contains(&refused.len()) && refused.iter().all(|r| *r == "too_fast"), "{refused:?}");
}

#[test]
fn after_a_tunnel_the_newest_comes_first_and_nothing_is_lost() {
    let mut phone = phone(Behaviour { clock_off_ms: 3_000, ..Behaviour::calm() });
    let mut sent = live(&mut phone, START, 10_000, true);
    assert!(live(&mut phone, START.plus(10_000), 30_000, false).is_empty());
    sent.extend(live(&mut phone, START.plus(40_000), 10_000, true));
    let fixes = fixes(&sent);
    assert_eq!(fixes.len(), 50);
    let backlog: Vec<_> = fixes.iter().filter(|(_, f)| f.backlog).map(|(_, f)| f.at_ms).collect();
    assert_eq!(backlog.len(), 30);
    assert!(backlog.is_sorted_by(|a, b| a > b), "newest first");
    let live_first = fixes.iter().find(|(at, _)| *at >= START.plus(40_000)).unwrap();
    assert!(!live_first.1.backlog && live_first.1.at_ms > backlog[0]);
    assert_eq!(judged(&sent), (50, Vec::new()));
}

#[test]
fn tunnels_come_by_themselves_and_end() {
    let mut phone = phone(Behaviour { tunnels_per_hour: 60.0, ..Behaviour::calm() });
    let (mut out, mut now, mut without, mut times) = (Vec::new(), START, 0, 0);
    while now < START.plus(3_600_000) {
        let had = phone.no_signal_until().is_some();
        phone.tick(now, true, &mut out);
        let has = phone.no_signal_until().is_some();
        times += i32::from(has && !had);
        without += i32::from(has);
        now = now.plus(1_000);
    }
    assert!((20..50).contains(&times) && (500..2_200).contains(&without), "{times} tunnels, {without} s");
}

#[test]
fn fixes_that_could_not_be_sent_are_kept_up_to_a_bound() {
    let mut phone = phone(Behaviour::calm());
    live(&mut phone, START, 2_000_000, false);
    assert_eq!(phone.kept.len(), KEPT_MAX);
    let mut out = Vec::new();
    phone.tick(phone.wake_at(), true, &mut out);
    let ClientFrame::Fixes { fixes, .. } = &out[1] else { panic!("{out:?}") };
    assert_eq!(fixes.len(), FIXES_MAX);
    phone.unsent(out.remove(1));
    assert_eq!(phone.kept.len(), KEPT_MAX);
    assert!(phone.kept.is_sorted_by_key(|f| f.at_ms), "kept in their order again");
}

/// Plays the server for one dispatch: answers each step and tells what became of it.
fn serve(phone: &mut Phone, from: UnixMs, ms: i64) -> Vec<(UnixMs, DispatchStatus)> {
    let (mut told, mut out, mut now, mut seq) = (Vec::new(), Vec::new(), from, 100);
    while now < from.plus(ms) {
        phone.tick(now, true, &mut out);
        for frame in std::mem::take(&mut out) {
            let ClientFrame::Step { command_id, to, .. } = frame else { continue };
            told.push((now, to));
            phone.hear(now, &script::reply(command_id, None), &mut out);
            seq += 1;
            phone.hear(now, &script::step(seq, 1, &format!("dispatch.{to}")), &mut out);
        }
        now = phone.wake_at().max(now.plus(1));
    }
    told
}

#[test]
fn an_offer_is_acknowledged_accepted_driven_reached_and_cleared() {
    use DispatchStatus::{Accepted, Cleared, EnRoute, OnScene};
    let mut phone = phone(Behaviour::calm());
    live(&mut phone, START, 5_000, true);
    let mut out = Vec::new();
    let asked = START.plus(5_000);
    assert_eq!(phone.hear(asked, &script::offer(7, 1), &mut out), Some(News::Offered));
    assert_eq!(out, [ClientFrame::Delivered { dispatch: "BPN-D1".parse().unwrap() }]);
    let far_m = phone.driver.place().distance_m(script::scene());
    let told = serve(&mut phone, asked, 3_600_000);
    let order: Vec<_> = told.iter().map(|t| t.1).collect();
    assert_eq!(order, [Accepted, EnRoute, OnScene, Cleared]);
    assert!((1_000..=3_100).contains(&told[0].0.since(asked)));
    let travel_s = told[2].0.since(told[1].0) as f64 / 1_000.0;
    assert!(travel_s >= far_m / 15.0 && travel_s <= 60.0 + far_m / 4.0, "{far_m} m in {travel_s} s");
    assert_eq!(phone.work(), None);
    assert!(live(&mut phone, asked.plus(3_600_000), 60_000, true).len() >= 60, "and patrols on");
}

#[test]
fn a_load_crew_frees_its_unit_at_once() {
    let mut phone = phone(Behaviour::load());
    phone.hear(START, &script::offer(7, 1), &mut Vec::new());
    let told = serve(&mut phone, START, 3_000);
    let steps: Vec<_> = told.iter().map(|t| t.1).collect();
    assert_eq!(steps, [DispatchStatus::Accepted, DispatchStatus::OnScene, DispatchStatus::Cleared]);
    assert!(told[2].0.since(START) < 2_000);
}

#[test]
fn crews_decline_with_a_reason_or_say_nothing() {
    let mut declining = phone(Behaviour { decline: 1.0, ..Behaviour::lifelike() });
    declining.hear(START, &script::offer(7, 1), &mut Vec::new());
    let sent = live(&mut declining, START, 15_000, true);
    let reason = sent.iter().find_map(|(_, frame)| match frame {
        ClientFrame::Step { to: DispatchStatus::Declined, reason, .. } => reason.clone(),
        _ => None,
    });
    assert!(reason.is_some_and(|r| !r.is_empty()));
    let mut silent = phone(Behaviour { silent: 1.0, ..Behaviour::calm() });
    let mut out = Vec::new();
    silent.hear(START, &script::offer(7, 1), &mut out);
    assert!(out.is_empty() && steps(&live(&mut silent, START, 60_000, true)).is_empty());
    assert_eq!(
        silent.hear(START, &script::step(8, 1, "dispatch.expired"), &mut out),
        Some(News::Ended(DispatchStatus::Expired))
    );
}

#[test]
fn a_refused_tap_makes_the_phone_ask_how_things_stand() {
    let mut phone = phone(Behaviour::calm());
    phone.hear(START, &script::offer(7, 1), &mut Vec::new());
    let sent = steps(&live(&mut phone, START, 4_000, true));
    assert_eq!(sent.len(), 1);
    let refused = script::reply(sent[0].1, Some(("transition_not_allowed", 409)));
    assert!(matches!(phone.hear(START.plus(4_000), &refused, &mut Vec::new()), Some(News::Refused(_))));
    let asked = live(&mut phone, START.plus(4_000), 5_000, true);
    assert_eq!(asked.iter().filter(|(_, f)| matches!(f, ClientFrame::Subscribe { .. })).count(), 1);
    phone.hear(START.plus(9_000), &script::reset(None), &mut Vec::new());
    assert_eq!(phone.work(), None);
}

#[test]
fn a_phone_rests_while_another_one_of_the_crew_is_the_position() {
    let mut phone = phone(Behaviour::calm());
    phone.rides(START, false);
    let mut out = Vec::new();
    assert_eq!(phone.hear(START, &script::offer(7, 1), &mut out), None);
    assert!(live(&mut phone, START, 30_000, true).is_empty() && out.is_empty());
    phone.rides(START.plus(30_000), true);
    let sent = live(&mut phone, START.plus(30_000), 5_000, true);
    assert!(matches!(sent[0].1, ClientFrame::Subscribe { .. }), "{:?}", sent[0]);
    assert_eq!(fixes(&sent).len(), 5);
    assert_eq!(phone.hear(START.plus(35_000), &script::reset(Some((1, "accepted"))), &mut out), Some(News::Moved));
}
