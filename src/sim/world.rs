//! A simulated city: so many phones, and citizens who call.

use super::{
    Behaviour, Clock,
    chance::dice,
    citizen::{self, Calls, Mix},
    client::{Client, ClientError, Login, Session},
    link::{Handset, Link},
    operator::{self, Operator},
    patrol,
    phone::{Make, Phone},
    stats::Stats,
    town::Town,
};
use crate::domain::{
    ids::{AreaCode, DeskId, DeviceId, UnitId},
    unit::UnitKind,
};
use rand::RngExt;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::Instant,
};
use uuid::Builder;

/// Phones that log in, sign on and open at once.
const OPENING_MAX: usize = 16;
/// After the end was asked for, tasks have this long to say goodbye.
const GOODBYE: Duration = Duration::from_secs(10);

/// A unit on duty: its officer's login, and what it rides.
#[derive(Clone, Debug)]
pub struct Rider {
    /// The unit.
    pub unit: UnitId,
    /// What it rides in or on.
    pub kind: UnitKind,
    /// The officer's login.
    pub login: Login,
}

/// Somebody at a desk.
#[derive(Clone, Debug)]
pub struct DeskWork {
    /// Who.
    pub login: Login,
    /// Where.
    pub desk: DeskId,
    /// Whose reports.
    pub area: AreaCode,
}

/// A city to be simulated. Units, accounts and the city itself must exist on the server.
#[derive(Clone)]
pub struct World {
    /// The server, as in `http://127.0.0.1:8110`.
    pub base_url: String,
    /// The city.
    pub town: Arc<Town>,
    /// The units on duty.
    pub riders: Vec<Rider>,
    /// The account of the exchange that posts the citizens' reports; without one, nobody calls.
    pub exchange: Option<Login>,
    /// Somebody who takes what rings; without one, it rings on.
    pub desk: Option<DeskWork>,
    /// The same seed gives the same people.
    pub seed: u64,
    /// Fixes per second and phone.
    pub fixes_hz: f64,
    /// Reports per minute, on average.
    pub reports_per_min: f64,
    /// What is reported.
    pub mix: Mix,
    /// How crews behave.
    pub behaviour: Arc<Behaviour>,
    /// The phones' time of day.
    pub clock: Clock,
}

/// Runs a city on the present runtime until `shutdown` completes; what happens is counted in `stats`.
///
/// # Errors
/// [`ClientError::Address`] when the server's address is none. Whatever comes later is counted, not returned.
pub async fn run(world: World, stats: Arc<Stats>, shutdown: impl Future<Output = ()>) -> Result<(), ClientError> {
    let client = Client::new(&world.base_url)?;
    let (stop, stopped) = watch::channel(false);
    let gate = Arc::new(Semaphore::new(OPENING_MAX));
    let mut tasks = JoinSet::new();
    #[expect(clippy::cast_possible_truncation, reason = "saturates: a pause of ages is as good as none")]
    let fix_every_ms = ((1_000.0 / world.fixes_hz) as i64).max(1);
    let count = i64::try_from(world.riders.len()).unwrap_or(i64::MAX).max(1);
    for (rider, nth) in world.riders.iter().zip(0_i64..) {
        let make = Make {
            unit: rider.unit,
            kind: rider.kind,
            town: Arc::clone(&world.town),
            behaviour: Arc::clone(&world.behaviour),
            fix_every_ms,
            // Spread over the interval, so that a thousand fixes do not come in one millisecond.
            phase_ms: fix_every_ms.saturating_mul(nth) / count,
            seed: world.seed,
        };
        let handset = Handset {
            session: Session::new(client.clone(), rider.login.clone()),
            device: device(world.seed, rider.unit),
            unit: rider.unit,
            gate: Arc::clone(&gate),
        };
        let phone = Phone::new(make, (world.clock)());
        let link = Link::new(handset, Instant::now());
        tasks.spawn(patrol::ride(phone, link, Arc::clone(&stats), Arc::clone(&world.clock), stopped.clone()));
    }
    if let Some(DeskWork { login, desk, area }) = world.desk {
        let operator = Operator { session: Session::new(client.clone(), login), desk, area, seed: world.seed };
        tasks.spawn(operator::work(operator, Arc::clone(&stats), Arc::clone(&world.clock), stopped.clone()));
    }
    if let Some(login) = world.exchange {
        let calls = Calls {
            exchange: Session::new(client, login),
            town: world.town,
            mix: world.mix,
            per_min: world.reports_per_min,
            seed: world.seed,
        };
        tasks.spawn(citizen::report(calls, Arc::clone(&stats), world.clock, stopped));
    }
    shutdown.await;
    stop.send_replace(true);
    // Who does not come to an end is dropped with the set.
    let _ = tokio::time::timeout(GOODBYE, async { while tasks.join_next().await.is_some() {} }).await;
    Ok(())
}

/// The same phone for the same unit and seed, so that a city that starts again is no second crew.
pub fn device(seed: u64, unit: UnitId) -> DeviceId {
    let bytes = dice(seed, &format!("phone of {unit}")).random();
    DeviceId(Builder::from_random_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests;
