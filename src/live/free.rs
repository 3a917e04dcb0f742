//! The free units of an area that have a fix: those whom a search may find.
//!
//! Up to some thousands they lie side by side and a search looks at all ([`Block`]); beyond, they are kept by cell
//! ([`Cells`]). Invariant: `spots` knows where each is, and one that is not here has none.

use super::{
    block::Block,
    cells::{Cells, Spot},
    near::{Near, Vector, step, vector},
};
use crate::domain::{place::Place, time::UnixMs};

/// From so many free units on they are kept by cell. Measured with 5,000 of 10,000 units free (`benches/nearest.rs`): a
/// search takes 0.8 µs by cell and 2.3 µs side by side, and moves cost the same; with 500, 0.5 µs side by side is less
/// than a search by cell ever takes. Tests try both ways with fewer.
pub(super) const CELLS_FROM: usize = if cfg!(test) { 40 } else { 4_096 };
/// Below so many they are kept side by side again; the gap keeps an area at the border from changing for ever.
pub(super) const BLOCK_BELOW: usize = CELLS_FROM / 2;

#[derive(Debug)]
enum Kept {
    Block(Block),
    Cells(Box<Cells>),
}

#[derive(Clone, Copy, Debug)]
enum Where {
    Nowhere,
    Block(u32),
    Cells(Spot),
}

/// The free units of an area that have a fix.
#[derive(Debug)]
pub(super) struct Free {
    kept: Kept,
    spots: Vec<Where>,
}

impl Default for Free {
    fn default() -> Self {
        Self { kept: Kept::Block(Block::default()), spots: Vec::new() }
    }
}

impl Free {
    /// Puts the unit of this slot at a place.
    pub(super) fn set(&mut self, slot: u32, place: Place, at: UnixMs) {
        let (to, at_step) = (vector(place), step(at));
        let stays = match (&mut self.kept, self.spots.get(slot as usize)) {
            (Kept::Block(block), Some(Where::Block(pos))) => {
                block.set(*pos, to, at_step);
                true
            }
            (Kept::Cells(cells), Some(Where::Cells(spot))) => cells.stay(*spot, to, at_step),
            _ => false,
        };
        if !stays {
            self.take_out(slot);
            self.insert(slot, place, to, at_step);
            self.spread_out();
        }
    }

    /// Takes the unit of this slot out, if it is here.
    pub(super) fn remove(&mut self, slot: u32) {
        self.take_out(slot);
        self.close_up();
    }

    /// Offers to the search all who may matter.
    pub(super) fn search(&self, near: &mut Near<'_>) {
        match &self.kept {
            Kept::Block(block) => block.search(near),
            Kept::Cells(cells) => cells.search(near),
        }
    }

    fn insert(&mut self, slot: u32, place: Place, at: Vector, at_step: i32) {
        if self.spots.len() <= slot as usize {
            self.spots.resize(slot as usize + 1, Where::Nowhere);
        }
        self.spots[slot as usize] = match &mut self.kept {
            Kept::Block(block) => Where::Block(block.push(slot, at, at_step)),
            Kept::Cells(cells) => Where::Cells(cells.insert(slot, place, at, at_step)),
        };
    }

    fn take_out(&mut self, slot: u32) {
        let Some(spot) = self.spots.get(slot as usize).copied() else { return };
        let moved = match (&mut self.kept, spot) {
            (Kept::Block(block), Where::Block(pos)) => block.swap_remove(pos),
            (Kept::Cells(cells), Where::Cells(spot)) => cells.remove(spot),
            _ => return,
        };
        self.spots[slot as usize] = Where::Nowhere;
        if let Some(moved) = moved {
            self.spots[moved as usize] = spot;
        }
    }

    /// Goes over to cells when there are many.
    fn spread_out(&mut self) {
        if let Kept::Block(block) = &mut self.kept
            && block.len() >= CELLS_FROM
        {
            let all = std::mem::take(block);
            self.kept = Kept::Cells(Box::default());
            for (slot, at, at_step) in all.iter() {
                // The place only chooses a cell, for which the rounded vector is good enough.
                self.insert(slot, place_of(at), at, at_step);
            }
        }
    }

    /// Goes back to lying side by side when there are few.
    fn close_up(&mut self) {
        if let Kept::Cells(cells) = &mut self.kept
            && cells.len() < BLOCK_BELOW
        {
            let all = std::mem::take(cells);
            self.kept = Kept::Block(Block::default());
            for (slot, at, at_step) in all.blocks().flat_map(Block::iter) {
                self.insert(slot, place_of(at), at, at_step);
            }
        }
    }
}

/// The place of a vector, to about a metre.
fn place_of([x, y, z]: Vector) -> Place {
    let lat = f64::from(z).clamp(-1.0, 1.0).asin().to_degrees();
    let lng = f64::from(y).atan2(f64::from(x)).to_degrees();
    Place::new(lat, lng).expect("asin and atan2 stay in range")
}
