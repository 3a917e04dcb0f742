//! What Meta posts: messages of citizens, and how far ours came.
//!
//! Invariants: nothing that comes in panics or fails the whole; what is not known is counted as such, what is broken is
//! counted apart, and both are passed over. Texts are bounded and hold nothing that a database cannot store.

use crate::domain::{message::Progress, phone::PhoneNumber, place::Place, time::UnixMs};
use serde_json::Value;

/// Characters of a text that are kept: WhatsApp's own limit.
const TEXT_MAX: usize = 4_096;
/// Characters of a name, or of a place in words.
const NAME_MAX: usize = 200;
/// Entries of one body that are looked at. Meta sends a thousand at most.
const ENTRIES_MAX: usize = 1_000;

/// A body of the webhook, read.
#[derive(Debug, Default, PartialEq)]
pub struct Delivery {
    /// Messages of citizens, in the order of the body.
    pub messages: Vec<Incoming>,
    /// How far our messages came.
    pub statuses: Vec<Told>,
    /// Parts of a kind that is not known here.
    pub unknown: u64,
    /// Parts that are not as the reference says.
    pub malformed: u64,
}

/// A message of a citizen.
#[derive(Clone, PartialEq)]
pub struct Incoming {
    /// Which of our numbers it came to.
    pub number_id: String,
    /// Meta's name for it; the same when it is delivered again.
    pub id: String,
    /// The citizen's number.
    pub from: PhoneNumber,
    /// The name that the citizen shows.
    pub name: Option<String>,
    /// When it was sent, by Meta's clock.
    pub at: UnixMs,
    /// What it holds.
    pub what: What,
}

/// What a message holds.
#[derive(Clone, PartialEq)]
pub enum What {
    /// Words; of a picture or a recording its caption, and what it was, in brackets.
    Words(String),
    /// A place that was shared, and its name where it has one.
    Pin(Place, Option<String>),
}

/// How far a message of ours came.
#[derive(Clone, PartialEq)]
pub struct Told {
    /// Which of our numbers it went out from.
    pub number_id: String,
    /// Meta's name for it.
    pub id: String,
    /// Our own name for it, where Meta gives it back.
    pub reference: Option<String>,
    /// How far.
    pub progress: Progress,
    /// When, by Meta's clock.
    pub at: UnixMs,
    /// The code of the error, where it failed.
    pub code: Option<i64>,
}

// What citizens write is never logged, not even by chance.
impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Incoming(..)")
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Told({})", self.progress)
    }
}

/// Why a part is passed over.
enum Passed {
    Unknown,
    Malformed,
}

impl Delivery {
    /// Reads a body whose signature was found good.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let mut read = Self::default();
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Self { malformed: 1, ..read };
        };
        let Some(entries) = body["entry"].as_array() else {
            return Self { malformed: 1, ..read };
        };
        for entry in entries.iter().take(ENTRIES_MAX) {
            match entry["changes"].as_array() {
                Some(changes) => changes.iter().take(ENTRIES_MAX).for_each(|change| read.change(change)),
                None => read.malformed += 1,
            }
        }
        read
    }

    fn change(&mut self, change: &Value) {
        if change["field"].as_str() != Some("messages") {
            return self.pass(if change["field"].is_string() { &Passed::Unknown } else { &Passed::Malformed });
        }
        let value = &change["value"];
        let Some(number_id) = value["metadata"]["phone_number_id"].as_str() else {
            return self.pass(&Passed::Malformed);
        };
        let (messages, statuses) = (value["messages"].as_array(), value["statuses"].as_array());
        if messages.is_none() && statuses.is_none() {
            return self.pass(&Passed::Unknown);
        }
        for message in messages.into_iter().flatten().take(ENTRIES_MAX) {
            match incoming(number_id, value, message) {
                Ok(message) => self.messages.push(message),
                Err(passed) => self.pass(&passed),
            }
        }
        for status in statuses.into_iter().flatten().take(ENTRIES_MAX) {
            match told(number_id, status) {
                Ok(told) => self.statuses.push(told),
                Err(passed) => self.pass(&passed),
            }
        }
    }

    fn pass(&mut self, passed: &Passed) {
        match passed {
            Passed::Unknown => self.unknown += 1,
            Passed::Malformed => self.malformed += 1,
        }
    }
}

