//! Against brute force: every unit for every cell, and every cell of the city.

use super::*;
use crate::domain::{
    area::Targets,
    boundary::Boundary,
    cell::cell_of,
    gazetteer::balikpapan,
    ids::UnitId,
    incident::Priority,
    sla::policy::{Band, Rules},
    sla::preset::Preset,
    unit::UnitKind,
};
use geo::{Contains, Intersects, LineString, Point, Polygon};
use h3o::{CellIndex, Resolution};
use proptest::prelude::*;
use std::collections::HashSet;

fn name(no: usize) -> UnitId {
    format!("BPN-M{no}").parse().unwrap()
}

/// As `road` has it.
fn straight_ms(unit: &Reach, to: Place) -> i64 {
    (unit.place.distance_m(to) / unit.kind.straight_line_speed_mps() * 1_000.0) as i64
}

fn polygon(cell: CellIndex) -> Polygon<f64> {
    Polygon::new(LineString::from(crate::domain::cell::ring(cell)), vec![])
}

#[test]
fn a_city_is_tiled_whole() {
    let city = balikpapan::outline();
    let tiling = Tiling::new(&city);
    assert_eq!(tiling.resolution(), Resolution::Eight);
    let sum: f64 = tiling.tiles().iter().map(|tile| tile.area_m2).sum();
    assert!((sum / city.area_m2() - 1.0).abs() < 0.002, "{sum} instead of {}", city.area_m2());
    assert!(tiling.tiles().is_sorted_by(|a, b| a.cell < b.cell), "each once, in order");
    let cells: HashSet<_> = tiling.tiles().iter().map(|tile| tile.cell).collect();
    let shape = &city.polygons().0[0];
    for tile in tiling.tiles() {
        let (hexagon, whole_m2) = (polygon(tile.cell), tile.cell.area_m2());
        assert!(shape.intersects(&hexagon), "{} is no cell of the city", tile.cell);
        let share = tile.area_m2 / whole_m2;
        assert!(!shape.contains(&hexagon) || (0.9..1.1).contains(&share), "{} is inside, and has {share}", tile.cell);
        // Whose middle is inside is there, and so are the neighbours whose middles are.
        for near in tile.cell.grid_disk::<Vec<_>>(1) {
            let at = crate::domain::cell::middle(near);
            assert!(!shape.contains(&Point::new(at.lng(), at.lat())) || cells.contains(&near), "{near} is missing");
        }
    }
}

#[test]
fn tilings_are_bounded_whatever_the_shape() {
    let square = |side: f64| {
        Boundary::outline(&[(116.0, -2.0), (116.0 + side, -2.0), (116.0 + side, side - 2.0), (116.0, side - 2.0)])
            .unwrap()
    };
    // 178 km by 178 km is as large as regencies are; a sea is no city.
    for (shape, resolution) in [(square(1.6), Resolution::Seven), (square(60.0), Resolution::Three)] {
        let tiling = Tiling::new(&shape);
        assert!(tiling.resolution() == resolution && tiling.tiles().len() <= TILES_MAX, "{:?}", tiling.resolution());
        let sum: f64 = tiling.tiles().iter().map(|tile| tile.area_m2).sum();
        assert!((sum / shape.area_m2() - 1.0).abs() < 0.01, "{sum} instead of {}", shape.area_m2());
    }
    // A yard: between the lines of the grid.
    let yard = square(1e-5);
    let tiling = Tiling::new(&yard);
    assert_eq!(
        tiling.tiles(),
        [Tile {
            cell: cell_of(yard.centroid()),
            middle: crate::domain::cell::middle(cell_of(yard.centroid())),
            area_m2: yard.area_m2(),
        }]
    );
}

#[test]
fn islands_whose_boxes_overlap_count_once() {
    let two: Boundary = r#"{"type":"MultiPolygon","coordinates":[
        [[[116,-2],[116.2,-2],[116,-1.8],[116,-2]]], [[[116.2,-1.99],[116.2,-1.8],[116.01,-1.8],[116.2,-1.99]]]]}"#
        .parse()
        .unwrap();
    let sum: f64 = Tiling::new(&two).tiles().iter().map(|tile| tile.area_m2).sum();
    assert!((sum / two.area_m2() - 1.0).abs() < 0.01, "{sum} instead of {}", two.area_m2());
}

