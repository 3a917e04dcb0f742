//! Time passes: what is due is done, by whoever ticks first.

use super::{Engine, Error};
use crate::domain::{deadline::*, dispatch::Unanswered, ids::*};
use futures_util::{StreamExt, stream};

/// Deadlines taken per tick; what is left comes with the next.
const PER_TICK: i64 = 4_096;
/// Deadlines that are worked on at once: as many as a writer groups.
const AT_ONCE: usize = 64;
/// What each node that comes before this one has for a deadline, milliseconds; and all of them.
const TURN_MS: i64 = 250;
const TURNS_MS: i64 = 1_000;
/// Units per sweep that are free while work is queued behind them.
const QUEUES: i64 = 256;
/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;

impl Engine {
    /// Does what is due now; gives how many deadlines fired.
    ///
    /// # Errors
    /// [`Error`] when the deadlines could not be read. One that could not be fired stays, and comes again.
    pub async fn tick(&self) -> Result<usize, Error> {
        let now = self.now();
        let mut due = self.inner.store.due(now, PER_TICK).await?;
        // Each node comes to an area in its turn: what is its turn later was mostly done by the one before it.
        due.retain(|due| now.since(due.at) >= self.turn_ms(due.area));
        let fired = stream::iter(due)
            .map(|due| async move {
                self.fire(due).await.unwrap_or_else(|error| {
                    tracing::warn!(area = %due.area, kind = %due.kind, no = due.no, %error, "a deadline did not fire");
                    false
                })
            })
            .buffer_unordered(AT_ONCE)
            .filter(|fired| std::future::ready(*fired))
            .count()
            .await;
        Ok(fired)
    }

    /// How long other nodes have for a deadline of an area before this one takes it, milliseconds.
    fn turn_ms(&self, area: AreaCode) -> i64 {
        i64::try_from(self.inner.bus.rank(area)).map_or(TURNS_MS, |rank| (rank * TURN_MS).min(TURNS_MS))
    }

    async fn fire(&self, due: Due) -> Result<bool, Error> {
        let (store, cause, Due { area, no, .. }) = (&self.inner.store, self.system(), due);
        let offer = DispatchId { area, no };
        let incident = IncidentId { area, no };
        Ok(match due.kind {
            DeadlineKind::Delivery => store.expire(&cause, offer, Unanswered::Undelivered).await?.is_some(),
            DeadlineKind::Answer => store.expire(&cause, offer, Unanswered::NoAnswer).await?.is_some(),
            DeadlineKind::Warn => store.fire_warn(&cause, incident).await?,
            DeadlineKind::Breach => store.fire_breach(&cause, incident).await?,
            DeadlineKind::Report => self.attend(ReportId { area, no }).await?,
        })
    }

    /// Tries again what waits for a unit, and whatever a crash left half-way.
    pub async fn sweep(&self) {
        match self.inner.store.free_before_queues(QUEUES).await {
            Ok(units) => {
                for unit in units {
                    self.unit_free(unit).await;
                }
            }
            Err(error) => tracing::warn!(%error, "could not look for work that is queued behind free units"),
        }
        self.serve_waiting(None).await;
    }

    /// Forgets what is past keeping.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn prune(&self) -> Result<(), Error> {
        let (now, settings) = (self.now(), &self.inner.settings);
        let days = |n: i64| now.plus(-n * DAY_MS);
        let (commands, tracks) = self.inner.store.prune(days(settings.command_days), days(settings.track_days)).await?;
        let logins = self.inner.store.prune_logins(now).await?;
        let messages = self.prune_messages().await?;
        let callers = self.inner.store.prune_callers(days(settings.caller_days), now).await?;
        tracing::info!(commands, tracks, logins, messages, callers, "pruned");
        Ok(())
    }
}
