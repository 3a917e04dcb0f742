//! Who somebody is: logins, access tokens, refresh tokens, tickets for sockets.
//!
//! Invariants: no secret is stored, only hashes of it; a wrong name and a wrong password cannot be told apart; what
//! somebody may do is read from the database each time, so that a closed account or a taken role counts at once.

mod access;
mod passwords;
mod throttle;

use crate::{
    domain::{access::Scope, account::LoginName, area::AreaTree, ids::*, refusal::Refusal, time::UnixMs},
    store::{Refresh, Seat, Store, StoreError, Ticket, keys},
};
use access::AccessTokens;
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use passwords::Passwords;
use std::sync::Arc;
use throttle::Throttle;
use tokio::runtime::Handle;

/// How long an access token is good, milliseconds.
pub const ACCESS_MS: i64 = 600_000;
/// How long a refresh token is good, milliseconds: a week without use ends a login.
pub const REFRESH_MS: i64 = 7 * 86_400_000;
/// How long a ticket for a socket is good, milliseconds.
pub const TICKET_MS: i64 = 30_000;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Unknown name, wrong password, or a closed account: the three are not told apart.
    #[error("wrong login or password")]
    BadLogin,
    /// Too many tries for this name.
    #[error("too many tries for this login; come back in {retry_after_ms} ms")]
    Throttled {
        /// When the next try is taken.
        retry_after_ms: i64,
    },
    /// More people log in at this moment than can be served.
    #[error("too many logins at once; come back in a moment")]
    Busy,
    /// A new password that is too short or too long.
    #[error("a password has {min} to {max} bytes", min = passwords::MIN, max = passwords::MAX)]
    BadPassword,
    /// Not a token of ours, or one that was ended.
    #[error("the token is not valid")]
    BadToken,
    /// It was good once.
    #[error("the token has expired")]
    ExpiredToken,
    /// A refresh token came a second time, so that somebody has a copy: that login was ended.
    #[error("the refresh token was used before; log in again")]
    ReusedToken,
    /// Unknown, used, or too old.
    #[error("the ticket is not valid")]
    BadTicket,
    /// The account is closed or has no role left.
    #[error("the account may do nothing")]
    NoRole,
    /// The device was revoked, or rides under another account.
    #[error("this device cannot be used")]
    BadDevice,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a login or a refresh gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Who.
    pub account: AccountId,
    /// Goes with each request.
    pub access: String,
    /// Until when it is good.
    pub access_expires: UnixMs,
    /// Gives the next pair, once.
    pub refresh: String,
    /// Until when it is good.
    pub refresh_expires: UnixMs,
}

/// The door, shared by cloning.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    store: Store,
    passwords: Passwords,
    access: AccessTokens,
    throttle: Throttle,
}

/// A random secret as the client gets it, and the hash that is stored.
fn secret() -> Result<(String, [u8; 32]), StoreError> {
    let secret = keys::random::<32>()?;
    Ok((URL_SAFE_NO_PAD.encode(secret), sha256(&secret)))
}

