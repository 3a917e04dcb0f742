//! Positions on a console's screen: the newest per unit, per tick, only where the console looks.
//!
//! Invariant: nothing is queued. What moved since the last tick is asked for when the socket has room; a client that
//! reads slowly gets fewer, newer positions.

use super::Shared;
use crate::{
    domain::{access::Act, ids::*, place::Bounds},
    engine::{Availability, Error, Position},
    wire::{
        frames::{PositionFrame, ServerFrame},
        packed::Packer,
        problem::Problem,
    },
};
use std::collections::HashSet;

/// Areas that a session may look at.
pub(super) const LOOKS_MAX: usize = 64;
/// Units in one frame of positions.
const UNITS_MAX: usize = 500;
/// Units in one packed frame: a frame is 20 kB at the most.
const PACKED_MAX: usize = 1_000;

/// A frame of positions.
pub(super) enum Shown {
    /// For everybody.
    Text(Box<ServerFrame>),
    /// For who asked for few bytes.
    Packed(Vec<u8>),
}

/// A view of an area.
pub(super) struct Look {
    pub area: AreaCode,
    bounds: Option<Bounds>,
    version: u64,
    /// Units that the client has on its screen, where the view has bounds: who leaves is taken off.
    shown: HashSet<UnitId>,
    packer: Option<Packer>,
}

impl Look {
    pub fn new(shared: &Shared, area: AreaCode, bounds: Option<Bounds>, packed: bool) -> Result<Self, Problem> {
        shared.scope.require(area, Act::See).map_err(|refusal| Problem::from(&refusal))?;
        Ok(Self { area, bounds, version: 0, shown: HashSet::new(), packer: packed.then(|| Packer::new(area)) })
    }

    /// What changed on the screen since the last time, as frames.
    pub async fn frames(&mut self, shared: &Shared) -> Result<Vec<Shown>, Error> {
        let mut units = Vec::new();
        loop {
            // Without the bounds, so that a unit that leaves them is seen to leave.
            let moved = shared.hub.engine.moved(&shared.scope, self.area, self.version, None).await?;
            self.version = moved.version;
            units.extend(moved.units.iter().filter_map(|unit| self.show(unit)));
            if !moved.more {
                break;
            }
        }
        let area = self.area;
        let Some(packer) = &mut self.packer else {
            let text = |units: &[PositionFrame]| ServerFrame::Positions { area, units: units.to_vec() };
            return Ok(units.chunks(UNITS_MAX).map(|units| Shown::Text(Box::new(text(units)))).collect());
        };
        let now = shared.hub.engine.now();
        Ok(units.chunks(PACKED_MAX).map(|units| Shown::Packed(packer.pack(units, now))).collect())
    }

    fn show(&mut self, position: &Position) -> Option<PositionFrame> {
        let place = position.fix.map(|fix| fix.place);
        let Some(bounds) = &self.bounds else { return Some(frame(position)) };
        if place.is_some_and(|place| bounds.contains(place)) {
            self.shown.insert(position.unit);
            return Some(frame(position));
        }
        let gone = Position { fix: None, ..*position };
        self.shown.remove(&position.unit).then(|| frame(&gone))
    }
}

fn frame(position: &Position) -> PositionFrame {
    let availability = match position.availability {
        Availability::Free => "free",
        Availability::Busy => "busy",
        Availability::Off => "off",
    };
    PositionFrame {
        unit: position.unit,
        availability: availability.into(),
        place: position.fix.map(|fix| fix.place),
        at: position.fix.map(|fix| fix.at),
        heading_deg: position.fix.and_then(|fix| fix.heading_deg),
        speed_mps: position.fix.and_then(|fix| fix.speed_mps),
    }
}
