//! Places that phones send by themselves: whose call it is, and those that wait for their call.
//!
//! Invariant: what waits is sealed, found by the keyed hash of its number alone, and gone after [`TOGETHER_MS`].

use super::{
    super::{Store, StoreError, keys, sql::sql},
    Report,
};
use crate::domain::{
    access::Cause,
    aml::{AmlFix, TOGETHER_MS},
    event::Happened,
    ids::*,
    phone::PhoneNumber,
    report::Channel,
    time::UnixMs,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// What binds a sealed place to its row.
fn context(hash: &[u8; 32]) -> String {
    format!("aml/{}", URL_SAFE_NO_PAD.encode(hash))
}

impl Store {
    /// The newest open call of a number that began within [`TOGETHER_MS`] before `now`, in whatever area.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn call_of(&self, number: &PhoneNumber, now: UnixMs) -> Result<Option<ReportId>, StoreError> {
        let hash = self.keys().number_hash(number.as_str());
        self.read(move |c| {
            Box::pin(async move {
                let row = sql!(
                    row(String, i64),
                    c,
                    "SELECT r.area, r.no FROM caller k JOIN report r ON r.area = k.area AND r.subject = k.subject
                     WHERE k.number_hash = $1 AND r.channel = $2 AND r.closed_ms IS NULL AND r.rung_ms >= $3
                     ORDER BY r.rung_ms DESC LIMIT 1",
                    &hash[..],
                    Channel::Call.as_str(),
                    now.plus(-TOGETHER_MS).0
                )?;
                row.map(|(area, no)| Ok(ReportId { area: area.parse()?, no })).transpose()
            })
        })
        .await
    }

    /// Lays a place by until its call comes. Of one number the best is kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn park_aml(&self, number: &PhoneNumber, fix: AmlFix, now: UnixMs) -> Result<(), StoreError> {
        let hash = self.keys().number_hash(number.as_str());
        let text = serde_json::to_vec(&fix)?;
        let sealed = keys::seal(self.keys().aml(), &text, &context(&hash))?;
        self.maintain(move |c| {
            Box::pin(async move {
                sql!(
                    run,
                    c,
                    "INSERT INTO aml (number_hash, radius_m, box, at_ms) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (number_hash) DO UPDATE
                     SET radius_m = excluded.radius_m, box = excluded.box, at_ms = excluded.at_ms
                     WHERE excluded.radius_m <= aml.radius_m OR aml.at_ms < $5",
                    &hash[..],
                    fix.radius_m,
                    &sealed[..],
                    now.0,
                    now.plus(-TOGETHER_MS).0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// The place that waits for a call of this number; it stays, in case the call does not get it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails, [`StoreError::Seal`] for a box of another key.
    pub async fn parked_aml(&self, number: &PhoneNumber, now: UnixMs) -> Result<Option<AmlFix>, StoreError> {
        let hash = self.keys().number_hash(number.as_str());
        let found = self
            .read(move |c| {
                Box::pin(async move {
                    let find = "SELECT box FROM aml WHERE number_hash = $1 AND at_ms >= $2";
                    Ok(sql!(scalar Vec<u8>, c, find, &hash[..], now.plus(-TOGETHER_MS).0)?)
                })
            })
            .await?;
        let Some(sealed) = found else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&keys::open(self.keys().aml(), &sealed, &context(&hash))?)?))
    }

    /// Takes away what waits for a number: its call has it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn take_aml(&self, number: &PhoneNumber) -> Result<(), StoreError> {
        let hash = self.keys().number_hash(number.as_str());
        self.maintain(move |c| {
            Box::pin(async move { Ok(sql!(run, c, "DELETE FROM aml WHERE number_hash = $1", &hash[..]).map(drop)?) })
        })
        .await
    }

    /// Deletes what waited for too long; gives how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn prune_aml(&self, now: UnixMs) -> Result<u64, StoreError> {
        let before = now.plus(-TOGETHER_MS).0;
        self.maintain(move |c| Box::pin(async move { Ok(sql!(run, c, "DELETE FROM aml WHERE at_ms < $1", before)?) }))
            .await
    }

    /// Tells the journal of a report that its caller's phone said where it is, and whether that was the best place so far.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn note_aml(&self, cause: &Cause, id: ReportId, fix: AmlFix, used: bool) -> Result<(), StoreError> {
        self.write_report(cause, id, &[], move |tx, report: Report| {
            Box::pin(async move {
                #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
                let radius_m = fix.radius_m.round() as i64;
                let what = Happened::ReportLocated { report: id, method: fix.method, radius_m, used };
                tx.tell_report(&report, what).await
            })
        })
        .await
    }
}
