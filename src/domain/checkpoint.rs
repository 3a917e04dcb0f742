//! A signed statement of where a journal ended at a moment.
//!
//! A hash chain alone finds a changed event, not a tail that was cut off or written anew from some point on. Whoever
//! keeps checkpoints elsewhere finds both.

use super::{ids::AreaCode, time::UnixMs};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Where a journal ended, signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose journal.
    pub area: AreaCode,
    /// Its last number.
    pub seq: i64,
    /// Its last hash, base64.
    pub hash: String,
    /// When this was stated.
    pub at: UnixMs,
    /// Ed25519 over the fields above, base64.
    pub signature: String,
}

/// Why a checkpoint is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// Signed by another key, or changed.
    #[error("the signature is not by this service's key")]
    Signature,
    /// Not base64 of the right length.
    #[error("the checkpoint is damaged")]
    Damaged,
}

fn statement(area: AreaCode, seq: i64, hash: &str, at: UnixMs) -> Vec<u8> {
    format!("sigap checkpoint 1\n{area}\n{seq}\n{hash}\n{}", at.0).into_bytes()
}

impl Checkpoint {
    /// States and signs.
    #[must_use]
    pub fn sign(area: AreaCode, seq: i64, hash: &[u8; 32], at: UnixMs, key: &Ed25519KeyPair) -> Self {
        let hash = STANDARD.encode(hash);
        let signature = STANDARD.encode(key.sign(&statement(area, seq, &hash, at)));
        Self { area, seq, hash, at, signature }
    }

    /// The hash, if the signature is by this key.
    ///
    /// # Errors
    /// [`BadCheckpoint`] when it is not, or the texts are damaged.
    pub fn verify(&self, key: &Ed25519KeyPair) -> Result<[u8; 32], BadCheckpoint> {
        self.verify_by(key.public_key().as_ref())
    }

    /// The hash, if the signature is by the key pair with this public key.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_by(&self, public: &[u8]) -> Result<[u8; 32], BadCheckpoint> {
        let signature = STANDARD.decode(&self.signature).map_err(|_| BadCheckpoint::Damaged)?;
        UnparsedPublicKey::new(&ED25519, public)
            .verify(&statement(self.area, self.seq, &self.hash, self.at), &signature)
            .map_err(|_| BadCheckpoint::Signature)?;
        let hash = STANDARD.decode(&self.hash).map_err(|_| BadCheckpoint::Damaged)?;
        hash.try_into().map_err(|_| BadCheckpoint::Damaged)
    }
}

/// A key that signed checkpoints before the master key was rotated, with the word of the key that came after it. Without
/// that word, whoever can write to the database could name a key of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerKey {
    /// The public key, 32 bytes.
    pub public: Vec<u8>,
    /// When it was rotated away: what it signed later does not count.
    pub until: UnixMs,
    /// Ed25519 over both.
    pub signature: Vec<u8>,
}

impl FormerKey {
    fn statement(public: &[u8], until: UnixMs) -> Vec<u8> {
        format!("sigap former key 1\n{}\n{}", STANDARD.encode(public), until.0).into_bytes()
    }

    /// Vouches for a key.
    #[must_use]
    pub fn sign(public: Vec<u8>, until: UnixMs, key: &Ed25519KeyPair) -> Self {
        let signature = key.sign(&Self::statement(&public, until)).as_ref().to_vec();
        Self { public, until, signature }
    }

    /// Whether the key pair with this public key vouched for it.
    #[must_use]
    pub fn is_vouched_by(&self, public: &[u8]) -> bool {
        let statement = Self::statement(&self.public, self.until);
        UnparsedPublicKey::new(&ED25519, public).verify(&statement, &self.signature).is_ok()
    }

    /// The hash of a checkpoint that it signed in its time.
    ///
    /// # Errors
    /// As [`Checkpoint::verify`].
    pub fn verify(&self, checkpoint: &Checkpoint) -> Result<[u8; 32], BadCheckpoint> {
        if checkpoint.at > self.until { Err(BadCheckpoint::Signature) } else { checkpoint.verify_by(&self.public) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_key_counts_while_it_was_in_force_and_only_with_the_word_of_the_next() {
        let [old, new, other] = [3, 4, 5].map(|b| Ed25519KeyPair::from_seed_unchecked(&[b; 32]).unwrap());
        let signed = |at| Checkpoint::sign("BPN".parse().unwrap(), 7, &[9; 32], UnixMs(at), &old);
        let former = FormerKey::sign(old.public_key().as_ref().to_vec(), UnixMs(100), &new);
        assert!(former.is_vouched_by(new.public_key().as_ref()));
        assert!(!former.is_vouched_by(other.public_key().as_ref()));
        assert!(!FormerKey { until: UnixMs(200), ..former.clone() }.is_vouched_by(new.public_key().as_ref()));
        assert_eq!(former.verify(&signed(100)), Ok([9; 32]));
        assert_eq!(former.verify(&signed(101)), Err(BadCheckpoint::Signature));
        let foreign = Checkpoint::sign("BPN".parse().unwrap(), 7, &[9; 32], UnixMs(1), &other);
        assert_eq!(former.verify(&foreign), Err(BadCheckpoint::Signature));
    }

    #[test]
    fn only_the_key_that_signed_is_believed_and_only_what_it_signed() {
        let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
        let stated = Checkpoint::sign("BPN".parse().unwrap(), 7, &[9; 32], UnixMs(1), &key);
        assert_eq!(stated.verify(&key), Ok([9; 32]));
        assert_eq!(Checkpoint { seq: 6, ..stated.clone() }.verify(&key), Err(BadCheckpoint::Signature));
        let other = Ed25519KeyPair::from_seed_unchecked(&[4; 32]).unwrap();
        assert_eq!(stated.verify(&other), Err(BadCheckpoint::Signature));
    }
}
