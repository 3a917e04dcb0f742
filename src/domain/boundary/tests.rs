//! Against brute force: a crossing count without the index, and `geo`'s own answer.

use super::*;
use geo::{Intersects, Point, Validation};
use proptest::prelude::*;

fn place(lat: f64, lng: f64) -> Place {
    Place::new(lat, lng).unwrap()
}

/// A city with a lake and an island, in tenths of a degree; the lake holds an islet of its own.
fn lake_city() -> Boundary {
    r#"{"type":"MultiPolygon","coordinates":[
        [[[116,-2],[117,-2],[117,-1],[116,-1],[116,-2]],[[116.4,-1.6],[116.6,-1.6],[116.6,-1.4],[116.4,-1.4],[116.4,-1.6]]],
        [[[116.48,-1.52],[116.52,-1.52],[116.52,-1.48],[116.48,-1.48],[116.48,-1.52]]],
        [[[117.5,-1.6],[117.6,-1.6],[117.55,-1.4],[117.5,-1.6]]]]}"#
        .parse()
        .unwrap()
}

#[test]
fn holes_are_outside_and_islands_inside() {
    let city = lake_city();
    for (lat, lng, inside) in [
        (-1.2, 116.2, true),
        (-1.45, 116.45, false),
        (-1.5, 116.5, true),
        (-1.55, 117.55, true),
        (-1.5, 117.2, false),
        (-1.5, -63.5, false),
        (90.0, 0.0, false),
    ] {
        assert_eq!(city.contains(place(lat, lng)), inside, "{lat},{lng}");
    }
}

#[test]
fn distance_is_zero_inside_and_metres_outside() {
    let city = lake_city();
    assert_eq!(city.distance_m(place(-1.2, 116.2)), 0.0);
    // In the lake the shore counts: 0.02 degrees of longitude to the west shore is nearer than the islet.
    let shore = place(-1.5, 116.42);
    assert!((city.distance_m(shore) - shore.distance_m(place(-1.5, 116.4))).abs() < 1.0);
    let north = place(-0.9, 116.5);
    assert!((city.distance_m(north) - north.distance_m(place(-1.0, 116.5))).abs() < 1.0);
}

#[test]
fn area_leaves_holes_out_whichever_way_they_run() {
    let square = |hole: &str| {
        format!(r#"{{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]],{hole}]}}"#)
            .parse::<Boundary>()
            .unwrap()
            .area_m2()
    };
    let (left, right) = (square("[[0,0],[0.5,0],[0.5,1],[0,1],[0,0]]"), square("[[0,0],[0,1],[0.5,1],[0.5,0],[0,0]]"));
    // A square degree at the equator is 12 364 km² on this sphere.
    assert!((left - 12_363.7e6 / 2.0).abs() < 1e6, "{left}");
    assert!((left - right).abs() < 1.0);
}

#[test]
fn a_shared_border_belongs_to_one_side() {
    let west = Boundary::outline(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]).unwrap();
    let east = Boundary::outline(&[(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)]).unwrap();
    for lat in [0.0, 0.25, 0.5, 0.999] {
        assert!(west.contains(place(lat, 1.0)) != east.contains(place(lat, 1.0)), "{lat}");
    }
}

