//! Personal text beside the chain: sealed under a key per subject, bound to the journal by a salted commitment.
//!
//! Erasing a subject destroys its key, and its boxes. The commitments stay and tell nothing, since the salt of each lay in
//! its box; of a box in an old backup the key is gone.

use super::{
    AreaTx, Store, StoreError, keys,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Scope},
    ids::*,
};
use aws_lc_rs::{aead::LessSafeKey, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Bytes of salt in front of each sealed text.
const SALT: usize = 16;

/// Text that was opened, or is gone.
pub type Sealed = Option<String>;

pub(super) fn key_context(area: AreaCode, subject: SubjectId) -> String {
    format!("{area}/{subject}")
}

fn box_context(area: AreaCode, subject: SubjectId, context: &str) -> String {
    format!("{area}/{subject}/{context}")
}

impl AreaTx {
    /// A new subject with a key of its own.
    pub async fn new_subject(&mut self, area: AreaCode) -> Result<SubjectId, StoreError> {
        let subject = SubjectId::random();
        let wrapped = self.keys.wrap(&keys::random()?, &key_context(area, subject))?;
        let fingerprint = self.keys.fingerprint();
        // A node that went on under a key that was rotated away must not wrap with it: nobody could open that.
        let made = sql!(
            run,
            self.conn(),
            "INSERT INTO subject_key (area, subject, wrapped) SELECT $1, $2, $3 WHERE NOT EXISTS
                (SELECT 1 FROM installation WHERE fingerprint <> $4 OR next_fingerprint IS NOT NULL)",
            area.as_str(),
            subject.to_string(),
            &wrapped[..],
            &fingerprint[..]
        )?;
        if made == 0 { Err(StoreError::OtherKey) } else { Ok(subject) }
    }

    /// Seals a text and gives the commitment that an event may hold. `context` names the text: `note/3`.
    pub async fn seal(
        &mut self,
        area: AreaCode,
        subject: SubjectId,
        context: &str,
        text: &str,
    ) -> Result<String, StoreError> {
        let keys = self.keys.clone();
        let key = subject_key(&mut self.conn(), &keys, area, subject).await?.ok_or(StoreError::Seal)?;
        let salted = [&keys::random::<SALT>()?[..], text.as_bytes()].concat();
        let sealed = keys::seal(&key, &salted, &box_context(area, subject, context))?;
        sql!(
            run,
            self.conn(),
            "INSERT INTO sealed (area, subject, context, box) VALUES ($1, $2, $3, $4)
             ON CONFLICT (area, subject, context) DO UPDATE SET box = excluded.box",
            area.as_str(),
            subject.to_string(),
            context,
            &sealed[..]
        )?;
        Ok(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &salted)))
    }
}

async fn subject_key(
    c: &mut Conn<'_>,
    keys: &keys::Keys,
    area: AreaCode,
    subject: SubjectId,
) -> Result<Option<LessSafeKey>, StoreError> {
    let wrapped = sql!(
        scalar Vec<u8>,
        c,
        "SELECT wrapped FROM subject_key WHERE area = $1 AND subject = $2",
        area.as_str(),
        subject.to_string()
    )?;
    wrapped.map(|w| keys.unwrap_key(&w, &key_context(area, subject))).transpose()
}

/// Opens one text; `None` where it was never there or its key was destroyed.
pub(super) async fn unseal(
    c: &mut Conn<'_>,
    keys: &keys::Keys,
    area: AreaCode,
    subject: SubjectId,
    context: &str,
) -> Result<Sealed, StoreError> {
    let Some(key) = subject_key(c, keys, area, subject).await? else { return Ok(None) };
    let sealed = sql!(
        scalar Vec<u8>,
        c,
        "SELECT box FROM sealed WHERE area = $1 AND subject = $2 AND context = $3",
        area.as_str(),
        subject.to_string(),
        context
    )?;
    let Some(sealed) = sealed else { return Ok(None) };
    let salted = keys::open(&key, &sealed, &box_context(area, subject, context))?;
    let text = salted.get(SALT..).ok_or(StoreError::Seal)?.to_vec();
    Ok(Some(String::from_utf8(text).map_err(|_| StoreError::Seal)?))
}

impl Store {
    /// Opens one sealed text of a subject; `None` where there is none, or no longer.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope, damaged, or the database fails.
    pub async fn unseal(
        &self,
        scope: &Scope,
        area: AreaCode,
        subject: SubjectId,
        context: &str,
    ) -> Result<Sealed, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        let (keys, context) = (self.keys().clone(), context.to_owned());
        self.read(move |c| Box::pin(async move { unseal(c, &keys, area, subject, &context).await })).await
    }
}
