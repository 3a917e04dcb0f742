//! A small typed client of the public API.
//!
//! Invariants: every request has a deadline; a command is repeated only under its own command id, so that a repeat is
//! known as one; an access token that ran out is replaced once per request, by refresh or by logging in again.

mod backoff;
mod bodies;
mod session;
mod socket;

pub use backoff::{Backoff, cursor_is_stale, may_reconnect};
pub use bodies::{NewReport, ReportAnswer, Ringing};
pub use session::{Login, Session};
pub use socket::{Cursors, Hello, Lost, Order, Socket};

use crate::wire::problem::Problem;
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// The prefix of all routes.
const API: &str = "/api/v1";
/// A request has this long.
const REQUEST: Duration = Duration::from_secs(15);
/// Idle connections kept: a thousand phones share them.
const IDLE_MAX: usize = 32;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server said why.
    #[error("{}: {}", .0.code, .0.detail)]
    Problem(Box<Problem>),
    /// The server said something else.
    #[error("{status} without a reason")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// Nothing came back in time, or nobody was there.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The answer is not what the API promises.
    #[error("the answer makes no sense: {0}")]
    Nonsense(String),
    /// No token, and nothing to get one with.
    #[error("the access token is not accepted, and there is no password")]
    LoggedOut,
    /// The address is none.
    #[error("{0:?} is no address of a server, as in http://127.0.0.1:8110")]
    Address(String),
}

impl ClientError {
    /// Whether the same request may succeed in a moment.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Problem(problem) => matches!(problem.status, 429 | 503),
            Self::Status { status } => matches!(status, 429 | 502..=504),
            _ => false,
        }
    }

    /// The problem's stable word, where the server gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

/// A server, as clients know it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client of the server at `base`, as in `http://127.0.0.1:8110`.
    ///
    /// # Errors
    /// [`ClientError::Address`] when it is no such address.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(base.to_owned());
        let base = base.trim_end_matches('/');
        let host = base.strip_prefix("http://").ok_or_else(wrong)?;
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(wrong());
        }
        let client = reqwest::Client::builder().timeout(REQUEST).pool_max_idle_per_host(IDLE_MAX);
        // Only http: is spoken here, so that the certificates of this machine need not be read, nor be there.
        let http = client.tls_certs_only([]).build();
        Ok(Self { http: http.map_err(|e| ClientError::NoAnswer(e.to_string()))?, base: base.to_owned() })
    }

    /// Where the socket is, as in `ws://127.0.0.1:8110/api/v1/ws`.
    fn socket_url(&self) -> String {
        format!("ws://{}{API}/ws", self.base.trim_start_matches("http://"))
    }

    /// One request, one answer.
    async fn call<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<A, ClientError> {
        let mut request = self.http.request(method, format!("{}{API}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let no_answer = |e: reqwest::Error| ClientError::NoAnswer(e.without_url().to_string());
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(no_answer)?;
        answer(status, &bytes)
    }
}

/// What an answer says.
fn answer<A: DeserializeOwned>(status: StatusCode, bytes: &[u8]) -> Result<A, ClientError> {
    if !status.is_success() {
        return Err(match serde_json::from_slice::<Problem>(bytes) {
            Ok(problem) => ClientError::Problem(Box::new(problem)),
            Err(_) => ClientError::Status { status: status.as_u16() },
        });
    }
    // An answer without a body is as good as null.
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(bytes).map_err(|e| ClientError::Nonsense(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked() {
        let client = Client::new("http://127.0.0.1:8110/").unwrap();
        assert_eq!(client.socket_url(), "ws://127.0.0.1:8110/api/v1/ws");
        for wrong in ["", "127.0.0.1:8110", "https://x", "http://", "http://a/b", "http://a b"] {
            assert!(matches!(Client::new(wrong), Err(ClientError::Address(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_nonsense() {
        let refused = br#"{"code":"unit_busy","status":409,"title":"The unit has work","detail":"x"}"#;
        let error = answer::<u8>(StatusCode::CONFLICT, refused).unwrap_err();
        assert_eq!((error.code(), error.is_passing()), (Some("unit_busy"), false));
        assert!(answer::<u8>(StatusCode::BAD_GATEWAY, b"<html>").unwrap_err().is_passing());
        assert!(matches!(answer::<u8>(StatusCode::OK, b"{}"), Err(ClientError::Nonsense(_))));
        answer::<()>(StatusCode::NO_CONTENT, b"").unwrap();
    }
}
