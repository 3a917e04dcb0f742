//! `sigap demo`: the service with a simulated city in front of it, through the same doors as everybody.

use super::{Clock, past, serve, stopped};
use crate::{
    cli::Demo,
    config::Config,
    domain::{
        access::{Cause, Grant, Scope},
        gazetteer::balikpapan,
        ids::{AccountId, DeskId, UnitId},
        refusal::Refusal,
        unit::UnitKind,
    },
    engine::{Engine, Error, auth::AuthError},
    sim::{self, Behaviour, Mix, Rider, Stats, Town, World, client::Login, demo},
};
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// The password of every account of the demo. It is no secret: the demo listens on this machine only by default.
const PASSWORD: &str = "sigap-demo-110";

/// Runs the demo until Ctrl-C, or for as long as asked.
pub(super) async fn run(options: Demo, config: Config, clock: Clock) -> Result<(), String> {
    let listener = TcpListener::bind(&config.listen).map_err(|error| format!("{}: {error}", config.listen))?;
    let (stop, stopping) = watch::channel(false);
    let heard = |mut stopping: watch::Receiver<bool>| async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if options.past > 0 && !make_past(&config, clock, &options).await? {
        return Ok(());
    }
    let running = serve(config, clock, listener, heard(stopping.clone())).await?;
    let fleet = demo::fleet(balikpapan::area().code, options.units);
    settle(&running.engine, &fleet).await.map_err(|error| error.to_string())?;
    let base_url = format!("http://{}", running.address);
    greet(&base_url, options.units);
    let stats = Arc::new(Stats::default());
    let world = world(&base_url, &options, fleet, clock);
    let city = tokio::spawn(sim::run(world, Arc::clone(&stats), heard(stopping)));
    tokio::select! {
        () = stopped() => {}
        () = until(options.seconds) => {}
        () = tell(&running.engine, &stats) => {}
    }
    stop.send_replace(true);
    city.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    running.finished().await
}

async fn until(seconds: Option<u64>) {
    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => std::future::pending().await,
    }
}

/// Gives a new database its past; `false` where somebody asked to stop meanwhile.
async fn make_past(config: &Config, clock: Clock, options: &Demo) -> Result<bool, String> {
    let (stop, began) = (Arc::new(AtomicBool::new(false)), clock.now());
    let hears = tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            stopped().await;
            stop.store(true, Ordering::SeqCst);
        }
    });
    // On a thread of its own: a statement then changes threads twice, and not four times.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let (config, options, stops) = (config.clone(), options.clone(), Arc::clone(&stop));
    let lives = move || runtime.block_on(past::live_through(&config, clock, &options, &stops));
    let lived = tokio::task::spawn_blocking(lives).await;
    hears.abort();
    if let Some(past::Lived { calls, incidents }) = lived.map_err(|error| error.to_string())?? {
        #[expect(clippy::cast_precision_loss, reason = "seconds are few")]
        let took_s = clock.now().since(began) as f64 / 1_000.0;
        println!("{calls} calls, {incidents} incidents, in {took_s:.1} s.");
    }
    Ok(!stop.load(Ordering::SeqCst))
}

/// Somebody who can log in to the demo.
pub(super) struct Person {
    /// By which name and role.
    pub account: demo::DemoAccount,
    /// The account.
    pub id: AccountId,
}

impl Person {
    /// What they may.
    pub fn grants(&self) -> Vec<Grant> {
        vec![Grant { area: self.account.area, role: self.account.role }]
    }
}

/// Sets up Balikpapan, its units and its people, as far as they are not there yet; gives those who are new.
pub(super) async fn settle(engine: &Engine, fleet: &[(UnitId, UnitKind)]) -> Result<Vec<Person>, AuthError> {
    let mut people = Vec::new();
    let cause = Cause::system(engine.now());
    engine.put_balikpapan(&cause).await?;
    for &(unit, kind) in fleet {
        match engine.add_unit(&cause, unit, kind).await {
            Ok(_) | Err(Error::Refused(Refusal::Exists(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for account in demo::accounts(fleet) {
        let login = account.login.parse().map_err(|_| AuthError::BadLogin)?;
        let grants = vec![Grant { area: account.area, role: account.role }];
        match engine.add_account(&cause, login, PASSWORD.to_owned(), grants).await {
            Ok(id) => people.push(Person { account, id }),
            Err(AuthError::Store(Error::Refused(Refusal::Exists(_)))) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(people)
}

fn world(base_url: &str, options: &Demo, fleet: Vec<(UnitId, UnitKind)>, clock: Clock) -> World {
    let login = |login: String| Login::Password { login, password: PASSWORD.to_owned() };
    let riders =
        fleet.into_iter().map(|(unit, kind)| Rider { unit, kind, login: login(demo::officer_login(unit)) }).collect();
    World {
        base_url: base_url.to_owned(),
        town: Arc::new(Town::balikpapan()),
        riders,
        exchange: Some(login(demo::exchange_login())),
        desk: Some(sim::DeskWork {
            login: login(demo::colleague_login()),
            desk: DeskId::main(balikpapan::area().code),
            area: balikpapan::area().code,
        }),
        seed: options.seed,
        fixes_hz: 1.0,
        reports_per_min: options.reports_per_min,
        mix: Mix::default(),
        behaviour: Arc::new(Behaviour::lifelike()),
        clock: clock.into_now(),
    }
}

fn greet(base_url: &str, units: u16) {
    println!("Sigap at {base_url}: Balikpapan, {units} simulated patrols. Ctrl-C stops.");
    println!("Logins, all with the password {PASSWORD}:");
    println!("  bpn-dispatch     dispatcher of Balikpapan: {base_url}/console");
    println!("  bpn-commander    commander of Balikpapan:  {base_url}/board");
    println!("  kaltim-operator  operator of East Kalimantan: {base_url}/console");
    println!("  admin            administrator (API and command line)");
    println!("  bpn-m1 …         the officers, one for each unit: {base_url}/unit");
}

/// Prints a line per second.
async fn tell(engine: &Engine, stats: &Stats) {
    let second = Duration::from_secs(1);
    let mut before = stats.snapshot();
    let mut seconds = tokio::time::interval(second);
    loop {
        seconds.tick().await;
        let now = stats.snapshot();
        let standing = engine.standing(&Scope::system(), balikpapan::area().code).await.ok();
        println!("{}", demo::live_line(&now, &before, second, standing.as_ref()));
        before = now;
    }
}
