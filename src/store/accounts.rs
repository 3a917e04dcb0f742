//! People who can log in, and their roles.
//!
//! Invariant: nobody gives a role in an area that they do not manage themselves, and the journal of that area tells.

use super::{
    Store, StoreError,
    error::refuse,
    logins::end_logins,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Grant},
    account::LoginName,
    event::{Audience, Happened},
    ids::*,
    refusal::Refusal,
    time::UnixMs,
};

/// An account as it is set up.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name for the program.
    pub id: AccountId,
    /// The name to log in with.
    pub login: LoginName,
    /// Where it is at home: who manages this area may close it.
    pub area: AreaCode,
    /// The password's argon2id hash, as a PHC string.
    pub password_hash: String,
    /// What it may do, and where; at least one.
    pub grants: Vec<Grant>,
}

/// What a login needs to know.
#[derive(Clone, Debug)]
pub struct Login {
    /// Who.
    pub account: AccountId,
    /// Where they are at home.
    pub area: AreaCode,
    /// The password's argon2id hash, as a PHC string.
    pub password_hash: String,
    /// What they may do.
    pub grants: Vec<Grant>,
    /// Since when they may log in no more.
    pub closed: Option<UnixMs>,
}

async fn grants(c: &mut Conn<'_>, account: AccountId) -> Result<Vec<Grant>, StoreError> {
    let rows = sql!(
        all(String, String),
        c,
        "SELECT g.area, g.role FROM account_grant g JOIN account a ON a.id = g.account
         WHERE g.account = $1 AND a.closed_ms IS NULL ORDER BY g.area, g.role",
        account.to_string()
    )?;
    rows.iter().map(|(area, role)| Ok(Grant { area: area.parse()?, role: role.parse()? })).collect()
}

impl Store {
    /// Sets up an account.
    ///
    /// # Errors
    /// [`Refusal::Exists`] when the login is taken, [`Refusal::Invalid`] without a role, [`StoreError`] when an area is
    /// out of scope or the database fails.
    pub async fn add_account(&self, cause: &Cause, new: NewAccount) -> Result<(), StoreError> {
        if new.grants.is_empty() {
            refuse!(Refusal::invalid("grants", "an account needs a role somewhere"));
        }
        let areas: Vec<AreaCode> = new.grants.iter().map(|g| g.area).chain([new.area]).collect();
        for area in &areas {
            cause.scope.require(*area, Act::Manage)?;
        }
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let (id, now) = (new.id.to_string(), tx.now().0);
                let added = sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO account (area, id, login, password, created_ms) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT DO NOTHING",
                    new.area.as_str(),
                    &id,
                    new.login.as_str(),
                    &new.password_hash,
                    now
                )?;
                if added == 0 {
                    refuse!(Refusal::Exists(format!("the login {}", new.login)));
                }
                for Grant { area, role } in new.grants {
                    sql!(
                        run,
                        tx.conn(),
                        "INSERT INTO account_grant (account, area, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                        &id,
                        area.as_str(),
                        role.as_str()
                    )?;
                    let what = Happened::AccountAdded { account: new.id, role };
                    tx.event(area, &id, Audience::Desk, what).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Ends an account: its logins and tickets are gone, its roles count no more. The account stays for the journal.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown one, [`StoreError`] when out of scope or the database fails.
    pub async fn close_account(&self, cause: &Cause, account: AccountId) -> Result<(), StoreError> {
        let area = self.home_of(account).await?;
        cause.scope.require(area, Act::Manage)?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let (id, now) = (account.to_string(), tx.now().0);
                let close = "UPDATE account SET closed_ms = $3 WHERE area = $1 AND id = $2 AND closed_ms IS NULL";
                if sql!(run, tx.conn(), close, area.as_str(), &id, now)? == 0 {
                    return Ok(());
                }
                end_logins(&mut tx.conn(), &id).await?;
                tx.event(area, &id, Audience::Desk, Happened::AccountClosed { account }).await?;
                Ok(())
            })
        })
        .await
    }

    /// Where an account is at home.
    pub(super) async fn home_of(&self, account: AccountId) -> Result<AreaCode, StoreError> {
        let home = self.read(move |c| {
            Box::pin(async move {
                Ok(sql!(scalar String, c, "SELECT area FROM account WHERE id = $1", account.to_string())?)
            })
        });
        Ok(home.await?.ok_or(Refusal::NotFound("account"))?.parse()?)
    }

    /// Who logs in with this name.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn find_login(&self, login: &LoginName) -> Result<Option<Login>, StoreError> {
        let login = login.clone();
        self.read(move |c| {
            Box::pin(async move {
                let row = sql!(
                    row(String, String, String, Option<i64>),
                    c,
                    "SELECT id, area, password, closed_ms FROM account WHERE login = $1",
                    login.as_str()
                )?;
                let Some((id, area, password_hash, closed)) = row else { return Ok(None) };
                let account = id.parse()?;
                let grants = grants(c, account).await?;
                let closed = closed.map(UnixMs);
                Ok(Some(Login { account, area: area.parse()?, password_hash, grants, closed }))
            })
        })
        .await
    }

    /// What an account may do now; nothing when it is closed or unknown.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn grants(&self, account: AccountId) -> Result<Vec<Grant>, StoreError> {
        self.read(move |c| Box::pin(async move { grants(c, account).await })).await
    }
}
