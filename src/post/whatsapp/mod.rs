//! WhatsApp's Cloud API: how it is called, and what its answers mean. The webhook's side is in [`webhook`].
//!
//! Sources: Meta's reference of `POST /{phone_number_id}/messages`, of location request messages, of error codes.

mod signature;
pub mod webhook;

pub use signature::is_signed;

use super::{Letter, Secret, Unsent};
use crate::domain::{ids::AreaCode, message::Saying};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// An answer may be this long, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Characters of a text message, and of a text above a button.
const TEXT_MAX: usize = 4_096;
/// Characters of a text above a button.
const BUTTON_TEXT_MAX: usize = 1_024;
/// Codes of errors that pass, whatever their HTTP status: too many calls (4), too many for the account (80007), for the
/// number (130429), for spam's sake (131048), for this one recipient (131056), something went wrong (131000), a service
/// is away (131016), the server is busy (133004).
const PASSING: [i64; 8] = [4, 80_007, 130_429, 131_048, 131_056, 131_000, 131_016, 133_004];

/// What operations set of WhatsApp, as a table `[whatsapp]`. Without the table there is no WhatsApp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the Cloud API lies, with its version.
    #[serde(default = "api_url")]
    pub api_url: String,
    /// The app's secret, which signs what Meta sends.
    pub app_secret: Secret,
    /// What Meta repeats when the webhook is set up.
    pub verify_token: Secret,
    /// The token by which messages are sent.
    pub access_token: Secret,
    /// Our numbers by Meta's name for them (`phone_number_id`), each with the area whose desk has what comes in there.
    pub numbers: BTreeMap<String, AreaCode>,
    /// How long Meta may take to answer, milliseconds.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// A message belongs to the open report of the same number whose last message is no older than this, milliseconds.
    #[serde(default = "window_ms")]
    pub window_ms: i64,
    /// What the service says.
    #[serde(default)]
    pub texts: Texts,
}

/// What the service says. `{report}` is the report's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Texts {
    /// To the first text: it was received, and the place is asked for.
    pub ask_place: String,
    /// To the first message where that was a place: it was received, and a description is asked for.
    pub ask_words: String,
    /// To the first place after texts.
    pub thanks: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            ask_place:
                "Laporan Anda sudah kami terima dengan nomor {report}. Mohon kirim lokasi kejadian dengan tombol \
                        di bawah ini. Dalam keadaan darurat, telepon 110."
                    .to_owned(),
            ask_words: "Lokasi Anda sudah kami terima dengan nomor laporan {report}. Mohon tuliskan apa yang terjadi. \
                        Dalam keadaan darurat, telepon 110."
                .to_owned(),
            thanks: "Terima kasih, lokasi untuk laporan {report} sudah kami terima dan diteruskan kepada petugas."
                .to_owned(),
        }
    }
}

fn api_url() -> String {
    "https://graph.facebook.com/v23.0".to_owned()
}

const fn timeout_ms() -> u64 {
    10_000
}

const fn window_ms() -> i64 {
    6 * 3_600_000
}

impl Settings {
    /// Names the first setting that cannot be meant.
    pub(super) fn check(&self) -> Result<(), String> {
        let secrets = [
            ("app_secret", &self.app_secret),
            ("verify_token", &self.verify_token),
            ("access_token", &self.access_token),
        ];
        // An empty secret would sign what anybody sends.
        if let Some((name, _)) = secrets.iter().find(|(_, secret)| secret.reveal().is_empty()) {
            return Err(format!("whatsapp.{name} is empty"));
        }
        if let Some(id) = self.numbers.keys().find(|id| id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit())) {
            return Err(format!("whatsapp.numbers: {id:?} is not a phone_number_id, which has digits only"));
        }
        if self.api_url.starts_with("https://") || self.api_url.starts_with("http://") {
            Ok(())
        } else {
            Err("whatsapp.api_url must begin with https:// or http://".to_owned())
        }
    }
}

/// The body of a message, as the Cloud API takes it.
fn body(letter: &Letter) -> Value {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.recipient,
        "biz_opaque_callback_data": letter.reference,
    });
    let clip = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    match &letter.saying {
        Saying::Text(text) => {
            body["type"] = json!("text");
            body["text"] = json!({ "preview_url": false, "body": clip(text, TEXT_MAX) });
        }
        Saying::AskPlace(text) => {
            body["type"] = json!("interactive");
            body["interactive"] = json!({
                "type": "location_request_message",
                "body": { "text": clip(text, BUTTON_TEXT_MAX) },
                "action": { "name": "send_location" },
            });
        }
    }
    body
}

/// Sends a message; gives Meta's name for it.
pub(super) async fn send(http: &reqwest::Client, settings: &Settings, letter: &Letter) -> Result<String, Unsent> {
    let url = format!("{}/{}/messages", settings.api_url.trim_end_matches('/'), letter.sender);
    let asked = http
        .post(url)
        .bearer_auth(settings.access_token.reveal())
        .timeout(Duration::from_millis(settings.timeout_ms))
        .json(&body(letter))
        .send();
    // The address in reqwest's errors is ours; still only their kind is kept.
    let mut answer = asked.await.map_err(|error| Unsent::later(kind_of(&error)))?;
    let status = answer.status().as_u16();
    let after_ms = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse::<i64>().ok());
    let after_ms = after_ms.map(|seconds| seconds.clamp(0, 86_400) * 1_000);
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Unsent::later(kind_of(&error)))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(Unsent::later(format!("{status}, an answer without end")));
        }
    }
    read_answer(status, after_ms, &bytes)
}

/// What an answer means.
fn read_answer(status: u16, after_ms: Option<i64>, bytes: &[u8]) -> Result<String, Unsent> {
    let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if (200..300).contains(&status) {
        let id = body["messages"][0]["id"].as_str().filter(|id| !id.is_empty());
        return id.map(str::to_owned).ok_or_else(|| Unsent::later(format!("{status}, without a message id")));
    }
    let code = body["error"]["code"].as_i64();
    let why = code.map_or_else(|| status.to_string(), |code| format!("{status}, code {code}"));
    let passing = matches!(status, 408 | 429)
        || !(400..500).contains(&status)
        || code.is_some_and(|code| PASSING.contains(&code))
        || body["error"]["is_transient"] == true;
    Err(if passing { Unsent::Later { why, after_ms } } else { Unsent::never(why) })
}

/// What kind of error it was, in a word.
fn kind_of(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    }
}

#[cfg(test)]
mod tests;
