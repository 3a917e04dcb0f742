//! Figures made anew from the journal: the newest `incident.counted` of each incident, added up.
//!
//! Invariant: rows that the commands wrote and rows made here are the same. Days are made in pieces of their own, so that
//! no transaction grows with the years; what happens meanwhile is in the journal's tail, which each piece reads first.

use super::sums::{Sums, write_facts, write_sums};
use crate::{
    domain::{
        access::{Act, Cause, Scope},
        event::{Event, Happened},
        ids::{AreaCode, IncidentId},
        sla::{
            fact::{Dimension, Fact},
            tally::Tally,
        },
        time::day_text,
    },
    store::{
        AreaTx, Store, StoreError,
        sql::{Conn, sql},
    },
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Events read at a time.
const PAGE: i64 = 1_000;
/// Facts that one transaction writes at most, unless one day has more.
const PIECE: usize = 4_000;
/// Incidents that one transaction counts for the first time.
const COUNTED: i64 = 200;

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Decided incidents that no figure knew: from before there were figures.
    pub first_counted: usize,
    /// Facts in the journal.
    pub facts: usize,
    /// Days that have any.
    pub days: usize,
}

/// What the journal says of each incident, as far as it was read.
#[derive(Default)]
struct Told {
    facts: HashMap<i64, Fact>,
    read: i64,
}

impl Told {
    /// Reads the journal on to its end; what is not about figures is passed over unread.
    async fn read_on(&mut self, c: &mut Conn<'_>, area: AreaCode) -> Result<(), StoreError> {
        loop {
            let rows = sql!(
                all(i64, Option<String>),
                c,
                "SELECT seq, CASE WHEN text LIKE '%\"kind\":\"incident.counted\"%' THEN text END FROM event
                 WHERE area = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                area.as_str(),
                self.read,
                PAGE
            )?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            self.read = *last;
            for text in rows.iter().filter_map(|(_, text)| text.as_ref()) {
                let event: Event = serde_json::from_str(text)?;
                let Happened::IncidentCounted { incident, fact } = event.what else { continue };
                match fact {
                    Some(fact) => drop(self.facts.insert(incident.no, *fact)),
                    None => drop(self.facts.remove(&incident.no)),
                }
            }
        }
    }

    /// The first day of each piece.
    fn pieces(&self) -> Vec<i64> {
        let mut days: BTreeMap<i64, usize> = BTreeMap::new();
        self.facts.values().for_each(|fact| *days.entry(fact.day).or_default() += 1);
        let (mut starts, mut held) = (vec![i64::MIN], 0);
        for (day, count) in days {
            if held > 0 && held + count > PIECE {
                starts.push(day);
                held = 0;
            }
            held += count;
        }
        starts
    }
}

impl AreaTx {
    /// Makes the rows of the days from `from` to before `to` anew.
    async fn rebuild_days(&mut self, area: AreaCode, told: &Told, from: i64, to: i64) -> Result<(), StoreError> {
        for delete in [
            "DELETE FROM sla_fact WHERE area = $1 AND day >= $2 AND day < $3",
            "DELETE FROM sla_sum WHERE area = $1 AND day >= $2 AND day < $3",
        ] {
            sql!(run, self.conn(), delete, area.as_str(), from, to)?;
        }
        let mut facts: Vec<&Fact> = told.facts.values().filter(|fact| (from..to).contains(&fact.day)).collect();
        facts.sort_unstable_by_key(|fact| fact.incident);
        let mut days: BTreeMap<i64, Sums> = BTreeMap::new();
        for fact in &facts {
            let delete = "DELETE FROM sla_fact WHERE area = $1 AND incident = $2 AND day <> $3";
            sql!(run, self.conn(), delete, area.as_str(), fact.incident.no, fact.day)?;
            let sums = days.entry(fact.day).or_default();
            fact.keys().into_iter().for_each(|key| sums.entry(key).or_default().add(fact));
        }
        write_facts(&mut self.conn(), &facts).await?;
        for (day, sums) in &days {
            write_sums(&mut self.conn(), area, *day, sums).await?;
        }
        Ok(())
    }
}

/// Sums by dimension, day and key.
pub type AllSums = BTreeMap<(Dimension, i64, String), Tally>;

async fn rows(c: &mut Conn<'_>, area: AreaCode) -> Result<(Vec<Fact>, AllSums), StoreError> {
    let select = "SELECT body FROM sla_fact WHERE area = $1 ORDER BY incident";
    let bodies = sql!(all(String,), c, select, area.as_str())?;
    let facts = bodies.iter().map(|(body,)| Ok(serde_json::from_str(body)?)).collect::<Result<_, StoreError>>()?;
    let select = "SELECT dim, day, key, tally FROM sla_sum WHERE area = $1";
    let mut sums = AllSums::new();
    for (dim, day, key, tally) in sql!(all(String, i64, String, String), c, select, area.as_str())? {
        sums.insert((dim.parse()?, day, key), serde_json::from_str(&tally)?);
    }
    Ok((facts, sums))
}

