//! How fixes, availability and cells are written in Redis.
//!
//! Invariant: what is read back is what was written, bit for bit, so that every node ranks the same units the same way.
//! What cannot be read (another program's bytes) is nothing.

use crate::{
    domain::{fix::Fix, place::Place, time::UnixMs},
    live::Availability,
};
use h3o::CellIndex;

/// Bytes of a packed fix.
const FIX: usize = 49;
/// So many of them, the first, stand behind the call sign in the set of free units: moment, cell, place.
const SEEN: usize = 28;
/// What stands for an unknown battery.
const NO_BATTERY: u8 = 255;

/// A cell of resolution 8 as a score: base cell and eight digits, 31 bits, exact in a double. The seven children of a
/// cell follow each other, and one number between them and the next cell's is nobody's.
pub(super) fn score(cell: CellIndex) -> u32 {
    const DIGITS_BELOW: u32 = 3 * (15 - 8);
    u32::try_from((u64::from(cell) >> DIGITS_BELOW) & 0x7fff_ffff).expect("31 bits are left")
}

/// Ranges of scores that hold these and no other cell.
pub(super) fn ranges(mut scores: Vec<u32>) -> Vec<(u32, u32)> {
    scores.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for score in scores {
        match ranges.last_mut() {
            // The seventh digit names no cell: 6 and the next parent's 0 are neighbours.
            Some((_, last)) if score == *last + 1 || (*last & 7 == 6 && score == *last + 2) => *last = score,
            _ => ranges.push((score, score)),
        }
    }
    ranges
}

/// A fix, with the score of its cell: the moment first, which `store.lua` compares, then the cell.
#[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53 for 285,000 years")]
pub(super) fn fix(fix: &Fix, cell: u32) -> [u8; FIX] {
    let mut bytes = [0; FIX];
    let number = |known: Option<f32>| known.unwrap_or(f32::NAN).to_be_bytes();
    bytes[..8].copy_from_slice(&(fix.at.0 as f64).to_be_bytes());
    bytes[8..12].copy_from_slice(&cell.to_be_bytes());
    bytes[12..20].copy_from_slice(&fix.place.lat().to_be_bytes());
    bytes[20..28].copy_from_slice(&fix.place.lng().to_be_bytes());
    bytes[28..36].copy_from_slice(&fix.device_ms.to_be_bytes());
    bytes[36..40].copy_from_slice(&number(fix.accuracy_m));
    bytes[40..44].copy_from_slice(&number(fix.speed_mps));
    bytes[44..48].copy_from_slice(&number(fix.heading_deg));
    bytes[48] = fix.battery_pct.unwrap_or(NO_BATTERY);
    bytes
}

/// Reads [`fix`] back.
#[expect(clippy::cast_possible_truncation, reason = "a double that holds whole milliseconds")]
pub(super) fn read_fix(bytes: &[u8]) -> Option<Fix> {
    let bytes: &[u8; FIX] = bytes.try_into().ok()?;
    let double = |at: usize| Some(f64::from_be_bytes(bytes[at..at + 8].try_into().ok()?));
    let number = |at: usize| {
        let known = f32::from_be_bytes(bytes[at..at + 4].try_into().ok()?);
        (!known.is_nan()).then_some(known)
    };
    Some(Fix {
        place: Place::new(double(12)?, double(20)?).ok()?,
        at: UnixMs(double(0)? as i64),
        device_ms: i64::from_be_bytes(bytes[28..36].try_into().ok()?),
        accuracy_m: number(36),
        speed_mps: number(40),
        heading_deg: number(44),
        battery_pct: (bytes[48] != NO_BATTERY).then_some(bytes[48]),
    })
}

/// Reads a member of the set of free units: its call sign, where its fix was made and when.
#[expect(clippy::cast_possible_truncation, reason = "a double that holds whole milliseconds")]
pub(super) fn read_free(bytes: &[u8]) -> Option<(&str, Place, UnixMs)> {
    let (sign, seen) = bytes.split_at_checked(bytes.len().checked_sub(SEEN)?)?;
    let double = |at: usize| Some(f64::from_be_bytes(seen[at..at + 8].try_into().ok()?));
    Some((std::str::from_utf8(sign).ok()?, Place::new(double(12)?, double(20)?).ok()?, UnixMs(double(0)? as i64)))
}

/// What the journal's event `seq` says of a unit.
pub(super) fn said(availability: Availability, seq: i64) -> String {
    let letter = match availability {
        Availability::Free => 'F',
        Availability::Busy => 'B',
        Availability::Off => 'O',
    };
    format!("{letter}{seq}")
}

/// Reads [`said`] back.
pub(super) fn read_said(bytes: &[u8]) -> Option<(Availability, i64)> {
    let (letter, seq) = std::str::from_utf8(bytes).ok()?.split_at_checked(1)?;
    let availability = match letter {
        "F" => Availability::Free,
        "B" => Availability::Busy,
        "O" => Availability::Off,
        _ => return None,
    };
    Some((availability, seq.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cell::{self, RESOLUTION};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_fix_comes_back(
            lat in -90.0..=90.0_f64, lng in -180.0..=180.0_f64, at in 0..4_000_000_000_000_i64, device_ms: i64,
            accuracy_m in prop::option::of(0_f32..1e3), heading_deg in prop::option::of(0_f32..360.0),
            battery_pct in prop::option::of(0_u8..=100), cell: u32,
        ) {
            let place = Place::new(lat, lng).unwrap();
            let one = Fix { device_ms, accuracy_m, heading_deg, battery_pct, ..Fix::at(place, UnixMs(at)) };
            let packed = fix(&one, cell);
            prop_assert_eq!(read_fix(&packed), Some(one));
            let member = [b"M12", &packed[..SEEN]].concat();
            prop_assert_eq!(read_free(&member), Some(("M12", place, UnixMs(at))));
        }

        #[test]
        fn what_others_wrote_is_nothing(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let place = read_fix(&bytes).map(|f| f.place);
            prop_assert!(place.is_none_or(|p| p.lat().is_finite()));
            prop_assert!(read_free(&bytes).is_none() || bytes.len() >= SEEN);
            let said = read_said(&bytes);
            prop_assert!(said.is_none() || bytes.len() > 1);
        }

        #[test]
        fn what_was_said_comes_back(seq in 0_i64..i64::MAX) {
            for availability in [Availability::Free, Availability::Busy, Availability::Off] {
                prop_assert_eq!(read_said(said(availability, seq).as_bytes()), Some((availability, seq)));
            }
        }

        #[test]
        fn ranges_hold_the_cells_of_a_disk_and_no_other(lat in -80.0..80.0_f64, lng in -180.0..180.0_f64, rings in 0_u32..12) {
            let here = cell::cell_of(Place::new(lat, lng).unwrap());
            let disk: Vec<_> = here.grid_disk(rings);
            let ranges = ranges(disk.iter().map(|c| score(*c)).collect());
            for cell in here.grid_disk::<Vec<_>>(rings + 3) {
                let held = ranges.iter().any(|(first, last)| (*first..=*last).contains(&score(cell)));
                prop_assert_eq!(held, disk.contains(&cell));
            }
            prop_assert!(ranges.len() <= disk.len());
        }
    }

    #[test]
    fn every_cell_has_a_score_of_its_own_near_a_pentagon_too() {
        for pentagon in RESOLUTION.pentagons() {
            let cells = pentagon.grid_disk::<Vec<_>>(6);
            let mut scores: Vec<_> = cells.iter().map(|c| score(*c)).collect();
            scores.sort_unstable();
            scores.dedup();
            assert_eq!(scores.len(), cells.len());
        }
    }
}
