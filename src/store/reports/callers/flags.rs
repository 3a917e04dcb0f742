//! What supervisors say of callers.
//!
//! Invariant: no reason leaves the sealed boxes but by reading a flag: neither an event nor a stored answer holds one.

use super::{
    super::{
        super::{AreaTx, Store, StoreError, error::refuse, keys::Keys, sql::Conn, sql::sql},
        find, require, seal,
    },
    Subject, grades, highest, is_misuse, of_report,
};
use crate::domain::{
    access::{Act, Cause, Scope},
    caller::*,
    event::{Audience, Happened},
    ids::*,
    refusal::Refusal,
    time::UnixMs,
};

/// Under which name a flag's reason is sealed.
fn context(id: FlagId) -> String {
    format!("flag/{id}")
}

type Row = (String, String, String, i64, i64, Option<i64>);

/// The flags of a subject, as they stand at `now`.
pub(super) async fn of(
    c: &mut Conn<'_>,
    keys: &Keys,
    (area, subject): Subject,
    now: UnixMs,
) -> Result<Vec<Flag>, StoreError> {
    let select = "SELECT id, grade, actor, from_ms, until_ms, lifted_ms FROM caller_flag
        WHERE area = $1 AND subject = $2 ORDER BY from_ms DESC, id";
    let rows = sql!(all Row, c, select, area.as_str(), subject.to_string())?;
    let mut flags = Vec::with_capacity(rows.len());
    for (id, grade, actor, from, until, lifted) in rows {
        let select = "SELECT e.report_area, e.report_no, r.invalid FROM caller_evidence e
            LEFT JOIN report r ON r.area = e.report_area AND r.no = e.report_no
            WHERE e.area = $1 AND e.flag = $2 ORDER BY e.report_area, e.report_no";
        let (mut evidence, mut evidence_left) = (Vec::new(), 0);
        for (area, no, invalid) in sql!(all(String, i64, Option<String>), c, select, area.as_str(), &id)? {
            evidence.push(ReportId { area: area.parse()?, no });
            evidence_left += usize::from(is_misuse(invalid)?);
        }
        let (id, grade, until): (FlagId, Grade, _) = (id.parse()?, grade.parse()?, UnixMs(until));
        let stands = lifted.is_none().then(|| in_force(grade, until, evidence_left, now)).flatten();
        flags.push(Flag {
            id,
            area,
            grade,
            from: UnixMs(from),
            until,
            in_force: stands,
            lifted: lifted.map(UnixMs),
            by: actor.parse()?,
            evidence,
            evidence_left,
            reason: seal::unseal(c, keys, area, subject, &context(id)).await?,
        });
    }
    Ok(flags)
}

impl AreaTx {
    async fn set_flag(
        &mut self,
        scope: &Scope,
        id: ReportId,
        new: &NewFlag,
        path: &[AreaCode],
    ) -> Result<FlagId, StoreError> {
        let (Some(subject), Some(hash)) = of_report(&mut self.conn(), id).await? else {
            refuse!(Refusal::NoNumber(id));
        };
        let mut evidence = Vec::new();
        for &of in &new.evidence {
            let report = find(&mut self.conn(), of).await?.filter(|r| require(scope, r, Act::SeeDesk).is_ok());
            let same = of_report(&mut self.conn(), of).await?.1 == Some(hash);
            // One text for both: what is said of others' reports would tell who called.
            let report = report.filter(|_| same);
            evidence
                .push(report.ok_or_else(|| Refusal::invalid("evidence", format!("{of} is no report of this caller")))?);
        }
        let (now, actor) = (self.now(), scope.actor().to_string());
        let present = highest(&grades(&mut self.conn(), &hash, now).await?, path);
        let until = new.check(present, &evidence, now)?;
        let flag = FlagId::random();
        sql!(
            run,
            self.conn(),
            "INSERT INTO caller_flag (area, id, subject, grade, actor, from_ms, until_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            id.area.as_str(),
            flag.to_string(),
            subject.to_string(),
            new.grade.as_str(),
            actor,
            now.0,
            until.0
        )?;
        for report in &new.evidence {
            sql!(
                run,
                self.conn(),
                "INSERT INTO caller_evidence (area, flag, report_area, report_no) VALUES ($1, $2, $3, $4)",
                id.area.as_str(),
                flag.to_string(),
                report.area.as_str(),
                report.no
            )?;
        }
        let commitment = self.seal(id.area, subject, &context(flag), &new.reason).await?;
        let (grade, evidence) = (new.grade, new.evidence.iter().copied().collect());
        let what = Happened::CallerFlagged { flag, report: id, grade, until, evidence, commitment };
        self.event(id.area, &id.to_string(), Audience::Desk, what).await?;
        Ok(flag)
    }
}

impl Store {
    /// Says something of the caller of a report, in the area that received it. `path` begins with that area and goes up.
    ///
    /// # Errors
    /// [`Refusal::NoNumber`], [`Refusal::Invalid`] where it has not enough to rest on, out of scope, or the database's
    /// failure.
    pub async fn flag_caller(
        &self,
        cause: &Cause,
        id: ReportId,
        new: NewFlag,
        path: Vec<AreaCode>,
    ) -> Result<Flag, StoreError> {
        cause.scope.require(id.area, Act::Supervise)?;
        let set = self
            .write(&[id.area], cause, move |tx| {
                Box::pin(async move {
                    let scope = tx.cause.scope.clone();
                    tx.set_flag(&scope, id, &new, &path).await
                })
            })
            .await;
        let flag = set?;
        self.find_flag(flag, cause.now).await?.ok_or(StoreError::Refused(Refusal::NotFound("flag")))
    }

    /// Takes a flag back. One that was lifted before stays so.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], out of scope, or the database's failure.
    pub async fn lift_flag(&self, cause: &Cause, flag: FlagId, reason: String) -> Result<Flag, StoreError> {
        let found = self.read(move |c| Box::pin(place_of(c, flag))).await?;
        let (area, subject) = found.ok_or(Refusal::NotFound("flag"))?;
        cause.scope.require(area, Act::Supervise)?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let now = tx.now().0;
                let lift = "UPDATE caller_flag SET lifted_ms = $3 WHERE area = $1 AND id = $2 AND lifted_ms IS NULL";
                if sql!(run, tx.conn(), lift, area.as_str(), flag.to_string(), now)? > 0 {
                    let commitment = tx.seal(area, subject, &format!("lift/{flag}"), &reason).await?;
                    let what = Happened::CallerFlagLifted { flag, commitment };
                    tx.event(area, &flag.to_string(), Audience::Desk, what).await?;
                }
                Ok(())
            })
        })
        .await?;
        self.find_flag(flag, cause.now).await?.ok_or(StoreError::Refused(Refusal::NotFound("flag")))
    }

    async fn find_flag(&self, flag: FlagId, now: UnixMs) -> Result<Option<Flag>, StoreError> {
        let keys = self.keys().clone();
        self.read(move |c| {
            Box::pin(async move {
                let Some(place) = place_of(c, flag).await? else { return Ok(None) };
                Ok(of(c, &keys, place, now).await?.into_iter().find(|f| f.id == flag))
            })
        })
        .await
    }
}

async fn place_of(c: &mut Conn<'_>, flag: FlagId) -> Result<Option<Subject>, StoreError> {
    let select = "SELECT area, subject FROM caller_flag WHERE id = $1";
    let row = sql!(row(String, String), c, select, flag.to_string())?;
    row.map(|(area, subject)| Ok((area.parse()?, subject.parse()?))).transpose()
}
