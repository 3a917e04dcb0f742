//! Free units by H3 cell: for thousands of them.
//!
//! Over the units stands a tree of balls ([`super::sphere`]): cells of resolution 8, and their parents of [`LEVELS`],
//! some fifty in each. A search asks only the balls that may hold someone who matters, so it needs no rings, no
//! stopping rule and no cell of its own, and is exact wherever H3 is uneven.
//!
//! Invariants: a unit is in exactly one leaf. It need not be that of the cell that it stands in: while it stays within
//! [`KEEP_M`] of the middle of its cell it is left there, since finding the cell of a place costs more than all else
//! together. A leaf's ball reaches that far from the first, and the balls above hold the whole of those below, so that
//! staying changes no ball. `newest` is the same in a leaf or node as in its ball above; it is kept twice so that only
//! the first to bring a new step must climb.

use super::{
    block::Block,
    hash::QuickMap,
    near::{Near, Vector, chord_of_m, chord2, vector},
    sphere::Spheres,
};
use crate::domain::{cell, place::Place};
use h3o::{CellIndex, Resolution};

/// A unit this near to the middle of its cell stays in it, metres: a little more than the corners are away.
const KEEP_M: f64 = 600.0;
/// The resolutions of the nodes, those over leaves first; above the last is the root.
const LEVELS: [Resolution; 3] = [Resolution::Six, Resolution::Four, Resolution::Two];
/// What rounding may take from a sum of chords.
const ROUND_UP: f32 = 1.0 + 1e-6;
const ROOT: u32 = 0;

/// Where a unit is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    leaf: u32,
    pos: u32,
}

/// The ball of a leaf or a node: in which node, and where in its list.
#[derive(Clone, Copy, Debug)]
struct Ball {
    node: u32,
    pos: u32,
}

#[derive(Debug)]
struct Leaf {
    block: Block,
    middle: Vector,
    newest: i32,
    ball: Ball,
    cell: CellIndex,
    reach: f32,
}

#[derive(Debug)]
struct Node {
    balls: Spheres,
    middle: Vector,
    newest: i32,
    ball: Ball,
    /// None for the root.
    cell: Option<CellIndex>,
    over_leaves: bool,
}

/// Free units by cell.
#[derive(Debug)]
pub(super) struct Cells {
    leaf_of: QuickMap<CellIndex, u32>,
    node_of: QuickMap<CellIndex, u32>,
    leaves: Vec<Leaf>,
    nodes: Vec<Node>,
    /// Those without units: kept with their memory, to be used for other cells.
    spare_leaves: Vec<u32>,
    spare_nodes: Vec<u32>,
    len: usize,
    /// The chord of [`KEEP_M`].
    keep: f32,
}

impl Default for Cells {
    fn default() -> Self {
        let root = Node {
            balls: Spheres::default(),
            middle: [0.0; 3],
            newest: i32::MAX,
            ball: Ball { node: ROOT, pos: 0 },
            cell: None,
            over_leaves: false,
        };
        Self {
            leaf_of: QuickMap::default(),
            node_of: QuickMap::default(),
            leaves: Vec::new(),
            nodes: vec![root],
            spare_leaves: Vec::new(),
            spare_nodes: Vec::new(),
            len: 0,
            keep: chord_of_m(KEEP_M),
        }
    }
}

impl Cells {
    /// How many units there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds a unit.
    pub(super) fn insert(&mut self, slot: u32, place: Place, at: Vector, at_step: i32) -> Spot {
        let id = self.leaf(cell::cell_of(place));
        let leaf = &mut self.leaves[id as usize];
        let pos = leaf.block.push(slot, at, at_step);
        let chord = chord2(leaf.middle, at).sqrt();
        self.len += 1;
        self.widen(id, chord);
        self.renew(id, at_step);
        Spot { leaf: id, pos }
    }

    /// Moves a unit that is still near its cell's middle. Says whether it is; if not, nothing is done.
    pub(super) fn stay(&mut self, spot: Spot, at: Vector, at_step: i32) -> bool {
        let leaf = &mut self.leaves[spot.leaf as usize];
        if chord2(leaf.middle, at) > self.keep * self.keep {
            return false;
        }
        leaf.block.set(spot.pos, at, at_step);
        self.renew(spot.leaf, at_step);
        true
    }

    /// Takes a unit out. Names the one that now has its spot, if any.
    pub(super) fn remove(&mut self, spot: Spot) -> Option<u32> {
        self.len -= 1;
        let leaf = &mut self.leaves[spot.leaf as usize];
        let moved = leaf.block.swap_remove(spot.pos);
        if leaf.block.len() == 0 {
            self.leaf_of.remove(&leaf.cell);
            self.spare_leaves.push(spot.leaf);
            let ball = leaf.ball;
            self.take_ball(ball);
        }
        moved
    }

