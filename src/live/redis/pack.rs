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
/// So many of them, the first, stand behind the call sign in a record of a free unit: moment, cell, place.
const SEEN: usize = 28;
/// So many bytes has the call sign there, the last of them zeros.
const SIGN: usize = 10;
/// Bytes of a record of a free unit.
pub(super) const RECORD: usize = SIGN + SEEN;
/// What stands for an unknown battery.
const NO_BATTERY: u8 = 255;

/// A cell of resolution 8 in short: base cell and eight digits.
pub(super) fn short(cell: CellIndex) -> u32 {
    const DIGITS_BELOW: u32 = 3 * (15 - 8);
    u32::try_from((u64::from(cell) >> DIGITS_BELOW) & 0x7fff_ffff).expect("31 bits are left")
}

/// A fix, with its cell in short: the moment first, which `store.lua` compares, then the cell.
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

/// Reads a record of a free unit: its call sign, where its fix was made and when.
#[expect(clippy::cast_possible_truncation, reason = "a double that holds whole milliseconds")]
pub(super) fn read_free(record: &[u8; RECORD]) -> Option<(&str, Place, UnixMs)> {
    let (sign, seen) = record.split_first_chunk::<SIGN>()?;
    let sign = sign.split(|byte| *byte == 0).next()?;
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
    use crate::domain::cell::RESOLUTION;
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
            for sign in ["M12", "ABCDEF1234"] {
                let mut record = [0; RECORD];
                record[..sign.len()].copy_from_slice(sign.as_bytes());
                record[SIGN..].copy_from_slice(&packed[..SEEN]);
                prop_assert_eq!(read_free(&record), Some((sign, place, UnixMs(at))));
            }
        }

        #[test]
        fn what_others_wrote_is_nothing(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let place = read_fix(&bytes).map(|f| f.place);
            prop_assert!(place.is_none_or(|p| p.lat().is_finite()));
            let free = bytes.first_chunk().and_then(read_free);
            prop_assert!(free.is_none_or(|(sign, place, _)| sign.len() <= SIGN && place.lng().is_finite()));
            let said = read_said(&bytes);
            prop_assert!(said.is_none() || bytes.len() > 1);
        }

        #[test]
        fn what_was_said_comes_back(seq in 0_i64..i64::MAX) {
            for availability in [Availability::Free, Availability::Busy, Availability::Off] {
                prop_assert_eq!(read_said(said(availability, seq).as_bytes()), Some((availability, seq)));
            }
        }
    }

    #[test]
    fn in_short_every_cell_is_another_near_a_pentagon_too() {
        for pentagon in RESOLUTION.pentagons() {
            let cells = pentagon.grid_disk::<Vec<_>>(6);
            let mut short: Vec<_> = cells.iter().map(|c| self::short(*c)).collect();
            short.sort_unstable();
            short.dedup();
            assert_eq!(short.len(), cells.len());
        }
    }
}
