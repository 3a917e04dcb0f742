//! Rides in made-up time.

use super::*;
use crate::sim::script;

const START: UnixMs = UnixMs(1_800_000_000_000);

/// East past the scene of the script, from two kilometres before it to two behind, 20 m each second; with a gap of ten
/// seconds in the middle of it.
fn track() -> Track {
    let west = script::scene().moved(270.0, 2_000.0);
    let point = |i: i64| {
        let gap_ms = if i > 50 { 10_000 } else { 0 };
        (west.moved(90.0, 20.0 * i as f64), UnixMs(i * 1_000 + gap_ms), Some(1.2))
    };
    Track { points: (0..=200).map(point).collect() }
}

fn ride(track: Track, accept: bool) -> Ride {
    Ride::new(script::UNIT.parse().unwrap(), track, accept, 1.0, START)
}

/// What happened, each with its moment in milliseconds of the ride.
type Timed<T> = Vec<(i64, T)>;

/// Plays the server until the ride is over: answers each step and tells it. Gives the taps with their moments.
fn serve(
    ride: &mut Ride,
    offer_at_ms: Option<i64>,
    online: impl Fn(i64) -> bool,
) -> (Timed<DispatchStatus>, Timed<FixFrame>) {
    let (mut taps, mut fixes, mut out) = (Vec::new(), Vec::new(), Vec::new());
    let (mut now, mut seq, mut offered) = (START, 100, false);
    while !ride.is_over() && now < START.plus(3_600_000) {
        let ms = now.since(START);
        if !offered && offer_at_ms.is_some_and(|at| ms >= at) {
            offered = true;
            ride.hear(now, &script::offer(7, 1), &mut out);
        }
        ride.tick(now, online(ms), &mut out);
        for frame in std::mem::take(&mut out) {
            match frame {
                ClientFrame::Step { command_id, to, .. } => {
                    taps.push((ms, to));
                    seq += 1;
                    ride.hear(now, &script::step(seq, 1, &format!("dispatch.{to}")), &mut out);
                    ride.hear(now, &script::reply(command_id, None), &mut out);
                }
                ClientFrame::Fixes { fixes: sent, .. } => fixes.extend(sent.into_iter().map(|f| (ms, f))),
                _ => {}
            }
        }
        now = ride.wake_at().max(now.plus(1));
    }
    (taps, fixes)
}

#[test]
fn every_point_is_sent_at_its_own_moment() {
    let (taps, fixes) = serve(&mut ride(track(), true), None, |_| true);
    assert!(taps.is_empty());
    let original: Vec<_> = track().points.iter().map(|(p, at, _)| (START.0 + at.0, p.lat(), p.lng())).collect();
    let sent: Vec<_> = fixes.iter().map(|(_, f)| (f.at_ms, f.lat, f.lng)).collect();
    assert_eq!(sent, original);
    assert!(fixes.iter().all(|(ms, f)| START.0 + ms == f.at_ms && !f.backlog && f.accuracy_m == Some(6.0)));
    assert!(fixes.windows(2).any(|w| w[1].0 - w[0].0 == 11_000), "the gap of the track is kept");
}

#[test]
fn work_on_the_way_is_accepted_and_reached_where_the_track_passes() {
    use DispatchStatus::{Accepted, Cleared, EnRoute, OnScene};
    let mut ride = ride(track(), true);
    let (taps, _) = serve(&mut ride, Some(3_000), |_| true);
    assert_eq!(taps.iter().map(|t| t.1).collect::<Vec<_>>(), [Accepted, EnRoute, OnScene, Cleared]);
    // 2,000 m at 20 m/s, and the gap of ten seconds.
    let expected_ms = 2_000 / 20 * 1_000 + 10_000;
    assert!((expected_ms - 1_000..=expected_ms + 2_000).contains(&taps[2].0), "{taps:?}");
    assert!(ride.is_over());
}

#[test]
fn where_the_track_does_not_pass_its_end_is_the_arrival() {
    let short = Track { points: track().points[..40].to_vec() };
    let (taps, fixes) = serve(&mut ride(short, true), Some(3_000), |_| true);
    assert_eq!(taps.len(), 4);
    assert!((39_000..42_000).contains(&taps[2].0), "{taps:?}");
    assert!(fixes.len() > 40, "parked, it goes on to say where it is");
    assert!(fixes.windows(2).all(|w| w[1].1.at_ms > w[0].1.at_ms));
}

#[test]
fn what_could_not_be_sent_is_sent_afterwards_newest_first() {
    let (_, fixes) = serve(&mut ride(track(), true), None, |ms| !(20_000..40_000).contains(&ms));
    assert_eq!(fixes.len(), 201);
    let late: Vec<_> = fixes.iter().filter(|(_, f)| f.backlog).map(|(_, f)| f.at_ms - START.0).collect();
    assert_eq!(late, (20..40).rev().map(|s| s * 1_000).collect::<Vec<_>>());
}

#[test]
fn who_does_not_accept_lets_offers_run_out() {
    let mut ride = ride(track(), false);
    let (taps, _) = serve(&mut ride, Some(3_000), |_| true);
    assert!(taps.is_empty() && ride.is_over());
}
