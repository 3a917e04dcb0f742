//! Erasing callers: by hand, or because their time is over.
//!
//! Invariant: the key goes, and with it all that it sealed in any table; what identifies a person in plain columns goes in
//! the same transaction. The journal keeps its commitments and still verifies.

use super::{
    super::super::{AreaTx, Store, StoreError, error::refuse, sql::sql},
    Subject, by_number,
};
use crate::domain::{
    access::{Act, Cause},
    caller::{EVIDENCE_MS, Erased, Grade, UNMASK_MS, over},
    event::{Audience, Happened},
    ids::*,
    phone::PhoneNumber,
    refusal::Refusal,
    time::UnixMs,
};
use std::collections::{BTreeMap, BTreeSet};

/// Subjects that are erased in one go when their time is over.
const BATCH: i64 = 200;
/// Such goes in one round: the first round after a start may find years of them.
const GOES: usize = 100;

impl AreaTx {
    /// A report of this subject that somebody still has work with, or whose incident somebody has.
    async fn open_of(&mut self, (area, subject): Subject) -> Result<Option<ReportId>, StoreError> {
        let select = "SELECT r.no FROM report r
            LEFT JOIN incident i ON i.area = r.incident_area AND i.no = r.incident_no
            WHERE r.area = $1 AND r.subject = $2
                AND (r.closed_ms IS NULL OR (i.no IS NOT NULL AND i.closed_ms IS NULL)) LIMIT 1";
        let no = sql!(scalar i64, self.conn(), select, area.as_str(), subject.to_string())?;
        Ok(no.map(|no| ReportId { area, no }))
    }

    /// Destroys a subject's key, what it sealed, and what points to it; gives its reports. `None` where there was no key.
    pub(in crate::store) async fn erase(
        &mut self,
        (area, subject): Subject,
        commitment: Option<String>,
    ) -> Result<Option<u64>, StoreError> {
        let (a, s) = (area.as_str(), subject.to_string());
        for delete in [
            "DELETE FROM caller_evidence WHERE area = $1
                AND flag IN (SELECT id FROM caller_flag WHERE area = $1 AND subject = $2)",
            "DELETE FROM caller_flag WHERE area = $1 AND subject = $2",
            "DELETE FROM caller WHERE area = $1 AND subject = $2",
            "DELETE FROM sealed WHERE area = $1 AND subject = $2",
            "DELETE FROM conversation WHERE area = $1
                AND report_no IN (SELECT no FROM report WHERE area = $1 AND subject = $2)",
        ] {
            sql!(run, self.conn(), delete, a, &s)?;
        }
        // The exchange's name of a recording often holds the number, and its name of a call finds it there.
        let reports = sql!(
            run,
            self.conn(),
            "UPDATE report SET subject = NULL, recording = NULL, exchange_id = NULL WHERE area = $1 AND subject = $2",
            a,
            &s
        )?;
        let gone = sql!(run, self.conn(), "DELETE FROM subject_key WHERE area = $1 AND subject = $2", a, &s)?;
        if gone == 0 {
            return Ok(None);
        }
        self.event(area, &s, Audience::Desk, Happened::SubjectErased { subject, commitment }).await?;
        Ok(Some(reports))
    }
}

impl Store {
    /// Erases whoever calls with this number, in all areas where the asker manages. The reason is sealed apart from them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when no such caller is known there, [`Refusal::CallerOpen`] while one of their reports or its
    /// incident is open, or the database's failure.
    pub async fn erase_caller(&self, cause: &Cause, number: PhoneNumber, reason: String) -> Result<Erased, StoreError> {
        let hash = self.keys().number_hash(number.as_str());
        let scope = cause.scope.clone();
        // Read apart from the write: what a command was answered is kept, and a recording's name may hold the number.
        let (areas, recordings) = self
            .read(move |c| {
                Box::pin(async move {
                    let (mut areas, mut recordings) = (BTreeSet::new(), Vec::new());
                    for (area, subject) in by_number(c, &hash).await? {
                        if scope.may(area, Act::Manage) {
                            areas.insert(area);
                            let select = "SELECT recording FROM report
                                WHERE area = $1 AND subject = $2 AND recording IS NOT NULL ORDER BY no";
                            let found = sql!(all(String,), c, select, area.as_str(), subject.to_string())?;
                            recordings.extend(found.into_iter().map(|(url,)| url));
                        }
                    }
                    Ok((areas, recordings))
                })
            })
            .await?;
        if areas.is_empty() {
            return Err(Refusal::NotFound("caller").into());
        }
        let held: Vec<AreaCode> = areas.into_iter().collect();
        let done: Erased = self
            .write(&held, cause, move |tx| {
                Box::pin(async move {
                    let mut erased = Erased::default();
                    let mut all = by_number(&mut tx.conn(), &hash).await?;
                    all.retain(|(area, _)| tx.holds(*area));
                    for subject in all {
                        if let Some(open) = tx.open_of(subject).await? {
                            refuse!(Refusal::CallerOpen(open));
                        }
                        let of_its_own = tx.new_subject(subject.0).await?;
                        let context = format!("erasure/{}", subject.1);
                        let commitment = tx.seal(subject.0, of_its_own, &context, &reason).await?;
                        erased.reports += tx.erase(subject, Some(commitment)).await?.unwrap_or(0);
                        erased.areas.insert(subject.0);
                    }
                    if erased.areas.is_empty() {
                        refuse!(Refusal::NotFound("caller"));
                    }
                    Ok(erased)
                })
            })
            .await?;
        Ok(Erased { recordings, ..done })
    }

