//! Small tracks written here; the shape must survive the move, and no bad file may pass or panic.

use super::*;
use proptest::prelude::*;

const BALIKPAPAN: (f64, f64) = (-1.268, 116.832);

fn place((lat, lng): (f64, f64)) -> Place {
    Place::new(lat, lng).unwrap()
}

/// A GPX text of these inner elements.
fn gpx(inner: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="t">{inner}</gpx>"#
    )
}

fn point(lat: f64, lng: f64, inner: &str) -> String {
    format!(r#"<trkpt lat="{lat}" lon="{lng}">{inner}</trkpt>"#)
}

fn at(second: i64) -> String {
    format!("<time>2020-12-18T06:{:02}:{:02}Z</time>", second / 60, second % 60)
}

fn segment(points: &[String]) -> String {
    gpx(&format!("<trk><trkseg>{}</trkseg></trk>", points.concat()))
}

/// North along a meridian: 111.195 m in each of these seconds.
fn ride(seconds: &[i64]) -> String {
    let points: Vec<_> =
        (0i32..).zip(seconds).map(|(i, s)| point(45.0 + f64::from(i) / 1000.0, 13.7, &at(*s))).collect();
    segment(&points)
}

#[test]
fn reads_places_times_and_precision_over_all_segments() {
    let text = gpx(&format!(
        "<wpt lat=\"1\" lon=\"2\"/><trk><trkseg>{}</trkseg><trkseg>{}</trkseg></trk>",
        point(45.5, 13.5, &at(0)),
        point(45.6, 13.6, "<time>2020-12-18T07:00:01.250+01:00</time><hdop>1.5</hdop>"),
    ));
    let track = Track::parse(&text).unwrap();
    assert_eq!(track.points.len(), 2);
    let (start, end) = (track.points[0], track.points[1]);
    assert_eq!((start.0, start.1.to_string(), start.2), (place((45.5, 13.5)), "2020-12-18T06:00:00.000Z".into(), None));
    assert_eq!((end.1.to_string(), end.2), ("2020-12-18T06:00:01.250Z".into(), Some(1.5)));
    assert_eq!(track.duration_ms(), 1_250);
}

#[test]
fn says_what_is_wrong() {
    let wrong = |text: &str| Track::parse(text).unwrap_err();
    assert_eq!(wrong("  \n"), BadGpx::Empty);
    assert!(matches!(wrong("{\"type\": \"FeatureCollection\"}"), BadGpx::NotGpx(_)));
    assert!(matches!(wrong("<kml></kml>"), BadGpx::NotGpx(_)));
    assert_eq!(wrong(&gpx("")), BadGpx::TooShort(0));
    assert_eq!(wrong(&gpx(r#"<wpt lat="1" lon="2"/>"#)), BadGpx::TooShort(0));
    assert_eq!(wrong(&ride(&[0])), BadGpx::TooShort(1));
    assert_eq!(wrong(&segment(&[point(1.0, 2.0, &at(0)), point(1.0, 2.0, "")])), BadGpx::NoTime(1));
    assert!(matches!(wrong(&segment(&[point(91.0, 2.0, &at(0))])), BadGpx::NotGpx(_)));
    assert!(matches!(wrong(&segment(&[point(1.0, 2.0, "<time>yesterday</time>")])), BadGpx::NotGpx(_)));
    let backwards = wrong(&ride(&[0, 10, 9]));
    assert!(matches!(backwards, BadGpx::Backwards { point: 2, .. }));
    assert!(backwards.to_string().contains("06:00:09.000Z, before the point that it follows (2020-12-18T06:00:10"));
}

#[test]
fn a_cut_file_is_refused() {
    let whole = ride(&[0, 5, 10]);
    for cut in 1..whole.len() {
        assert!(Track::parse(&whole[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_speed_that_the_checks_refuse_is_refused_up_front() {
    // The fastest step is 111.195 m in 5 s, 22.2 m/s: 70 m/s allow a little more than three times that.
    let track = Track::parse(&ride(&[0, 10, 15, 30])).unwrap();
    assert!((track.max_speed_mps() - 22.239).abs() < 0.01);
    let thrice = track.sped_up(3.0, 70.0).unwrap();
    assert_eq!((thrice.duration_ms(), thrice.points[0]), (10_000, track.points[0]));
    let refused = track.sped_up(5.0, 70.0).unwrap_err();
    let Refused::TooFast { speed_mps, point, largest_factor, .. } = refused else { panic!("{refused}") };
    assert!((speed_mps - 111.195).abs() < 0.1);
    assert_eq!((point, largest_factor * 100.0), (2, 314.0));
    assert!(refused.to_string().ends_with("the largest speed for this track is 3.14"), "{refused}");
    assert!(track.sped_up(largest_factor, 70.0).is_ok() && track.sped_up(largest_factor + 0.02, 70.0).is_err());
    assert!(matches!(track.sped_up(1.0, 20.0), Err(Refused::TooFast { .. })), "a jump is refused at its own speed");
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(track.sped_up(factor, 70.0), Err(Refused::Factor(_))), "{factor}");
    }
}

#[test]
fn two_points_of_one_moment_make_no_step() {
    let track = Track::parse(&ride(&[0, 10, 10, 20])).unwrap();
    assert!((track.max_speed_mps() - 11.12).abs() < 0.01);
    assert_eq!(track.points.len(), 4, "and are kept");
}

proptest! {
    #[test]
    fn moving_keeps_the_shape(
        steps in prop::collection::vec((0.0f64..360.0, 0.0f64..500.0), 1..60),
        from in (-65.0f64..65.0, -180.0f64..180.0),
    ) {
        let mut points = vec![(place(from), UnixMs(0), None)];
        for (i, (bearing, metres)) in steps.into_iter().enumerate() {
            points.push((points[i].0.moved(bearing, metres), UnixMs(1_000 * i as i64), Some(1.0)));
        }
        let track = Track { points };
        let moved = track.moved_to(place(BALIKPAPAN));
        prop_assert!(moved.points[0].0.distance_m(place(BALIKPAPAN)) < 0.001);
        for (i, (a, b)) in track.points.iter().zip(&moved.points).enumerate() {
            prop_assert_eq!((a.1, a.2), (b.1, b.2));
            // Every pair, not only neighbours: the whole shape.
            for (c, d) in track.points.iter().zip(&moved.points).skip(i + 1) {
                let (was, is) = (a.0.distance_m(c.0), b.0.distance_m(d.0));
                prop_assert!((was - is).abs() <= 0.001 + was * 0.001, "{} became {}", was, is);
            }
        }
    }

    #[test]
    fn the_largest_factor_is_the_largest(seconds in prop::collection::vec(1i64..100, 2..20), limit in 5.0f64..200.0) {
        let times: Vec<_> = seconds.iter().scan(0, |t, s| { *t += s; Some(*t) }).collect();
        let track = Track::parse(&ride(&times)).unwrap();
        if let Err(Refused::TooFast { largest_factor, .. }) = track.sped_up(1_000.0, limit) {
            prop_assert!(track.sped_up(largest_factor, limit).is_ok());
            prop_assert!(track.sped_up(largest_factor * 1.01 + 0.02, limit).is_err());
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,100}", cut in any::<prop::sample::Index>(), with in "\\PC") {
        let _ = Track::parse(&text);
        let whole = ride(&[0, 5, 10]);
        let cut = cut.index(whole.len());
        let _ = Track::parse(&format!("{}{with}{}", &whole[..cut], &whole[cut + 1..]));
        let _ = Track::parse(&gpx(&text));
    }
}