#[test]
fn a_unit_sent_uncovers_what_only_it_covers() {
    let tiling = Tiling::new(&balikpapan::outline());
    let at = |no: usize, lat: f64, lng: f64| Reach {
        unit: name(no),
        place: Place::new(lat, lng).unwrap(),
        kind: UnitKind::Motorcycle,
        fastest_mps: 10.0,
    };
    let (port, twin, east) = (at(1, -1.26, 116.83), at(2, -1.26, 116.83), at(3, -1.15, 116.98));
    let goals = Goals::new(Rules::simple(Targets::default()), Priority::P1, vec![]);
    let one = |free: &[Reach], busy: &[Reach]| Coverage::new(&tiling, free, busy, &goals, straight_ms);
    let both = one(&[port, twin, east], &[]);
    assert!(both.only[0].cells == 0 && both.only[1].cells == 0, "each of the twins stands in for the other");
    assert!(both.first[1].cells == 0 && both.first[0].cells > 20, "of equals the first by name");
    assert_eq!(both.only[2], both.first[2], "nobody else is there");
    let sent = one(&[port], &[twin, east]);
    assert_eq!(sent.within.cells, both.within.cells - both.only[2].cells);
    assert_eq!((sent.missed[0].cells, sent.missed[1].cells), (0, both.only[2].cells));
    let nobody = one(&[], &[port, twin, east]);
    assert_eq!((nobody.within.cells, nobody.missed[0].cells), (0, sent.within.cells));
    let latest = sent.cells.iter().filter(|cell| cell.is_within()).filter_map(|cell| cell.quickest.first);
    let latest = latest.map(|ride| ride.travel_ms).max().unwrap();
    assert!((500_000..=540_000).contains(&latest), "a minute of the ten is for setting out: {latest}");
    let bands = Goals::new(Preset::Bands2025.rules(), Priority::P1, vec![port.place]);
    let far = Coverage::new(&tiling, &[port], &[], &bands, straight_ms);
    assert!(far.within.cells > sent.within.cells, "far from the station more time is promised");
}

fn reach() -> impl Strategy<Value = Reach> {
    // Many at the same few places, so that equal times are common; some a world away.
    let near = (0..12_i32, 0..12_i32).prop_map(|(a, b)| (-1.3 + f64::from(a) * 0.025, 116.7 + f64::from(b) * 0.025));
    let any = (-1.5..-0.9_f64, 116.5..117.2_f64);
    let far = (-89.0..89.0_f64, -180.0..180.0_f64);
    (0..30_usize, prop_oneof![4 => near, 4 => any, 1 => far], prop::sample::select(UnitKind::ALL), 0..4_u8).prop_map(
        |(no, (lat, lng), kind, known)| Reach {
            unit: name(no),
            place: Place::new(lat, lng).unwrap(),
            kind,
            fastest_mps: if known == 0 { f64::INFINITY } else { kind.straight_line_speed_mps() },
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nobody_is_quicker_than_the_quickest(
        mut free in prop::collection::vec(reach(), 0..40), busy in prop::collection::vec(reach(), 0..10),
        minutes in 1_i64..40, farther in 0_i64..20, station in (-1.4..-1.0_f64, 116.6..117.1_f64),
        at in (-1.4..-1.0_f64, 116.6..117.1_f64), side in 0.01..0.2_f64,
    ) {
        free.sort_by_key(|unit| unit.unit);
        free.dedup_by_key(|unit| unit.unit);
        let band = |from_m, to_m, min: i64| Band { from_m, to_m, ..Band::everywhere(min * 60_000) };
        let bands = vec![band(0, Some(5_000), minutes), band(5_000, None, minutes + farther)];
        let rules = Rules { default: bands, p1: vec![], p2: vec![], p3: vec![], p4: vec![] };
        let station = Place::new(station.0, station.1).unwrap();
        let goals = Goals::new(rules, Priority::P3, vec![station]);
        let (south, west) = at;
        let city = Boundary::outline(&[(west, south), (west + side, south), (west + side, south + side), (west, south + side)]);
        let tiling = Tiling::new(&city.unwrap());
        let found = Coverage::new(&tiling, &free, &busy, &goals, straight_ms);
        let mut want = (Part::default(), vec![Part::default(); free.len()], vec![Part::default(); busy.len()]);
        for (tile, cell) in tiling.tiles().iter().zip(&found.cells) {
            let mut all: Vec<Ride> = (0..free.len())
                .map(|unit| Ride { unit, travel_ms: straight_ms(&free[unit], tile.middle) })
                .collect();
            all.sort_by_key(|ride| (ride.travel_ms, free[ride.unit].unit));
            prop_assert_eq!((cell.quickest.first, cell.quickest.next), (all.first().copied(), all.get(1).copied()));
            let target_ms = 60_000 * if station.distance_m(tile.middle) < 5_000.0 { minutes } else { minutes + farther };
            let is_in_time = |ms: i64| ms + target_ms / 10 <= target_ms;
            let in_time = all.iter().filter(|ride| is_in_time(ride.travel_ms)).count();
            if in_time > 0 {
                want.0.add(tile);
            }
            if in_time == 1 {
                want.1[all[0].unit].add(tile);
            }
            let missed = |unit: &Reach| in_time == 0 && is_in_time(straight_ms(unit, tile.middle));
            for (part, _) in want.2.iter_mut().zip(&busy).filter(|(_, unit)| missed(unit)) {
                part.add(tile);
            }
        }
        prop_assert_eq!((found.within, found.only, found.missed), want);
    }
}
