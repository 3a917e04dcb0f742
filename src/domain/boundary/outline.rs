//! A shape as it is drawn: with no more corners than can be told apart on a screen.
//!
//! Invariants: every ring is closed and has four positions or more; a shape never vanishes, however small it is beside
//! the tolerance. What is drawn is no border: [`Boundary::contains`] asks the shape itself.

use super::Boundary;
use crate::domain::place::Bounds;
use geo::{LineString, MultiPolygon, Polygon, Simplify};

/// Of the longer side of a shape, so little may be lost: a pixel where the whole is 4,000 pixels wide.
const STEPS: f64 = 4_000.0;
/// Digits that are told, 1.1 m.
const ROUND: f64 = 1e5;

/// Polygons of rings of (lng, lat), closed, as GeoJSON writes them.
pub type Rings = Vec<Vec<Vec<[f64; 2]>>>;

/// How far a line of something of this size may be from where it truly is, degrees.
#[must_use]
pub fn tolerance_deg(around: &Bounds) -> f64 {
    (around.north - around.south).max(around.east - around.west) / STEPS
}

impl Boundary {
    /// The shape with corners left out that change it by less than the tolerance (Ramer, Douglas and Peucker), and
    /// islands and holes that are smaller.
    #[must_use]
    pub fn drawn(&self, tolerance_deg: f64) -> Rings {
        let large = |ring: &LineString<f64>| extent_deg(ring) > tolerance_deg;
        let kept = |polygon: &Polygon<f64>| {
            let holes = polygon.interiors().iter().filter(|hole| large(hole)).cloned().collect();
            Polygon::new(polygon.exterior().clone(), holes)
        };
        let islands: Vec<_> = self.polygons().iter().filter(|p| large(p.exterior())).map(kept).collect();
        let whole = if islands.is_empty() { self.polygons().clone() } else { MultiPolygon(islands) };
        let simple = whole.simplify(tolerance_deg);
        simple.iter().map(|polygon| super::edges::rings(polygon).map(told).collect()).collect()
    }
}

/// The longer side of the box around a ring, degrees.
fn extent_deg(ring: &LineString<f64>) -> f64 {
    let around = super::box_around(ring.coords());
    (around.north - around.south).max(around.east - around.west)
}

fn told(ring: &LineString<f64>) -> Vec<[f64; 2]> {
    let round = |degrees: f64| (degrees * ROUND).round() / ROUND;
    ring.coords().map(|c| [round(c.x), round(c.y)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::place::Place;

    /// A crooked coast: a circle with teeth of some metres.
    fn coast(corners: u32, tooth: f64) -> Vec<(f64, f64)> {
        let at = |n: u32| {
            let (turn, far) = (
                f64::from(n) * std::f64::consts::TAU / f64::from(corners),
                if n.is_multiple_of(2) { 0.1 } else { 0.1 + tooth },
            );
            (116.8 + far * turn.cos(), -1.2 + far * turn.sin())
        };
        (0..corners).map(at).collect()
    }

    #[test]
    fn teeth_that_nobody_sees_are_left_out_and_the_line_stays_where_it_is() {
        let shape = Boundary::outline(&coast(20_000, 2e-5)).unwrap();
        let tolerance = tolerance_deg(&shape.bounds());
        let drawn = shape.drawn(tolerance);
        assert_eq!((drawn.len(), drawn[0].len()), (1, 1));
        let ring = &drawn[0][0];
        assert!((20..600).contains(&ring.len()), "{} corners of 20,000", ring.len());
        assert_eq!(ring.first(), ring.last());
        for [lng, lat] in ring {
            assert!(shape.border_m(Place::new(*lat, *lng).unwrap()) < 3.0, "each corner is one of the shape");
        }
        let middles =
            ring.windows(2).map(|w| Place::new((w[0][1] + w[1][1]) / 2.0, (w[0][0] + w[1][0]) / 2.0).unwrap());
        for middle in middles {
            assert!(shape.border_m(middle) < tolerance * 111_195.0 + 3.0, "{middle} is off the line");
        }
    }

    #[test]
    fn what_is_small_is_left_out_unless_it_is_all_there_is() {
        let square = |lng: f64, lat: f64, side: f64| {
            Polygon::new(
                LineString::from(vec![(lng, lat), (lng + side, lat), (lng + side, lat + side), (lng, lat + side)]),
                vec![],
            )
        };
        let islands = MultiPolygon(vec![square(116.0, -1.0, 0.5), square(117.0, -1.0, 0.000_05)]);
        let both = Boundary::new(islands).unwrap();
        assert_eq!(both.drawn(tolerance_deg(&both.bounds())), [[square_ring(116.0, -1.0, 0.5)]]);
        let rock = Boundary::new(square(117.0, -1.0, 0.000_5).into()).unwrap();
        assert_eq!(rock.drawn(0.01)[0][0].len(), 5, "a rock among cities is still there");
    }

    fn square_ring(lng: f64, lat: f64, side: f64) -> Vec<[f64; 2]> {
        vec![[lng, lat], [lng + side, lat], [lng + side, lat + side], [lng, lat + side], [lng, lat]]
    }
}
