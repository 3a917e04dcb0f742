//! Time passes: what is due is done, by whoever ticks first.

use super::{Engine, Error};
use crate::{
    domain::{deadline::*, dispatch::Unanswered, ids::*, time::UnixMs},
    store::TAKEN,
};
use futures_util::{StreamExt, future::try_join_all, stream};
use std::collections::BTreeMap;

/// What is due is looked for at least so often, milliseconds: what is known to fall due before that, at its moment.
pub const TICK_MS: i64 = 100;
/// Two looks at a lane are at least so far apart, milliseconds: what falls due in between is one command.
const APART_MS: i64 = 10;
/// Deadlines of a kind taken at a time.
const PER_TICK: i64 = 4_096;
/// Deadlines, or areas, that are worked on at once: as many as a writer groups.
const AT_ONCE: usize = 64;
/// Where more warnings than these are due at once, nobody looks for help before they are told.
const ADVISED: usize = 64;
/// What each node that comes before this one has for a deadline, milliseconds; and all of them.
const TURN_MS: i64 = 250;
const TURNS_MS: i64 = 1_000;
/// Units per sweep that are free while work is queued behind them.
const QUEUES: i64 = 256;
/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;

/// What is looked at by itself, so that none waits for a flood of another: after a stop every reminder is due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Offers that nobody has, or nobody answers.
    Offers,
    /// Promises that break.
    Promises,
    /// Promises that may.
    Warnings,
    /// Reports that ring on, or are looked after.
    Reports,
}

impl Lane {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Offers, Self::Promises, Self::Warnings, Self::Reports];

    /// The lane of a kind.
    pub(super) const fn of(kind: DeadlineKind) -> Self {
        match kind {
            DeadlineKind::Delivery | DeadlineKind::Answer => Self::Offers,
            DeadlineKind::Breach => Self::Promises,
            DeadlineKind::Warn => Self::Warnings,
            DeadlineKind::Report => Self::Reports,
        }
    }

    const fn kinds(self) -> &'static [DeadlineKind] {
        match self {
            Self::Offers => &[DeadlineKind::Delivery, DeadlineKind::Answer],
            Self::Promises => &[DeadlineKind::Breach],
            Self::Warnings => &[DeadlineKind::Warn],
            Self::Reports => &[DeadlineKind::Report],
        }
    }
}

/// What a look at a lane came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Deadlines that fired.
    pub fired: usize,
    /// The first that falls due within a tick, as far as was seen.
    pub next: Option<UnixMs>,
}

impl Ticked {
    /// How long to wait before the next look, milliseconds.
    #[must_use]
    pub fn again_ms(&self, now: UnixMs) -> i64 {
        self.next.map_or(TICK_MS, |next| next.since(now).clamp(APART_MS, TICK_MS))
    }

    fn and(self, other: Self) -> Self {
        let next = [self.next, other.next].into_iter().flatten().min();
        Self { fired: self.fired + other.fired, next }
    }
}

/// What one read of the deadlines of a kind found.
struct Soon {
    /// Due, and this node's to fire.
    due: Vec<Due>,
    /// There may be more that are due.
    full: bool,
    /// The first that falls due within a tick.
    next: Option<UnixMs>,
}

impl Engine {
    /// Does what is due now; gives how many deadlines fired.
    ///
    /// # Errors
    /// [`Error`] when the deadlines could not be read. One that could not be fired stays, and comes again.
    pub async fn tick(&self) -> Result<usize, Error> {
        let ticked = try_join_all(Lane::ALL.map(|lane| self.tick_lane(lane))).await?;
        Ok(ticked.iter().map(|ticked| ticked.fired).sum())
    }

    /// Does what is due now of one lane.
    ///
    /// # Errors
    /// As [`Self::tick`].
    pub async fn tick_lane(&self, lane: Lane) -> Result<Ticked, Error> {
        // What is broken needs no warning: a flood of breaches goes first, and takes its warnings with it.
        if lane == Lane::Warnings && self.soon(DeadlineKind::Breach).await?.due.len() > TAKEN {
            return Ok(Ticked::default());
        }
        let mut ticked = Ticked::default();
        for kind in lane.kinds() {
            ticked = ticked.and(match kind {
                DeadlineKind::Breach | DeadlineKind::Warn => self.fire_all_of(*kind).await?,
                DeadlineKind::Delivery | DeadlineKind::Answer | DeadlineKind::Report => self.fire_each(*kind).await?,
            });
        }
        Ok(ticked)
    }

