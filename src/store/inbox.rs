//! Messages that came in: each counted once, each in a report.
//!
//! Invariants: what came in is written down in the transaction that opens its report; where it adds to a report, under a
//! command of its own before it is written down, so that a delivery that is cut off anywhere is made whole by the next.

use super::{
    AreaTx, Store, StoreError,
    outbox::NewMessage,
    reports::{Landing, Reception},
    sql::{Conn, sql},
};
use crate::domain::{
    access::Cause,
    ids::*,
    message::{MessageChannel, Saying},
    phone::PhoneNumber,
    report::NewReport,
    time::UnixMs,
};

/// A message as it came in.
#[derive(Clone)]
pub struct Arrived {
    /// By which way.
    pub channel: MessageChannel,
    /// A keyed hash of the channel's name for it.
    pub message: [u8; 32],
    /// Who wrote.
    pub from: PhoneNumber,
    /// Which of our numbers was written to.
    pub sender: String,
    /// When it was written, by the channel's clock.
    pub at: UnixMs,
    /// Whether it is a place.
    pub is_place: bool,
    /// What is answered; nothing to one that is too old to be answered.
    pub replies: Option<Replies>,
}

/// What is answered, with `{report}` for the report's name.
#[derive(Clone)]
pub struct Replies {
    /// To first words: where?
    pub ask_place: String,
    /// To a first place: what?
    pub ask_words: String,
    /// To the first place after words.
    pub thanks: String,
}

/// Where a message belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// It came before: nothing is to be done.
    Repeated,
    /// To this open report; `newer_place` tells that a newer place is known than this message's.
    To {
        /// Which.
        report: ReportId,
        /// A newer place came before.
        newer_place: bool,
    },
    /// To none yet.
    Nowhere,
}

/// Our sealed name for whom a report's conversation is with.
pub(super) fn with_context(channel: MessageChannel, report: ReportId) -> String {
    format!("conversation/{channel}/{}", report.no)
}

impl Store {
    /// Where a message belongs at `area`: the open report of the same number whose last message came after `since`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn belongs(&self, area: AreaCode, arrived: &Arrived, since: UnixMs) -> Result<Belongs, StoreError> {
        let (arrived, number) = (arrived.clone(), self.keys().number_hash(arrived.from.as_str()));
        self.read(move |c| Box::pin(async move { belongs(c, area, &arrived, number, since).await })).await
    }

    /// Opens a report with a message; nothing where it came before, or belongs by now to an open report that was active
    /// after `since`. Without `since` it gets a report of its own in any case.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn open_with(
        &self,
        cause: &Cause,
        at: Reception,
        arrived: Arrived,
        new: NewReport,
        since: Option<UnixMs>,
    ) -> Result<Option<ReportId>, StoreError> {
        let mut areas = vec![at.area];
        areas.extend(at.ring.map(|ring| ring.desk.area));
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let number = tx.keys.number_hash(arrived.from.as_str());
                let since = since.unwrap_or(UnixMs(i64::MAX));
                if belongs(&mut tx.conn(), at.area, &arrived, number, since).await? != Belongs::Nowhere {
                    return Ok(None);
                }
                let report = tx.receive(at, new, Landing::Unjudged).await?.report.id;
                let subject = tx.subject_of(report).await?;
                let with = with_context(arrived.channel, report);
                tx.seal(report.area, subject, &with, arrived.from.as_str()).await?;
                tx.begin_conversation(report, &arrived, number).await?;
                tx.write_down(report, &arrived).await?;
                if let Some(replies) = &arrived.replies {
                    let saying = if arrived.is_place {
                        Saying::Text(replies.ask_words.replace("{report}", &report.to_string()))
                    } else {
                        Saying::AskPlace(replies.ask_place.replace("{report}", &report.to_string()))
                    };
                    tx.answer_citizen(report, subject, &arrived, saying).await?;
                }
                Ok(Some(report))
            })
        })
        .await
    }

    /// Writes down a message whose content was added to its report; the first place after words is answered.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn continue_with(&self, cause: &Cause, report: ReportId, arrived: Arrived) -> Result<(), StoreError> {
        self.write_report(cause, report, &[], move |tx, _| {
            Box::pin(async move {
                if known(&mut tx.conn(), report.area, &arrived).await? {
                    return Ok(());
                }
                tx.write_down(report, &arrived).await?;
                let number = tx.keys.number_hash(arrived.from.as_str());
                let (now, placed) = (tx.now().0, arrived.is_place.then_some(arrived.at.0));
                let first_place = sql!(
                    scalar i64,
                    tx.conn(),
                    "SELECT CASE WHEN placed_ms IS NULL THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
                     FROM conversation WHERE area = $1 AND channel = $2 AND number_hash = $3 AND report_no = $4",
                    report.area.as_str(),
                    arrived.channel.as_str(),
                    &number[..],
                    report.no
                )?;
                sql!(
                    run,
                    tx.conn(),
                    "UPDATE conversation SET active_ms = $5, sender = $6,
                        heard_ms = CASE WHEN heard_ms < $7 THEN $7 ELSE heard_ms END,
                        placed_ms = CASE WHEN placed_ms IS NULL OR placed_ms < $8 THEN $8 ELSE placed_ms END
                     WHERE area = $1 AND channel = $2 AND number_hash = $3 AND report_no = $4",
                    report.area.as_str(),
                    arrived.channel.as_str(),
                    &number[..],
                    report.no,
                    now,
                    &arrived.sender,
                    arrived.at.0,
                    placed
                )?;
                if let Some(replies) = arrived.replies.as_ref().filter(|_| arrived.is_place && first_place == Some(1)) {
                    let saying = Saying::Text(replies.thanks.replace("{report}", &report.to_string()));
                    let subject = tx.subject_of(report).await?;
                    tx.answer_citizen(report, subject, &arrived, saying).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Forgets what came in before `before`, and conversations that ended before it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn prune_messages(&self, before: UnixMs) -> Result<u64, StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                let inbox = sql!(run, c, "DELETE FROM inbox WHERE received_ms < $1", before.0)?;
                Ok(inbox + sql!(run, c, "DELETE FROM conversation WHERE active_ms < $1", before.0)?)
            })
        })
        .await
    }
}

