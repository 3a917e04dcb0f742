//! The shapes of areas for maps: as exact as a screen shows them, and no more.
//!
//! Invariant: nothing is decided by them. Which city a place lies in is asked of the boundary itself.

use super::{Engine, Error};
use crate::domain::{
    access::{Act, Scope},
    area::{Area, Level},
    atlas::District,
    boundary::{Boundary, Rings, tolerance_deg},
    ids::AreaCode,
    place::Bounds,
    refusal::Refusal,
};

/// An area's shape, and of what lies in it.
pub struct Outline {
    /// Which area.
    pub area: AreaCode,
    /// How far a line may be from the border, degrees.
    pub tolerance_deg: f64,
    /// The area, and the cities in it, in code order, each with its shape where it has one.
    pub areas: Vec<(Area, Option<Rings>)>,
    /// The districts of a city, in code order.
    pub districts: Vec<(District, Option<Rings>)>,
}

impl Engine {
    /// The outline of an area: of a city with its districts, of a region and the nation with their cities. Takes a
    /// moment where shapes are intricate, so it is reckoned aside.
    ///
    /// # Errors
    /// [`Error`] when the area is not there or out of scope.
    pub async fn outline(&self, scope: &Scope, code: AreaCode) -> Result<Outline, Error> {
        scope.require(code, Act::See)?;
        let catalog = self.catalog();
        let reckoned = self.reckon(move || {
            let asked = catalog.area(code)?;
            let below = catalog.tree().within(code);
            let cities = below.iter().filter_map(|&code| catalog.area(code)).filter(|a| a.level == Level::City);
            let above = (asked.level != Level::City).then_some(asked);
            let areas: Vec<&Area> = above.into_iter().chain(cities).collect();
            let districts = catalog.districts(code);
            let shapes = || areas.iter().filter_map(|a| catalog.boundary(a.code));
            let tolerance_deg = around(shapes().chain(districts.iter().filter_map(|d| d.boundary.as_ref())));
            let drawn = |shape: Option<&Boundary>| shape.map(|shape| shape.drawn(tolerance_deg));
            Some(Outline {
                area: code,
                tolerance_deg,
                areas: areas.iter().map(|&a| (a.clone(), drawn(catalog.boundary(a.code)))).collect(),
                districts: districts.iter().map(|d| (d.clone(), drawn(d.boundary.as_ref()))).collect(),
            })
        });
        reckoned.await?.ok_or_else(|| Refusal::NotFound("area").into())
    }
}

/// The tolerance for all these together; 0 without any.
fn around<'a>(shapes: impl Iterator<Item = &'a Boundary>) -> f64 {
    let whole = shapes.map(Boundary::bounds).reduce(|a, b| Bounds {
        south: a.south.min(b.south),
        west: a.west.min(b.west),
        north: a.north.max(b.north),
        east: a.east.max(b.east),
    });
    whole.map_or(0.0, |bounds| tolerance_deg(&bounds))
}
