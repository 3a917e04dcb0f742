//! A node: routes, sockets and routines over one engine, from its start to its clean end.

use super::{Clock, open, routine};
use crate::{config::Config, engine::Engine, http, ws};
use actix_web::{App, HttpServer, dev::ServerHandle, web};
use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tokio::task::JoinHandle;

/// How long open sockets have to take their leave.
const DRAIN: Duration = Duration::from_secs(5);
/// How long requests that run have to finish, seconds.
const FINISH_S: u64 = 5;
/// Clients that may wait to be accepted. A city's phones come back all at once after an outage.
const BACKLOG: u32 = 4_096;

/// A node that serves.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// What it works with.
    pub engine: Engine,
    task: JoinHandle<Result<(), String>>,
}

impl Running {
    /// Waits for the clean end: after the shutdown was asked for, or when the server fails.
    ///
    /// # Errors
    /// A text that says what failed.
    pub async fn finished(self) -> Result<(), String> {
        self.task.await.map_err(|error| error.to_string())?
    }
}

/// Starts a node on a listener. It ends when `shutdown` completes: it accepts no more, closes its sockets with 4000,
/// finishes what runs, writes what is in memory.
///
/// # Errors
/// A text that says what is missing.
pub async fn serve(
    config: Config,
    clock: Clock,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Running, String> {
    let basemap = config.basemap()?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let (engine, conductor) = open(&config, clock).await?;
    engine.beat().await.map_err(|error| error.to_string())?;
    let settings = ws::Settings { origins: config.origins.clone(), ..ws::Settings::default() };
    let hub = ws::Hub::new(engine.clone(), settings);
    let ticks = Arc::new(routine::Ticks::default());
    let gauges = [all_gauges(&hub, &engine), super::gauges::of_ticks(&ticks)].concat();
    let state = http::HttpState::new(engine.clone(), config.http, gauges);
    let state = state.with_aml(config.aml.secret.as_deref()).with_basemap(basemap);
    let state = web::Data::new(state);
    let (routes, sockets) = (state.clone(), Arc::clone(&hub));
    let server = HttpServer::new(move || {
        App::new().app_data(routes.clone()).configure(ws::configure(&sockets)).configure(http::configure)
    })
    .on_connect(|io, _| ws::tune_socket(io))
    .backlog(BACKLOG)
    .workers(config.workers)
    .max_connections(100_000)
    .shutdown_timeout(FINISH_S)
    .disable_signals()
    .listen(listener)
    .map_err(|error| error.to_string())?
    .run();
    let handle = server.handle();
    let server = tokio::spawn(server);
    tokio::spawn(conductor.run());
    tokio::spawn(Arc::clone(&hub).follow());
    let checkpoints = config.checkpoint_file.clone();
    let routines = tokio::spawn(routine::run(engine.clone(), Arc::clone(&hub), clock, checkpoints, ticks));
    tracing::info!(%address, database = engine.database(), "serving");
    let running = engine.clone();
    let task = tokio::spawn(async move {
        tokio::select! {
            () = shutdown => {}
            ended = server => return Err(format!("the server ended: {ended:?}")),
        }
        tracing::info!("stopping");
        state.drain();
        tokio::time::sleep(Duration::from_millis(config.drain_notice_ms)).await;
        end(&handle, &hub).await;
        routines.abort();
        running.take_leave().await;
        running.close().await;
        tracing::info!("stopped");
        Ok(())
    });
    Ok(Running { address, engine, task })
}

fn all_gauges(hub: &Arc<ws::Hub>, engine: &Engine) -> Vec<http::Gauge> {
    let mut all = gauges(hub);
    all.extend(shared_gauges(engine));
    all.extend(super::gauges::of_channels(engine));
    all
}

/// What is shared with other nodes; nothing where there is nothing.
fn shared_gauges(engine: &Engine) -> Vec<http::Gauge> {
    let seen = |name, kind, help, labels: &str, read: fn(&Engine) -> Option<u64>| {
        let engine = engine.clone();
        let read = Arc::new(move || read(&engine).and_then(|n| i64::try_from(n).ok()).unwrap_or(0));
        http::Gauge { name, help, kind, labels: labels.to_owned(), read }
    };
    if engine.shared().is_none() {
        return Vec::new();
    }
    let (up, up_help) = ("sigap_redis_up", "Whether Redis answers, by what it is for.");
    let (words, words_help) = ("sigap_bus_words_total", "Words between nodes.");
    vec![
        seen(up, "gauge", up_help, "{part=\"positions\"}", |e| e.shared().map(|s| u64::from(s.positions))),
        seen(up, "gauge", up_help, "{part=\"words\"}", |e| e.shared().map(|s| u64::from(s.words))),
        seen(words, "counter", words_help, "{way=\"told\"}", |e| e.words().map(|w| w.0)),
        seen(words, "counter", words_help, "{way=\"heard\"}", |e| e.words().map(|w| w.1)),
        seen("sigap_bus_broken_total", "counter", "How often the line between nodes broke.", "", |e| {
            e.words().map(|w| w.2)
        }),
    ]
}

/// What the sockets want to be seen in `/metrics`.
fn gauges(hub: &Arc<ws::Hub>) -> Vec<http::Gauge> {
    let seen = |name, kind, help, labels: String, read: fn(&ws::Hub, u16) -> u64, code: u16| {
        let hub = Arc::clone(hub);
        let read = Arc::new(move || i64::try_from(read(&hub, code)).unwrap_or(i64::MAX));
        http::Gauge { name, help, kind, labels, read }
    };
    let none = String::new;
    let open: fn(&ws::Hub, u16) -> u64 = |hub, _| hub.sessions().count() as u64;
    let mut all = vec![
        seen("sigap_sessions", "gauge", "Open sockets.", none(), open, 0),
        seen(
            "sigap_frames_not_understood_total",
            "counter",
            "Frames that were not understood.",
            none(),
            |hub, _| hub.counts().not_understood(),
            0,
        ),
        seen(
            "sigap_fixes_without_unit_total",
            "counter",
            "Fixes from phones that are no unit's position.",
            none(),
            |hub, _| hub.counts().fixes_without_unit(),
            0,
        ),
    ];
    let closed: fn(&ws::Hub, u16) -> u64 =
        |hub, code| ws::Close::ALL.iter().find(|c| c.code() == code).map_or(0, |c| hub.counts().closed(*c));
    all.extend(ws::Close::ALL.iter().map(|close| {
        let labels = format!("{{code=\"{}\"}}", close.code());
        seen(
            "sigap_sockets_closed_total",
            "counter",
            "Sockets closed by the server, by close code.",
            labels,
            closed,
            close.code(),
        )
    }));
    all
}

/// Sockets first, so that phones go elsewhere at once; then the requests that run.
async fn end(server: &ServerHandle, hub: &ws::Hub) {
    server.pause().await;
    let left = hub.sessions().drain(DRAIN).await;
    if left > 0 {
        tracing::warn!(left, "sockets did not take their leave");
    }
    server.stop(true).await;
}
