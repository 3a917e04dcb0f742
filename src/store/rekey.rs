//! The rotation of the master key: every subject's key is wrapped anew, every caller's number hashed anew.
//!
//! Invariants: it goes in small transactions, and each row tells by itself which key wrapped it, so that a rotation that
//! was broken off anywhere goes on from there; it begins only while no node serves, and from its first transaction to
//! its last nobody makes a subject; the last one puts the new key into force.

use super::{
    Store, StoreError,
    keys::Keys,
    nodes::GONE_MS,
    reports::{number_in, number_of},
    seal::key_context,
    sql::{Conn, sql},
};
use crate::domain::{checkpoint::FormerKey, ids::*, time::UnixMs};
use aws_lc_rs::signature::KeyPair;

/// Rows in one transaction.
const BATCH: i64 = 100;

/// What a rotation did, or what is done of it so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rekeyed {
    /// Keys of subjects that were wrapped anew.
    pub subjects: u64,
    /// Callers whose number was hashed anew.
    pub callers: u64,
    /// Callers who cannot be found any more, since their number cannot be read.
    pub dropped: u64,
    /// Keys of subjects that neither key opens; they are left as they are.
    pub damaged: u64,
}

impl Rekeyed {
    const fn and(self, other: Self) -> Self {
        Self {
            subjects: self.subjects + other.subjects,
            callers: self.callers + other.callers,
            dropped: self.dropped + other.dropped,
            damaged: self.damaged + other.damaged,
        }
    }
}

/// Where a walk over subjects goes on: after this one.
type Cursor = Option<(String, String)>;

impl Store {
    /// Rotates from the former master key of these keys to the new one, or goes on with that; `told` hears of each step.
    /// What was done already is not done again.
    ///
    /// # Errors
    /// [`StoreError::NodesServe`], [`StoreError::OtherKey`] when neither key is in force, or another rotation is under
    /// way; [`StoreError`] when the database fails.
    pub async fn rekey(&self, now: UnixMs, mut told: impl FnMut(Rekeyed)) -> Result<Rekeyed, StoreError> {
        let former = self.keys().former().ok_or(StoreError::Unsupported("a rotation needs two keys"))?.clone();
        let mut done = Rekeyed::default();
        if !self.begin_rekey(&former, now).await? {
            return Ok(done);
        }
        let (mut cursor, mut step): (Cursor, _) = (None, Rekeyed::default());
        while self.batch(callers, &mut cursor, &mut step).await? {
            told(done.and(step));
        }
        (done, step, cursor) = (done.and(step), Rekeyed::default(), None);
        while self.batch(conversations, &mut cursor, &mut step).await? {
            told(done.and(step));
        }
        (done, step, cursor) = (done.and(step), Rekeyed::default(), None);
        while self.batch(subjects, &mut cursor, &mut step).await? {
            told(done.and(step));
        }
        self.end_rekey(&former, now).await?;
        Ok(done.and(step))
    }

    /// From here on no node starts and nobody makes a subject; `false` when the new key is in force already.
    async fn begin_rekey(&self, former: &Keys, now: UnixMs) -> Result<bool, StoreError> {
        let (old, new) = (former.fingerprint(), self.keys().fingerprint());
        self.maintain(move |c| {
            Box::pin(async move {
                // Whoever makes a subject holds a head: once all are held in turn, what they began is committed, and what
                // they begin next sees the rotation.
                for (area,) in sql!(all(String,), c, "SELECT area FROM journal_head ORDER BY area")? {
                    sql!(run, c, "UPDATE journal_head SET seq = seq WHERE area = $1", area)?;
                }
                let note = "INSERT INTO installation (id, fingerprint) VALUES (1, $1) ON CONFLICT DO NOTHING";
                sql!(run, c, note, &old[..])?;
                let select = "SELECT fingerprint, next_fingerprint FROM installation WHERE id = 1";
                let found = sql!(row(Vec<u8>, Option<Vec<u8>>), c, select)?;
                match found.ok_or(StoreError::OtherKey)? {
                    (force, None) if force == new => return Ok(false),
                    (force, None) if force == old => {
                        let seen = sql!(scalar i64, c, "SELECT seen_ms FROM node ORDER BY seen_ms DESC LIMIT 1")?;
                        if let Some(ago_ms) = seen.map(|seen| now.0 - seen).filter(|ago| *ago < GONE_MS) {
                            return Err(StoreError::NodesServe(ago_ms.max(0) / 1_000));
                        }
                        let begin = "UPDATE installation SET next_fingerprint = $1, rekeyed = 0 WHERE id = 1";
                        sql!(run, c, begin, &new[..])?;
                    }
                    (force, Some(next)) if force == old && next == new => {}
                    _ => return Err(StoreError::OtherKey),
                }
                Ok(true)
            })
        })
        .await
    }