    /// Offers to the search all who may matter.
    pub(super) fn search(&self, near: &mut Near<'_>) {
        self.search_node(ROOT, near);
    }

    /// The blocks of units.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.leaves.iter().map(|l| &l.block)
    }

    fn search_node(&self, id: u32, near: &mut Near<'_>) {
        let node = &self.nodes[id as usize];
        node.balls.search(near, |id, near| {
            if node.over_leaves {
                self.leaves[id as usize].block.search(near);
            } else {
                self.search_node(id, near);
            }
        });
    }

    /// Lets the leaf, and all above it, reach to this chord from the leaf's middle.
    fn widen(&mut self, id: u32, chord: f32) {
        let leaf = &mut self.leaves[id as usize];
        if chord <= leaf.reach {
            return;
        }
        leaf.reach = chord * ROUND_UP;
        let (middle, reach, mut ball) = (leaf.middle, leaf.reach, leaf.ball);
        self.nodes[ball.node as usize].balls.widen(ball.pos, reach);
        while ball.node != ROOT {
            let node = &self.nodes[ball.node as usize];
            let reach = (chord2(node.middle, middle).sqrt() + reach) * ROUND_UP;
            ball = node.ball;
            self.nodes[ball.node as usize].balls.widen(ball.pos, reach);
        }
    }

    /// Lets the leaf, and all above it, hold someone with a fix of this step.
    fn renew(&mut self, id: u32, at_step: i32) {
        let leaf = &mut self.leaves[id as usize];
        if at_step <= leaf.newest {
            return;
        }
        leaf.newest = at_step;
        let mut ball = leaf.ball;
        loop {
            let node = &mut self.nodes[ball.node as usize];
            node.balls.renew(ball.pos, at_step);
            if at_step <= node.newest {
                return;
            }
            node.newest = at_step;
            ball = node.ball;
        }
    }

    fn leaf(&mut self, cell: CellIndex) -> u32 {
        if let Some(leaf) = self.leaf_of.get(&cell) {
            return *leaf;
        }
        let (middle, newest) = (vector(cell::middle(cell)), i32::MIN);
        let node = self.node(cell, 0);
        let id = self.spare_leaves.pop().unwrap_or_else(|| {
            let ball = Ball { node, pos: 0 };
            self.leaves.push(Leaf { block: Block::default(), middle, newest, ball, cell, reach: 0.0 });
            index_of_last(&self.leaves)
        });
        let ball = Ball { node, pos: self.nodes[node as usize].balls.push(id, middle) };
        let leaf = &mut self.leaves[id as usize];
        (leaf.middle, leaf.newest, leaf.ball, leaf.cell, leaf.reach) = (middle, newest, ball, cell, 0.0);
        self.leaf_of.insert(cell, id);
        self.widen(id, self.keep);
        id
    }

    /// The node of this level over a cell; the root above the last.
    fn node(&mut self, under: CellIndex, level: usize) -> u32 {
        let Some(resolution) = LEVELS.get(level) else { return ROOT };
        let cell = under.parent(*resolution).expect("levels go from fine to coarse");
        if let Some(node) = self.node_of.get(&cell) {
            return *node;
        }
        let (middle, newest, over_leaves) = (vector(cell::middle(cell)), i32::MIN, level == 0);
        let up = self.node(cell, level + 1);
        let id = self.spare_nodes.pop().unwrap_or_else(|| {
            let ball = Ball { node: up, pos: 0 };
            self.nodes.push(Node { balls: Spheres::default(), middle, newest, ball, cell: None, over_leaves });
            index_of_last(&self.nodes)
        });
        let ball = Ball { node: up, pos: self.nodes[up as usize].balls.push(id, middle) };
        let node = &mut self.nodes[id as usize];
        (node.middle, node.newest, node.ball, node.cell, node.over_leaves) =
            (middle, newest, ball, Some(cell), over_leaves);
        self.node_of.insert(cell, id);
        id
    }

    /// Takes a ball out of its node, and the node's own ball if that was its last.
    fn take_ball(&mut self, ball: Ball) {
        let node = &mut self.nodes[ball.node as usize];
        let over_leaves = node.over_leaves;
        let moved = node.balls.swap_remove(ball.pos);
        let gone = node.cell.filter(|_| node.balls.is_empty());
        let above = node.ball;
        if let Some(moved) = moved {
            if over_leaves {
                self.leaves[moved as usize].ball.pos = ball.pos;
            } else {
                self.nodes[moved as usize].ball.pos = ball.pos;
            }
        }
        if let Some(cell) = gone {
            self.node_of.remove(&cell);
            self.spare_nodes.push(ball.node);
            self.take_ball(above);
        }
    }
}

fn index_of_last<T>(list: &[T]) -> u32 {
    u32::try_from(list.len() - 1).expect("no more cells than slots")
}
