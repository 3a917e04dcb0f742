//! Events of a command: numbered and chained as they happen, written together when it ends.

use super::{AreaTx, Conn, StoreError};
use crate::domain::{
    event::{Audience, Event, Happened, link},
    ids::{AreaCode, UnitId},
};
use sqlx::QueryBuilder;

/// A row of the journal.
pub(super) struct Line {
    area: AreaCode,
    seq: i64,
    audience: String,
    subject: String,
    text: String,
    hash: [u8; 32],
}

/// The statement that inserts these rows, for the engine that it is executed on.
macro_rules! insert_lines {
    ($lines:expr) => {{
        let mut insert = QueryBuilder::new("INSERT INTO event (area, seq, audience, subject, text, hash) ");
        insert.push_values($lines, |mut row, line: &Line| {
            row.push_bind(line.area.as_str()).push_bind(line.seq).push_bind(&line.audience);
            row.push_bind(&line.subject).push_bind(&line.text).push_bind(&line.hash[..]);
        });
        insert
    }};
}

impl AreaTx {
    /// Numbers, chains and writes one event. `subject` names what it is about.
    pub async fn event(
        &mut self,
        area: AreaCode,
        subject: &str,
        audience: Audience,
        what: Happened,
    ) -> Result<i64, StoreError> {
        self.event_for(area, subject, audience, what, None).await
    }

    /// As [`Self::event`], telling for whose unit it was done.
    pub async fn event_for(
        &mut self,
        area: AreaCode,
        subject: &str,
        audience: Audience,
        what: Happened,
        on_behalf_of: Option<UnitId>,
    ) -> Result<i64, StoreError> {
        self.touch(area, &what);
        let cause = &self.cause;
        let mut event = Event {
            area,
            seq: 0,
            at: cause.now,
            what,
            actor: cause.scope.actor(),
            on_behalf_of,
            source: cause.source,
            device_at: cause.device_at,
            command: cause.command.map(|c| c.id),
            audience,
        };
        let head = self.head(area)?;
        head.seq += 1;
        event.seq = head.seq;
        let text = serde_json::to_string(&event)?;
        head.hash = link(&head.hash, &text);
        let (seq, hash, subject) = (event.seq, head.hash, subject.to_owned());
        self.lines.push(Line { area, seq, audience: audience.to_string(), subject, text, hash });
        self.events.push(event);
        Ok(seq)
    }

    /// Writes the events of a command in one statement: a step is four events, and each statement costs a round trip.
    pub(super) async fn write_lines(&mut self) -> Result<(), StoreError> {
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return Ok(());
        }
        match self.conn() {
            Conn::Postgres(c) => insert_lines!(&lines).build().execute(&mut *c).await.map(drop)?,
            Conn::Sqlite(c) => insert_lines!(&lines).build().execute(&mut *c).await.map(drop)?,
        }
        Ok(())
    }
}
