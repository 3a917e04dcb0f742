//! H3 cells: the shared key of live positions, coverage and coarse public places.
//!
//! Invariant: what lies outside of a [`Disk`] is farther than [`Disk::sure_m`]. Ring order is not distance order, so a
//! search over cells may stop only at a hit within that distance.

use super::place::Place;
use h3o::{CellIndex, LatLng, Resolution};

/// The resolution of live positions: an edge is about 530 m, which suits a city's units.
pub const RESOLUTION: Resolution = Resolution::Eight;

/// Of the distance that the geometry of even hexagons promises, so much is certain: the worst ratio found is 0.980,
/// near the vertices of the icosahedron (measured over resolutions 8 and 9; tried anew by the test below).
const CERTAIN: f64 = 0.975;

/// The cell of a place.
#[must_use]
pub fn cell_of(place: Place) -> CellIndex {
    cell_at(place, RESOLUTION)
}

/// The cell of a place at another resolution.
#[must_use]
pub fn cell_at(place: Place, resolution: Resolution) -> CellIndex {
    LatLng::new(place.lat(), place.lng()).expect("a place is finite").to_cell(resolution)
}

/// The middle of a cell.
#[must_use]
pub fn middle(cell: CellIndex) -> Place {
    let at = LatLng::from(cell);
    Place::new(at.lat(), at.lng()).expect("the middle of a cell is on the earth")
}

/// The corners of a cell as (lng, lat), counterclockwise, the first one again at the end: a ring of GeoJSON. Across the
/// antimeridian the longitudes go on beyond 180°, so that the ring stays whole.
#[must_use]
pub fn ring(cell: CellIndex) -> Vec<[f64; 2]> {
    let (middle, corners) = (LatLng::from(cell).lng(), cell.boundary());
    let near = |lng: f64| lng + 360.0 * ((middle - lng) / 360.0).round();
    corners.iter().chain(corners.first()).map(|at| [near(at.lng()), at.lat()]).collect()
}

/// The cells around a place, to the given number of rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The cells, the place's own first.
    pub cells: Vec<CellIndex>,
    rings: u32,
}

impl Disk {
    /// The disk of `rings` rings around the cell of `place`. `None` where a pentagon distorts it: there a search
    /// must look at everything.
    #[must_use]
    pub fn around(place: Place, rings: u32) -> Option<Self> {
        let cells = cell_of(place).grid_disk_fast(rings).collect::<Option<_>>()?;
        Some(Self { cells, rings })
    }

    /// Whatever is no farther than this lies in one of the cells, metres. Costs about 1 µs for each cell.
    #[must_use]
    pub fn sure_m(&self) -> f64 {
        let edge_m = self.cells.iter().map(|cell| shortest_edge_m(*cell)).fold(f64::INFINITY, f64::min);
        CERTAIN * edge_m * (1.5 * f64::from(self.rings) - 0.5).max(0.0)
    }
}

/// The shortest side of a cell, metres. Where a cell has a corner more (on an edge of the icosahedron) its side is in
/// parts, and the result is too short, which is safe. A tenth of the time that asking for each edge takes.
fn shortest_edge_m(cell: CellIndex) -> f64 {
    let corners = cell.boundary();
    let place = |at: &LatLng| Place::new(at.lat(), at.lng()).expect("a corner of a cell is on the earth");
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    sides.map(|(a, b)| place(a).distance_m(place(b))).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Places where H3 is least even: around the twelve pentagons, the twenty face centres' far corners, the poles
    /// and the antimeridian.
    fn anywhere() -> impl Strategy<Value = Place> {
        let corner = (0_usize..12, 0.0..360.0, 0.0..30_000.0).prop_map(|(i, b, d)| {
            let pentagon = h3o::Resolution::Eight.pentagons().nth(i).unwrap();
            middle(pentagon).moved(b, d)
        });
        let sphere = (-1.0..1.0_f64, -180.0..180.0).prop_map(|(z, l)| Place::new(z.asin().to_degrees(), l).unwrap());
        let odd = (prop::sample::select(vec![(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0)]), 0.0..360.0, 0.0..3_000.0)
            .prop_map(|((lat, lng), b, d)| Place::new(lat, lng).unwrap().moved(b, d));
        prop_oneof![corner, sphere, odd]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn what_is_outside_of_a_disk_is_farther(place in anywhere(), rings in 0_u32..5, turn in 0.0..360.0, part in 0.0..1.0) {
            let Some(disk) = Disk::around(place, rings) else { return Ok(()) };
            prop_assert!(disk.cells.contains(&cell_of(place)));
            let sure_m = disk.sure_m();
            // Just inside the radius: in every direction, the farthest that is promised.
            let other = place.moved(turn, sure_m * (1.0 - part * 1e-3) - 1e-3);
            if sure_m > 1.0 {
                prop_assert!(disk.cells.contains(&cell_of(other)), "{place} {other} {sure_m}");
            }
        }
    }

    #[test]
    fn a_ring_is_closed_whole_and_counterclockwise() {
        for (lat, lng) in [(-1.268, 116.832), (-8.5, 180.0), (60.0, -179.999), (41.0, 0.0)] {
            let ring = ring(cell_of(Place::new(lat, lng).unwrap()));
            assert!(ring.len() >= 6 && ring.first() == ring.last());
            let doubled = ring.windows(2).map(|w| w[0][0] * w[1][1] - w[1][0] * w[0][1]).sum::<f64>();
            assert!(doubled > 0.0, "{ring:?}");
            assert!(ring.windows(2).all(|w| (w[0][0] - w[1][0]).abs() < 0.1), "{ring:?}");
        }
    }

    #[test]
    fn a_disk_reaches_as_far_as_its_rings() {
        let here = Place::new(-1.268, 116.832).unwrap();
        assert_eq!(Disk::around(here, 0).unwrap().sure_m(), 0.0);
        let two = Disk::around(here, 2).unwrap();
        assert_eq!(two.cells.len(), 19);
        assert!((1_000.0..1_500.0).contains(&two.sure_m()), "{}", two.sure_m());
        assert_eq!(Disk::around(middle(Resolution::Eight.pentagons().next().unwrap()), 1), None);
    }
}
