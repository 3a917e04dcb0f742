//! The shape of a city or a district: which places lie in it, how large it is, how far away a place is.
//!
//! Invariants: there is at least one polygon; every ring is closed and has four positions or more; every position is on
//! the earth; the area is at least a square metre. Shapes are (lng, lat) as GeoJSON and `geo` write them; outside this
//! room of the domain there is only [`Place`], which is (lat, lng).
//!
//! A border belongs to one side only (half-open rule), so that a place on the line between two cities that share it lies
//! in exactly one of them. Shapes that cross the antimeridian must be cut there, as RFC 7946 asks.

mod edges;
mod outline;

pub use outline::{Rings, tolerance_deg};

use super::place::{Bounds, InvalidPlace, Place};
use edges::{Edges, FlatMap};
use geo::{Area, Centroid, Coord, LineString, MultiPolygon, Polygon};
use geojson::{Geometry, GeometryValue, PolygonType};
use std::{fmt, str::FromStr, sync::Arc};

/// More corners than this in one shape are refused: a hundred times the most intricate city of Indonesia.
const CORNERS_MAX: usize = 2_000_000;
/// What is smaller than this is a line, save for rounding.
const AREA_MIN_M2: f64 = 1.0;
/// A square degree at the equator, square metres.
const DEG2_M2: f64 = 1.236e10;

/// The outline of an area, with its holes and islands. Cheap to clone.
#[derive(Clone)]
pub struct Boundary(Arc<Shape>);

struct Shape {
    polygons: MultiPolygon<f64>,
    bounds: Bounds,
    area_m2: f64,
    edges: Edges,
}

/// Why a text is no boundary.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadBoundary {
    /// Not a GeoJSON geometry at all.
    #[error("it is not a GeoJSON geometry: {0}")]
    NotGeometry(String),
    /// A geometry, but of another kind.
    #[error("its geometry is a {0}, not a Polygon or MultiPolygon")]
    NotPolygon(&'static str),
    /// A shape without polygons, or a polygon without rings.
    #[error("its geometry is empty")]
    Empty,
    /// Fewer positions than a triangle needs.
    #[error("a ring has {0} positions; a closed one needs at least 4")]
    RingTooShort(usize),
    /// Not back where it began.
    #[error("a ring does not end where it begins")]
    RingOpen,
    /// A position of one number or none.
    #[error("a position has {0} numbers; it needs longitude and latitude")]
    PositionTooShort(usize),
    /// Off the earth, or not a number.
    #[error("a position is not on the earth: {0}")]
    OffEarth(#[from] InvalidPlace),
    /// All points on a line, or less than a square metre.
    #[error("it has no area")]
    NoArea,
    /// Larger than any real shape.
    #[error("it has {0} corners; at most 2000000 are taken")]
    TooManyCorners(usize),
}

/// Metres from the place to a box, 0 inside: never more than [`Boundary::distance_m`] of a shape that the box is around.
#[must_use]
pub fn distance_to_box_m(bounds: &Bounds, place: Place) -> f64 {
    let nearest =
        Coord { x: place.lng().clamp(bounds.west, bounds.east), y: place.lat().clamp(bounds.south, bounds.north) };
    let at = FlatMap::around(place).project(nearest);
    at.x.hypot(at.y)
}

fn box_around<'a>(coords: impl Iterator<Item = &'a Coord<f64>>) -> Bounds {
    let start = Bounds { south: 90.0, west: 180.0, north: -90.0, east: -180.0 };
    coords.fold(start, |b, c| Bounds {
        south: b.south.min(c.y),
        west: b.west.min(c.x),
        north: b.north.max(c.y),
        east: b.east.max(c.x),
    })
}

impl Boundary {
    /// A boundary from rings of (lng, lat).
    ///
    /// # Errors
    /// [`BadBoundary`] when a ring is too short, open or off the earth, or when the whole has no area.
    pub fn new(polygons: MultiPolygon<f64>) -> Result<Self, BadBoundary> {
        if polygons.0.is_empty() {
            return Err(BadBoundary::Empty);
        }
        let rings = || polygons.iter().flat_map(edges::rings);
        rings().try_for_each(check_ring)?;
        let corners = rings().map(|r| r.0.len()).sum();
        if corners > CORNERS_MAX {
            return Err(BadBoundary::TooManyCorners(corners));
        }
        let area_m2 = edges::area_m2(&polygons);
        // A line across degrees bends on the sphere and seems to hold something there, so both must agree.
        if area_m2.min(polygons.unsigned_area() * DEG2_M2) < AREA_MIN_M2 {
            return Err(BadBoundary::NoArea);
        }
        let bounds = box_around(rings().flat_map(LineString::coords));
        let edges = Edges::new(&polygons, &bounds);
        Ok(Self(Arc::new(Shape { polygons, bounds, area_m2, edges })))
    }

