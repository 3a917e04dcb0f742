//! The edges of a shape, indexed by strips of latitude, and the flat map in which distances to them are measured.
//!
//! Invariant: an edge is listed in every strip that any of its latitudes falls into, so that the index never changes an
//! answer; and it lists at most [`LISTED_PER_EDGE`] times as many edges as there are, whatever the shape.

use crate::domain::place::{Bounds, EARTH_RADIUS_M, Place};
use geo::{Coord, LineString, MultiPolygon, Polygon};

/// How many edges one strip should hold: fewer cost memory, more cost time.
const EDGES_PER_STRIP: usize = 4;
/// How often an edge may be listed, in the mean.
const LISTED_PER_EDGE: f64 = 5.0;

pub(super) struct Edge {
    a: Coord<f64>,
    b: Coord<f64>,
    polygon: u32,
}

impl Edge {
    /// Whether a line from the place to the east crosses this edge. The lower end counts, the upper does not.
    fn is_crossed_east_of(&self, place: Place) -> bool {
        let (a, b, x, y) = (self.a, self.b, place.lng(), place.lat());
        (a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x
    }
}

pub(super) struct Edges {
    all: Vec<Edge>,
    /// Those of strip `i` are `listed[starts[i]..starts[i + 1]]`, in ring order.
    listed: Vec<u32>,
    starts: Vec<u32>,
}

impl Edges {
    /// The edges of checked polygons that have fewer than 2^28 corners.
    pub fn new(polygons: &MultiPolygon<f64>, bounds: &Bounds) -> Self {
        let all: Vec<Edge> = (0u32..)
            .zip(polygons)
            .flat_map(|(polygon, p)| {
                rings(p).flat_map(move |r| r.lines().map(move |l| Edge { a: l.start, b: l.end, polygon }))
            })
            .collect();
        let count = strip_count(&all, bounds);
        let mut held: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (i, edge) in (0u32..).zip(&all) {
            let (low, high) = (edge.a.y.min(edge.b.y), edge.a.y.max(edge.b.y));
            // No line to the east crosses a level edge.
            if low < high {
                let strips = strip_of(low, bounds, count)..=strip_of(high, bounds, count);
                held[strips].iter_mut().for_each(|s| s.push(i));
            }
        }
        let mut starts = vec![0];
        let mut listed = Vec::with_capacity(held.iter().map(Vec::len).sum());
        for strip in held {
            listed.extend(strip);
            starts.push(listed.len() as u32);
        }
        Self { all, listed, starts }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether the place, which lies in the bounds, is in a polygon and not in a hole of it.
    pub fn contain(&self, place: Place, bounds: &Bounds) -> bool {
        let strip = strip_of(place.lat(), bounds, self.starts.len() - 1);
        let (from, to) = (self.starts[strip] as usize, self.starts[strip + 1] as usize);
        let (mut inside, mut polygon) = (false, 0);
        // The edges come polygon by polygon: an odd number of crossings of any one of them is inside.
        for edge in self.listed[from..to].iter().map(|&i| &self.all[i as usize]) {
            if edge.polygon != polygon {
                if inside {
                    return true;
                }
                polygon = edge.polygon;
            }
            inside ^= edge.is_crossed_east_of(place);
        }
        inside
    }

    /// Metres from the place to the nearest edge.
    pub fn distance_m(&self, place: Place) -> f64 {
        let map = FlatMap::around(place);
        self.all.iter().map(|e| map.to_edge_m(e)).fold(f64::INFINITY, f64::min)
    }
}

/// As many strips as there are edges for, and fewer where tall edges would be listed in too many of them.
fn strip_count(edges: &[Edge], bounds: &Bounds) -> usize {
    let heights: f64 = edges.iter().map(|e| (e.a.y - e.b.y).abs()).sum();
    let affordable = (LISTED_PER_EDGE - 2.0) * edges.len() as f64 * (bounds.north - bounds.south) / heights;
    // A cast of a float saturates, and not-a-number becomes 0.
    (edges.len() / EDGES_PER_STRIP).min(affordable as usize).max(1)
}

/// Which strip holds `lat`. Never falls as `lat` rises, so that an edge is found from every latitude that it spans,
/// whatever is lost in rounding.
fn strip_of(lat: f64, bounds: &Bounds, strips: usize) -> usize {
    let share = (lat - bounds.south) / (bounds.north - bounds.south);
    ((share * strips as f64) as usize).min(strips - 1)
}

pub(super) fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// A flat map in metres around one place. Within 1 % up to 500 km away in the latitudes of Indonesia; coarser far away.
pub(super) struct FlatMap {
    middle: Coord<f64>,
    x_per_deg: f64,
    y_per_deg: f64,
}

impl FlatMap {
    pub fn around(place: Place) -> Self {
        let y_per_deg = EARTH_RADIUS_M.to_radians();
        let x_per_deg = y_per_deg * place.lat().to_radians().cos();
        Self { middle: Coord { x: place.lng(), y: place.lat() }, x_per_deg, y_per_deg }
    }

    /// Metres east and north of the middle.
    pub fn project(&self, c: Coord<f64>) -> Coord<f64> {
        Coord { x: (c.x - self.middle.x) * self.x_per_deg, y: (c.y - self.middle.y) * self.y_per_deg }
    }

    /// Metres from the middle to the nearest point of an edge.
    fn to_edge_m(&self, edge: &Edge) -> f64 {
        let (a, b) = (self.project(edge.a), self.project(edge.b));
        let along = b - a;
        let length2 = along.x * along.x + along.y * along.y;
        let share = if length2 > 0.0 { (-(a.x * along.x + a.y * along.y) / length2).clamp(0.0, 1.0) } else { 0.0 };
        (a.x + share * along.x).hypot(a.y + share * along.y)
    }
}

/// Surface, square metres, holes left out; never negative.
pub(super) fn area_m2(polygons: &MultiPolygon<f64>) -> f64 {
    let of_one = |p: &Polygon<f64>| {
        let holes: f64 = p.interiors().iter().map(ring_area_m2).sum();
        (ring_area_m2(p.exterior()) - holes).max(0.0)
    };
    polygons.iter().map(of_one).sum()
}

/// Surface of a ring, square metres, by the shoelace formula on Lambert's equal-area cylinder. Which way round the ring
/// runs makes no difference: real files keep neither rule.
fn ring_area_m2(ring: &LineString<f64>) -> f64 {
    let flat = |c: Coord<f64>| (EARTH_RADIUS_M * c.x.to_radians(), EARTH_RADIUS_M * c.y.to_radians().sin());
    let Some(origin) = ring.0.first().map(|&c| flat(c)) else { return 0.0 };
    let doubled = ring.lines().map(|l| {
        let ((ax, ay), (bx, by)) = (flat(l.start), flat(l.end));
        (ax - origin.0) * (by - origin.1) - (bx - origin.0) * (ay - origin.1)
    });
    (doubled.sum::<f64>() / 2.0).abs()
}
