//! Messages to citizens go out: taken from the outbox, given to their channel, tried again until it has them.
//!
//! Sending is at least once: a message whose answer was lost is sent again, unless the channel tells meanwhile that it has
//! it. Invariants: so many at once and no more; every try ends before the time for which the message was taken; one that
//! will not be sent alarms the desk.

use super::{Engine, Error};
use crate::{
    domain::{access::Cause, ids::*, message::*, time::UnixMs},
    post::{Letter, Post, Unsent},
    store::Taken,
};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// Messages that are on their way at once.
const AT_ONCE: usize = 16;
/// For so long a message is taken, milliseconds. A node that dies in between costs that much.
const TAKEN_MS: i64 = 45_000;
/// A try ends after this at the latest, well before the message is free for others.
const TRY: Duration = Duration::from_secs(30);
/// How long a closing node waits for what is on its way.
const FINISH: Duration = Duration::from_secs(5);
/// A channel lets us answer for a day; a little less, so that it does not say no meanwhile.
pub(super) const ANSWER_MS: i64 = 23 * 3_600_000;

/// What goes out, and by what.
pub(super) struct Outbox {
    /// Set once, where channels are set up.
    pub(super) post: OnceLock<Post>,
    turns: Arc<Semaphore>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    tried_again: AtomicU64,
    given_up: AtomicU64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { post: OnceLock::new(), turns: Arc::new(Semaphore::new(AT_ONCE)), counts: Counts::default() }
    }
}

impl Outbox {
    /// Waits until nothing is on its way, for a while.
    pub(super) async fn finish(&self) {
        let all = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(FINISH, self.turns.acquire_many(all)).await;
        self.turns.close();
    }
}

impl Engine {
    /// Sets up the channels by which messages come and go. Only the first call counts.
    pub fn open_post(&self, post: Post) {
        let _ = self.inner.outbox.post.set(post);
    }

    /// Messages that their channel took, tries that failed for now, and messages given up, since the start.
    #[must_use]
    pub fn messages_counted(&self) -> [(&'static str, u64); 3] {
        let counts = &self.inner.outbox.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [("sent", read(&counts.sent)), ("tried_again", read(&counts.tried_again)), ("failed", read(&counts.given_up))]
    }

    /// How many messages wait to be sent.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn queued_messages(&self) -> Result<i64, Error> {
        self.inner.store.queued_messages().await
    }

    /// Begins to send what is due, as far as there is room; gives how many were begun. Any node may do so at any time.
    ///
    /// # Errors
    /// [`Error`] when the database fails. What was not begun stays, and comes again.
    pub async fn send_messages(&self) -> Result<usize, Error> {
        let outbox = &self.inner.outbox;
        let Some(post) = outbox.post.get().filter(|post| post.whatsapp().is_some()) else { return Ok(0) };
        let room = i64::try_from(outbox.turns.available_permits()).unwrap_or(0);
        if room == 0 {
            return Ok(0);
        }
        let mut begun = 0;
        for (area, id) in self.inner.store.due_messages(self.now(), room).await? {
            let Ok(turn) = Arc::clone(&outbox.turns).try_acquire_owned() else { break };
            let now = self.now();
            let Some(taken) = self.inner.store.take_message(area, id, now, now.plus(TAKEN_MS)).await? else { continue };
            begun += 1;
            let (engine, post) = (self.clone(), post.clone());
            self.inner.handle.spawn(async move {
                if let Err(error) = engine.try_to_send(&post, &taken).await {
                    tracing::warn!(area = %taken.report.area, message = %taken.id, %error, "what became of a message was not written; it may be sent again");
                }
                drop(turn);
            });
        }
        Ok(begun)
    }

    /// One try.
    async fn try_to_send(&self, post: &Post, taken: &Taken) -> Result<(), Error> {
        let Some((recipient, saying)) = &taken.content else {
            return self.give_up(taken, "the citizen was erased").await;
        };
        let letter = Letter {
            channel: taken.channel,
            sender: taken.sender.clone(),
            recipient: recipient.as_str().to_owned(),
            saying: saying.clone(),
            reference: reference(taken.report.area, taken.id),
        };
        let sent = tokio::time::timeout(TRY, post.send(&letter)).await;
        let sent = sent.unwrap_or_else(|_| Err(Unsent::Later { why: "no answer in time".to_owned(), after_ms: None }));
        let (store, now) = (&self.inner.store, self.now());
        match sent {
            Ok(name) => {
                self.inner.outbox.counts.sent.fetch_add(1, Ordering::Relaxed);
                store.message_sent(taken.report.area, taken.id, store.keys().message_hash(&name), now).await
            }
            Err(Unsent::Never { why }) => self.give_up(taken, &why).await,
            Err(Unsent::Later { why, after_ms }) => {
                let limits = &self.inner.settings.messages;
                match limits.next_try(taken.created, taken.attempt, now, after_ms, rand::random()) {
                    Some(next) => {
                        self.inner.outbox.counts.tried_again.fetch_add(1, Ordering::Relaxed);
                        tracing::info!(area = %taken.report.area, message = %taken.id, attempt = taken.attempt, why, "a message was not taken; it is tried again");
                        store.message_later(taken, next, &why).await
                    }
                    None => self.give_up(taken, &why).await,
                }
            }
        }
    }

    async fn give_up(&self, taken: &Taken, why: &str) -> Result<(), Error> {
        if self.inner.store.give_up_message(&self.system(), taken, why).await? {
            self.inner.outbox.counts.given_up.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(area = %taken.report.area, message = %taken.id, attempts = taken.attempt, why, "a message is given up");
        }
        Ok(())
    }

    /// Our messages about a report.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn messages(
        &self,
        scope: &crate::domain::access::Scope,
        report: ReportId,
    ) -> Result<Vec<Message>, Error> {
        self.inner.store.messages(scope, report).await
    }

    /// Writes to the citizen who wrote to us about a report.
    ///
    /// # Errors
    /// [`crate::domain::refusal::Refusal::NoConversation`] when nobody did within a day; [`Error`] when out of scope or
    /// the database fails.
    pub async fn write_message(&self, cause: &Cause, report: ReportId, text: String) -> Result<MessageId, Error> {
        let since = cause.now.plus(-ANSWER_MS);
        self.inner.store.write_message(cause, report, Saying::Text(text), since).await
    }
}

/// Our name for a message, as channels give it back.
fn reference(area: AreaCode, id: MessageId) -> String {
    format!("{area}/{id}")
}

/// What a channel gave back, if it is one of our names.
pub(super) fn read_reference(text: &str) -> Option<(AreaCode, MessageId)> {
    let (area, id) = text.split_once('/')?;
    Some((area.parse().ok()?, id.parse().ok()?))
}

/// The moment before which a conversation is over.
pub(super) fn conversation_since(now: UnixMs, window_ms: i64) -> UnixMs {
    now.plus(-window_ms.max(0))
}