    /// Destroys a subject's key: what it sealed can be read no more, and the journal still verifies.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when there is no such key, [`StoreError`] when out of scope or the database fails.
    pub async fn erase_subject(&self, cause: &Cause, area: AreaCode, subject: SubjectId) -> Result<(), StoreError> {
        cause.scope.require(area, Act::Manage)?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                match tx.erase((area, subject), None).await? {
                    Some(_) => Ok(()),
                    None => Err(Refusal::NotFound("subject").into()),
                }
            })
        })
        .await
    }

    /// Erases everybody whose reports were all closed before a moment, and gives how many; deletes flags of which nothing
    /// is left, and what counts how often somebody saw a number.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn prune_callers(&self, before: UnixMs, now: UnixMs) -> Result<u64, StoreError> {
        self.prune_flags(now).await?;
        let mut erased = 0;
        for _ in 0..GOES {
            let mut by_area: BTreeMap<AreaCode, Vec<Subject>> = BTreeMap::new();
            for subject in self.past_keeping(before).await? {
                by_area.entry(subject.0).or_default().push(subject);
            }
            let mut done = 0;
            for (area, subjects) in by_area {
                done += self.erase_old(area, subjects, before, now).await?;
            }
            erased += done;
            if done == 0 {
                break;
            }
        }
        Ok(erased)
    }

    async fn past_keeping(&self, before: UnixMs) -> Result<Vec<Subject>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let select = "SELECT DISTINCT r.area, r.subject FROM report r
                    WHERE r.closed_ms < $1 AND r.subject IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM report n
                        LEFT JOIN incident i ON i.area = n.incident_area AND i.no = n.incident_no
                        WHERE n.area = r.area AND n.subject = r.subject AND (n.closed_ms IS NULL OR n.closed_ms >= $1
                            OR (i.no IS NOT NULL AND i.closed_ms IS NULL)))
                    LIMIT $2";
                let rows = sql!(all(String, String), c, select, before.0, BATCH)?;
                rows.into_iter().map(|(area, subject)| Ok((area.parse()?, subject.parse()?))).collect()
            })
        })
        .await
    }

    /// Erases those that are still past keeping once the journal is held: a caller may have called in between.
    async fn erase_old(
        &self,
        area: AreaCode,
        subjects: Vec<Subject>,
        before: UnixMs,
        now: UnixMs,
    ) -> Result<u64, StoreError> {
        self.write(&[area], &Cause::system(now), move |tx| {
            Box::pin(async move {
                let mut done = 0;
                for subject in subjects {
                    let newer = "SELECT no FROM report WHERE area = $1 AND subject = $2 AND closed_ms >= $3 LIMIT 1";
                    let newer =
                        sql!(scalar i64, tx.conn(), newer, area.as_str(), subject.1.to_string(), before.0)?.is_some();
                    if !newer && tx.open_of(subject).await?.is_none() {
                        tx.erase(subject, None).await?;
                        done += 1;
                    }
                }
                Ok(done)
            })
        })
        .await
    }

    async fn prune_flags(&self, now: UnixMs) -> Result<(), StoreError> {
        // The longest way down from any grade; a lifted one is kept as long as a report is evidence.
        let rest_ms = over(Grade::Last, now).since(now);
        let (over, lifted, seen) = (now.plus(-rest_ms).0, now.plus(-EVIDENCE_MS).0, now.plus(-UNMASK_MS).0);
        self.maintain(move |c| {
            Box::pin(async move {
                for delete in [
                    "DELETE FROM sealed WHERE EXISTS (SELECT 1 FROM caller_flag f WHERE f.area = sealed.area
                        AND f.subject = sealed.subject AND sealed.context IN ('flag/' || f.id, 'lift/' || f.id)
                        AND (f.until_ms < $1 OR f.lifted_ms < $2))",
                    "DELETE FROM caller_evidence WHERE flag IN
                        (SELECT id FROM caller_flag WHERE until_ms < $1 OR lifted_ms < $2)",
                    "DELETE FROM caller_flag WHERE until_ms < $1 OR lifted_ms < $2",
                ] {
                    sql!(run, c, delete, over, lifted)?;
                }
                sql!(run, c, "DELETE FROM unmasking WHERE at_ms < $1", seen)?;
                Ok(())
            })
        })
        .await
    }
}
