//! Proof that the journals are what was written: verification and signed checkpoints.

use super::{Engine, Error};
use crate::{
    domain::{
        access::Scope,
        checkpoint::{BadCheckpoint, Checkpoint},
        ids::AreaCode,
    },
    store::Verdict,
};

/// What an audit of one journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Gapless, chained, and all that the checkpoint knew is still there.
    Whole {
        /// The last number.
        seq: i64,
    },
    /// The first event that is wrong.
    Broken {
        /// Its number.
        seq: i64,
        /// How.
        reason: &'static str,
    },
    /// The journal is shorter than the checkpoint knew: its tail was cut.
    Cut {
        /// The last number now.
        seq: i64,
        /// The last number then.
        known: i64,
    },
    /// The journal is consistent, but not the one of the checkpoint: it was written anew.
    Rewritten {
        /// The last number then.
        known: i64,
    },
}

impl Engine {
    /// Walks a journal; with a checkpoint, also finds a cut or rewritten tail.
    ///
    /// # Errors
    /// [`Error`] when the database fails, [`BadCheckpoint`] (inside) when the checkpoint is not ours.
    pub async fn audit(
        &self,
        area: AreaCode,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Result<Finding, BadCheckpoint>, Error> {
        let known = match checkpoint {
            None => None,
            Some(checkpoint) => match self.signed_hash(checkpoint).await? {
                Ok(hash) => Some((checkpoint.seq, hash)),
                Err(bad) => return Ok(Err(bad)),
            },
        };
        let (verdict, hash_then) =
            self.inner.store.verify_against(&Scope::system(), area, known.map(|(seq, _)| seq)).await?;
        Ok(Ok(match (verdict, known) {
            (Verdict::Broken { seq, reason }, _) => Finding::Broken { seq, reason },
            (Verdict::Whole(head), Some((known, _))) if known > head.seq => Finding::Cut { seq: head.seq, known },
            (Verdict::Whole(_), Some((known, hash))) if known > 0 && hash_then != Some(hash) => {
                Finding::Rewritten { known }
            }
            (Verdict::Whole(head), _) => Finding::Whole { seq: head.seq },
        }))
    }

    /// The hash that a checkpoint states, where it was signed by this key or by one that it vouches for.
    async fn signed_hash(&self, checkpoint: &Checkpoint) -> Result<Result<[u8; 32], BadCheckpoint>, Error> {
        let key = self.inner.store.keys().checkpoints();
        let now = checkpoint.verify(&key);
        if now != Err(BadCheckpoint::Signature) {
            return Ok(now);
        }
        let former = self.inner.store.former_keys(&key).await?;
        Ok(former.iter().find_map(|former| former.verify(checkpoint).ok()).ok_or(BadCheckpoint::Signature))
    }

    /// The areas that have a journal, in code order.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn journals(&self) -> Result<Vec<AreaCode>, Error> {
        Ok(self.inner.store.journal_heads().await?.into_iter().map(|(area, _)| area).collect())
    }

    /// States where every journal ends, signed, in code order.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn checkpoints(&self) -> Result<Vec<Checkpoint>, Error> {
        let (key, now) = (self.inner.store.keys().checkpoints(), self.now());
        let mut all = Vec::new();
        for (area, _) in self.inner.store.journal_heads().await? {
            if let Some(head) = self.inner.store.journal_head(&Scope::system(), area).await? {
                all.push(Checkpoint::sign(area, head.seq, &head.hash, now, &key));
            }
        }
        Ok(all)
    }
}
