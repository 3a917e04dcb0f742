//! Logging in, and tickets for sockets.

use crate::domain::{
    access::Grant,
    ids::{AccountId, CommandId, DeviceId},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who logs in. No `Debug`: a password is never printed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The name to log in with; capitals and small letters are the same.
    #[schema(examples("bpn-dispatch"))]
    pub login: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
}

/// A refresh token to be used up. No `Debug`: a token is never printed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    /// As the last login or refresh gave it. Each works once; a second use ends the whole login.
    pub refresh_token: String,
    /// Made by the client, kept until the answer has come: on a line that loses answers, the same token is sent again
    /// under the same id, and gets another pair, as long as the pair that was lost was not used.
    pub command_id: Option<CommandId>,
}

/// A login to be ended. No `Debug`: a token is never printed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogoutBody {
    /// A refresh token of the login, used or not.
    pub refresh_token: String,
}

/// What a login or a refresh gives.
#[derive(Serialize, ToSchema)]
pub struct TokensBody {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How long the access token counts, seconds.
    pub expires_in_s: i64,
    /// For the next refresh; works once.
    pub refresh_token: String,
    /// Who this is.
    pub account: AccountId,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
}

/// A phone or console that will open a socket.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketBody {
    /// Names the phone or the browser; made once by the client and kept.
    pub device: DeviceId,
}

/// A ticket for one socket.
#[derive(Serialize, ToSchema)]
pub struct TicketIssuedBody {
    /// Goes into the second subprotocol, after `ticket.`. Works once.
    pub ticket: String,
    /// The first subprotocol: `sigap.v1`.
    pub protocol: &'static str,
    /// Until when it counts.
    pub expires: UnixMs,
}
