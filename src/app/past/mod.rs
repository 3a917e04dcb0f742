//! A demo's past: some weeks that an engine lives through in seconds, by the commands that consoles and phones give it, each
//! at its moment.
//!
//! Invariants: only a database without areas is given a past, before anybody is served; nothing of it lies in the future,
//! and when it ends nobody is signed on, nothing is open and nothing is due. Positions of the past lie in an index of its own.

mod agenda;
mod fleet;
mod life;

use super::{Clock, demo, keyfile, no_database, start};
use crate::{
    cli::Demo,
    config::Config,
    domain::{gazetteer::balikpapan, time::UnixMs},
    engine::Now,
    live::{
        Live,
        bus::{Bus, Ear},
    },
    sim::{
        Town, demo as names,
        past::{Past, Ways},
    },
    store::Store,
};
use life::Life;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};
use tokio::runtime::Handle;

/// The last call came so long before the present, milliseconds: by now its work is done.
const LULL_MS: i64 = 6_000_000;
/// What is still open so long before the present is closed, milliseconds.
const CURFEW_MS: i64 = 300_000;
/// City, units and people were set up so long before the first call, milliseconds.
const SETUP_MS: i64 = 3_600_000;

/// What a past came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lived {
    /// Calls that came in.
    pub calls: usize,
    /// Incidents that they led to.
    pub incidents: usize,
}

/// The time of an engine that lives in the past: it stands still until it is told to go on.
#[derive(Clone)]
struct Moment(Arc<AtomicI64>);

impl Moment {
    fn at(at: UnixMs) -> Self {
        Self(Arc::new(AtomicI64::new(at.0)))
    }

    fn now(&self) -> UnixMs {
        UnixMs(self.0.load(Ordering::SeqCst))
    }

    /// Goes on to a moment; never back.
    fn reach(&self, at: UnixMs) {
        self.0.fetch_max(at.0, Ordering::SeqCst);
    }

    fn into_now(self) -> Now {
        Arc::new(move || self.now())
    }
}

/// Gives a new database a past; `None` where there is one already. Set `stop`, and it ends early, with nothing left open.
///
/// # Errors
/// A text that says what is missing.
pub async fn live_through(
    config: &Config,
    clock: Clock,
    options: &Demo,
    stop: &AtomicBool,
) -> Result<Option<Lived>, String> {
    let (city, present) = (balikpapan::area(), clock.now());
    let begin = city.zone.midnight(city.zone.day(present) - i64::from(options.past));
    let moment = Moment::at(begin.plus(-SETUP_MS));
    let now = moment.clone().into_now();
    // Whoever loses a past by a power cut begins anew.
    let store = Store::open_unflushed(&config.database_url, keyfile::load(config)?, Handle::current()).await;
    let store = store.map_err(|error| no_database(config, &error))?;
    let (engine, conductor) = start(config, store, now, Live::memory(), (Bus::Local, Ear::deaf())).await?;
    if engine.catalog().areas().next().is_some() {
        engine.close().await;
        return Ok(None);
    }
    println!("A new database is given a past of {} days; this takes some seconds (--past 0: none).", options.past);
    let fleet = names::fleet(city.code, options.units);
    let people = demo::settle(&engine, &fleet).await.map_err(|error| error.to_string())?;
    let past = Past::new(Town::balikpapan(), city.zone, options.seed);
    let calls = past.calls(begin, present.plus(-LULL_MS));
    let life = Life::new(engine.clone(), conductor, moment, Ways::new(past), &people)
        .await
        .map_err(|error| error.to_string())?;
    let lived = life.live(calls, present.plus(-CURFEW_MS), stop).await.map_err(|error| error.to_string());
    engine.close().await;
    lived.map(Some)
}
