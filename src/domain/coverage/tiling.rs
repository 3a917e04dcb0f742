//! The H3 cells of a city, each with how much of it the city holds.
//!
//! Invariants: there is at least one cell and at most [`TILES_MAX`], whatever the shape; a cell is there once, and in
//! the order of the index, so that neighbours are mostly near to each other. Where a city would have more cells, they
//! are larger.
//!
//! What of a cell lies in the city is told by samples on a grid: what counts as inside is what counts for an incident
//! ([`Boundary::contains`]), no shape is too crooked for it, and the error is far below what a map shows.

use crate::domain::{
    boundary::Boundary,
    cell::{RESOLUTION, cell_at, middle},
    place::{EARTH_RADIUS_M, Place},
};
use geo::{BoundingRect, Rect};
use h3o::{CellIndex, Resolution};
use std::collections::{BTreeMap, HashSet};

/// A city has so many cells at most. At resolution 8 they hold some 5,500 km²: all towns, and most regencies.
pub const TILES_MAX: usize = 8_000;
/// Samples in a cell of the usual size. What holds none, as an islet of a hectare, is left out.
const SAMPLES: f64 = 50.0;
/// So many samples are looked at for one city, at most: a third of a second.
const LOOKED_AT_MAX: f64 = 4e6;

/// A cell of a city.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tile {
    /// Which.
    pub cell: CellIndex,
    /// Its middle, which may lie outside of the city.
    pub middle: Place,
    /// How much of it lies in the city, square metres.
    pub area_m2: f64,
}

/// The cells of a city.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiling {
    resolution: Resolution,
    tiles: Vec<Tile>,
}

impl Tiling {
    /// The cells of a boundary: at [`RESOLUTION`], or at the next coarser one at which they are few enough. Takes up to
    /// a second for the largest regencies.
    #[must_use]
    pub fn new(boundary: &Boundary) -> Self {
        let boxes: Vec<Rect> = boundary.polygons().iter().filter_map(BoundingRect::bounding_rect).collect();
        let boxes_m2: f64 = boxes.iter().map(box_m2).sum();
        let mut resolution = RESOLUTION;
        loop {
            let is_last = resolution == Resolution::Zero;
            let per_cell = resolution.area_m2() / SAMPLES;
            #[expect(clippy::cast_precision_loss, reason = "a small constant")]
            let fits =
                boundary.area_m2() / resolution.area_m2() <= TILES_MAX as f64 && boxes_m2 / per_cell <= LOOKED_AT_MAX;
            if fits || is_last {
                let tiles = sample(boundary, &boxes, resolution);
                if tiles.len() <= TILES_MAX || is_last {
                    return Self { resolution, tiles };
                }
            }
            // Of resolution 0 there are 122 cells on the whole earth.
            resolution = resolution.pred().unwrap_or(Resolution::Zero);
        }
    }

    /// The resolution of the cells.
    #[must_use]
    pub const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The cells.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }
}

/// Surface of a box of degrees, square metres, roughly.
fn box_m2(rect: &Rect) -> f64 {
    let m_per_deg = EARTH_RADIUS_M.to_radians();
    rect.height() * m_per_deg * rect.width() * m_per_deg * rect.center().y.to_radians().cos()
}

/// The cells that hold a sample in the boundary, with what their samples stand for. The grid is one for the whole
/// city, so that a sample in two boxes is the same one.
fn sample(boundary: &Boundary, boxes: &[Rect], resolution: Resolution) -> Vec<Tile> {
    let step_m = (resolution.area_m2() / SAMPLES).sqrt();
    let north_deg = (step_m / EARTH_RADIUS_M).to_degrees();
    let bounds = boundary.bounds();
    let east_deg = north_deg / bounds.south.midpoint(bounds.north).to_radians().cos().max(0.01);
    let mut areas: BTreeMap<CellIndex, f64> = BTreeMap::new();
    let mut counted = HashSet::new();
    for rect in boxes {
        for (row, lat) in grid(rect.min().y, rect.max().y, north_deg) {
            let sample_m2 = step_m * east_deg * EARTH_RADIUS_M.to_radians() * lat.to_radians().cos();
            for (column, lng) in grid(rect.min().x, rect.max().x, east_deg) {
                let Ok(place) = Place::new(lat, lng) else { continue };
                if boundary.contains(place) && counted.insert((row, column)) {
                    *areas.entry(cell_at(place, resolution)).or_default() += sample_m2;
                }
            }
        }
    }
    if areas.is_empty() {
        areas.insert(cell_at(boundary.centroid(), resolution), boundary.area_m2());
    }
    areas.into_iter().map(|(cell, area_m2)| Tile { cell, middle: middle(cell), area_m2 }).collect()
}

/// The lines of a grid between two values, each with its number.
fn grid(from: f64, to: f64, step: f64) -> impl Iterator<Item = (i64, f64)> {
    #[expect(clippy::cast_possible_truncation, reason = "degrees by a step of metres are far below 2^53")]
    let numbers = (from / step).floor() as i64..=(to / step).floor() as i64;
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    numbers.map(move |number| (number, (number as f64 + 0.5) * step))
}
