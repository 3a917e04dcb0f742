//! Rounds over the incidents that wait: at most one at a time for a city, however many units become free at once.
//!
//! Invariant: whoever asks for a round gets one that begins after the asking, by their own hand or by that of whoever
//! is under way. A thousand phones that come back after an outage would otherwise each try everything that waits.

use crate::domain::ids::AreaCode;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The rounds under way, by city, or of all cities; each with whether another one is asked for.
#[derive(Default)]
pub(super) struct Rounds(Mutex<HashMap<Option<AreaCode>, bool>>);

/// A round under way; dropping it ends it.
pub(super) struct Round<'a> {
    rounds: &'a Rounds,
    city: Option<AreaCode>,
    over: bool,
}

impl Rounds {
    /// Begins a round; `None` where one is under way, which will then be followed by another.
    pub(super) fn begin(&self, city: Option<AreaCode>) -> Option<Round<'_>> {
        match self.lock().entry(city) {
            Entry::Occupied(mut again) => {
                again.insert(true);
                None
            }
            Entry::Vacant(free) => {
                free.insert(false);
                Some(Round { rounds: self, city, over: false })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Option<AreaCode>, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Round<'_> {
    /// Whether another round was asked for meanwhile; if not, this was the last.
    pub(super) fn again(&mut self) -> bool {
        let mut open = self.rounds.lock();
        if open.get_mut(&self.city).is_some_and(std::mem::take) {
            return true;
        }
        open.remove(&self.city);
        self.over = true;
        false
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.rounds.lock().remove(&self.city);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_during_a_round_gets_another_one() {
        let (rounds, city) = (Rounds::default(), Some("BPN".parse().unwrap()));
        let mut round = rounds.begin(city).unwrap();
        assert!(rounds.begin(city).is_none() && rounds.begin(city).is_none());
        assert!(rounds.begin(None).is_some(), "another city's round is its own");
        assert!(round.again(), "two asked, one round serves both");
        assert!(!round.again());
        let next = rounds.begin(city).unwrap();
        drop(round);
        assert!(rounds.begin(city).is_none(), "the old one does not end the new one");
        drop(next);
        assert!(rounds.begin(city).is_some(), "one that was dropped half-way is over");
    }
}