fn incoming(number_id: &str, value: &Value, message: &Value) -> Result<Incoming, Passed> {
    let id = message["id"].as_str().filter(|id| (1..=512).contains(&id.len())).ok_or(Passed::Malformed)?;
    let from = message["from"].as_str().ok_or(Passed::Malformed)?;
    // Meta writes it with the country's code and without a plus.
    let number = PhoneNumber::parse(&format!("+{}", from.strip_prefix('+').unwrap_or(from)));
    let contacts = value["contacts"].as_array().into_iter().flatten();
    let mut names = contacts.filter(|c| c["wa_id"].as_str().is_none_or(|wa_id| wa_id == from));
    let name = names.find_map(|c| clean(c["profile"]["name"].as_str()?, NAME_MAX));
    Ok(Incoming {
        number_id: number_id.to_owned(),
        id: id.to_owned(),
        from: number.map_err(|_| Passed::Malformed)?,
        name,
        at: moment(&message["timestamp"])?,
        what: what(message)?,
    })
}

fn what(message: &Value) -> Result<What, Passed> {
    let kind = message["type"].as_str().ok_or(Passed::Malformed)?;
    let words = |text: &Value| clean(text.as_str()?, TEXT_MAX).map(What::Words);
    match kind {
        "text" => words(&message["text"]["body"]).ok_or(Passed::Malformed),
        "button" => words(&message["button"]["text"]).ok_or(Passed::Malformed),
        "interactive" => {
            let reply = &message["interactive"];
            let title = words(&reply["button_reply"]["title"]).or_else(|| words(&reply["list_reply"]["title"]));
            title.ok_or(Passed::Unknown)
        }
        "location" => pin(&message["location"]).ok_or(Passed::Malformed),
        // Somebody in need may send nothing but a voice: it must reach a desk. The content itself stays with WhatsApp.
        "audio" | "image" | "video" | "document" | "sticker" | "contacts" => {
            let caption = clean(message[kind]["caption"].as_str().unwrap_or_default(), TEXT_MAX);
            Ok(What::Words(caption.map_or_else(|| format!("[{kind}]"), |caption| format!("[{kind}] {caption}"))))
        }
        _ => Err(Passed::Unknown),
    }
}

fn pin(location: &Value) -> Option<What> {
    let degrees = |v: &Value| v.as_f64().or_else(|| v.as_str()?.trim().parse().ok());
    let place = Place::new(degrees(&location["latitude"])?, degrees(&location["longitude"])?).ok()?;
    let words: Vec<_> =
        ["name", "address"].into_iter().filter_map(|key| clean(location[key].as_str()?, NAME_MAX)).collect();
    Some(What::Pin(place, (!words.is_empty()).then(|| words.join(", "))))
}

fn told(number_id: &str, status: &Value) -> Result<Told, Passed> {
    let id = status["id"].as_str().filter(|id| (1..=512).contains(&id.len())).ok_or(Passed::Malformed)?;
    let progress = status["status"].as_str().ok_or(Passed::Malformed)?;
    Ok(Told {
        number_id: number_id.to_owned(),
        id: id.to_owned(),
        reference: status["biz_opaque_callback_data"].as_str().map(str::to_owned),
        progress: progress.parse().map_err(|_| Passed::Unknown)?,
        at: moment(&status["timestamp"])?,
        code: status["errors"][0]["code"].as_i64(),
    })
}

/// Seconds since 1970, as a text or a number.
fn moment(seconds: &Value) -> Result<UnixMs, Passed> {
    let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok()).filter(|s| (0..=1 << 40).contains(s));
    seconds.map(|s| UnixMs(s * 1_000)).ok_or(Passed::Malformed)
}

/// A text without control characters but tabs and line feeds, cut to so many characters; none where nothing is left.
fn clean(text: &str, most: usize) -> Option<String> {
    let kept: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(most).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests;
