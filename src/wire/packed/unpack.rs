//! From bytes to positions.

use super::*;
use crate::{
    domain::{ids::*, place::Place, time::UnixMs},
    wire::frames::PositionFrame,
};

/// Why bytes are no frame of positions, or not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPacked {
    /// Another kind of frame, or a later version.
    #[error("it begins with no version that is known")]
    Version,
    /// It ends within a record.
    #[error("it ends too early")]
    Short,
    /// A unit that was never named, a name that is none, or a number that is no place.
    #[error("it does not follow from the frames before")]
    Strange,
}

/// The tables of views, at the side that hears: of each area the present one.
#[derive(Default)]
pub struct Unpacker {
    views: Vec<(AreaCode, Vec<(UnitId, Told)>)>,
}

impl Unpacker {
    /// The area and the units that a frame tells of.
    ///
    /// # Errors
    /// [`NotPacked`]; look at the area anew after that.
    pub fn unpack(&mut self, frame: &[u8]) -> Result<(AreaCode, Vec<PositionFrame>), NotPacked> {
        let mut bytes = Bytes(frame);
        if bytes.byte()? != VERSION {
            return Err(NotPacked::Version);
        }
        let begins = bytes.byte()? & BEGIN != 0;
        let area: AreaCode = bytes.text()?.parse().map_err(|_| NotPacked::Strange)?;
        let base = UnixMs(bytes.varint()?.cast_signed());
        let index = self.views.iter().position(|(of, _)| *of == area);
        let index = match (index, begins) {
            (Some(index), false) => index,
            (None, false) => return Err(NotPacked::Strange),
            (known, true) => {
                known.map(|index| self.views.remove(index));
                self.views.push((area, Vec::new()));
                self.views.len() - 1
            }
        };
        let units = read(&mut bytes, area, base, &mut self.views[index].1)?;
        Ok((area, units))
    }
}

fn read(
    bytes: &mut Bytes<'_>,
    area: AreaCode,
    base: UnixMs,
    table: &mut Vec<(UnitId, Told)>,
) -> Result<Vec<PositionFrame>, NotPacked> {
    let (mut units, mut next) = (Vec::new(), 0);
    while !bytes.0.is_empty() {
        let head = bytes.varint()?;
        let (count, kind) = (head / 4, head % 4);
        if kind != NAMED {
            let passed = usize::try_from(bytes.varint()?).ok();
            next = passed.and_then(|passed| passed.checked_add(next)).ok_or(NotPacked::Strange)?;
        }
        for _ in 0..count {
            let (at, age) = match kind {
                STEP => {
                    let before = table.get(next).ok_or(NotPacked::Strange)?.1;
                    let (told, age) = bytes.step(before)?;
                    table[next].1 = told;
                    next += 1;
                    (next - 1, age)
                }
                WHOLE => {
                    let (told, age) = bytes.whole()?;
                    table.get_mut(next).ok_or(NotPacked::Strange)?.1 = told;
                    next += 1;
                    (next - 1, age)
                }
                NAMED => {
                    let unit = UnitId::new(area, bytes.text()?).map_err(|_| NotPacked::Strange)?;
                    let (told, age) = bytes.whole()?;
                    table.push((unit, told));
                    (table.len() - 1, age)
                }
                _ => return Err(NotPacked::Strange),
            };
            units.push(frame(table[at], base.plus(-age * AGE_STEP_MS))?);
        }
    }
    Ok(units)
}

fn frame((unit, told): (UnitId, Told), at: UnixMs) -> Result<PositionFrame, NotPacked> {
    let place = told.place.map(|(lat, lng)| Place::new(lat as f64 / STEPS_PER_DEG, lng as f64 / STEPS_PER_DEG));
    let place = place.transpose().map_err(|_| NotPacked::Strange)?;
    Ok(PositionFrame {
        unit,
        availability: (*AVAILABILITIES.get(usize::from(told.availability)).ok_or(NotPacked::Strange)?).into(),
        place,
        at: place.map(|_| at),
        heading_deg: told.heading.map(|steps| f32::from(steps) * HEADING_STEP_DEG),
        speed_mps: told.speed.map(|steps| f32::from(steps) * SPEED_STEP_MPS),
    })
}

/// What is left of a frame.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, NotPacked> {
        let (first, rest) = self.0.split_first().ok_or(NotPacked::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, NotPacked> {
        let mut n = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(NotPacked::Strange)
    }

    fn signed(&mut self) -> Result<i64, NotPacked> {
        let n = self.varint()?;
        Ok((n >> 1).cast_signed() ^ -(n & 1).cast_signed())
    }

    fn text(&mut self) -> Result<&'a str, NotPacked> {
        let length = usize::from(self.byte()?);
        let (text, rest) = self.0.split_at_checked(length).ok_or(NotPacked::Short)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| NotPacked::Strange)
    }

    fn age(&mut self) -> Result<i64, NotPacked> {
        i64::try_from(self.varint()?).ok().filter(|age| *age < i64::MAX / AGE_STEP_MS).ok_or(NotPacked::Strange)
    }

    fn step(&mut self, before: Told) -> Result<(Told, i64), NotPacked> {
        let (lat, lng) = before.place.ok_or(NotPacked::Strange)?;
        let moved = (lat.checked_add(self.signed()?), lng.checked_add(self.signed()?));
        let (Some(lat), Some(lng)) = moved else { return Err(NotPacked::Strange) };
        let age = self.age()?;
        let heading = before.heading.map(|_| self.byte()).transpose()?;
        let speed = before.speed.map(|_| self.byte()).transpose()?;
        Ok((Told { place: Some((lat, lng)), heading, speed, ..before }, age))
    }

    fn whole(&mut self) -> Result<(Told, i64), NotPacked> {
        let flags = self.byte()?;
        let mut place = None;
        let mut age = 0;
        if flags & PLACE != 0 {
            place = Some((self.signed()?, self.signed()?));
            age = self.age()?;
        }
        let heading = (flags & HEADING != 0).then(|| self.byte()).transpose()?;
        let speed = (flags & SPEED != 0).then(|| self.byte()).transpose()?;
        Ok((Told { availability: flags & 3, place, heading, speed }, age))
    }
}
