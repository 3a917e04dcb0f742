//! Refresh tokens, socket tickets, devices. Only hashes of secrets are stored.
//!
//! Invariant: who takes a token or a ticket is decided by one guarded statement, never by reading first.

use super::{
    Store, StoreError,
    error::refuse,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause},
    event::{Audience, Happened},
    ids::*,
    refusal::Refusal,
    time::UnixMs,
};
use uuid::Uuid;

/// How a refresh token was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// It is used up; the next one of its family counts.
    Rotated(AccountId),
    /// It had been used before: somebody has a copy, so that its family was ended.
    Reused(AccountId),
    /// Unknown, expired, ended, or of a closed account.
    Unknown,
}

/// What a socket ticket stood for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Who opens the socket.
    pub account: AccountId,
    /// With which device.
    pub device: DeviceId,
}

/// A session of a device: which of its sessions this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Who, with which device.
    pub ticket: Ticket,
    /// Its number among the sessions of the device: a newer one has a greater number, on whatever node.
    pub no: i64,
}

/// Notes that an account uses a device. A device that nobody rides with may change hands; a revoked one is lost.
pub(super) async fn use_device(
    c: &mut Conn<'_>,
    device: DeviceId,
    account: AccountId,
    now: UnixMs,
) -> Result<(), StoreError> {
    let used = sql!(
        run,
        c,
        "INSERT INTO device (id, account, seen_ms) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET account = excluded.account, seen_ms = excluded.seen_ms
         WHERE device.revoked_ms IS NULL AND (device.account = excluded.account
            OR NOT EXISTS (SELECT 1 FROM crew WHERE crew.device = device.id AND crew.to_ms IS NULL))",
        device.to_string(),
        account.to_string(),
        now.0
    )?;
    if used == 0 {
        refuse!(Refusal::NotFound("device"));
    }
    Ok(())
}

/// Makes those who change the tokens of one account line up, so that they never wait for each other crosswise.
async fn line_up(c: &mut Conn<'_>, account: &str) -> Result<(), sqlx::Error> {
    sql!(run, c, "UPDATE account SET created_ms = created_ms WHERE id = $1", account).map(drop)
}

/// Ends a family, and what is being added to it meanwhile.
async fn end_family(c: &mut Conn<'_>, account: &str, family: &str) -> Result<(), sqlx::Error> {
    line_up(c, account).await?;
    // A rotation that holds its row while this waits commits a successor that this statement's snapshot does not have.
    // Nothing deleted means that no row was left to rotate.
    while sql!(run, c, "DELETE FROM refresh_token WHERE family = $1", family)? > 0 {}
    Ok(())
}

/// Ends all logins of an account, and what is being added to them meanwhile.
pub(super) async fn end_logins(c: &mut Conn<'_>, account: &str) -> Result<(), sqlx::Error> {
    line_up(c, account).await?;
    sql!(run, c, "DELETE FROM ws_ticket WHERE account = $1", account)?;
    while sql!(run, c, "DELETE FROM refresh_token WHERE account = $1", account)? > 0 {}
    Ok(())
}

async fn insert_token(
    c: &mut Conn<'_>,
    hash: &[u8; 32],
    family: &str,
    account: &str,
    expires: UnixMs,
) -> Result<(), sqlx::Error> {
    sql!(
        run,
        c,
        "INSERT INTO refresh_token (hash, family, account, expires_ms) VALUES ($1, $2, $3, $4)",
        &hash[..],
        family,
        account,
        expires.0
    )?;
    Ok(())
}

/// Takes back what `old` was used up for by this very command, if nobody has used what came of it: its answer was lost.
async fn withdraw_lost(c: &mut Conn<'_>, old: &[u8; 32], command: Option<&str>) -> Result<(), sqlx::Error> {
    let Some(command) = command else { return Ok(()) };
    let lost = sql!(
        run,
        c,
        "DELETE FROM refresh_token WHERE used_ms IS NULL
            AND hash = (SELECT next FROM refresh_token WHERE hash = $1 AND used_for = $2)",
        &old[..],
        command
    )?;
    if lost > 0 {
        sql!(
            run,
            c,
            "UPDATE refresh_token SET used_ms = NULL, used_for = NULL, next = NULL WHERE hash = $1",
            &old[..]
        )?;
    }
    Ok(())
}

