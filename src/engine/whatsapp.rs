//! What citizens write by WhatsApp becomes reports.
//!
//! Invariants: nothing is looked at before its signature was found good; a message counts once, however often it is
//! delivered; an answer is given after everything of a body is stored, so that what was not is delivered again. Each
//! message of one number goes to its open report: nobody has two of them at once.

use super::{Engine, Error, outbox};
use crate::{
    domain::{
        access::{Cause, CommandKey, Source},
        ids::*,
        incident::Priority,
        message::MessageChannel,
        pin::place_in,
        place::Place,
        report::{Amendment, Channel, NewReport},
        time::UnixMs,
    },
    post::whatsapp::{
        Settings, is_signed,
        webhook::{Delivery, Incoming, Told, What},
    },
    store::{Arrived, Belongs, Landing, MessageKey, Replies},
};
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{Builder, Variant, Version};

/// Older messages are not taken, milliseconds. Meta delivers again for seven days; what was taken is remembered longer than
/// this, so that an old body that is sent again never becomes a second report.
const AGE_MS: i64 = 8 * 86_400_000;
/// For so long it is remembered what was taken, milliseconds.
const REMEMBERED_MS: i64 = 10 * 86_400_000;
/// A report's clock starts at its first message, but not earlier than this before it came in, milliseconds.
const RUNG_MS: i64 = 86_400_000;

/// What kind a report is of before a desk has read it.
const KIND: &str = "unknown";

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// There is no WhatsApp here.
    #[error("WhatsApp is not set up")]
    NotSetUp,
    /// The signature is missing or wrong.
    #[error("the signature is missing or wrong")]
    Forged,
    /// Well signed, but all of it is older than Meta would deliver.
    #[error("all of it is older than eight days")]
    Late,
    /// It has to come again.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// What came in, by what became of it.
macro_rules! counted {
    ($($name:ident),*) => {
        #[derive(Default)]
        pub(super) struct Counts { $($name: AtomicU64),* }

        impl Counts {
            fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.load(Ordering::Relaxed))),*]
            }
        }
    };
}
counted!(opened, continued, repeated, statuses, unmatched, unknown, malformed, late, other_number, forged);

fn add(count: &AtomicU64, n: u64) {
    count.fetch_add(n, Ordering::Relaxed);
}

impl Engine {
    /// What came in by WhatsApp since the start, by what became of it.
    #[must_use]
    pub fn whatsapp_counted(&self) -> Vec<(&'static str, u64)> {
        self.inner.whatsapp.all()
    }

    fn whatsapp_settings(&self) -> Option<&Settings> {
        self.inner.outbox.post.get()?.whatsapp()
    }

    /// Whether this is the token that Meta repeats when the webhook is set up.
    ///
    /// # Errors
    /// [`Unheard::NotSetUp`] without WhatsApp, [`Unheard::Forged`] with another token.
    pub fn whatsapp_verify(&self, token: &str) -> Result<(), Unheard> {
        let settings = self.whatsapp_settings().ok_or(Unheard::NotSetUp)?;
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(
            token.as_bytes(),
            settings.verify_token.reveal().as_bytes(),
        );
        same.map_err(|_| Unheard::Forged)
    }

    /// Takes a body of the webhook, under the value of `X-Hub-Signature-256`.
    ///
    /// # Errors
    /// [`Unheard`]: nothing of it was stored, or what was not comes again.
    pub async fn whatsapp_heard(&self, signature: Option<&str>, body: &[u8]) -> Result<(), Unheard> {
        let (settings, counts) = (self.whatsapp_settings().ok_or(Unheard::NotSetUp)?, &self.inner.whatsapp);
        if !signature.is_some_and(|signature| is_signed(&settings.app_secret, signature, body)) {
            add(&counts.forged, 1);
            return Err(Unheard::Forged);
        }
        let mut delivery = Delivery::read(body);
        add(&counts.unknown, delivery.unknown);
        add(&counts.malformed, delivery.malformed);
        let (all, oldest) = (delivery.messages.len(), self.now().plus(-AGE_MS));
        delivery.messages.retain(|message| message.at >= oldest);
        add(&counts.late, (all - delivery.messages.len()) as u64);
        if all > 0 && delivery.messages.is_empty() && delivery.statuses.is_empty() {
            return Err(Unheard::Late);
        }
        for message in delivery.messages {
            self.hear_message(settings, message).await?;
        }
        for told in delivery.statuses {
            self.hear_told(settings, told).await?;
        }
        Ok(())
    }

