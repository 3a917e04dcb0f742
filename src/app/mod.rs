//! The program put together: clock, keys, store, engine, routes. The server takes its listener and its shutdown, so that
//! tests run the same thing on a port of their own.

mod clock;
mod demo;
mod gauges;
mod keyfile;
mod past;
mod rekey;
mod routine;
mod serve;
mod spec;

pub use clock::Clock;
pub use past::{Lived, live_through};
pub use serve::{Running, serve};
pub use spec::documents as spec_documents;

use crate::{
    cli::{self, Command},
    config::{Config, LogFormat},
    engine::{Conductor, Engine, Now, Post},
    live::{
        Live, RedisSettings,
        bus::{Bus, Ear},
    },
    road::Road,
    sim::{client::Login, replay},
    store::{Store, StoreError},
};
use std::{io::IsTerminal, net::TcpListener, sync::Arc};
use tokio::runtime::Handle;

/// Runs a command; `false` when it worked and found something wrong.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: Command, config: Config) -> Result<bool, String> {
    let clock = Clock::start();
    match command {
        Command::Serve => {
            let listener = listen(&config)?;
            serve(config, clock, listener, stopped()).await?.finished().await?;
        }
        Command::Demo(options) => demo::run(options, config, clock).await?,
        Command::Spec { out } => spec::write(&out)?,
        Command::Replay(options) => {
            let gpx = std::fs::read_to_string(&options.gpx).map_err(|e| format!("{}: {e}", options.gpx.display()))?;
            let ride = replay::ReplayOptions {
                server: options.server,
                login: Login::Password { login: options.login, password: options.password },
                unit: options.unit,
                gpx,
                origin: options.origin,
                speed: options.speed,
                accept: true,
                clock: clock.into_now(),
            };
            replay::replay(ride, &mut |line| println!("{line}")).await.map_err(|e| e.to_string())?;
        }
        Command::Migrate => {
            let (engine, _) = open(&config, clock).await?;
            println!("the tables of {} are up to date", engine.database());
            engine.close().await;
        }
        Command::Backup { file } => {
            let (engine, _) = open(&config, clock).await?;
            engine.backup(&file.display().to_string()).await.map_err(|e| e.to_string())?;
            println!("{} written", file.display());
            engine.close().await;
        }
        Command::Area(command) => {
            let (engine, _) = open(&config, clock).await?;
            cli::areas::run(command, &engine).await?;
            engine.close().await;
        }
        Command::Desk(command) => {
            let (engine, _) = open(&config, clock).await?;
            cli::desks::run(command, &engine).await?;
            engine.close().await;
        }
        Command::Flow(command) => {
            let (engine, _) = open(&config, clock).await?;
            cli::desks::flow(command, &engine).await?;
            engine.close().await;
        }
        Command::Sla(command) => {
            let (engine, _) = open(&config, clock).await?;
            let whole = cli::sla::run(command, &engine).await?;
            engine.close().await;
            return Ok(whole);
        }
        Command::Report(options) => {
            let (engine, _) = open(&config, clock).await?;
            cli::report::run(options, &engine).await?;
            engine.close().await;
        }
        Command::Unit(command) => {
            let (engine, _) = open(&config, clock).await?;
            cli::units::run(command, &engine).await?;
            engine.close().await;
        }
        Command::Tracker(command) => {
            let (engine, _) = open(&config, clock).await?;
            cli::trackers::run(command, &engine).await?;
            engine.close().await;
        }
        Command::User(command) => {
            let (engine, _) = open(&config, clock).await?;
            cli::users::run(command, &engine).await?;
            engine.close().await;
        }
        Command::EraseCaller(options) => {
            let (engine, _) = open(&config, clock).await?;
            cli::callers::erase(options, &engine).await?;
            engine.close().await;
        }
        Command::Rekey(options) => rekey::run(options, &config, clock).await?,
        Command::Journal(command) => {
            let (engine, _) = open(&config, clock).await?;
            let whole = cli::journal::run(command, &engine).await?;
            engine.close().await;
            return Ok(whole);
        }
    }
    Ok(true)
}

/// An engine over the configured database, not yet serving.
///
/// # Errors
/// A text that says what is missing.
pub async fn open(config: &Config, clock: Clock) -> Result<(Engine, Conductor), String> {
    let (now, handle) = (clock.into_now(), Handle::current());
    let (live, bus) = match &config.redis_url {
        None => (Live::memory(), (Bus::Local, Ear::deaf())),
        Some(url) => {
            let bus = Bus::open(url, &config.redis_prefix, &handle).map_err(|error| error.to_string())?;
            let settings = RedisSettings {
                url: url.clone(),
                prefix: config.redis_prefix.clone(),
                flush_ms: config.redis_flush_ms.clamp(20, 1_000),
                ..RedisSettings::default()
            };
            (Live::redis(settings, Arc::clone(&now), &handle).map_err(|error| error.to_string())?, bus)
        }
    };
    let store = Store::open(&config.database_url, keyfile::load(config)?, handle).await;
    let (engine, conductor) =
        start(config, store.map_err(|error| no_database(config, &error))?, now, live, bus).await?;
    if config.whatsapp.is_some() {
        engine.open_post(Post::new(config.whatsapp.clone())?);
    }
    Ok((engine, conductor))
}

/// Starts an engine over an open database.
async fn start(
    config: &Config,
    store: Store,
    now: Now,
    live: Live,
    bus: (Bus, Ear),
) -> Result<(Engine, Conductor), String> {
    store.require_same_key().await.map_err(|error| error.to_string())?;
    let started = Engine::start(store, live, bus, Road::default(), config.engine.clone(), now, Handle::current());
    started.await.map_err(|error| error.to_string())
}

fn no_database(config: &Config, error: &StoreError) -> String {
    format!("database {}: {error}", without_password(&config.database_url))
}

/// A database URL as it may be shown.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => format!("{}…{}", &url[..scheme + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

fn listen(config: &Config) -> Result<TcpListener, String> {
    TcpListener::bind(&config.listen).map_err(|error| format!("{}: {error}", config.listen))
}

/// Completes when the operator or the system asks to stop.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "SIGTERM is not heard; Ctrl-C is");
            let _ = interrupt.await;
            return;
        }
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}

/// Starts the logs: to standard error, `RUST_LOG` says how much; by default everything worth knowing.
pub fn logs(config: &Config, serving: bool) {
    use tracing_subscriber::{EnvFilter, fmt};
    let level = if serving { "info" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colours = std::io::stderr().is_terminal();
    let logs = fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Human => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}