/// The hash of a secret that came back; `None` when it is none of ours.
fn hash_of(secret: &str) -> Option<[u8; 32]> {
    // Decoding a text of any length would cost whoever serves it.
    let bytes = (secret.len() == 43).then(|| URL_SAFE_NO_PAD.decode(secret).ok()).flatten()?;
    Some(sha256(&bytes))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

impl Auth {
    /// A door to this store; passwords are hashed on the runtime of `handle`.
    ///
    /// # Errors
    /// [`AuthError::Store`] when the system has no randomness to give.
    pub async fn new(store: Store, handle: Handle) -> Result<Self, AuthError> {
        let access = AccessTokens::new(&store.keys().tokens())?;
        let passwords = Passwords::new(handle).await?;
        Ok(Self(Arc::new(Inner { store, passwords, access, throttle: Throttle::default() })))
    }

    /// The hash of a new password, as [`crate::store::NewAccount`] wants it.
    ///
    /// # Errors
    /// [`AuthError::BadPassword`] for its length, [`AuthError::Busy`].
    pub async fn hash_password(&self, password: String) -> Result<String, AuthError> {
        self.0.passwords.hash(password).await
    }

    /// Lets somebody in with name and password.
    ///
    /// # Errors
    /// [`AuthError::BadLogin`], [`AuthError::Throttled`], [`AuthError::Busy`], or the database's failure.
    pub async fn login(&self, login: &str, password: String, now: UnixMs) -> Result<Tokens, AuthError> {
        let login: LoginName = login.parse().map_err(|_| AuthError::BadLogin)?;
        self.0.throttle.admit(&login, now)?;
        let found = self.0.store.find_login(&login).await?;
        let hash = found.as_ref().map(|l| l.password_hash.clone());
        let good = self.0.passwords.verify(password, hash).await?;
        let Some(found) = found.filter(|l| good && l.closed.is_none()) else { return Err(AuthError::BadLogin) };
        let (refresh, hash) = secret()?;
        let refresh_expires = now.plus(REFRESH_MS);
        self.0.store.begin_session(found.account, hash, refresh_expires).await?;
        self.tokens(found.account, refresh, refresh_expires, now)
    }

    /// Gives the next pair of tokens for a refresh token, which is used up. Whoever got no answer asks again with the same
    /// `command`.
    ///
    /// # Errors
    /// [`AuthError::BadToken`], [`AuthError::ReusedToken`], or the database's failure.
    pub async fn refresh(&self, refresh: &str, command: Option<CommandId>, now: UnixMs) -> Result<Tokens, AuthError> {
        let old = hash_of(refresh).ok_or(AuthError::BadToken)?;
        let (next, hash) = secret()?;
        let expires = now.plus(REFRESH_MS);
        match self.0.store.rotate(old, hash, command, expires, now).await? {
            Refresh::Rotated(account) => self.tokens(account, next, expires, now),
            Refresh::Reused(account) => {
                tracing::warn!(%account, "a refresh token was used twice; its login was ended");
                Err(AuthError::ReusedToken)
            }
            Refresh::Unknown => Err(AuthError::BadToken),
        }
    }

    /// Ends the login that a refresh token belongs to. A token that is none changes nothing.
    ///
    /// # Errors
    /// [`AuthError::Store`] when the database fails.
    pub async fn logout(&self, refresh: &str) -> Result<(), AuthError> {
        if let Some(hash) = hash_of(refresh) {
            self.0.store.end_session(hash).await?;
        }
        Ok(())
    }

    /// Whose access token this is.
    ///
    /// # Errors
    /// [`AuthError::BadToken`], [`AuthError::ExpiredToken`].
    pub fn check(&self, access: &str, now: UnixMs) -> Result<AccountId, AuthError> {
        self.0.access.check(access, now)
    }

    /// What an account may see and do now.
    ///
    /// # Errors
    /// [`AuthError::NoRole`] for a closed account, or the database's failure.
    pub async fn scope(&self, account: AccountId, tree: Arc<AreaTree>) -> Result<Scope, AuthError> {
        let grants = self.0.store.grants(account).await?;
        if grants.is_empty() {
            return Err(AuthError::NoRole);
        }
        Ok(Scope::new(account, grants, tree))
    }

    /// A ticket with which this device may open one socket within [`TICKET_MS`].
    ///
    /// # Errors
    /// [`AuthError::BadDevice`], or the database's failure.
    pub async fn ticket(&self, account: AccountId, device: DeviceId, now: UnixMs) -> Result<String, AuthError> {
        let (ticket, hash) = secret()?;
        let added = self.0.store.add_ticket(hash, Ticket { account, device }, now.plus(TICKET_MS), now).await;
        added.map_err(|e| match e {
            StoreError::Refused(Refusal::NotFound("device")) => AuthError::BadDevice,
            other => other.into(),
        })?;
        Ok(ticket)
    }

    /// Takes a ticket, once: the device's next session begins.
    ///
    /// # Errors
    /// [`AuthError::BadTicket`], or the database's failure.
    pub async fn redeem(&self, ticket: &str, now: UnixMs) -> Result<Seat, AuthError> {
        let hash = hash_of(ticket).ok_or(AuthError::BadTicket)?;
        self.0.store.take_ticket(hash, now).await?.ok_or(AuthError::BadTicket)
    }

    fn tokens(
        &self,
        account: AccountId,
        refresh: String,
        refresh_expires: UnixMs,
        now: UnixMs,
    ) -> Result<Tokens, AuthError> {
        let (access, access_expires) = self.0.access.issue(account, now)?;
        Ok(Tokens { account, access, access_expires, refresh, refresh_expires })
    }
}