#[test]
fn says_what_is_wrong() {
    let polygon = |ring: &str| format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#).parse::<Boundary>();
    assert_eq!(polygon("").unwrap_err(), BadBoundary::Empty);
    assert_eq!(polygon("[]").unwrap_err(), BadBoundary::RingTooShort(0));
    assert_eq!(polygon("[[0,0],[1,1],[0,0]]").unwrap_err(), BadBoundary::RingTooShort(3));
    assert_eq!(polygon("[[0,0],[1,0],[1,1],[0,1]]").unwrap_err(), BadBoundary::RingOpen);
    assert_eq!(polygon("[[0,0],[1,1],[2,2],[0,0]]").unwrap_err(), BadBoundary::NoArea);
    assert!(matches!(polygon("[[0,0],[181,0],[1,1],[0,0]]").unwrap_err(), BadBoundary::OffEarth(_)));
    assert!(matches!(polygon("[[0,0],[1e999,0],[1,1],[0,0]]").unwrap_err(), BadBoundary::NotGeometry(_)));
    // Which of the two refuses a position of one number is the reader's business; that it is refused is ours.
    assert!(polygon("[[0],[1,0],[1,1],[0]]").is_err());
    assert_eq!(r#"{"type":"MultiPolygon","coordinates":[]}"#.parse::<Boundary>().unwrap_err(), BadBoundary::Empty);
    let point = r#"{"type":"Point","coordinates":[0,0]}"#.parse::<Boundary>().unwrap_err();
    assert_eq!(point, BadBoundary::NotPolygon("Point"));
    let nan = Boundary::outline(&[(0.0, 0.0), (f64::NAN, 0.0), (1.0, 1.0)]).unwrap_err();
    assert!(matches!(nan, BadBoundary::OffEarth(_)));
}

/// Stars around a middle: valid, with deep notches, and with a hole of the same form at half the size.
fn star() -> impl Strategy<Value = MultiPolygon<f64>> {
    (prop::collection::vec(0.2f64..1.0, 5..60), -60.0f64..60.0, -150.0f64..150.0, any::<bool>()).prop_map(
        |(radii, lat, lng, holed)| {
            let ring = |scale: f64| {
                let turn = std::f64::consts::TAU / radii.len() as f64;
                LineString::from_iter(radii.iter().enumerate().map(|(i, r)| {
                    let (sin, cos) = (turn * i as f64).sin_cos();
                    Coord { x: lng + scale * r * cos, y: lat + scale * r * sin }
                }))
            };
            MultiPolygon(vec![Polygon::new(ring(1.0), if holed { vec![ring(0.5)] } else { vec![] })])
        },
    )
}

fn brute_contains(shape: &MultiPolygon<f64>, p: Place) -> bool {
    shape.iter().any(|polygon| {
        let edges = edges::rings(polygon).flat_map(LineString::lines);
        let crossed = edges.filter(|l| {
            let (a, b) = (l.start, l.end);
            (a.y > p.lat()) != (b.y > p.lat()) && p.lng() < (b.x - a.x) * (p.lat() - a.y) / (b.y - a.y) + a.x
        });
        crossed.count() % 2 == 1
    })
}

/// Walks every edge in thousand steps and takes the nearest by great circle.
fn brute_distance_m(shape: &MultiPolygon<f64>, p: Place) -> f64 {
    let edges = shape.iter().flat_map(edges::rings).flat_map(LineString::lines);
    edges
        .flat_map(|l| (0..=1000).map(move |i| l.start + (l.end - l.start) * (f64::from(i) / 1000.0)))
        .map(|c| place(c.y, c.x).distance_m(p))
        .fold(f64::INFINITY, f64::min)
}

proptest! {
    #[test]
    fn the_index_never_changes_the_answer(shape in star(), at in prop::collection::vec((-1.2f64..1.2, -1.2f64..1.2), 50)) {
        prop_assume!(shape.is_valid());
        let middle = shape.0[0].exterior().0[0];
        let boundary = Boundary::new(shape.clone()).unwrap();
        for (dy, dx) in at {
            let p = place(middle.y + dy, middle.x + dx);
            prop_assert_eq!(boundary.contains(p), brute_contains(&shape, p));
            prop_assert_eq!(boundary.contains(p), shape.intersects(&Point::new(p.lng(), p.lat())));
        }
        // The corners are the places where rounding would show.
        for c in shape.0[0].exterior() {
            let p = place(c.y, c.x);
            prop_assert_eq!(boundary.contains(p), brute_contains(&shape, p));
        }
    }

    #[test]
    fn distance_agrees_with_great_circles(
        radii in prop::collection::vec(0.2f64..1.0, 5..12), lat in -11.0f64..6.0, dy in -3.0f64..3.0, dx in -3.0f64..3.0,
    ) {
        let ring: Vec<_> = radii.iter().enumerate().map(|(i, r)| {
            let (sin, cos) = (std::f64::consts::TAU * i as f64 / radii.len() as f64).sin_cos();
            (116.0 + r * cos, lat + r * sin)
        }).collect();
        let boundary = Boundary::outline(&ring).unwrap();
        let p = place(lat + dy, 116.0 + dx);
        if boundary.contains(p) {
            prop_assert_eq!(boundary.distance_m(p), 0.0);
        } else {
            let (got, want) = (boundary.distance_m(p), brute_distance_m(boundary.polygons(), p));
            prop_assert!((got - want).abs() < 150.0 + want * 0.01, "{} instead of {}", got, want);
            prop_assert!(distance_to_box_m(&boundary.bounds(), p) <= got * (1.0 + 1e-9));
        }
    }

    #[test]
    fn the_text_holds_the_shape(corners in prop::collection::vec((-1_800_000i32..1_800_000, -900_000i32..900_000), 3..20)) {
        let ring: Vec<_> = corners.iter().map(|&(x, y)| (f64::from(x) / 1e4, f64::from(y) / 1e4)).collect();
        if let Ok(boundary) = Boundary::outline(&ring) {
            prop_assert_eq!(boundary.to_string().parse::<Boundary>().unwrap(), boundary);
        }
    }

    #[test]
    fn no_shape_panics(
        corners in prop::collection::vec((-180.0f64..=180.0, -90.0f64..=90.0), 0..12),
        lat in -90.0f64..=90.0, lng in -180.0f64..=180.0,
    ) {
        if let Ok(boundary) = Boundary::outline(&corners) {
            prop_assert!(boundary.distance_m(place(lat, lng)).is_finite());
            prop_assert!(boundary.area_m2() > 0.0);
            let _ = (boundary.contains(place(lat, lng)), boundary.centroid(), boundary.bounds());
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", coordinates in "[\\[\\]0-9., e-]{0,60}") {
        let _ = text.parse::<Boundary>();
        let _ = format!(r#"{{"type":"Polygon","coordinates":{coordinates}}}"#).parse::<Boundary>();
    }
}
