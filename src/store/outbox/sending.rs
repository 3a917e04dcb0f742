//! Messages on their way: taken by one node at a time, never forgotten.
//!
//! Invariants: a row is taken by moving the moment of its next try behind the taker's deadline, in one guarded statement on
//! that row alone; what a dead taker had is due again then. Messages of one report go out in the order in which they were
//! written. A failure is written only by who holds the row; a success by anybody.

use super::{
    super::{
        Store, StoreError, seal,
        sql::{Conn, sql},
    },
    Content, context,
};
use crate::domain::{access::Cause, ids::*, message::*, phone::PhoneNumber, time::UnixMs};

/// A message that a node has taken, to be sent before its time is over.
pub struct Taken {
    /// What it is about.
    pub report: ReportId,
    /// Its name.
    pub id: MessageId,
    /// By which way.
    pub channel: MessageChannel,
    /// Which of our own numbers it goes out from.
    pub sender: String,
    /// When it was written.
    pub created: UnixMs,
    /// Which try this is, from 1: a failure is written only by who still holds it.
    pub attempt: i64,
    /// To whom, and what it says; none where the citizen was erased meanwhile.
    pub content: Option<(PhoneNumber, Saying)>,
}

/// How a message is found when its channel tells of it.
#[derive(Clone, Copy, Debug)]
pub enum MessageKey {
    /// By our own name.
    Own(MessageId),
    /// By a keyed hash of the channel's name.
    Channel([u8; 32]),
}

