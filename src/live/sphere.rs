//! Balls in space that hold units: of those too far away or too long unheard, nobody need be asked.
//!
//! Invariant: who is in a ball is within `reach` of its middle, and none has a fix later than its `newest` step. So by
//! the triangle inequality (chords are straight lines) a ball whose middle is farther than the search's reach plus its
//! own holds nobody who matters. This holds on all of the earth, pentagons, poles and antimeridian alike.

use super::near::{Near, Vector, chord2};

const WIDTH: usize = 8;
/// The arithmetic of two chords is off by less than this part of them, and this much.
const SLACK: (f32, f32) = (1.0 + 1e-6, 1e-7);

#[derive(Clone, Debug)]
struct Lane {
    x: [f32; WIDTH],
    y: [f32; WIDTH],
    z: [f32; WIDTH],
    reach: [f32; WIDTH],
    newest: [i32; WIDTH],
    id: [u32; WIDTH],
}

const EMPTY: Lane = Lane {
    x: [f32::NAN; WIDTH],
    y: [0.0; WIDTH],
    z: [0.0; WIDTH],
    reach: [0.0; WIDTH],
    newest: [i32::MIN; WIDTH],
    id: [0; WIDTH],
};

/// A list of balls, each with an id.
#[derive(Debug, Default)]
pub(super) struct Spheres {
    lanes: Vec<Lane>,
    len: usize,
}

impl Spheres {
    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a ball and says where it is.
    pub(super) fn push(&mut self, id: u32, middle: Vector) -> u32 {
        if self.len == self.lanes.len() * WIDTH {
            self.lanes.push(EMPTY);
        }
        let (lane, i) = (&mut self.lanes[self.len / WIDTH], self.len % WIDTH);
        (lane.x[i], lane.y[i], lane.z[i]) = middle.into();
        (lane.reach[i], lane.newest[i], lane.id[i]) = (0.0, i32::MIN, id);
        self.len += 1;
        u32::try_from(self.len - 1).expect("fewer balls than slots")
    }

    /// Widens the ball at `pos` to this reach.
    pub(super) fn widen(&mut self, pos: u32, reach: f32) {
        let known = &mut self.lanes[pos as usize / WIDTH].reach[pos as usize % WIDTH];
        *known = known.max(reach);
    }

    /// Lets the ball at `pos` hold someone with a fix of this step.
    pub(super) fn renew(&mut self, pos: u32, at_step: i32) {
        let known = &mut self.lanes[pos as usize / WIDTH].newest[pos as usize % WIDTH];
        *known = (*known).max(at_step);
    }

    /// Takes the ball at `pos` out; the last takes its position, and its id is told.
    pub(super) fn swap_remove(&mut self, pos: u32) -> Option<u32> {
        let (pos, last) = (pos as usize, self.len - 1);
        let mut hand = EMPTY;
        copy(&self.lanes[last / WIDTH], last % WIDTH, &mut hand, 0);
        copy(&EMPTY, 0, &mut self.lanes[last / WIDTH], last % WIDTH);
        self.len = last;
        if pos == last {
            return None;
        }
        copy(&hand, 0, &mut self.lanes[pos / WIDTH], pos % WIDTH);
        Some(hand.id[0])
    }

    /// Visits every ball that may hold someone who matters; the one that comes nearest first, as it narrows the search
    /// most.
    pub(super) fn search(&self, near: &mut Near<'_>, mut visit: impl FnMut(u32, &mut Near<'_>)) {
        let Some(first) = self.nearest(near) else { return };
        visit(self.lanes[first / WIDTH].id[first % WIDTH], near);
        let [qx, qy, qz] = near.from;
        for (n, lane) in self.lanes[..self.len.div_ceil(WIDTH)].iter().enumerate() {
            let (reach, fresh) = (near.reach(), near.fresh_step);
            let mut hits = [false; WIDTH];
            let mut hit = false;
            for (i, h) in hits.iter_mut().enumerate() {
                let (x, y, z) = (lane.x[i] - qx, lane.y[i] - qy, lane.z[i] - qz);
                let far = (reach + lane.reach[i]) * SLACK.0 + SLACK.1;
                *h = (x * x + y * y + z * z <= far * far) & (lane.newest[i] >= fresh);
                hit |= *h;
            }
            if !hit {
                continue;
            }
            for i in (0..WIDTH).filter(|i| hits[*i] && n * WIDTH + i != first) {
                // Those visited before may have narrowed the search.
                let far = (near.reach() + lane.reach[i]) * SLACK.0 + SLACK.1;
                if chord2(near.from, [lane.x[i], lane.y[i], lane.z[i]]) <= far * far {
                    visit(lane.id[i], near);
                }
            }
        }
    }

    /// The fresh ball whose middle is nearest, among those that may hold someone who matters.
    fn nearest(&self, near: &Near<'_>) -> Option<usize> {
        let [qx, qy, qz] = near.from;
        let (mut best, mut at) = (f32::INFINITY, None);
        for (n, lane) in self.lanes[..self.len.div_ceil(WIDTH)].iter().enumerate() {
            let mut squares = [0.0; WIDTH];
            let mut hit = false;
            for (i, s) in squares.iter_mut().enumerate() {
                let (x, y, z) = (lane.x[i] - qx, lane.y[i] - qy, lane.z[i] - qz);
                *s = x * x + y * y + z * z;
                let far = (near.reach() + lane.reach[i]) * SLACK.0 + SLACK.1;
                hit |= (*s < best) & (*s <= far * far) & (lane.newest[i] >= near.fresh_step);
            }
            if hit {
                for (i, s) in squares.into_iter().enumerate() {
                    let far = (near.reach() + lane.reach[i]) * SLACK.0 + SLACK.1;
                    if s < best && s <= far * far && lane.newest[i] >= near.fresh_step {
                        (best, at) = (s, Some(n * WIDTH + i));
                    }
                }
            }
        }
        at
    }
}

fn copy(from: &Lane, i: usize, to: &mut Lane, j: usize) {
    (to.x[j], to.y[j], to.z[j]) = (from.x[i], from.y[i], from.z[i]);
    (to.reach[j], to.newest[j], to.id[j]) = (from.reach[i], from.newest[i], from.id[i]);
}
