//! Where help would come in time now: for each cell of a city the quickest free unit, and what is lost when one is sent.
//!
//! Invariants: the quickest unit of a cell is that of looking at all of them; a cell is within the target when the
//! expected travel to its middle, and the time that the promise gives a crew to set out, are not above the target there; *only* one unit covers a cell when
//! the next one would be too late.

mod goal;
mod quickest;
mod tiling;

pub use goal::{Goal, Goals};
pub use quickest::{Quickest, Reach, Ride};
pub use tiling::{TILES_MAX, Tile, Tiling};

use super::place::Place;
use quickest::{Scout, Search, in_time};

/// A part of a city.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// How many cells.
    pub cells: usize,
    /// How much of the city, square metres.
    pub area_m2: f64,
}

impl Part {
    fn add(&mut self, tile: &Tile) {
        self.cells += 1;
        self.area_m2 += tile.area_m2;
    }
}

/// A cell and who would be there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The promise for a scene at its middle.
    pub goal: Goal,
    /// The quickest unit, and the next one.
    pub quickest: Quickest,
}

impl Cell {
    /// Whether a unit is there within the target.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.quickest.first.is_some_and(|first| self.allows(first))
    }

    /// Whether one unit is there within the target, and no other.
    #[must_use]
    pub fn is_only(&self) -> bool {
        self.is_within() && self.quickest.next.is_none_or(|next| !self.allows(next))
    }

    const fn allows(&self, ride: Ride) -> bool {
        ride.travel_ms <= self.goal.travel_ms()
    }
}

/// The coverage of a city. Units are named by their places in the lists that were given.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The cells of the tiling, in its order.
    pub cells: Vec<Cell>,
    /// The whole city.
    pub whole: Part,
    /// What of it is within the target.
    pub within: Part,
    /// For each free unit the cells where it is the quickest, and in time.
    pub first: Vec<Part>,
    /// For each free unit what is uncovered when it is sent: the cells that only it covers.
    pub only: Vec<Part>,
    /// For each unit that is busy what it uncovers: cells that nobody covers, and it would if it were free where it is.
    pub missed: Vec<Part>,
}

impl Coverage {
    /// The coverage of these cells by these units; `travel_ms` tells the expected travel of a unit to a place.
    #[must_use]
    pub fn new<F>(tiling: &Tiling, free: &[Reach], busy: &[Reach], goals: &Goals, travel_ms: F) -> Self
    where
        F: Fn(&Reach, Place) -> i64,
    {
        let scouts: Vec<Scout> = busy.iter().map(Scout::new).collect();
        let mut search = Search::new(free, &travel_ms);
        let mut found = Self {
            cells: Vec::with_capacity(tiling.tiles().len()),
            whole: Part::default(),
            within: Part::default(),
            first: vec![Part::default(); free.len()],
            only: vec![Part::default(); free.len()],
            missed: vec![Part::default(); busy.len()],
        };
        for tile in tiling.tiles() {
            let cell = Cell { goal: goals.at(tile.middle), quickest: search.to(tile.middle) };
            found.whole.add(tile);
            match cell.quickest.first.filter(|_| cell.is_within()) {
                Some(first) => {
                    found.within.add(tile);
                    found.first[first.unit].add(tile);
                    if cell.is_only() {
                        found.only[first.unit].add(tile);
                    }
                }
                None => {
                    for unit in in_time(busy, &scouts, tile.middle, cell.goal.travel_ms(), &travel_ms) {
                        found.missed[unit].add(tile);
                    }
                }
            }
            found.cells.push(cell);
        }
        found
    }
}

#[cfg(test)]
mod tests;
