//! Messages to citizens, and WhatsApp's webhook.

use super::{commands, text::Text};
use crate::domain::ids::{CommandId, MessageId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The webhook's body may be this long, bytes: Meta's own limit is 3 MB.
pub const WEBHOOK_BYTES_MAX: usize = 3 * 1_024 * 1_024;

/// A message to the citizen.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What the citizen reads.
    #[schema(value_type = String, max_length = 4096)]
    pub text: Text<4_096>,
}

/// A message waits to be sent.
#[derive(Serialize, ToSchema)]
pub struct QueuedBody {
    /// Its name.
    pub message: MessageId,
}

/// What Meta asks when the webhook is set up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VerifyQuery {
    /// Always `subscribe`.
    #[serde(rename = "hub.mode")]
    pub mode: String,
    /// The token that was set.
    #[serde(rename = "hub.verify_token")]
    pub verify_token: String,
    /// What is to be answered.
    #[serde(rename = "hub.challenge")]
    pub challenge: String,
}

commands! { MessageBody: "message.write" }
