//! From positions to bytes.

use super::*;
use crate::{
    domain::{ids::*, time::UnixMs},
    wire::frames::PositionFrame,
};
use std::collections::{BTreeMap, HashMap};

/// The table of a view, at the side that tells.
pub struct Packer {
    area: AreaCode,
    begun: bool,
    numbers: HashMap<UnitId, usize>,
    told: Vec<Told>,
}

/// A run that is being written.
struct Run {
    kind: u64,
    passed: usize,
    count: u64,
    records: Vec<u8>,
}

impl Packer {
    /// A view that begins.
    #[must_use]
    pub fn new(area: AreaCode) -> Self {
        Self { area, begun: false, numbers: HashMap::new(), told: Vec::new() }
    }

    /// The frame that tells these; of a unit that is in it twice, the later one counts.
    pub fn pack(&mut self, units: &[PositionFrame], now: UnixMs) -> Vec<u8> {
        let mut frame = vec![VERSION, if self.begun { 0 } else { BEGIN }];
        self.begun = true;
        text(&mut frame, self.area.as_str());
        varint(&mut frame, unsigned(now.0));
        let (mut known, mut new) = (BTreeMap::new(), Vec::<&PositionFrame>::new());
        for unit in units {
            match self.numbers.get(&unit.unit) {
                Some(&number) => drop(known.insert(number, unit)),
                None => match new.iter_mut().find(|n| n.unit == unit.unit) {
                    Some(before) => *before = unit,
                    None => new.push(unit),
                },
            }
        }
        self.write_known(&mut frame, &known, now);
        let mut run = Run { kind: NAMED, passed: 0, count: 0, records: Vec::new() };
        for unit in new {
            let told = Told::of(unit);
            text(&mut run.records, unit.unit.sign());
            whole(&mut run.records, told, age(unit, now));
            run.count += 1;
            self.numbers.insert(unit.unit, self.told.len());
            self.told.push(told);
        }
        run.write(&mut frame);
        frame
    }

    fn write_known(&mut self, frame: &mut Vec<u8>, units: &BTreeMap<usize, &PositionFrame>, now: UnixMs) {
        let mut run = Run { kind: STEP, passed: 0, count: 0, records: Vec::new() };
        let mut next = 0;
        for (&number, unit) in units {
            let (before, told) = (self.told[number], Told::of(unit));
            let step = before.step_to(&told);
            let kind = if step.is_some() { STEP } else { WHOLE };
            if run.kind != kind || number != next {
                run.write(frame);
                run = Run { kind, passed: number - next, count: 0, records: Vec::new() };
            }
            match step {
                Some((lat, lng)) => {
                    varint(&mut run.records, zigzag(lat));
                    varint(&mut run.records, zigzag(lng));
                    varint(&mut run.records, age(unit, now));
                    run.records.extend(told.heading.into_iter().chain(told.speed));
                }
                None => whole(&mut run.records, told, age(unit, now)),
            }
            run.count += 1;
            next = number + 1;
            self.told[number] = told;
        }
        run.write(frame);
    }
}

impl Run {
    fn write(self, frame: &mut Vec<u8>) {
        if self.count == 0 {
            return;
        }
        varint(frame, self.count * 4 + self.kind);
        if self.kind != NAMED {
            varint(frame, self.passed as u64);
        }
        frame.extend(self.records);
    }
}

impl Told {
    fn of(unit: &PositionFrame) -> Self {
        let word = |known: &&str| *known == unit.availability;
        let availability = AVAILABILITIES.iter().position(word).unwrap_or(AVAILABILITIES.len() - 1);
        let steps = |degrees: f64| (degrees * STEPS_PER_DEG).round() as i64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds just given")]
        let (heading, speed) = (
            unit.heading_deg.map(|deg| ((deg.rem_euclid(360.0) / HEADING_STEP_DEG).round() as u16 % 256) as u8),
            unit.speed_mps.map(|mps| (mps / SPEED_STEP_MPS).round().clamp(0.0, 255.0) as u8),
        );
        Self {
            availability: availability as u8,
            place: unit.place.map(|place| (steps(place.lat()), steps(place.lng()))),
            heading,
            speed,
        }
    }

    /// How far it moved, if nothing else changed than what a step tells.
    fn step_to(&self, to: &Self) -> Option<(i64, i64)> {
        let (from, place) = (self.place?, to.place?);
        let same = self.availability == to.availability
            && self.heading.is_some() == to.heading.is_some()
            && self.speed.is_some() == to.speed.is_some();
        same.then_some((place.0 - from.0, place.1 - from.1))
    }
}

fn whole(out: &mut Vec<u8>, told: Told, age: u64) {
    let flag = |there: bool, flag: u8| if there { flag } else { 0 };
    out.push(
        told.availability
            | flag(told.place.is_some(), PLACE)
            | flag(told.heading.is_some(), HEADING)
            | flag(told.speed.is_some(), SPEED),
    );
    if let Some((lat, lng)) = told.place {
        varint(out, zigzag(lat));
        varint(out, zigzag(lng));
        varint(out, age);
    }
    out.extend(told.heading.into_iter().chain(told.speed));
}

/// Steps since the fix was made; a fix of the future is one of now.
fn age(unit: &PositionFrame, now: UnixMs) -> u64 {
    unit.at.map_or(0, |at| unsigned((now.since(at) + AGE_STEP_MS / 2) / AGE_STEP_MS))
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Codes and call signs are some letters.
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.bytes().take(usize::from(u8::MAX)));
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)).cast_unsigned()
}
