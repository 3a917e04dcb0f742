//! What is known of a caller: found by the keyed hash of the number, over all areas that the asker may see.

mod erasing;
mod flags;
mod unmasking;

use super::{
    super::{Store, StoreError, keys::Keys, sql::Conn, sql::sql},
    Personal, ReportRow, context, require, seal,
};
use crate::domain::{
    access::{Act, Cause, Scope},
    caller::*,
    event::{Audience, Happened},
    ids::*,
    phone::PhoneNumber,
    refusal::Refusal,
    report::{InvalidReason, Report},
    time::UnixMs,
};
use std::collections::BTreeMap;

/// Reports of one caller that are counted at most.
const COUNTED: i64 = 5_000;
/// Reports of one caller that are listed.
const LISTED: usize = 20;

/// A subject, with the area where it lies.
type Subject = (AreaCode, SubjectId);

/// Every subject of whoever calls with this number.
async fn by_number(c: &mut Conn<'_>, hash: &[u8; 32]) -> Result<Vec<Subject>, StoreError> {
    let select = "SELECT area, subject FROM caller WHERE number_hash = $1 ORDER BY area, subject";
    let rows = sql!(all(String, String), c, select, &hash[..])?;
    rows.into_iter().map(|(area, subject)| Ok((area.parse()?, subject.parse()?))).collect()
}

/// The subject under which a report's personal part lies, and the hash of its caller's number, where each is known.
async fn of_report(c: &mut Conn<'_>, id: ReportId) -> Result<(Option<SubjectId>, Option<[u8; 32]>), StoreError> {
    let select = "SELECT r.subject, c.number_hash FROM report r
        LEFT JOIN caller c ON c.area = r.area AND c.subject = r.subject WHERE r.area = $1 AND r.no = $2";
    let found = sql!(row(Option<String>, Option<Vec<u8>>), c, select, id.area.as_str(), id.no)?;
    let Some((subject, hash)) = found else { return Ok((None, None)) };
    let hash =
        hash.map(|h| h.try_into().map_err(|_| StoreError::Corrupt(format!("the caller of {id}")))).transpose()?;
    Ok((subject.map(|s| s.parse()).transpose()?, hash))
}

/// The grades in force of a number, each with the area that it counts in and below.
async fn grades(c: &mut Conn<'_>, hash: &[u8; 32], now: UnixMs) -> Result<Vec<(AreaCode, Grade)>, StoreError> {
    let select = "SELECT f.area, f.id, f.grade, f.until_ms, r.invalid FROM caller c
        JOIN caller_flag f ON f.area = c.area AND f.subject = c.subject
        LEFT JOIN caller_evidence e ON e.area = f.area AND e.flag = f.id
        LEFT JOIN report r ON r.area = e.report_area AND r.no = e.report_no
        WHERE c.number_hash = $1 AND f.lifted_ms IS NULL";
    let rows = sql!(all(String, String, String, i64, Option<String>), c, select, &hash[..])?;
    let mut flags: BTreeMap<(AreaCode, String), (Grade, UnixMs, usize)> = BTreeMap::new();
    for (area, id, grade, until, invalid) in rows {
        let flag = flags.entry((area.parse()?, id)).or_insert((grade.parse()?, UnixMs(until), 0));
        flag.2 += usize::from(is_misuse(invalid)?);
    }
    let now = |((area, _), (set, until, left))| Some((area, in_force(set, until, left, now)?.grade));
    Ok(flags.into_iter().filter_map(now).collect())
}

fn is_misuse(invalid: Option<String>) -> Result<bool, StoreError> {
    Ok(super::word::<InvalidReason>(invalid)?.is_some_and(InvalidReason::is_misuse))
}

/// The reports of these subjects that somebody may see, the newest first.
async fn reports(c: &mut Conn<'_>, scope: &Scope, subjects: &[Subject]) -> Result<Vec<Report>, StoreError> {
    let mut all: Vec<Report> = Vec::new();
    for (area, subject) in subjects {
        let select = "SELECT * FROM report WHERE area = $1 AND subject = $2 ORDER BY rung_ms DESC LIMIT $3";
        for row in sql!(all ReportRow, c, select, area.as_str(), subject.to_string(), COUNTED)? {
            let report = row.report(Personal::default())?;
            if require(scope, &report, Act::SeeDesk).is_ok() {
                all.push(report);
            }
        }
    }
    all.sort_by_key(|report| std::cmp::Reverse((report.rung, report.id)));
    Ok(all)
}