    /// One transaction of a walk; `false` at its end.
    async fn batch<W>(&self, walk: W, cursor: &mut Cursor, step: &mut Rekeyed) -> Result<bool, StoreError>
    where
        W: for<'t> Fn(&'t mut Conn<'_>, Keys, Cursor) -> super::Out<'t, Option<(Cursor, Rekeyed)>> + Send + 'static,
    {
        let (keys, from) = (self.keys().clone(), cursor.clone());
        let gone = self.maintain(move |c| {
            Box::pin(async move {
                let Some((cursor, step)) = walk(c, keys, from).await? else { return Ok(None) };
                let rows = i64::try_from(step.subjects + step.callers).unwrap_or(0);
                sql!(run, c, "UPDATE installation SET rekeyed = rekeyed + $1 WHERE id = 1", rows)?;
                Ok(Some((cursor, step)))
            })
        });
        let Some((next, did)) = gone.await? else { return Ok(false) };
        (*cursor, *step) = (next, step.and(did));
        Ok(true)
    }

    /// The new key is in force. The former one's checkpoints stay good: the new one vouches for its public key.
    async fn end_rekey(&self, former: &Keys, now: UnixMs) -> Result<(), StoreError> {
        let (new, key) = (self.keys().fingerprint(), self.keys().checkpoints());
        let before = former.checkpoints();
        let mut all = self.former_keys(&before).await?;
        let public = before.public_key().as_ref().to_vec();
        all.push(FormerKey::sign(public, now, &key));
        self.maintain(move |c| {
            Box::pin(async move {
                sql!(run, c, "DELETE FROM former_key")?;
                // Places that wait some minutes for their call, under the key that goes.
                sql!(run, c, "DELETE FROM aml")?;
                for former in all {
                    let vouched = FormerKey::sign(former.public, former.until, &key);
                    let insert = "INSERT INTO former_key (public, until_ms, signature) VALUES ($1, $2, $3)";
                    sql!(run, c, insert, &vouched.public[..], vouched.until.0, &vouched.signature[..])?;
                }
                let end = "UPDATE installation SET fingerprint = $1, next_fingerprint = NULL WHERE id = 1";
                sql!(run, c, end, &new[..])?;
                Ok(())
            })
        })
        .await
    }

    /// The public keys that signed checkpoints before, as far as this key vouches for them.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn former_keys(&self, key: &aws_lc_rs::signature::Ed25519KeyPair) -> Result<Vec<FormerKey>, StoreError> {
        let rows = self.read(move |c| {
            Box::pin(async move {
                let select = "SELECT public, until_ms, signature FROM former_key ORDER BY until_ms";
                Ok(sql!(all(Vec<u8>, i64, Vec<u8>), c, select)?)
            })
        });
        let read = |(public, until, signature)| FormerKey { public, until: UnixMs(until), signature };
        let public = key.public_key().as_ref();
        Ok(rows.await?.into_iter().map(read).filter(|former| former.is_vouched_by(public)).collect())
    }
}

