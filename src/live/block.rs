//! Units side by side in memory, eight to a lane, so that one instruction compares four or eight of them.
//!
//! Invariant: places at and after `len` hold NaN, which is nearer than nothing.

use super::near::{Near, Vector};

const WIDTH: usize = 8;

#[derive(Clone, Debug)]
struct Lane {
    x: [f32; WIDTH],
    y: [f32; WIDTH],
    z: [f32; WIDTH],
    at_step: [i32; WIDTH],
    slot: [u32; WIDTH],
}

const EMPTY: Lane =
    Lane { x: [f32::NAN; WIDTH], y: [0.0; WIDTH], z: [0.0; WIDTH], at_step: [i32::MIN; WIDTH], slot: [0; WIDTH] };

/// A dense list of units.
#[derive(Debug, Default)]
pub(super) struct Block {
    lanes: Vec<Lane>,
    len: usize,
}

impl Block {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds one and says where it is.
    pub(super) fn push(&mut self, slot: u32, at: Vector, at_step: i32) -> u32 {
        if self.len == self.lanes.len() * WIDTH {
            self.lanes.push(EMPTY);
        }
        let pos = self.len;
        self.len += 1;
        self.lanes[pos / WIDTH].slot[pos % WIDTH] = slot;
        let pos = u32::try_from(pos).expect("slots are u32, and each is here once");
        self.set(pos, at, at_step);
        pos
    }

    /// Moves the one at `pos`.
    pub(super) fn set(&mut self, pos: u32, at: Vector, at_step: i32) {
        let (lane, i) = (&mut self.lanes[pos as usize / WIDTH], pos as usize % WIDTH);
        (lane.x[i], lane.y[i], lane.z[i], lane.at_step[i]) = (at[0], at[1], at[2], at_step);
    }

    /// Takes the one at `pos` out; the last takes its position, and is named.
    pub(super) fn swap_remove(&mut self, pos: u32) -> Option<u32> {
        let (pos, last) = (pos as usize, self.len - 1);
        let (from, j) = (&mut self.lanes[last / WIDTH], last % WIDTH);
        let (slot, at, at_step) = (from.slot[j], [from.x[j], from.y[j], from.z[j]], from.at_step[j]);
        (from.x[j], from.at_step[j]) = (f32::NAN, i32::MIN);
        self.len = last;
        if pos == last {
            return None;
        }
        let (lane, i) = (&mut self.lanes[pos / WIDTH], pos % WIDTH);
        (lane.x[i], lane.y[i], lane.z[i]) = at.into();
        (lane.at_step[i], lane.slot[i]) = (at_step, slot);
        Some(slot)
    }

    /// Offers all to the search.
    pub(super) fn search(&self, near: &mut Near<'_>) {
        let [qx, qy, qz] = near.from;
        let fresh = near.fresh_step;
        let mut square = near.square();
        for lane in &self.lanes[..self.len.div_ceil(WIDTH)] {
            let mut squares = [0.0; WIDTH];
            let mut hit = false;
            for (i, s) in squares.iter_mut().enumerate() {
                let (x, y, z) = (lane.x[i] - qx, lane.y[i] - qy, lane.z[i] - qz);
                *s = x * x + y * y + z * z;
                hit |= (*s <= square) & (lane.at_step[i] >= fresh);
            }
            if hit {
                for (i, s) in squares.into_iter().enumerate() {
                    // The lanes behind the last hold NaN, and the comparison is false for it.
                    if s <= square {
                        near.offer(s, lane.at_step[i], lane.slot[i]);
                    }
                }
                square = near.square();
            }
        }
    }

    /// All slots with what is known of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Vector, i32)> + '_ {
        (0..self.len).map(|p| {
            let (lane, i) = (&self.lanes[p / WIDTH], p % WIDTH);
            (lane.slot[i], [lane.x[i], lane.y[i], lane.z[i]], lane.at_step[i])
        })
    }
}