/// What the rows say otherwise than the journal.
fn differences(told: &Told, facts: Vec<Fact>, sums: &AllSums) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut of_rows = AllSums::new();
    for fact in &facts {
        for (dim, key) in fact.keys() {
            of_rows.entry((dim, fact.day, key)).or_default().add(fact);
        }
        if told.facts.get(&fact.incident.no) != Some(fact) {
            wrong.push(format!("{}: the journal tells it otherwise", fact.incident));
        }
    }
    let rows: HashSet<i64> = facts.iter().map(|fact| fact.incident.no).collect();
    for no in told.facts.keys().filter(|no| !rows.contains(no)) {
        wrong.push(format!("incident {no}: the journal counts it, the figures do not"));
    }
    for key in of_rows.keys().chain(sums.keys()) {
        if of_rows.get(key) != sums.get(key) {
            wrong.push(format!("{} of {} on {}: not the sum of its incidents", key.0, key.2, day_text(key.1)));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

impl Store {
    /// Makes an area's figures anew from its journal; what was decided before there were figures is counted first.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails; pieces that were made stay.
    pub async fn rebuild_sla(&self, cause: &Cause, area: AreaCode) -> Result<Rebuilt, StoreError> {
        cause.scope.require(area, Act::Manage)?;
        let first_counted = self.count_uncounted(cause, area).await?;
        let mut told = self
            .read(move |c| {
                Box::pin(async move {
                    let mut told = Told::default();
                    told.read_on(c, area).await?;
                    Ok(told)
                })
            })
            .await?;
        let starts = told.pieces();
        let ends = starts.iter().skip(1).copied().chain([i64::MAX]);
        for (from, to) in starts.iter().copied().zip(ends) {
            let mut known = std::mem::take(&mut told);
            let (give, take) = tokio::sync::oneshot::channel();
            self.write(&[area], cause, move |tx| {
                Box::pin(async move {
                    known.read_on(&mut tx.conn(), area).await?;
                    tx.rebuild_days(area, &known, from, to).await?;
                    drop(give.send(known));
                    Ok(())
                })
            })
            .await?;
            told = take.await.map_err(|_| StoreError::Panicked)?;
        }
        let days: std::collections::BTreeSet<i64> = told.facts.values().map(|fact| fact.day).collect();
        Ok(Rebuilt { first_counted, facts: told.facts.len(), days: days.len() })
    }

    /// The rows of an area's figures: facts in the order of their incidents, and sums by dimension, day and key.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn sla_rows(&self, scope: &Scope, area: AreaCode) -> Result<(Vec<Fact>, AllSums), StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| Box::pin(async move { rows(c, area).await })).await
    }

    /// Holds an area's figures against its journal: what differs, in words; nothing where all is well.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn verify_sla(&self, scope: &Scope, area: AreaCode) -> Result<Vec<String>, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let mut told = Told::default();
                told.read_on(c, area).await?;
                let (facts, sums) = rows(c, area).await?;
                Ok(differences(&told, facts, &sums))
            })
        })
        .await
    }

    /// Counts what is decided and in no figure.
    async fn count_uncounted(&self, cause: &Cause, area: AreaCode) -> Result<usize, StoreError> {
        let (mut all, mut after) = (0, 0);
        loop {
            let counted: Vec<i64> = self
                .write(&[area], cause, move |tx| {
                    Box::pin(async move {
                        let rows = sql!(
                            all(i64,),
                            tx.conn(),
                            "SELECT no FROM incident i WHERE area = $1 AND no > $2
                             AND (closed_ms IS NOT NULL OR on_scene_ms IS NOT NULL) AND NOT EXISTS (
                                SELECT 1 FROM sla_fact f WHERE f.area = i.area AND f.incident = i.no)
                             ORDER BY no LIMIT $3",
                            area.as_str(),
                            after,
                            COUNTED
                        )?;
                        let nos: Vec<i64> = rows.into_iter().map(|(no,)| no).collect();
                        tx.touched.extend(nos.iter().map(|no| IncidentId { area, no: *no }));
                        Ok(nos)
                    })
                })
                .await?;
            let Some(last) = counted.last() else { return Ok(all) };
            (all, after) = (all + counted.len(), *last);
        }
    }
}
