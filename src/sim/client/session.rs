//! Somebody who is logged in.

use super::{
    Client, ClientError,
    backoff::Backoff,
    bodies::{
        JudgeBody, LoginBody, NamedBody, NewReport, RefreshBody, ReportAnswer, Ringing, SignOffBody, SignOnBody,
        TicketAnswer, TicketBody, Tokens,
    },
};
use crate::domain::{ids::*, report::InvalidReason, sla::Standing};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use tokio::sync::Mutex;

/// How often a command is sent at most.
const TRIES: u32 = 6;

/// What somebody has to log in with.
#[derive(Clone)]
pub enum Login {
    /// A name and a password.
    Password {
        /// The name.
        login: String,
        /// The password.
        password: String,
    },
    /// An access token made beforehand: logging in a thousand phones costs a minute of hashing.
    Token(String),
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { login, .. } => write!(f, "Login({login})"),
            Self::Token(_) => f.write_str("Login(a token)"),
        }
    }
}

/// The tokens in use.
struct Held {
    access: String,
    refresh: Option<Renewal>,
}

/// What the next pair is asked for with: the same each time, until an answer comes.
#[derive(Clone)]
struct Renewal {
    token: String,
    command_id: CommandId,
}

/// A login on a server; logs in when first used. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    client: Client,
    login: Arc<Login>,
    held: Arc<Mutex<Option<Held>>>,
}

impl Session {
    /// A session that will log in when it has to.
    #[must_use]
    pub fn new(client: Client, login: Login) -> Self {
        Self { client, login: Arc::new(login), held: Arc::default() }
    }

    /// The server.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// A ticket for one socket of this device.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn ws_ticket(&self, device: DeviceId) -> Result<String, ClientError> {
        let answer: TicketAnswer = self.call(Method::POST, "/ws-ticket", Some(&TicketBody { device })).await?;
        Ok(answer.ticket)
    }

    /// Signs on to a unit with a phone whose fixes shall be the unit's position. Being signed on already is as good.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn sign_on(&self, unit: UnitId, device: DeviceId) -> Result<(), ClientError> {
        let body = SignOnBody { command_id: CommandId::random(), device, position_source: true };
        let done = self.command::<serde_json::Value>(&format!("/units/{unit}/sign-on"), &body).await;
        match done {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("exists") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Signs off from a unit.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn sign_off(&self, unit: UnitId, device: DeviceId) -> Result<(), ClientError> {
        let body = SignOffBody { command_id: CommandId::random(), device };
        self.command::<serde_json::Value>(&format!("/units/{unit}/sign-off"), &body).await.map(drop)
    }

    /// Posts a report, and repeats it under its command id until it is answered.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it in the end.
    pub async fn report(&self, report: &NewReport) -> Result<ReportAnswer, ClientError> {
        self.command("/reports", report).await
    }

    /// Sits down at a desk, or says that one still sits there.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn begin_shift(&self, desk: DeskId) -> Result<(), ClientError> {
        let body = NamedBody { command_id: CommandId::random() };
        self.command::<serde_json::Value>(&format!("/desks/{desk}/shift"), &body).await.map(drop)
    }

    /// Gets up.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn end_shift(&self) -> Result<(), ClientError> {
        self.command("/shift/end", &NamedBody { command_id: CommandId::random() }).await
    }

    /// The open reports of an area.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn open_reports(&self, area: AreaCode) -> Result<Vec<Ringing>, ClientError> {
        self.call(Method::GET, &format!("/areas/{area}/reports?open=true"), None::<&()>).await
    }

    /// Takes a report that rings.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn claim(&self, report: ReportId) -> Result<(), ClientError> {
        let body = NamedBody { command_id: CommandId::random() };
        self.command::<serde_json::Value>(&format!("/reports/{report}/claim"), &body).await.map(drop)
    }

    /// Finds a report valid, or not for a reason.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn judge(&self, report: ReportId, reason: Option<InvalidReason>) -> Result<(), ClientError> {
        let body = JudgeBody { command_id: CommandId::random(), valid: reason.is_none(), reason };
        self.command::<serde_json::Value>(&format!("/reports/{report}/judge"), &body).await.map(drop)
    }

    /// How an area stands with its promise.
    ///
    /// # Errors
    /// [`ClientError`] as the server or the network gives it.
    pub async fn standing(&self, area: AreaCode) -> Result<Standing, ClientError> {
        self.call(Method::GET, &format!("/areas/{area}/sla"), None::<&()>).await
    }

    /// Sends a body that holds a command id until there is an answer: the id makes a repeat harmless.
    async fn command<A: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<A, ClientError> {
        let mut backoff = Backoff::default();
        for _ in 1..TRIES {
            match self.call(Method::POST, path, Some(body)).await {
                Err(error) if error.is_passing() => tokio::time::sleep(backoff.next(rand::random())).await,
                done => return done,
            }
        }
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<A, ClientError> {
        let token = self.access(None).await?;
        match self.client.call(method.clone(), path, Some(&token), body).await {
            Err(ClientError::Problem(problem)) if problem.status == 401 => {
                let token = self.access(Some(&token)).await?;
                self.client.call(method, path, Some(&token), body).await
            }
            done => done,
        }
    }

    /// An access token other than `spent`. Whoever comes first replaces it, the others wait and take the new one.
    async fn access(&self, spent: Option<&str>) -> Result<String, ClientError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|h| spent != Some(h.access.as_str())) {
            return Ok(held.access.clone());
        }
        let refresh = held.as_ref().and_then(|h| h.refresh.clone());
        let fresh = match (refresh, self.login.as_ref()) {
            (Some(Renewal { token, command_id }), _) => {
                let body = RefreshBody { refresh_token: &token, command_id };
                match self.client.call::<Tokens>(Method::POST, "/auth/refresh", None, Some(&body)).await {
                    // The server forgot it: log in again.
                    Err(ClientError::Problem(problem)) if problem.status == 401 => self.log_in().await?,
                    tokens => tokens.map(Held::from)?,
                }
            }
            (None, Login::Token(token)) if spent.is_none() => Held { access: token.clone(), refresh: None },
            (None, _) => self.log_in().await?,
        };
        Ok(held.insert(fresh).access.clone())
    }

    async fn log_in(&self) -> Result<Held, ClientError> {
        let Login::Password { login, password } = self.login.as_ref() else { return Err(ClientError::LoggedOut) };
        let body = LoginBody { login, password };
        let tokens: Tokens = self.client.call(Method::POST, "/auth/login", None, Some(&body)).await?;
        Ok(tokens.into())
    }
}

impl From<Tokens> for Held {
    fn from(tokens: Tokens) -> Self {
        let refresh = Renewal { token: tokens.refresh_token, command_id: CommandId::random() };
        Self { access: tokens.access_token, refresh: Some(refresh) }
    }
}