async fn known(c: &mut Conn<'_>, area: AreaCode, arrived: &Arrived) -> Result<bool, sqlx::Error> {
    let known = sql!(
        scalar i64,
        c,
        "SELECT report_no FROM inbox WHERE area = $1 AND channel = $2 AND message_hash = $3",
        area.as_str(),
        arrived.channel.as_str(),
        &arrived.message[..]
    )?;
    Ok(known.is_some())
}

async fn belongs(
    c: &mut Conn<'_>,
    area: AreaCode,
    arrived: &Arrived,
    number: [u8; 32],
    since: UnixMs,
) -> Result<Belongs, StoreError> {
    if known(c, area, arrived).await? {
        return Ok(Belongs::Repeated);
    }
    let open = sql!(
        row(i64, Option<i64>),
        c,
        "SELECT c.report_no, c.placed_ms FROM conversation c
         JOIN report r ON r.area = c.area AND r.no = c.report_no
         WHERE c.area = $1 AND c.channel = $2 AND c.number_hash = $3 AND c.active_ms >= $4 AND r.closed_ms IS NULL",
        area.as_str(),
        arrived.channel.as_str(),
        &number[..],
        since.0
    )?;
    Ok(open.map_or(Belongs::Nowhere, |(no, placed)| Belongs::To {
        report: ReportId { area, no },
        newer_place: placed.is_some_and(|placed| placed > arrived.at.0),
    }))
}

impl AreaTx {
    /// Whose key seals what a report's citizen told.
    pub(super) async fn subject_of(&mut self, report: ReportId) -> Result<SubjectId, StoreError> {
        let subject = sql!(
            scalar String,
            self.conn(),
            "SELECT subject FROM report WHERE area = $1 AND no = $2 AND subject IS NOT NULL",
            report.area.as_str(),
            report.no
        )?;
        Ok(subject.ok_or_else(|| StoreError::Corrupt(format!("{report} has no subject")))?.parse()?)
    }

    async fn begin_conversation(
        &mut self,
        report: ReportId,
        arrived: &Arrived,
        number: [u8; 32],
    ) -> Result<(), StoreError> {
        let now = self.now().0;
        sql!(
            run,
            self.conn(),
            "INSERT INTO conversation (area, channel, number_hash, report_no, sender, heard_ms, active_ms, placed_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (area, channel, number_hash) DO UPDATE SET report_no = excluded.report_no,
                sender = excluded.sender, heard_ms = excluded.heard_ms, active_ms = excluded.active_ms,
                placed_ms = excluded.placed_ms",
            report.area.as_str(),
            arrived.channel.as_str(),
            &number[..],
            report.no,
            &arrived.sender,
            arrived.at.0,
            now,
            arrived.is_place.then_some(arrived.at.0)
        )?;
        Ok(())
    }

    async fn write_down(&mut self, report: ReportId, arrived: &Arrived) -> Result<(), StoreError> {
        let now = self.now().0;
        sql!(
            run,
            self.conn(),
            "INSERT INTO inbox (area, channel, message_hash, report_no, at_ms, received_ms)
             VALUES ($1, $2, $3, $4, $5, $6)",
            report.area.as_str(),
            arrived.channel.as_str(),
            &arrived.message[..],
            report.no,
            arrived.at.0,
            now
        )?;
        Ok(())
    }

    async fn answer_citizen(
        &mut self,
        report: ReportId,
        subject: SubjectId,
        arrived: &Arrived,
        saying: Saying,
    ) -> Result<(), StoreError> {
        let (channel, recipient) = (arrived.channel, arrived.from.clone());
        let new = NewMessage { report, subject, channel, sender: &arrived.sender, recipient, saying };
        self.queue_message(new).await.map(drop)
    }
}
