//! Reading journals: pages, resumption, verification.

use super::{
    Store, StoreError,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Scope},
    event::{Audience, Event, GENESIS, link},
    ids::*,
};
use serde::{Deserialize, Serialize};

/// Rows read at a time while walking a journal.
const PAGE: i64 = 1_000;

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    /// The last number; 0 for an empty one.
    pub seq: i64,
    /// The last hash.
    pub hash: [u8; 32],
}

/// What a walk along a journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every event links to the one before, and the last is the head.
    Whole(JournalHead),
    /// The first event that does not fit, and how.
    Broken {
        /// Its number, or the number that should be there.
        seq: i64,
        /// What is wrong.
        reason: &'static str,
    },
}

type Row = (i64, String, String, Vec<u8>);

impl Store {
    /// The events after `after`, in order, at most `limit`; `for_unit` keeps those that a unit's crew sees.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope, damaged, or the database fails.
    pub async fn events(
        &self,
        scope: &Scope,
        area: AreaCode,
        after: i64,
        limit: i64,
        for_unit: Option<UnitId>,
    ) -> Result<Vec<Event>, StoreError> {
        // A crew reads its unit's share also where the unit helps out of its own area.
        match for_unit {
            None => scope.require(area, Act::SeeDesk)?,
            Some(unit) => scope.require(unit.area, Act::See)?,
        }
        self.read(move |c| {
            Box::pin(async move {
                let rows = match for_unit {
                    None => page(c, area, after, limit).await?,
                    Some(unit) => sql!(
                        all Row,
                        c,
                        "SELECT seq, audience, text, hash FROM event
                         WHERE area = $1 AND audience = $2 AND seq > $3 ORDER BY seq LIMIT $4",
                        area.as_str(),
                        Audience::Unit(unit).to_string(),
                        after,
                        limit
                    )?,
                };
                rows.iter().map(|(_, _, text, _)| Ok(serde_json::from_str(text)?)).collect()
            })
        })
        .await
    }

    /// Where an area's journal ends.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope, unknown, or the database fails.
    pub async fn journal_head(&self, scope: &Scope, area: AreaCode) -> Result<Option<JournalHead>, StoreError> {
        scope.require(area, Act::See)?;
        self.read(move |c| Box::pin(async move { head(c, area).await })).await
    }

    /// Where every journal ends.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn journal_heads(&self) -> Result<Vec<(AreaCode, i64)>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows = sql!(all(String, i64), c, "SELECT area, seq FROM journal_head ORDER BY area")?;
                rows.into_iter().map(|(area, seq)| Ok((area.parse()?, seq))).collect()
            })
        })
        .await
    }

    /// Walks a journal from the first event and names the first that is wrong.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails; a broken journal is a [`Verdict`].
    pub async fn verify(&self, scope: &Scope, area: AreaCode) -> Result<Verdict, StoreError> {
        Ok(self.verify_against(scope, area, None).await?.0)
    }

    /// As [`Self::verify`]; also gives the hash that the event number `at` has now, for holding it against a
    /// checkpoint taken earlier.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn verify_against(
        &self,
        scope: &Scope,
        area: AreaCode,
        at: Option<i64>,
    ) -> Result<(Verdict, Option<[u8; 32]>), StoreError> {
        scope.require(area, Act::SeeDesk)?;
        let Some(end) = self.journal_head(scope, area).await? else {
            return Ok((Verdict::Broken { seq: 0, reason: "the journal has no head" }, None));
        };
        let mut walked = JournalHead { seq: 0, hash: GENESIS };
        let mut hash_at = None;
        while walked.seq < end.seq {
            let after = walked.seq;
            let rows = self.read(move |c| Box::pin(async move { Ok(page(c, area, after, PAGE).await?) })).await?;
            if rows.is_empty() {
                return Ok((Verdict::Broken { seq: after + 1, reason: "the event is missing" }, hash_at));
            }
            for row in rows.iter().filter(|r| r.0 <= end.seq) {
                match check(area, walked, row) {
                    Ok(next) => walked = next,
                    Err(reason) => return Ok((Verdict::Broken { seq: walked.seq + 1, reason }, hash_at)),
                }
                if Some(walked.seq) == at {
                    hash_at = Some(walked.hash);
                }
            }
        }
        let verdict = if walked == end {
            Verdict::Whole(end)
        } else {
            Verdict::Broken { seq: end.seq, reason: "the head holds another hash" }
        };
        Ok((verdict, hash_at))
    }
}

/// Holds one row against the one before.
fn check(area: AreaCode, before: JournalHead, row: &Row) -> Result<JournalHead, &'static str> {
    let (seq, audience, text, hash) = row;
    if *seq != before.seq + 1 {
        return Err("the event is missing");
    }
    let expected = link(&before.hash, text);
    if hash.as_slice() != expected {
        return Err("the hash does not fit the text");
    }
    let event: Event = serde_json::from_str(text).map_err(|_| "the text is not an event")?;
    if event.area != area || event.seq != *seq || event.audience.to_string() != *audience {
        return Err("the row differs from its text");
    }
    Ok(JournalHead { seq: *seq, hash: expected })
}

async fn page(c: &mut Conn<'_>, area: AreaCode, after: i64, limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    sql!(
        all Row,
        c,
        "SELECT seq, audience, text, hash FROM event WHERE area = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        area.as_str(),
        after,
        limit
    )
}

async fn head(c: &mut Conn<'_>, area: AreaCode) -> Result<Option<JournalHead>, StoreError> {
    let row = sql!(row(i64, Vec<u8>), c, "SELECT seq, hash FROM journal_head WHERE area = $1", area.as_str())?;
    row.map(|(seq, hash)| {
        let hash = hash.try_into().map_err(|_| StoreError::Corrupt(format!("journal head of {area}")))?;
        Ok(JournalHead { seq, hash })
    })
    .transpose()
}
