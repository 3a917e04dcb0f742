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
        let signature = STANDARD.decode(&self.signature).map_err(|_| BadCheckpoint::Damaged)?;
        UnparsedPublicKey::new(&ED25519, key.public_key().as_ref())
            .verify(&statement(self.area, self.seq, &self.hash, self.at), &signature)
            .map_err(|_| BadCheckpoint::Signature)?;
        let hash = STANDARD.decode(&self.hash).map_err(|_| BadCheckpoint::Damaged)?;
        hash.try_into().map_err(|_| BadCheckpoint::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