impl Store {
    /// Begins a family of refresh tokens: one login.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn begin_session(&self, account: AccountId, hash: [u8; 32], expires: UnixMs) -> Result<(), StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                let family = Uuid::now_v7().to_string();
                Ok(insert_token(c, &hash, &family, &account.to_string(), expires).await?)
            })
        })
        .await
    }

    /// Uses up the token `old` and stores `next` in its place. A token that was used before ends its family; but for the
    /// same `command`, whose answer was lost: `next` then takes the place of the token that nobody has got.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn rotate(
        &self,
        old: [u8; 32],
        next: [u8; 32],
        command: Option<CommandId>,
        expires: UnixMs,
        now: UnixMs,
    ) -> Result<Refresh, StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                // Whoever changes an account's tokens holds its row first: no two can then wait for each other.
                let owner = "SELECT account FROM refresh_token WHERE hash = $1";
                let Some(owner) = sql!(scalar String, c, owner, &old[..])? else { return Ok(Refresh::Unknown) };
                line_up(c, &owner).await?;
                let command = command.map(|command| command.to_string());
                withdraw_lost(c, &old, command.as_deref()).await?;
                let used = sql!(
                    row(String, String),
                    c,
                    "UPDATE refresh_token SET used_ms = $2, used_for = $3, next = $4
                     WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2
                        AND account IN (SELECT id FROM account WHERE closed_ms IS NULL)
                     RETURNING family, account",
                    &old[..],
                    now.0,
                    command,
                    &next[..]
                )?;
                if let Some((family, account)) = used {
                    insert_token(c, &next, &family, &account, expires).await?;
                    return Ok(Refresh::Rotated(account.parse()?));
                }
                let before = sql!(
                    row(String, String),
                    c,
                    "SELECT family, account FROM refresh_token WHERE hash = $1 AND used_ms IS NOT NULL",
                    &old[..]
                )?;
                let Some((family, account)) = before else { return Ok(Refresh::Unknown) };
                end_family(c, &account, &family).await?;
                Ok(Refresh::Reused(account.parse()?))
            })
        })
        .await
    }

    /// Ends the login that a refresh token belongs to; an unknown token changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn end_session(&self, hash: [u8; 32]) -> Result<(), StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                let find = "SELECT family, account FROM refresh_token WHERE hash = $1";
                if let Some((family, account)) = sql!(row(String, String), c, find, &hash[..])? {
                    end_family(c, &account, &family).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Stores a ticket for one socket of a device, and notes that the account uses the device.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a device that is revoked or rides under another account.
    pub async fn add_ticket(
        &self,
        hash: [u8; 32],
        ticket: Ticket,
        expires: UnixMs,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                use_device(c, ticket.device, ticket.account, now).await?;
                sql!(
                    run,
                    c,
                    "INSERT INTO ws_ticket (hash, account, device, expires_ms) VALUES ($1, $2, $3, $4)",
                    &hash[..],
                    ticket.account.to_string(),
                    ticket.device.to_string(),
                    expires.0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// Takes a ticket and begins the device's next session: whoever comes second, or too late, finds none.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn take_ticket(&self, hash: [u8; 32], now: UnixMs) -> Result<Option<Seat>, StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                let row = sql!(
                    row(String, String, i64),
                    c,
                    "DELETE FROM ws_ticket WHERE hash = $1 RETURNING account, device, expires_ms",
                    &hash[..]
                )?;
                let Some((account, device, expires)) = row else { return Ok(None) };
                if expires <= now.0 {
                    return Ok(None);
                }
                let no = sql!(
                    scalar i64,
                    c,
                    "UPDATE device SET seat = seat + 1, seated_ms = $3
                     WHERE id = $1 AND account = $2 AND revoked_ms IS NULL
                        AND account IN (SELECT id FROM account WHERE closed_ms IS NULL)
                     RETURNING seat",
                    &device,
                    &account,
                    now.0
                )?;
                let Some(no) = no else { return Ok(None) };
                Ok(Some(Seat { ticket: Ticket { account: account.parse()?, device: device.parse()? }, no }))
            })
        })
        .await
    }

    /// Shuts out a phone that was lost, and ends all logins of its account. Its owner may, or who manages the owner's
    /// area.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown device, [`StoreError`] when out of scope or the database fails.
    pub async fn revoke_device(&self, cause: &Cause, device: DeviceId) -> Result<(), StoreError> {
        let owner = self.read(move |c| {
            Box::pin(async move {
                Ok(sql!(scalar String, c, "SELECT account FROM device WHERE id = $1", device.to_string())?)
            })
        });
        let account: AccountId = owner.await?.ok_or(Refusal::NotFound("device"))?.parse()?;
        let home = self.home_of(account).await?;
        if cause.scope.account() != Some(account) {
            cause.scope.require(home, Act::Manage)?;
        }
        // Through the journal, which every node hears: the phone's socket may be anywhere.
        self.write(&[home], cause, move |tx| {
            Box::pin(async move {
                let (id, now) = (device.to_string(), tx.now().0);
                let revoke = "UPDATE device SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
                if sql!(run, tx.conn(), revoke, &id, now)? > 0 {
                    tx.event(home, &id, Audience::Desk, Happened::DeviceRevoked { device }).await?;
                }
                Ok(end_logins(&mut tx.conn(), &account.to_string()).await?)
            })
        })
        .await
    }

    /// Deletes tokens and tickets that ended before `now`; gives how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn prune_logins(&self, now: UnixMs) -> Result<u64, StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                let tokens = sql!(run, c, "DELETE FROM refresh_token WHERE expires_ms <= $1", now.0)?;
                let tickets = sql!(run, c, "DELETE FROM ws_ticket WHERE expires_ms <= $1", now.0)?;
                Ok(tokens + tickets)
            })
        })
        .await
    }
}
