//! Messages to the outside: what the channels' servers are told, and what they tell.
//!
//! Invariants: every call has a deadline and reads a bounded answer; what is not known to have been taken is [`Unsent`],
//! and whether to come back is said with it; nothing here logs a number, a text or a secret.

pub mod whatsapp;

use crate::domain::message::{MessageChannel, Saying};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How long a server may take to be reached.
const CONNECT: Duration = Duration::from_secs(5);

/// A text that no log shows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text, for whoever has to use it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A message on its way out.
pub struct Letter {
    /// By which way.
    pub channel: MessageChannel,
    /// Which of our own numbers it goes out from.
    pub sender: String,
    /// To whom, as the channel names people: a number in E.164.
    pub recipient: String,
    /// What it says.
    pub saying: Saying,
    /// Our name for it, which the channel gives back when it tells how far it came.
    pub reference: String,
}

/// Why a message is not known to have been taken. The text is a status and a code, nothing of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// Coming back may help.
    #[error("{why}")]
    Later {
        /// What the server said, in short.
        why: String,
        /// The wait that it asked for, milliseconds.
        after_ms: Option<i64>,
    },
    /// It will be the same the next time.
    #[error("{why}")]
    Never {
        /// What the server said, in short.
        why: String,
    },
}

impl Unsent {
    fn never(why: impl Into<String>) -> Self {
        Self::Never { why: why.into() }
    }

    fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after_ms: None }
    }
}

/// The channels that are set up, shared by cloning.
#[derive(Clone, Debug)]
pub struct Post {
    http: reqwest::Client,
    whatsapp: Option<whatsapp::Settings>,
}

impl Post {
    /// The channels of these settings.
    ///
    /// # Errors
    /// A text that names the wrong setting, or says why TLS cannot be spoken (no certificates on this machine).
    pub fn new(whatsapp: Option<whatsapp::Settings>) -> Result<Self, String> {
        if let Some(settings) = &whatsapp {
            settings.check()?;
        }
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            // A redirect would carry the message and the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if !whatsapp.as_ref().is_some_and(|settings| settings.api_url.starts_with("https://")) {
            // The certificates of this machine need not be read, nor be there.
            client = client.tls_certs_only([]);
        }
        let http = client.build().map_err(|error| format!("no client for outgoing messages: {error:?}"))?;
        Ok(Self { http, whatsapp })
    }

    /// The settings of WhatsApp, where it is set up.
    #[must_use]
    pub const fn whatsapp(&self) -> Option<&whatsapp::Settings> {
        self.whatsapp.as_ref()
    }

    /// Gives a message to its channel; gives the channel's own name for it.
    ///
    /// # Errors
    /// [`Unsent`] when the channel did not say that it has it: it may have it all the same.
    pub async fn send(&self, letter: &Letter) -> Result<String, Unsent> {
        match letter.channel {
            MessageChannel::Whatsapp => {
                // Settings may come back: what waits is kept until it is too old.
                let settings = self.whatsapp.as_ref().ok_or_else(|| Unsent::later("not set up on this node"))?;
                whatsapp::send(&self.http, settings, letter).await
            }
        }
    }
}
