//! A quick hash for maps whose keys nobody outside can choose: names of areas and units that the store knows, and cells.
//!
//! The standard hasher withstands keys made to collide, and costs more here than the rest of a move.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map with the quick hash.
pub(super) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Eight bytes at a time: mix in, multiply, fold the high half onto the low.
#[derive(Debug, Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word ^ 0xf39c_c060_5ced_c835) * 0x9e37_79b9_7f4a_7c15;
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = (wide >> 64) as u64 ^ wide as u64;
        self.0 = folded;
    }

    // The lengths that arrays and texts write beside their bytes are the same for all keys of a map.
    fn write_usize(&mut self, _: usize) {}

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{cell, ids::UnitId, place::Place};
    use std::{
        collections::HashSet,
        hash::{BuildHasher, BuildHasherDefault},
    };

    #[test]
    fn names_and_cells_spread() {
        let hash = BuildHasherDefault::<super::Quick>::default();
        let units = (0..20_000).map(|i| {
            let letter = char::from(b'A' + (i / 10_000) as u8);
            hash.hash_one(format!("BPN-M{letter}{}", i % 10_000).parse::<UnitId>().unwrap())
        });
        let here = Place::new(-1.2, 116.8).unwrap();
        let cells = cell::cell_of(here).grid_disk::<Vec<_>>(80).into_iter().map(|c| hash.hash_one(c));
        for hashes in [units.collect::<Vec<_>>(), cells.collect()] {
            // Maps use the low bits for the bucket and the high seven for the tag.
            for shift in [0, 16, 40] {
                let seen: HashSet<_> = hashes.iter().map(|h| (h >> shift) & 0xffff).collect();
                // Random ones would fill 1 − exp(−n / 65,536) of the values.
                let random = 65_536.0 * (1.0 - (-(hashes.len() as f64) / 65_536.0).exp());
                assert!(seen.len() as f64 > 0.95 * random, "{} of {random}", seen.len());
            }
        }
    }
}
