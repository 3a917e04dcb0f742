//! What a node does by itself, again and again.

use super::clock::{Clock, DRIFT_MAX_MS};
use crate::{
    engine::{Engine, Lane, TICK_MS},
    ws,
};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncWriteExt, time::MissedTickBehavior};

/// Waiting incidents are tried again, whatever events said.
const SWEEP: Duration = Duration::from_secs(2);
/// Messages to citizens that are due are sent.
const SEND: Duration = Duration::from_millis(200);
/// Tracks are written, so that a crash loses no more than this of them.
const FLUSH: Duration = Duration::from_secs(30);
/// Tracks and places are written so often while Redis is away.
const FLUSH_ALONE: Duration = Duration::from_secs(5);
/// Who has a console open is said so often: who was not heard of for three beats counts as gone.
const PRESENT: Duration = Duration::from_secs(5);
/// What may be kept for five minutes is looked for this often.
const FORGET: Duration = Duration::from_secs(20);
/// Housekeeping and checkpoints.
const HOURLY: Duration = Duration::from_secs(3_600);

/// Runs a piece of work at an interval for as long as the program lives. A late one is not made up for.
async fn every<F: Future<Output = ()>>(interval: Duration, mut work: impl FnMut() -> F) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}

/// How often it was looked what is due, since the start.
#[derive(Default)]
pub struct Ticks {
    /// What was due was done.
    pub done: AtomicI64,
    /// What is due could not be read.
    pub failed: AtomicI64,
}

/// Does what falls due in a lane, for as long as the program lives.
async fn tick(engine: &Engine, lane: Lane, counts: &Ticks) {
    loop {
        let ticked = engine.tick_lane(lane).await;
        let count = if ticked.is_ok() { &counts.done } else { &counts.failed };
        count.fetch_add(1, Ordering::Relaxed);
        let again_ms = ticked.map_or_else(
            |error| {
                tracing::warn!(%error, ?lane, "could not read what is due");
                TICK_MS
            },
            |ticked| ticked.again_ms(engine.now()),
        );
        tokio::time::sleep(Duration::from_millis(again_ms.unsigned_abs())).await;
    }
}

/// Runs all routines until dropped.
pub async fn run(engine: Engine, hub: Arc<ws::Hub>, clock: Clock, checkpoint_file: PathBuf, counts: Arc<Ticks>) {
    // Each lane by itself: a promise must not wait until a thousand reminders are written.
    let ticks = futures_util::future::join_all(Lane::ALL.map(|lane| tick(&engine, lane, &counts)));
    let sweep = every(SWEEP, || async {
        engine.sweep().await;
        let drift_ms = clock.drift_ms();
        if drift_ms.abs() > DRIFT_MAX_MS {
            tracing::error!(
                drift_ms,
                "the wall clock jumped: deadlines go on by the steady clock; restart to follow it"
            );
        }
    });
    let flush = every(FLUSH, || async {
        if let Err(error) = engine.flush_tracks().await {
            tracing::warn!(%error, "tracks were not written; the next flush tries again");
        }
    });
    let forget = every(FORGET, || engine.forget_aml());
    // While positions are not shared, the places in the database are what other nodes have of this one's units.
    let share = every(FLUSH_ALONE, || async {
        if engine.shared().is_some_and(|shared| !shared.positions)
            && let Err(error) = engine.flush_tracks().await
        {
            tracing::warn!(%error, "places were not written; the next flush tries again");
        }
    });
    let send = every(SEND, || async {
        if let Err(error) = engine.send_messages().await {
            tracing::warn!(%error, "could not look for messages to send");
        }
    });
    let hourly = every(HOURLY, || async {
        if let Err(error) = engine.prune().await {
            tracing::warn!(%error, "could not prune");
        }
        if let Err(error) = append_checkpoints(&engine, &checkpoint_file).await {
            tracing::error!(%error, "no checkpoint was written");
        }
    });
    let present = every(PRESENT, || async {
        if let Err(error) = engine.seen_at_desks(hub.sessions().accounts()).await {
            tracing::warn!(%error, "could not say who sits at the desks");
        }
        match engine.beat().await {
            Err(error) if error.is_passing() => tracing::warn!(%error, "could not say that this node serves"),
            Err(error) => tracing::error!(%error, "this node must not go on: stop it"),
            Ok(()) => {}
        }
    });
    tokio::join!(ticks, sweep, send, flush, forget, share, hourly, present);
}

/// Appends where every journal ends, signed, a line each.
async fn append_checkpoints(engine: &Engine, file: &PathBuf) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut lines = String::new();
    for checkpoint in engine.checkpoints().await? {
        lines.push_str(&serde_json::to_string(&checkpoint)?);
        lines.push('\n');
    }
    let mut out = tokio::fs::OpenOptions::new().create(true).append(true).open(file).await?;
    out.write_all(lines.as_bytes()).await?;
    out.sync_all().await?;
    Ok(())
}
