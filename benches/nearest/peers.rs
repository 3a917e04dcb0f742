//! Other ways to find the nearest free unit, given the same moves.

use crate::fleet::Fleet;
use kiddo::{MutableKdTree, SquaredEuclidean};
use rstar::{RTree, primitives::GeomWithData};
use sigap::{
    domain::{
        fix::Fix,
        ids::{AreaCode, UnitId},
        nearest::STALE_MS,
        place::Place,
    },
    live::{Availability, Memory},
};
use std::collections::HashMap;

/// What each can do.
pub trait Peer {
    /// Unit `i` is at `to` now.
    fn move_to(&mut self, fleet: &Fleet, i: usize, to: Place);
    /// The number of the nearest free unit.
    fn nearest(&mut self, fleet: &Fleet, from: Place) -> Option<usize>;
}

/// Ours, through its public interface.
pub struct Ours {
    memory: Memory,
    area: [AreaCode; 1],
    numbers: HashMap<UnitId, usize>,
}

impl Ours {
    pub fn new(fleet: &Fleet) -> Self {
        let memory = Memory::default();
        for (i, id) in fleet.ids.iter().enumerate() {
            memory.set_availability(*id, if fleet.free[i] { Availability::Free } else { Availability::Busy }, 1);
            memory.put(*id, &Fix::at(fleet.places[i], fleet.now));
        }
        let numbers = fleet.ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        Self { memory, area: [fleet.ids[0].area], numbers }
    }

    /// The name of the nearest free unit.
    pub fn nearest_unit(&self, fleet: &Fleet, from: Place) -> Option<UnitId> {
        self.memory.candidates(&self.area, from, f64::INFINITY, 1, STALE_MS, fleet.now).first().map(|c| c.unit)
    }
}

impl Peer for Ours {
    fn move_to(&mut self, fleet: &Fleet, i: usize, to: Place) {
        self.memory.put(fleet.ids[i], &Fix::at(to, fleet.now));
    }

    fn nearest(&mut self, fleet: &Fleet, from: Place) -> Option<usize> {
        self.nearest_unit(fleet, from).map(|id| self.numbers[&id])
    }
}

fn vector(place: Place) -> [f64; 3] {
    let (lat_sin, lat_cos) = place.lat().to_radians().sin_cos();
    let (lng_sin, lng_cos) = place.lng().to_radians().sin_cos();
    [lat_cos * lng_cos, lat_cos * lng_sin, lat_sin]
}

/// All units in a row.
pub struct Plain(Vec<([f64; 3], bool)>);

impl Plain {
    pub fn new(fleet: &Fleet) -> Self {
        Self(fleet.places.iter().zip(&fleet.free).map(|(place, free)| (vector(*place), *free)).collect())
    }
}

impl Peer for Plain {
    fn move_to(&mut self, _: &Fleet, i: usize, to: Place) {
        self.0[i].0 = vector(to);
    }

    fn nearest(&mut self, _: &Fleet, from: Place) -> Option<usize> {
        let q = vector(from);
        let mut best = (f64::INFINITY, None);
        for (i, (v, free)) in self.0.iter().enumerate() {
            let [x, y, z] = [v[0] - q[0], v[1] - q[1], v[2] - q[2]];
            let square = x * x + y * y + z * z;
            if square < best.0 && *free {
                best = (square, Some(i));
            }
        }
        best.1
    }
}

/// An R*-tree of the free units: a move takes one out and puts it in again.
pub struct Rstar {
    tree: RTree<GeomWithData<[f64; 3], usize>>,
    at: Vec<[f64; 3]>,
}

impl Rstar {
    pub fn new(fleet: &Fleet) -> Self {
        let at: Vec<_> = fleet.places.iter().map(|place| vector(*place)).collect();
        let free = (0..at.len()).filter(|i| fleet.free[*i]).map(|i| GeomWithData::new(at[i], i)).collect();
        Self { tree: RTree::bulk_load(free), at }
    }
}

impl Peer for Rstar {
    fn move_to(&mut self, fleet: &Fleet, i: usize, to: Place) {
        if fleet.free[i] {
            self.tree.remove(&GeomWithData::new(self.at[i], i)).expect("it was put there");
            self.at[i] = vector(to);
            self.tree.insert(GeomWithData::new(self.at[i], i));
        }
    }

    fn nearest(&mut self, _: &Fleet, from: Place) -> Option<usize> {
        self.tree.nearest_neighbor(vector(from)).map(|found| found.data)
    }
}

/// A k-d tree of the free units: a move takes one out and puts it in again.
pub struct Kiddo {
    tree: MutableKdTree<f64, 3>,
    at: Vec<[f64; 3]>,
}

impl Kiddo {
    pub fn new(fleet: &Fleet) -> Self {
        let mut kiddo = Self { tree: MutableKdTree::default(), at: Vec::new() };
        for (i, place) in fleet.places.iter().enumerate() {
            kiddo.at.push(vector(*place));
            if fleet.free[i] {
                kiddo.add(i);
            }
        }
        kiddo
    }

    fn add(&mut self, i: usize) {
        self.tree.add(&self.at[i], u32::try_from(i).expect("small")).expect("points differ");
    }
}

impl Peer for Kiddo {
    fn move_to(&mut self, fleet: &Fleet, i: usize, to: Place) {
        if fleet.free[i] {
            self.tree.remove(&self.at[i], u32::try_from(i).expect("small"));
            self.at[i] = vector(to);
            self.add(i);
        }
    }

    fn nearest(&mut self, fleet: &Fleet, from: Place) -> Option<usize> {
        if !fleet.free.contains(&true) {
            return None;
        }
        let found = self.tree.query(&vector(from)).nearest_one::<SquaredEuclidean<f64>>().execute();
        Some(found.item as usize)
    }
}