impl Store {
    /// The messages that may be tried at `now`, the longest due first, at most `limit`: of each report the first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn due_messages(&self, now: UnixMs, limit: i64) -> Result<Vec<(AreaCode, MessageId)>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, String),
                    c,
                    "SELECT o.area, o.id FROM outbox o WHERE o.state = 'queued' AND o.next_ms <= $1
                     AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.area = o.area AND e.report_no = o.report_no
                                     AND e.id < o.id AND e.state = 'queued')
                     ORDER BY o.next_ms LIMIT $2",
                    now.0,
                    limit
                )?;
                rows.into_iter().map(|(area, id)| Ok((area.parse()?, id.parse()?))).collect()
            })
        })
        .await
    }

    /// Takes a message until `until`; none when somebody else did, or nothing is to be sent any more.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn take_message(
        &self,
        area: AreaCode,
        id: MessageId,
        now: UnixMs,
        until: UnixMs,
    ) -> Result<Option<Taken>, StoreError> {
        let keys = self.keys().clone();
        self.maintain(move |c| {
            Box::pin(async move {
                let row = sql!(
                    row(i64, String, String, String, i64, i64),
                    c,
                    "UPDATE outbox SET next_ms = $4, attempts = attempts + 1
                     WHERE area = $1 AND id = $2 AND state = 'queued' AND next_ms <= $3
                     RETURNING report_no, channel, sender, subject, created_ms, attempts",
                    area.as_str(),
                    id.to_string(),
                    now.0,
                    until.0
                )?;
                let Some((no, channel, sender, subject, created, attempt)) = row else { return Ok(None) };
                let content = seal::unseal(c, &keys, area, subject.parse()?, &context(id)).await?;
                let content = content.map(|text| serde_json::from_str::<Content>(&text)).transpose()?;
                Ok(Some(Taken {
                    report: ReportId { area, no },
                    id,
                    channel: channel.parse()?,
                    sender,
                    created: UnixMs(created),
                    attempt,
                    content: content.map(|c| (c.recipient, c.saying)),
                }))
            })
        })
        .await
    }

    /// The channel has it, under a name with this hash.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn message_sent(
        &self,
        area: AreaCode,
        id: MessageId,
        channel_hash: [u8; 32],
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                // What the channel told meanwhile may be further than this.
                sql!(
                    run,
                    c,
                    "UPDATE outbox SET state = CASE WHEN rank = 0 THEN 'sent' ELSE state END, channel_hash = $3,
                        sent_ms = COALESCE(sent_ms, $4), error = CASE WHEN rank = 0 THEN NULL ELSE error END
                     WHERE area = $1 AND id = $2",
                    area.as_str(),
                    id.to_string(),
                    &channel_hash[..],
                    now.0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// It was not taken: it is due again at `next`. Nothing changes when somebody else has it by now.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn message_later(&self, taken: &Taken, next: UnixMs, error: &str) -> Result<(), StoreError> {
        let (area, id, attempt, error) = (taken.report.area, taken.id, taken.attempt, error.to_owned());
        self.maintain(move |c| {
            Box::pin(async move {
                sql!(
                    run,
                    c,
                    "UPDATE outbox SET next_ms = $4, error = $5
                     WHERE area = $1 AND id = $2 AND attempts = $3 AND state = 'queued'",
                    area.as_str(),
                    id.to_string(),
                    attempt,
                    next.0,
                    error
                )?;
                Ok(())
            })
        })
        .await
    }

    /// It will not be sent: the desk is told. `false` when somebody else has it by now.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn give_up_message(&self, cause: &Cause, taken: &Taken, error: &str) -> Result<bool, StoreError> {
        let (area, id, attempt, error) = (taken.report.area, taken.id, taken.attempt, error.to_owned());
        let channel = taken.channel;
        self.write_report(cause, taken.report, &[], move |tx, report| {
            Box::pin(async move {
                let now = tx.now().0;
                let given_up = sql!(
                    run,
                    tx.conn(),
                    "UPDATE outbox SET state = 'failed', failed_ms = $4, error = $5
                     WHERE area = $1 AND id = $2 AND attempts = $3 AND state = 'queued'",
                    area.as_str(),
                    id.to_string(),
                    attempt,
                    now,
                    &error
                )?;
                if given_up > 0 {
                    tx.message_failed(&report, id, channel, error).await?;
                }
                Ok(given_up > 0)
            })
        })
        .await
    }

    /// The channel tells how far a message came; `false` when there is no such message. What is no news changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn message_told(
        &self,
        cause: &Cause,
        area: AreaCode,
        key: MessageKey,
        progress: Progress,
        at: UnixMs,
        code: Option<i64>,
    ) -> Result<bool, StoreError> {
        let Some((id, report, channel)) = self.find_message(area, key).await? else { return Ok(false) };
        if progress != Progress::Failed {
            self.maintain(move |c| Box::pin(async move { Ok(tell(c, area, id, progress, at, None).await?) })).await?;
            return Ok(true);
        }
        self.write_report(cause, report, &[], move |tx, report| {
            Box::pin(async move {
                let why = code.map_or_else(|| "not delivered".to_owned(), |code| format!("not delivered, code {code}"));
                if tell(&mut tx.conn(), area, id, progress, at, Some(&why)).await? > 0 {
                    tx.message_failed(&report, id, channel, why).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    async fn find_message(
        &self,
        area: AreaCode,
        key: MessageKey,
    ) -> Result<Option<(MessageId, ReportId, MessageChannel)>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let row = match key {
                    MessageKey::Own(id) => sql!(
                        row(String, i64, String),
                        c,
                        "SELECT id, report_no, channel FROM outbox WHERE area = $1 AND id = $2",
                        area.as_str(),
                        id.to_string()
                    )?,
                    MessageKey::Channel(hash) => sql!(
                        row(String, i64, String),
                        c,
                        "SELECT id, report_no, channel FROM outbox WHERE area = $1 AND channel_hash = $2",
                        area.as_str(),
                        &hash[..]
                    )?,
                };
                row.map(|(id, no, channel)| Ok((id.parse()?, ReportId { area, no }, channel.parse()?))).transpose()
            })
        })
        .await
    }
}

/// Writes how far a message came, where that is further than before; gives the rows changed.
async fn tell(
    c: &mut Conn<'_>,
    area: AreaCode,
    id: MessageId,
    progress: Progress,
    at: UnixMs,
    error: Option<&str>,
) -> Result<u64, sqlx::Error> {
    let moment = |of: Progress| (of == progress).then_some(at.0);
    // The first three lines also keep what came late: a message that was read was delivered at some time, too.
    sql!(
        run,
        c,
        "UPDATE outbox SET left_ms = COALESCE(left_ms, $3), delivered_ms = COALESCE(delivered_ms, $4),
            read_ms = COALESCE(read_ms, $5)
         WHERE area = $1 AND id = $2",
        area.as_str(),
        id.to_string(),
        moment(Progress::Sent),
        moment(Progress::Delivered),
        moment(Progress::Read)
    )?;
    sql!(
        run,
        c,
        "UPDATE outbox SET rank = $3, progress = $4, state = $5, sent_ms = COALESCE(sent_ms, $6),
            failed_ms = COALESCE(failed_ms, $7), error = $8
         WHERE area = $1 AND id = $2 AND rank < $3",
        area.as_str(),
        id.to_string(),
        progress.rank(),
        progress.as_str(),
        if progress == Progress::Failed { "failed" } else { "sent" },
        at.0,
        moment(Progress::Failed),
        error
    )
}