    /// The deadlines of a kind that are due, or will be within a tick.
    async fn soon(&self, kind: DeadlineKind) -> Result<Soon, Error> {
        let now = self.now();
        let mut due = self.inner.store.due(kind, now.plus(TICK_MS), PER_TICK).await?;
        let later = due.split_off(due.partition_point(|due| due.at <= now));
        let full = later.is_empty() && i64::try_from(due.len()).is_ok_and(|read| read >= PER_TICK);
        // Each node comes to an area in its turn: what is its turn later was mostly done by the one before it.
        due.retain(|due| now.since(due.at) >= self.turn_ms(due.area));
        Ok(Soon { due, full, next: later.first().map(|due| due.at) })
    }

    /// Fires each by a command of its own.
    async fn fire_each(&self, kind: DeadlineKind) -> Result<Ticked, Error> {
        let Soon { due, next, .. } = self.soon(kind).await?;
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
        Ok(Ticked { fired, next })
    }

    /// Fires those of an area together, until none is left: after a stop there may be thousands. One command of an area
    /// waits at a time, so that whatever people ask for meanwhile comes between two.
    async fn fire_all_of(&self, kind: DeadlineKind) -> Result<Ticked, Error> {
        let mut fired = 0;
        loop {
            let Soon { due, full, next } = self.soon(kind).await?;
            let mut areas: BTreeMap<AreaCode, Vec<i64>> = BTreeMap::new();
            due.iter().for_each(|due| areas.entry(due.area).or_default().push(due.no));
            let advise = due.len() <= ADVISED;
            let round: usize = stream::iter(areas)
                .map(|(area, nos)| async move { self.fire_batches(kind, area, &nos, advise).await })
                .buffer_unordered(AT_ONCE)
                .fold(0, |sum, fired| std::future::ready(sum + fired))
                .await;
            fired += round;
            if !full || round == 0 {
                return Ok(Ticked { fired, next });
            }
        }
    }

    async fn fire_batches(&self, kind: DeadlineKind, area: AreaCode, nos: &[i64], advise: bool) -> usize {
        let (store, mut fired) = (&self.inner.store, 0);
        for batch in nos.chunks(TAKEN) {
            let outcome = match kind {
                DeadlineKind::Breach => store.fire_breaches(&self.system(), area, batch.to_vec()).await,
                _ => match self.look_at(area, batch, advise).await {
                    Ok(looked) => store.fire_warnings(&self.system(), area, looked).await,
                    Err(error) => Err(error),
                },
            };
            match outcome {
                Ok(count) => fired += count,
                Err(error) => {
                    tracing::warn!(%area, %kind, due = nos.len(), %error, "deadlines did not fire; they come again");
                    break;
                }
            }
        }
        fired
    }

    /// How long other nodes have for a deadline of an area before this one takes it, milliseconds.
    fn turn_ms(&self, area: AreaCode) -> i64 {
        i64::try_from(self.inner.bus.rank(area)).map_or(TURNS_MS, |rank| (rank * TURN_MS).min(TURNS_MS))
    }

    async fn fire(&self, due: Due) -> Result<bool, Error> {
        let (store, cause, Due { area, no, .. }) = (&self.inner.store, self.system(), due);
        let offer = DispatchId { area, no };
        Ok(match due.kind {
            DeadlineKind::Delivery => store.expire(&cause, offer, Unanswered::Undelivered).await?.is_some(),
            DeadlineKind::Answer => store.expire(&cause, offer, Unanswered::NoAnswer).await?.is_some(),
            DeadlineKind::Breach | DeadlineKind::Warn => self.fire_batches(due.kind, area, &[no], true).await > 0,
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
