//! Balikpapan with its units and people, written into a database before a server starts on it.
//!
//! All phones belong to one account, and nobody logs in: a thousand password hashes would take a minute and measure
//! nothing that is asked for here.

use super::database::{Database, MASTER_KEY};
use aws_lc_rs::{digest, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{StreamExt, stream};
use sigap::{
    app::{self, Clock},
    config::Config,
    domain::{access::*, area::Level, gazetteer::balikpapan, ids::*, unit::UnitKind},
    engine::auth::Auth,
    sim::demo,
    store::{NewAccount, Store, Ticket},
};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Writes under way at once: as many as a writer groups.
const AT_ONCE: usize = 64;
/// Tickets are good for an hour, so that all can be made beforehand.
const TICKET_MS: i64 = 3_600_000;

/// A city that is set up.
pub struct City {
    clock: Clock,
    store: Store,
    /// Its units.
    pub fleet: Vec<(UnitId, UnitKind)>,
    officer: AccountId,
    exchange: AccountId,
}

/// A phone that rides with a unit.
pub struct Seat {
    /// For the socket.
    pub ticket: String,
    /// Which phone.
    pub device: DeviceId,
}

impl City {
    /// Sets up the city with so many units, an account for all officers, and the exchange's.
    pub async fn build(database: &Database, units: u16) -> Self {
        let clock = Clock::start();
        let config = Config {
            database_url: database.url().to_owned(),
            master_key: Some(MASTER_KEY.to_owned()),
            ..Config::default()
        };
        let (engine, conductor) = app::open(&config, clock).await.expect("the database opens");
        let code = engine.put_balikpapan(&Cause::system(clock.now())).await.expect("the city is written");
        let region = engine.catalog().areas().find(|a| a.level == Level::Region).expect("a city has a region").code;
        drop(conductor);
        engine.close().await;
        let store = database.open().await;
        let fleet = demo::fleet(code, units);
        stream::iter(&fleet)
            .for_each_concurrent(AT_ONCE, |&(unit, kind)| {
                let store = &store;
                async move {
                    store.add_unit(&Cause::system(clock.now()), unit, kind).await.expect("the unit is new");
                }
            })
            .await;
        let officer = account(&store, clock, "officers", code, Role::Officer).await;
        let exchange = account(&store, clock, "exchange", region, Role::Operator).await;
        Self { clock, store, fleet, officer, exchange }
    }

    /// Signs a phone on to every unit as its position, and gives each a ticket. Called again, the first phones stay
    /// members of the crews.
    pub async fn crew(&self) -> Vec<Seat> {
        self.crew_of(&self.fleet).await
    }

    /// As [`Self::crew`], of the first so many units.
    pub async fn crew_some(&self, count: usize) -> Vec<Seat> {
        self.crew_of(&self.fleet[..count]).await
    }

    async fn crew_of(&self, fleet: &[(UnitId, UnitKind)]) -> Vec<Seat> {
        let tree = Arc::new(self.store.area_tree().await.expect("the areas are there"));
        let grant = Grant { area: balikpapan::area().code, role: Role::Officer };
        let scope = Scope::new(self.officer, [grant], tree);
        stream::iter(fleet)
            .map(|&(unit, _)| {
                let (scope, now) = (scope.clone(), self.clock.now());
                async move {
                    let device = DeviceId::random();
                    let cause = Cause { scope, source: Source::Phone, now, device_at: None, command: None };
                    self.store.sign_on(&cause, unit, device, true).await.expect("nobody rides yet");
                    let (secret, hash) = secret();
                    let ticket = Ticket { account: self.officer, device };
                    let added = self.store.add_ticket(hash, ticket, now.plus(TICKET_MS), now).await;
                    added.expect("the device is known");
                    Seat { ticket: secret, device }
                }
            })
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    /// Access tokens of the officers and of the exchange.
    pub async fn tokens(&self) -> (String, String) {
        (self.token(self.officer).await, self.token(self.exchange).await)
    }

    async fn token(&self, account: AccountId) -> String {
        let now = self.clock.now();
        let (secret, hash) = secret();
        self.store.begin_session(account, hash, now.plus(TICKET_MS)).await.expect("the account is there");
        let auth = Auth::new(self.store.clone(), Handle::current()).await.expect("keys are made");
        auth.refresh(&secret, None, now).await.expect("the session is there").access
    }

    /// Lets go of the database: the server is to have it alone.
    pub async fn leave(self) -> Vec<(UnitId, UnitKind)> {
        self.store.close().await;
        self.fleet
    }
}

async fn account(store: &Store, clock: Clock, login: &str, area: AreaCode, role: Role) -> AccountId {
    let id = AccountId::random();
    let new = NewAccount {
        id,
        login: login.parse().expect("a login"),
        area,
        // None that a password fits.
        password_hash: "!".to_owned(),
        grants: vec![Grant { area, role }],
    };
    store.add_account(&Cause::system(clock.now()), new).await.expect("the account is new");
    id
}

/// A secret as clients have it, and its hash as the database has it.
fn secret() -> (String, [u8; 32]) {
    let mut secret = [0; 32];
    rand::fill(&mut secret).expect("the system has randomness");
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, &secret).as_ref());
    (URL_SAFE_NO_PAD.encode(secret), hash)
}