    /// One message: to its open report, or a report of its own.
    async fn hear_message(&self, settings: &Settings, message: Incoming) -> Result<(), Error> {
        let (store, counts, now) = (&self.inner.store, &self.inner.whatsapp, self.now());
        let Some(&area) = settings.numbers.get(&message.number_id) else {
            add(&counts.other_number, 1);
            return Ok(());
        };
        let hash = store.keys().message_hash(&message.id);
        let arrived = arrived(settings, hash, &message, now);
        let since = outbox::conversation_since(now, settings.window_ms);
        let cause = Cause { source: Source::Citizen, ..Cause::system(now) };
        loop {
            match store.belongs(area, &arrived, since).await? {
                Belongs::Repeated => {
                    add(&counts.repeated, 1);
                    return Ok(());
                }
                Belongs::Nowhere => {
                    // None: another message of the same number opened one in between.
                    if self.open_with(&cause, area, arrived.clone(), &message, Some(since)).await?.is_some() {
                        add(&counts.opened, 1);
                        return Ok(());
                    }
                }
                Belongs::To { report, newer_place } => {
                    // Under a command of the message's own: a delivery that was cut off here is made whole by the next.
                    let cause = Cause { command: Some(command(hash)), ..cause };
                    match self.amend(&cause, report, amendment(message.what.clone(), newer_place)).await {
                        Ok(_) => store.continue_with(&Cause { command: None, ..cause }, report, arrived).await?,
                        // Closed in between, say: what somebody writes is never nowhere.
                        Err(Error::Refused(_)) => {
                            let cause = Cause { command: None, ..cause };
                            self.open_with(&cause, area, arrived, &message, None).await?;
                        }
                        Err(error) => return Err(error),
                    }
                    add(&counts.continued, 1);
                    return Ok(());
                }
            }
        }
    }

    /// Opens a report, which rings at the first desk of the area's flow.
    async fn open_with(
        &self,
        cause: &Cause,
        area: AreaCode,
        arrived: Arrived,
        message: &Incoming,
        since: Option<UnixMs>,
    ) -> Result<Option<ReportId>, Error> {
        let new = first(message, cause.now);
        let at = self.reception(&cause.scope, area, &new, &Landing::Unjudged).await?;
        self.inner.store.open_with(cause, at, arrived, new, since).await
    }

    /// How far a message of ours came.
    async fn hear_told(&self, settings: &Settings, told: Told) -> Result<(), Error> {
        let (store, counts, now) = (&self.inner.store, &self.inner.whatsapp, self.now());
        let own = told.reference.as_deref().and_then(outbox::read_reference);
        let by_channel = || {
            let area = *settings.numbers.get(&told.number_id)?;
            Some((area, MessageKey::Channel(store.keys().message_hash(&told.id))))
        };
        let Some((area, key)) = own.map(|(area, id)| (area, MessageKey::Own(id))).or_else(by_channel) else {
            add(&counts.other_number, 1);
            return Ok(());
        };
        let cause = Cause::system(now);
        let matched = store.message_told(&cause, area, key, told.progress, told.at.min(now), told.code).await?;
        add(if matched { &counts.statuses } else { &counts.unmatched }, 1);
        Ok(())
    }

    /// Forgets what was taken longer ago than anything is taken again.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub(super) async fn prune_messages(&self) -> Result<u64, Error> {
        self.inner.store.prune_messages(self.now().plus(-REMEMBERED_MS)).await
    }
}

fn arrived(settings: &Settings, hash: [u8; 32], message: &Incoming, now: UnixMs) -> Arrived {
    let texts = &settings.texts;
    let replies = Replies {
        ask_place: texts.ask_place.clone(),
        ask_words: texts.ask_words.clone(),
        thanks: texts.thanks.clone(),
    };
    Arrived {
        channel: MessageChannel::Whatsapp,
        message: hash,
        from: message.from.clone(),
        sender: message.number_id.clone(),
        at: message.at.min(now),
        is_place: match &message.what {
            What::Pin(..) => true,
            What::Words(text) => linked_place(text).is_some(),
        },
        // WhatsApp lets us answer for a day; and who wrote yesterday is not helped by being asked for a place.
        replies: (now.since(message.at) < outbox::ANSWER_MS).then_some(replies),
    }
}

/// The place in a text that holds a link to one. Two numbers alone are no place in what people write.
fn linked_place(text: &str) -> Option<Place> {
    (text.contains("://") || text.contains("geo:")).then(|| place_in(text)).flatten()
}

/// The report that a first message opens.
fn first(message: &Incoming, now: UnixMs) -> NewReport {
    let (place, address, text) = match &message.what {
        What::Words(text) => (linked_place(text), None, Some(text.clone())),
        What::Pin(place, words) => (Some(*place), words.clone(), None),
    };
    NewReport {
        channel: Channel::Whatsapp,
        rung: Some(message.at.max(now.plus(-RUNG_MS)).min(now)),
        answered: None,
        kind: KIND.to_owned(),
        priority: Priority::P2,
        place,
        accuracy_m: None,
        caller_number: Some(message.from.clone()),
        caller_name: message.name.clone(),
        address,
        text,
        source: Source::Citizen,
        exchange_id: None,
        call: None,
    }
}

/// The name of the command by which a message adds to a report: the same for each delivery of it.
fn command(hash: [u8; 32]) -> CommandKey {
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    let id = Builder::from_bytes(name).with_version(Version::Custom).with_variant(Variant::RFC4122).into_uuid();
    CommandKey { id: CommandId(id), digest: hash }
}

/// What a later message adds to its report.
fn amendment(what: What, newer_place: bool) -> Amendment {
    match what {
        What::Words(text) => {
            let place = linked_place(&text).filter(|_| !newer_place);
            Amendment { text: Some(text), place, ..Amendment::default() }
        }
        // Told in order or not: the place of the newest message counts.
        What::Pin(..) if newer_place => Amendment::default(),
        What::Pin(place, words) => Amendment { place: Some(place), address: words, ..Amendment::default() },
    }
}
