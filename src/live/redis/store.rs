//! Telling Redis what this node knows of an area's units, by `store.lua`.

use super::{
    Inner, pack,
    seat::{Heard, Item, Seat},
};
use crate::domain::{cell, time::UnixMs};
use redis::{Cmd, Value};
use std::sync::PoisonError;

pub(super) const SCRIPT: &str = include_str!("store.lua");
/// So many units in one call: bounds how long Redis is busy with it (about 0.5 ms).
const PER_CALL: usize = 256;

impl Inner {
    /// The calls that tell these, with what each tells; at least one, which asks for the marker.
    pub(super) fn store_calls<'a>(&self, seat: &Seat, items: &'a [Item]) -> Vec<(Cmd, &'a [Item])> {
        // Drawn for each call: a marker must never come twice.
        let one = |items| (self.store_call(seat, items), items);
        if items.is_empty() { vec![one(items)] } else { items.chunks(PER_CALL).map(one).collect() }
    }

    fn store_call(&self, seat: &Seat, items: &[Item]) -> Cmd {
        let keys = &seat.keys;
        let mut cmd = self.link.script().call(5);
        for key in [&keys.fixes, &keys.said, &keys.cells, &keys.log, &keys.looked] {
            cmd.arg(key);
        }
        cmd.arg(format!("{:032x}", rand::random::<u128>()));
        let mut said = Vec::new();
        let mut fixes = Vec::with_capacity(items.len());
        for item in items {
            let Some((known, seq)) = self.memory.told(item.unit) else { continue };
            if item.what.gone {
                said.push((item.unit, "X".to_owned()));
            }
            if let Some(seq) = seq.filter(|_| item.what.said) {
                said.push((item.unit, pack::said(known.availability, seq)));
            }
            if let Some(fix) = known.fix.filter(|_| item.what.fix) {
                fixes.push((item.unit, pack::fix(&fix, pack::short(cell::cell_of(fix.place)))));
            }
        }
        cmd.arg(said.len());
        for (unit, _) in &said {
            cmd.arg(unit.sign());
        }
        for (_, said) in &said {
            cmd.arg(said);
        }
        for (unit, _) in &fixes {
            cmd.arg(unit.sign());
        }
        for (_, fix) in &fixes {
            cmd.arg(fix.as_slice());
        }
        cmd
    }

    /// Takes in the answer to a call. Whether it was understood.
    pub(super) fn stored(&self, seat: &Seat, items: &[Item], answer: &Value, now: UnixMs) -> bool {
        let Value::BulkString(marker) = answer else { return false };
        seat.arrived(items, now);
        let heard = seat.heard(marker, now);
        if heard != Heard::Same {
            seat.lay_by_all(self.memory.units(seat.area).into_iter());
        }
        if heard == Heard::Another {
            tracing::debug!(area = %seat.area, "the live index is another one; telling it what this node knows");
            self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).insert(seat.area);
            self.forgot.notify_waiters();
        }
        true
    }
}