    /// A boundary of one ring of (lng, lat), closed or not.
    ///
    /// # Errors
    /// As [`Boundary::new`].
    pub fn outline(ring: &[(f64, f64)]) -> Result<Self, BadBoundary> {
        Self::new(Polygon::new(LineString::from(ring.to_vec()), vec![]).into())
    }

    /// Whether the place lies inside: in a polygon and not in a hole of it.
    #[must_use]
    pub fn contains(&self, place: Place) -> bool {
        self.0.bounds.contains(place) && self.0.edges.contain(place, &self.0.bounds)
    }

    /// Surface, square metres (on the sphere, holes left out).
    #[must_use]
    pub fn area_m2(&self) -> f64 {
        self.0.area_m2
    }

    /// Metres from the place to the nearest point of the area, 0 inside. Within 1 % up to 500 km in Indonesia.
    #[must_use]
    pub fn distance_m(&self, place: Place) -> f64 {
        if self.contains(place) { 0.0 } else { self.0.edges.distance_m(place) }
    }

    /// Metres from the place to the nearest point of the border, from either side. As exact as [`Self::distance_m`].
    #[must_use]
    pub fn border_m(&self, place: Place) -> f64 {
        self.0.edges.distance_m(place)
    }

    /// The smallest upright box around it.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.0.bounds
    }

    /// The centre of mass. It may lie outside, as that of a crescent does.
    #[must_use]
    pub fn centroid(&self) -> Place {
        let Bounds { south, west, north, east } = self.0.bounds;
        let middle = Coord { x: west.midpoint(east), y: south.midpoint(north) };
        let c = self.0.polygons.centroid().map_or(middle, Coord::from);
        Place::new(c.y, c.x)
            .or_else(|_| Place::new(middle.y, middle.x))
            .expect("the middle of a box on the earth is on the earth")
    }

    /// The polygons, (lng, lat).
    #[must_use]
    pub fn polygons(&self) -> &MultiPolygon<f64> {
        &self.0.polygons
    }

    /// How many edges the shape has.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.0.edges.len()
    }
}

impl FromStr for Boundary {
    type Err = BadBoundary;

    /// Reads the text of a GeoJSON geometry, Polygon or MultiPolygon.
    fn from_str(text: &str) -> Result<Self, BadBoundary> {
        let geometry: Geometry = text.parse().map_err(|e: geojson::Error| BadBoundary::NotGeometry(e.to_string()))?;
        let polygons = match &geometry.value {
            GeometryValue::Polygon { coordinates } => vec![polygon(coordinates)?],
            GeometryValue::MultiPolygon { coordinates } => coordinates.iter().map(polygon).collect::<Result<_, _>>()?,
            other => return Err(BadBoundary::NotPolygon(other.type_name())),
        };
        Self::new(MultiPolygon(polygons))
    }
}

impl fmt::Display for Boundary {
    /// The text of a GeoJSON `MultiPolygon`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        GeometryValue::from(&self.0.polygons).fmt(f)
    }
}

impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boundary").field("edges", &self.edge_count()).field("bounds", &self.0.bounds).finish()
    }
}

impl PartialEq for Boundary {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.polygons == other.0.polygons
    }
}

/// A polygon as read; each ring must be closed in the text, since `geo` would close it in silence.
fn polygon(rings: &PolygonType) -> Result<Polygon<f64>, BadBoundary> {
    let coord = |p: &geojson::Position| match p.as_slice() {
        [x, y, ..] => Ok(Coord { x: *x, y: *y }),
        short => Err(BadBoundary::PositionTooShort(short.len())),
    };
    let read = |ring: &Vec<geojson::Position>| {
        let line = LineString(ring.iter().map(coord).collect::<Result<_, _>>()?);
        check_ring(&line).map(|()| line)
    };
    let mut rings = rings.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter();
    let exterior = rings.next().ok_or(BadBoundary::Empty)?;
    Ok(Polygon::new(exterior, rings.collect()))
}

fn check_ring(ring: &LineString<f64>) -> Result<(), BadBoundary> {
    for c in ring.coords() {
        Place::new(c.y, c.x)?;
    }
    match ring.0.len() {
        short @ ..4 => Err(BadBoundary::RingTooShort(short)),
        _ if ring.is_closed() => Ok(()),
        _ => Err(BadBoundary::RingOpen),
    }
}

#[cfg(test)]
mod tests;
