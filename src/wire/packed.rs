//! Positions in a few bytes: binary frames for consoles that look at whole cities.
//!
//! A packer and an unpacker keep the same table: each unit that was told of has a number, from 0, in the order in which
//! they were named, and what was told of it last. A frame says what changed. Invariants: a frame is read only after all
//! before it of the same view; what is unpacked is what was packed, rounded to [`STEP_DEG`], [`AGE_STEP_MS`],
//! [`HEADING_STEP_DEG`] and [`SPEED_STEP_MPS`]; rounding errors never add up, since differences are taken of rounded
//! numbers. The bytes are told by [`LAYOUT`].

mod pack;
mod unpack;

pub use pack::Packer;
pub use unpack::{NotPacked, Unpacker};

/// The bytes of a frame, for the description of the socket.
pub const LAYOUT: &str = "\
frame = 1, flags, area, base, runs until the end. Both sides keep a table of each view: every unit has a number, from 0, in \
the order in which units were named, and what was told of it last.
flags = 1 where the view begins: forget all numbers of this area; else 0.
area = its length in a byte, its letters. base = varint, server time, Unix ms.
run = varint (count * 4 + kind); for kinds 0 and 1 a varint, how many numbers are passed over since the last unit of the runs \
before in this frame; then a record for each of `count` units, one number after the other.
kind 0, moved: latitude and longitude as zigzag varints, the difference in steps of 1e-5 degrees; age; a byte of heading and a \
byte of speed where the unit had them when it was told of last. Availability is as it was.
kind 1, whole: flags (the lower two bits: 0 free, 1 busy, 2 off; 4: has a place; 8: a heading; 16: a speed); with a place \
latitude and longitude as zigzag varints of steps of 1e-5 degrees, and age; heading; speed. Without a place: take it off the map.
kind 2, named: the length of the call sign in a byte, the call sign without its area, then as whole. It gets the next number.
age = varint, (base - moment of the fix) in steps of 100 ms. heading: steps of 360/256 degrees. speed: steps of 0.5 m/s, \
255 for all above.
A varint has seven bits in each byte, the least first, the eighth set in all bytes but the last. Zigzag: 0, -1, 1, -2 are \
0, 1, 2, 3.";

/// Steps of latitude and longitude in a degree.
pub const STEPS_PER_DEG: f64 = 1e5;
/// Degrees in a step of latitude and longitude, 1.1 m.
pub const STEP_DEG: f64 = 1.0 / STEPS_PER_DEG;
/// Milliseconds in a step of age.
pub const AGE_STEP_MS: i64 = 100;
/// Degrees in a step of heading.
pub const HEADING_STEP_DEG: f32 = 360.0 / 256.0;
/// Metres per second in a step of speed; the most that can be told is 127.5.
pub const SPEED_STEP_MPS: f32 = 0.5;

/// What every frame begins with.
const VERSION: u8 = 1;
/// The view begins.
const BEGIN: u8 = 1;

/// The same unit has moved.
const STEP: u64 = 0;
/// Everything of a unit that has a number.
const WHOLE: u64 = 1;
/// Everything of a unit that gets a number.
const NAMED: u64 = 2;

const PLACE: u8 = 4;
const HEADING: u8 = 8;
const SPEED: u8 = 16;

/// The words of availability by their numbers.
const AVAILABILITIES: [&str; 3] = ["free", "busy", "off"];

/// What was told of a unit last, in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    availability: u8,
    place: Option<(i64, i64)>,
    heading: Option<u8>,
    speed: Option<u8>,
}

#[cfg(test)]
mod tests;