/// The newest number that these subjects gave and that can still be read.
pub(in crate::store) async fn number_of(
    c: &mut Conn<'_>,
    keys: &Keys,
    (area, subject): Subject,
) -> Result<Option<PhoneNumber>, StoreError> {
    let select = "SELECT no FROM report WHERE area = $1 AND subject = $2 ORDER BY rung_ms DESC LIMIT 20";
    for (no,) in sql!(all(i64,), c, select, area.as_str(), subject.to_string())? {
        let text = seal::unseal(c, keys, area, subject, &context(ReportId { area, no })).await?;
        let personal: Option<Personal> = text.map(|text| serde_json::from_str(&text)).transpose()?;
        if let Some(number) = personal.and_then(|p| p.number) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// The number that a report holds, where it can still be read.
pub(in crate::store) async fn number_in(
    c: &mut Conn<'_>,
    keys: &Keys,
    id: ReportId,
) -> Result<Option<PhoneNumber>, StoreError> {
    let (Some(subject), _) = of_report(c, id).await? else { return Ok(None) };
    let text = seal::unseal(c, keys, id.area, subject, &context(id)).await?;
    let personal: Option<Personal> = text.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(personal.and_then(|p| p.number))
}

async fn history(
    c: &mut Conn<'_>,
    keys: &Keys,
    scope: &Scope,
    subjects: &[Subject],
    now: UnixMs,
) -> Result<History, StoreError> {
    let reports = reports(c, scope, subjects).await?;
    let mut flags = Vec::new();
    for &(area, subject) in subjects {
        // What counts above somebody's areas counts for their calls too.
        if scope.may(area, Act::SeeDesk) || scope.is_below(area, Act::SeeDesk) {
            flags.extend(flags::of(c, keys, (area, subject), now).await?);
        }
    }
    flags.retain(|flag| flag.in_force.is_some());
    let recent = reports.iter().take(LISTED).map(Contact::from).collect();
    Ok(History { caller: None, counts: Counts::of(&reports), recent, flags })
}

impl Store {
    /// What is known of the caller of a report, over all areas that the asker may see. Without a number, the report alone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown, out of scope, or the database's failure.
    pub async fn caller_history(&self, scope: &Scope, id: ReportId, now: UnixMs) -> Result<History, StoreError> {
        let report = self.find_report(scope, id).await?.ok_or(Refusal::NotFound("report"))?;
        let (keys, scope) = (self.keys().clone(), scope.clone());
        self.read(move |c| {
            Box::pin(async move {
                let subjects = match of_report(c, id).await? {
                    (_, Some(hash)) => by_number(c, &hash).await?,
                    (Some(subject), None) => vec![(id.area, subject)],
                    (None, None) => {
                        let alone = [report];
                        let recent = alone.iter().map(Contact::from).collect();
                        return Ok(History { counts: Counts::of(&alone), recent, ..History::default() });
                    }
                };
                let known = history(c, &keys, &scope, &subjects, now).await?;
                Ok(History { caller: report.caller, ..known })
            })
        })
        .await
    }

    /// What is known of a number. That it was asked for is told in the journals of the areas where the asker supervises.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for whoever supervises nowhere, or the database's failure.
    pub async fn look_up_caller(&self, cause: &Cause, number: PhoneNumber) -> Result<History, StoreError> {
        let areas: Vec<AreaCode> = cause.scope.areas(Act::Supervise).collect();
        if areas.is_empty() {
            return Err(Refusal::Forbidden { needs: Act::Supervise.roles()[0] }.into());
        }
        let (keys, scope, now) = (self.keys().clone(), cause.scope.clone(), cause.now);
        let masked = number.masked();
        let hash = keys.number_hash(number.as_str());
        let known = self.read(move |c| {
            Box::pin(async move {
                let subjects = by_number(c, &hash).await?;
                history(c, &keys, &scope, &subjects, now).await
            })
        });
        let known = History { caller: Some(masked), ..known.await? };
        let reports = known.counts.all;
        self.write(&areas.clone(), cause, move |tx| {
            Box::pin(async move {
                for area in areas {
                    tx.event(area, area.as_str(), Audience::Desk, Happened::CallerLookedUp { reports }).await?;
                }
                Ok(())
            })
        })
        .await?;
        Ok(known)
    }

    /// The highest grade in force of a number for calls that go by the flow of an area; `path` begins with it and goes up.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn caller_grade(
        &self,
        number: &PhoneNumber,
        path: Vec<AreaCode>,
        now: UnixMs,
    ) -> Result<Option<Grade>, StoreError> {
        let hash = self.keys().number_hash(number.as_str());
        let all = self.read(move |c| Box::pin(async move { grades(c, &hash, now).await })).await?;
        Ok(highest(&all, &path))
    }
}

fn highest(all: &[(AreaCode, Grade)], path: &[AreaCode]) -> Option<Grade> {
    all.iter().filter(|(area, _)| path.contains(area)).map(|(_, grade)| *grade).max()
}
