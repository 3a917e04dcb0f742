//! Messages that are to be sent: written with what causes them, read by desks. How they go out is in [`sending`].
//!
//! Invariant: a message and its event are written in one transaction; recipient and text are sealed under the caller.

mod sending;

pub use sending::{MessageKey, Taken};

use super::{AreaTx, Store, StoreError, error::refuse, seal, sql::sql};
use crate::domain::{
    access::{Cause, Scope},
    event::Happened,
    ids::*,
    message::*,
    phone::PhoneNumber,
    refusal::Refusal,
    report::Report,
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

/// Rows in a list at most.
const LIST: i64 = 500;

/// A message to be written into the outbox.
pub(super) struct NewMessage<'a> {
    /// What it is about.
    pub report: ReportId,
    /// Whose key seals it.
    pub subject: SubjectId,
    /// By which way.
    pub channel: MessageChannel,
    /// Which of our own numbers it goes out from.
    pub sender: &'a str,
    /// To whom.
    pub recipient: PhoneNumber,
    /// What it says.
    pub saying: Saying,
}

/// What of a message is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    recipient: PhoneNumber,
    saying: Saying,
}

fn context(id: MessageId) -> String {
    format!("message/{id}")
}

impl AreaTx {
    /// Writes a message into the outbox, with its event.
    pub(super) async fn queue_message(&mut self, new: NewMessage<'_>) -> Result<MessageId, StoreError> {
        let (id, area, now) = (MessageId::random(), new.report.area, self.now().0);
        let content = serde_json::to_string(&Content { recipient: new.recipient, saying: new.saying })?;
        let commitment = self.seal(area, new.subject, &context(id), &content).await?;
        sql!(
            run,
            self.conn(),
            "INSERT INTO outbox (area, id, report_no, channel, sender, subject, state, attempts, next_ms, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $7)",
            area.as_str(),
            id.to_string(),
            new.report.no,
            new.channel.as_str(),
            new.sender,
            new.subject.to_string(),
            now
        )?;
        let what = Happened::MessageQueued { message: id, report: new.report, channel: new.channel, commitment };
        let report = self.report(new.report).await?;
        self.tell_report(&report, what).await?;
        Ok(id)
    }

    /// The alarm: somebody has to reach the citizen in another way.
    async fn message_failed(
        &mut self,
        report: &Report,
        id: MessageId,
        channel: MessageChannel,
        why: String,
    ) -> Result<(), StoreError> {
        let what = Happened::MessageFailed { message: id, report: report.id, channel, why };
        self.tell_report(report, what).await
    }
}

impl Store {
    /// Writes a message of a desk to the citizen with whom the report's conversation is.
    ///
    /// # Errors
    /// [`Refusal::NoConversation`] when there is none, or it is older than `heard_since`: the channel would refuse it;
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn write_message(
        &self,
        cause: &Cause,
        report: ReportId,
        saying: Saying,
        heard_since: UnixMs,
    ) -> Result<MessageId, StoreError> {
        self.write_report(cause, report, &[], move |tx, _| {
            Box::pin(async move {
                let row = sql!(
                    row(String, String, i64, Option<String>),
                    tx.conn(),
                    "SELECT c.channel, c.sender, c.heard_ms, r.subject FROM conversation c
                     JOIN report r ON r.area = c.area AND r.no = c.report_no
                     WHERE c.area = $1 AND c.report_no = $2",
                    report.area.as_str(),
                    report.no
                )?;
                let Some((channel, sender, heard, Some(subject))) = row else {
                    refuse!(Refusal::NoConversation(report))
                };
                let (channel, subject): (MessageChannel, SubjectId) = (channel.parse()?, subject.parse()?);
                let keys = tx.keys.clone();
                let with = super::inbox::with_context(channel, report);
                let number = seal::unseal(&mut tx.conn(), &keys, report.area, subject, &with).await?;
                let Some(number) = number.filter(|_| heard >= heard_since.0) else {
                    refuse!(Refusal::NoConversation(report))
                };
                let recipient = PhoneNumber::parse(&number).map_err(|e| StoreError::Corrupt(e.to_string()))?;
                tx.queue_message(NewMessage { report, subject, channel, sender: &sender, recipient, saying }).await
            })
        })
        .await
    }

    /// Our messages about a report, in the order in which they were written, with what they say.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when there is no such report, [`StoreError`] when out of scope or the database fails.
    pub async fn messages(&self, scope: &Scope, report: ReportId) -> Result<Vec<Message>, StoreError> {
        self.find_report(scope, report).await?.ok_or(Refusal::NotFound("report"))?;
        let keys = self.keys().clone();
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all MessageRow,
                    c,
                    "SELECT * FROM outbox WHERE area = $1 AND report_no = $2 ORDER BY id LIMIT $3",
                    report.area.as_str(),
                    report.no,
                    LIST
                )?;
                let mut messages = Vec::with_capacity(rows.len());
                for row in rows {
                    let (id, subject) = (row.id.parse()?, row.subject.parse()?);
                    let content = seal::unseal(c, &keys, report.area, subject, &context(id)).await?;
                    let content = content.map(|text| serde_json::from_str::<Content>(&text)).transpose()?;
                    messages.push(row.message(report, id, content.map(|c| c.saying.text().to_owned()))?);
                }
                Ok(messages)
            })
        })
        .await
    }

    /// How many messages wait to be sent, over all areas.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn queued_messages(&self) -> Result<i64, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let count = sql!(scalar i64, c, "SELECT COUNT(*) FROM outbox WHERE state = 'queued'")?;
                Ok(count.unwrap_or_default())
            })
        })
        .await
    }
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: String,
    channel: String,
    subject: String,
    state: String,
    attempts: i64,
    created_ms: i64,
    sent_ms: Option<i64>,
    progress: Option<String>,
    delivered_ms: Option<i64>,
    read_ms: Option<i64>,
    error: Option<String>,
}

impl MessageRow {
    fn message(self, report: ReportId, id: MessageId, text: Option<String>) -> Result<Message, StoreError> {
        Ok(Message {
            id,
            report,
            channel: self.channel.parse()?,
            state: self.state.parse()?,
            text,
            attempts: self.attempts,
            created: UnixMs(self.created_ms),
            sent: self.sent_ms.map(UnixMs),
            progress: self.progress.map(|p| p.parse()).transpose()?,
            delivered: self.delivered_ms.map(UnixMs),
            read: self.read_ms.map(UnixMs),
            error: self.error,
        })
    }
}
