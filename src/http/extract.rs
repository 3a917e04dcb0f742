//! Who asks, and the cause of what they ask for.

use super::{Failure, HttpState, State};
use crate::{
    domain::{
        access::{Cause, Scope},
        refusal::Refusal,
    },
    engine::auth::AuthError,
    wire::{
        bodies::{Command, source},
        problem::{self, Problem},
    },
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use futures_util::future::LocalBoxFuture;
use std::net::{IpAddr, Ipv4Addr};

/// Somebody with a good access token, and what they may see and do now.
pub struct Asker {
    /// Their scope.
    pub scope: Scope,
}

impl FromRequest for Asker {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<State>().cloned();
        let token = bearer(request).map(str::to_owned);
        Box::pin(async move {
            let token = token.ok_or_else(|| Problem::new(problem::UNAUTHENTICATED, "send Authorization: Bearer …"))?;
            // Without the state no route is registered; a mistake there must not let anybody in.
            let state = state.ok_or(AuthError::BadToken)?;
            let account = state.engine.auth().check(&token, state.engine.now())?;
            Ok(Self { scope: state.engine.auth().scope(account, state.engine.catalog().tree()).await? })
        })
    }
}

/// The token in `Authorization: Bearer TOKEN`.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Asker {
    /// The cause of a command about `about`.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] when the body says a way that the asker's roles do not permit.
    pub fn cause<C: Command>(&self, state: &HttpState, about: &str, body: &C) -> Result<Cause, Refusal> {
        Ok(Cause {
            source: source(&self.scope, body.via())?,
            now: state.engine.now(),
            device_at: body.device_at(),
            command: body.key(about, self.scope.actor()),
            scope: self.scope.clone(),
        })
    }
}

/// The address that a request comes from; behind a proxy the one that the proxy saw.
pub fn peer(request: &HttpRequest, behind_proxy: bool) -> IpAddr {
    let forwarded = || {
        let all = request.headers().get_all("X-Forwarded-For").last()?.to_str().ok()?;
        // Only the last one was written by the proxy; whoever asks may have written the others.
        all.rsplit(',').next()?.trim().parse().ok()
    };
    let direct = || request.peer_addr().map(|a| a.ip());
    behind_proxy.then(forwarded).flatten().or_else(direct).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