/// Keys of subjects, wrapped by the new key where they are not yet.
fn subjects<'t>(c: &'t mut Conn<'_>, keys: Keys, from: Cursor) -> super::Out<'t, Option<(Cursor, Rekeyed)>> {
    Box::pin(async move {
        let (area, subject) = from.unwrap_or_default();
        let select = "SELECT area, subject, wrapped FROM subject_key WHERE area > $1 OR (area = $1 AND subject > $2)
            ORDER BY area, subject LIMIT $3";
        let rows = sql!(all(String, String, Vec<u8>), c, select, area, subject, BATCH)?;
        let Some((area, subject, _)) = rows.last().cloned() else { return Ok(None) };
        let mut step = Rekeyed::default();
        for (area, subject, wrapped) in &rows {
            let context = key_context(area.parse()?, subject.parse()?);
            match keys.rewrap(wrapped, &context) {
                Ok(None) => {}
                Ok(Some(anew)) => {
                    let update = "UPDATE subject_key SET wrapped = $3 WHERE area = $1 AND subject = $2";
                    sql!(run, c, update, area, subject, &anew[..])?;
                    step.subjects += 1;
                }
                Err(_) => step.damaged += 1,
            }
        }
        Ok(Some((Some((area, subject)), step)))
    })
}

/// Callers, found by the new key's hash where they are not yet.
fn callers<'t>(c: &'t mut Conn<'_>, keys: Keys, from: Cursor) -> super::Out<'t, Option<(Cursor, Rekeyed)>> {
    Box::pin(async move {
        let (area, subject) = from.unwrap_or_default();
        let select = "SELECT area, subject, number_hash FROM caller WHERE area > $1 OR (area = $1 AND subject > $2)
            ORDER BY area, subject LIMIT $3";
        let rows = sql!(all(String, String, Vec<u8>), c, select, area, subject, BATCH)?;
        let Some((area, subject, _)) = rows.last().cloned() else { return Ok(None) };
        let mut step = Rekeyed::default();
        for (area, subject, hash) in &rows {
            let whose: (AreaCode, SubjectId) = (area.parse()?, subject.parse()?);
            // A damaged box is one that cannot be read.
            let number = match number_of(c, &keys, whose).await {
                Err(StoreError::Seal) => None,
                found => found?,
            };
            match number.map(|number| keys.number_hash(number.as_str())) {
                Some(anew) if anew[..] == hash[..] => {}
                Some(anew) => {
                    let update = "UPDATE caller SET number_hash = $3 WHERE area = $1 AND subject = $2";
                    sql!(run, c, update, area, subject, &anew[..])?;
                    step.callers += 1;
                }
                None => {
                    sql!(run, c, "DELETE FROM caller WHERE area = $1 AND subject = $2", area, subject)?;
                    step.dropped += 1;
                }
            }
        }
        Ok(Some((Some((area, subject)), step)))
    })
}

/// Conversations, found by the new key's hash of the number that their report holds.
fn conversations<'t>(c: &'t mut Conn<'_>, keys: Keys, from: Cursor) -> super::Out<'t, Option<(Cursor, Rekeyed)>> {
    Box::pin(async move {
        let (area, no) = from.unwrap_or_default();
        let no: i64 = no.parse().unwrap_or(0);
        let select = "SELECT DISTINCT area, report_no FROM conversation
            WHERE area > $1 OR (area = $1 AND report_no > $2) ORDER BY area, report_no LIMIT $3";
        let rows = sql!(all(String, i64), c, select, area, no, BATCH)?;
        let Some((area, no)) = rows.last().cloned() else { return Ok(None) };
        let mut step = Rekeyed::default();
        for (area, no) in rows {
            let anew = match number_in(c, &keys, ReportId { area: area.parse()?, no }).await {
                Err(StoreError::Seal) => None,
                found => found?.map(|number| keys.number_hash(number.as_str())),
            };
            if let Some(anew) = &anew {
                let update = "UPDATE conversation SET number_hash = $3
                    WHERE area = $1 AND report_no = $2 AND number_hash <> $3 AND NOT EXISTS
                        (SELECT 1 FROM conversation n WHERE n.area = $1 AND n.channel = conversation.channel
                            AND n.number_hash = $3)";
                step.callers += sql!(run, c, update, &area, no, &anew[..])?;
            }
            // Without a number, or beside a newer one of the same: nobody would find it.
            let anew = anew.unwrap_or_default();
            let drop = "DELETE FROM conversation WHERE area = $1 AND report_no = $2 AND number_hash <> $3";
            step.dropped += sql!(run, c, drop, &area, no, &anew[..])?;
        }
        Ok(Some((Some((area, no.to_string())), step)))
    })
}
