//! Dice. Invariant: everything random comes from a seeded generator, so that a run can be repeated.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::f64::consts::TAU;

/// A generator of its own for each name under one seed.
pub fn dice(seed: u64, name: &str) -> StdRng {
    // FNV-1a: small, and the same on every machine.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    StdRng::seed_from_u64(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Two independent numbers of the normal distribution (Box–Muller): mean 0, deviation 1.
pub fn gauss(rng: &mut StdRng) -> (f64, f64) {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
    (radius * cos, radius * sin)
}

/// The time to the next of events that come `per_s` times a second on average and do not know of each other, seconds.
/// Infinite where none come.
pub fn gap_s(rng: &mut StdRng, per_s: f64) -> f64 {
    if per_s > 0.0 { -(1.0 - rng.random::<f64>()).ln() / per_s } else { f64::INFINITY }
}

/// One of these, as often as its weight says. `None` of an empty list.
pub fn weighted<'a, T>(rng: &mut StdRng, choices: &'a [(f64, T)]) -> Option<&'a T> {
    let total: f64 = choices.iter().map(|c| c.0).sum();
    let mut left = rng.random::<f64>() * total;
    let hit = choices.iter().find(|(weight, _)| {
        left -= weight;
        left < 0.0
    });
    hit.or(choices.last()).map(|c| &c.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_give_the_same_dice() {
        let draw = |seed, name| dice(seed, name).random::<u64>();
        assert_eq!(draw(7, "BPN-M1"), draw(7, "BPN-M1"));
        assert_ne!(draw(7, "BPN-M1"), draw(8, "BPN-M1"));
        assert_ne!(draw(7, "BPN-M1"), draw(7, "BPN-M2"));
    }

    #[test]
    fn the_distributions_have_their_means() {
        let mut rng = dice(1, "means");
        let n = 20_000;
        let (mut sum, mut squares, mut gaps, mut heads) = (0.0, 0.0, 0.0, 0);
        for _ in 0..n {
            let (a, b) = gauss(&mut rng);
            (sum, squares) = (sum + a + b, squares + a * a + b * b);
            gaps += gap_s(&mut rng, 4.0);
            heads += i32::from(*weighted(&mut rng, &[(3.0, true), (1.0, false)]).unwrap());
        }
        let n = f64::from(n);
        assert!((sum / n / 2.0).abs() < 0.03 && (squares / n / 2.0 - 1.0).abs() < 0.05);
        assert!((gaps / n - 0.25).abs() < 0.01);
        assert!((f64::from(heads) / n - 0.75).abs() < 0.02);
        assert_eq!(gap_s(&mut rng, 0.0), f64::INFINITY);
        assert!(weighted::<u8>(&mut rng, &[]).is_none());
    }
}
