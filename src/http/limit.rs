//! How often one peer address may try to log in, to be a tracker or to use a link, and how often one link may be used.
//!
//! Invariant: the memory is bounded whatever addresses come. Of logins each name has a limit of its own in `engine::auth`;
//! this one keeps one address from trying many names.

use crate::domain::time::UnixMs;
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// Addresses or reports that are remembered; each costs some 50 bytes.
const ADDRESSES: usize = 50_000;

/// Tries per address.
pub type PeerLimit = Limit<IpAddr>;

/// Counts tries per key, by the generic cell rate algorithm: one number per key.
pub struct Limit<K> {
    /// How far ahead of the present an address may be, milliseconds.
    burst_ms: i64,
    /// What a try costs, milliseconds.
    refill_ms: i64,
    /// When an address has all its tries again.
    full: Mutex<HashMap<K, UnixMs>>,
}

impl<K: Hash + Eq> Limit<K> {
    /// `burst` tries at once, one more every `refill_ms`.
    pub fn new(burst: u32, refill_ms: i64) -> Self {
        let refill_ms = refill_ms.max(1);
        Self { burst_ms: refill_ms.saturating_mul(i64::from(burst.max(1))), refill_ms, full: Mutex::default() }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait for the next one, milliseconds.
    pub fn count(&self, key: K, now: UnixMs) -> Result<(), i64> {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if full.len() >= ADDRESSES {
            full.retain(|_, at| *at > now);
            // A flood from everywhere: each name's own limit still stands.
            if full.len() >= ADDRESSES {
                full.clear();
            }
        }
        let at = full.entry(key).or_insert(now);
        let next = (*at).max(now).plus(self.refill_ms);
        let ahead_ms = next.since(now);
        if ahead_ms > self.burst_ms {
            return Err(ahead_ms - self.burst_ms);
        }
        *at = next;
        Ok(())
    }
}

impl PeerLimit {
    /// Takes a counted try back: it was a good one.
    pub fn give_back(&self, peer: IpAddr) {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = full.get_mut(&neighbourhood(peer)) {
            *at = at.plus(-self.refill_ms);
        }
    }

    /// Counts a try of an address.
    ///
    /// # Errors
    /// How long to wait for the next one, milliseconds.
    pub fn admit(&self, peer: IpAddr, now: UnixMs) -> Result<(), i64> {
        self.count(neighbourhood(peer), now)
    }
}

/// Whoever has one IPv6 address has 2⁶⁴ of them.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_793_581_200_000);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_then_one_per_refill() {
        let limit = PeerLimit::new(3, 1_000);
        for _ in 0..3 {
            limit.admit(ip("10.0.0.1"), NOW).unwrap();
        }
        assert_eq!(limit.admit(ip("10.0.0.1"), NOW), Err(1_000));
        assert_eq!(limit.admit(ip("10.0.0.1"), NOW.plus(400)), Err(600), "a refused try costs nothing");
        limit.admit(ip("10.0.0.1"), NOW.plus(1_000)).unwrap();
        limit.admit(ip("10.0.0.2"), NOW).unwrap();
    }

    #[test]
    fn a_good_try_is_given_back() {
        let limit = PeerLimit::new(1, 1_000);
        for _ in 0..5 {
            limit.admit(ip("10.0.0.1"), NOW).unwrap();
            limit.give_back(ip("10.0.0.1"));
        }
        limit.give_back(ip("10.0.0.2"));
        limit.admit(ip("10.0.0.1"), NOW).unwrap();
        assert_eq!(limit.admit(ip("10.0.0.1"), NOW), Err(1_000));
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let limit = PeerLimit::new(1, 1_000);
        limit.admit(ip("2001:db8::1"), NOW).unwrap();
        assert!(limit.admit(ip("2001:db8::ffff:2"), NOW).is_err());
        limit.admit(ip("2001:db8:0:1::1"), NOW).unwrap();
        limit.admit(ip("10.0.0.1"), NOW).unwrap();
        assert!(limit.admit(ip("::ffff:10.0.0.1"), NOW).is_err(), "an IPv4 address in IPv6 clothes");
    }

    #[test]
    fn many_addresses_take_bounded_room() {
        let limit = PeerLimit::new(1, 1_000);
        for n in 0..120_000_u32 {
            limit.admit(std::net::Ipv4Addr::from_bits(n).into(), NOW).unwrap();
        }
        assert!(limit.full.lock().unwrap().len() <= ADDRESSES);
    }
}
