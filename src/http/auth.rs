//! Logging in and out, and tickets for sockets.

use super::{
    Answer, Created, Failure, State, created,
    errors::{CommandProblems, DoorProblems},
    extract::{Asker, peer},
};
use crate::{
    domain::refusal::Refusal,
    engine::auth::{TICKET_MS, Tokens},
    wire::{
        bodies::auth::{LoginBody, LogoutBody, RefreshBody, TicketBody, TicketIssuedBody, TokensBody},
        frames::PROTOCOL,
        problem::{self, Problem},
    },
};
use actix_web::{HttpRequest, HttpResponse, post, web::Json};

/// The tokens as the client gets them, with what the account may do.
async fn tokens(state: &State, tokens: Tokens) -> Answer<TokensBody> {
    let scope = state.engine.auth().scope(tokens.account, state.engine.catalog().tree()).await?;
    Ok(Json(TokensBody {
        access_token: tokens.access,
        token_type: "Bearer",
        expires_in_s: tokens.access_expires.since(state.engine.now()).max(0) / 1_000,
        refresh_token: tokens.refresh,
        account: tokens.account,
        grants: scope.grants().to_vec(),
    }))
}

/// Log in with name and password.
#[utoipa::path(
    tag = "auth",
    security(()),
    responses((status = 200, description = "Let in.", body = TokensBody), DoorProblems),
)]
#[post("/auth/login")]
pub async fn login(request: HttpRequest, state: State, Json(body): Json<LoginBody>) -> Answer<TokensBody> {
    let now = state.engine.now();
    let peer = peer(&request, state.settings.behind_proxy);
    state
        .logins
        .admit(peer, now)
        .map_err(|wait_ms| Problem::new(problem::TOO_MANY, "too many logins from this address").after_ms(wait_ms))?;
    let given = state.engine.auth().login(&body.login, body.password, now).await?;
    tokens(&state, given).await
}

/// Get the next pair of tokens. The refresh token is used up; its second use ends the login, unless it carries the
/// `command_id` of the first, whose answer was lost.
#[utoipa::path(
    tag = "auth",
    security(()),
    responses((status = 200, description = "The next pair.", body = TokensBody), DoorProblems),
)]
#[post("/auth/refresh")]
pub async fn refresh(state: State, Json(body): Json<RefreshBody>) -> Answer<TokensBody> {
    let given = state.engine.auth().refresh(&body.refresh_token, body.command_id, state.engine.now()).await?;
    tokens(&state, given).await
}

/// End a login. Its access token counts until it expires, its sockets until they close.
#[utoipa::path(
    tag = "auth",
    security(()),
    responses((status = 204, description = "Ended, or there was none."), DoorProblems),
)]
#[post("/auth/logout")]
pub async fn logout(state: State, Json(body): Json<LogoutBody>) -> Result<HttpResponse, Failure> {
    state.engine.auth().logout(&body.refresh_token).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get a ticket with which this device opens one socket within 30 seconds.
#[utoipa::path(
    tag = "auth",
    responses((status = 201, description = "The ticket.", body = TicketIssuedBody), CommandProblems),
)]
#[post("/ws-ticket")]
pub async fn ws_ticket(asker: Asker, state: State, Json(body): Json<TicketBody>) -> Created<TicketIssuedBody> {
    let account = asker.scope.account().ok_or(Refusal::NotFound("account"))?;
    let now = state.engine.now();
    let ticket = state.engine.auth().ticket(account, body.device, now).await?;
    created(TicketIssuedBody { ticket, protocol: PROTOCOL, expires: now.plus(TICKET_MS) })
}
