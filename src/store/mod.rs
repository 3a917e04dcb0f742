//! The durable truth: SQLite or PostgreSQL behind one [`Store`], a journal per area, personal text sealed beside it.
//!
//! Invariants: every write goes through [`writer`], which holds the journal heads of its areas from the first
//! statement; one method is one transaction, and no transaction leaves this room; a caller that goes away cancels
//! nothing, because the work runs in tasks of the store's own runtime.

mod accounts;
mod areas;
mod board;
mod briefs;
mod citizen;
mod clocks;
mod closing;
mod crews;
mod deadlines;
mod desks;
mod dispatches;
mod error;
mod evaluation;
mod inbox;
mod incidents;
mod journal;
pub mod keys;
mod logins;
mod nodes;
mod openings;
mod outbox;
mod outlook;
mod places;
mod rekey;
mod reports;
mod rights;
mod seal;
mod seats;
mod settings;
mod sla;
mod sql;
mod standing;
mod steps;
mod trackers;
mod tracks;
mod units;
mod writer;

pub use accounts::{Login, NewAccount};
pub use board::Scene;
pub use citizen::CitizensView;
pub use clocks::{Found, Looked};
pub use deadlines::TAKEN;
pub use dispatches::{NewDispatch, Step};
pub use error::StoreError;
pub use inbox::{Arrived, Belongs, Replies};
pub use journal::{JournalHead, Verdict};
pub use keys::Keys;
pub use logins::{Refresh, Seat, Ticket};
pub use outbox::{MessageKey, Taken};
pub use outlook::Unreached;
pub use places::Station;
pub use rekey::Rekeyed;
pub use reports::{Judged, Landing, Received, Reception};
pub use seal::Sealed;
pub use sla::Rebuilt;
pub use standing::CityDay;
pub use steps::FirstOffer;
pub use trackers::{AddedTracker, TrackerSeal};
pub use tracks::{TRACK_SPAN_MS, TrackPart};
pub(crate) use writer::AreaTx;
pub use writer::Committed;

use crate::domain::time::UnixMs;
use sql::{Conn, Flush, Pool, sql};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::broadcast, time::timeout};

/// How long a caller waits for an answer of the database before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(15);
/// See [`Pace::turn`].
const TURN: Duration = Duration::from_millis(5);

/// Ends what takes longer than `limit`; what it held of the database is cut off.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(limit, work).await.unwrap_or(Err(StoreError::TimedOut))
}

/// What a store method's closure returns.
pub(crate) type Out<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// The database, shared by cloning.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    keys: Keys,
    handle: Handle,
    writers: writer::Writers,
    bell: broadcast::Sender<Arc<Committed>>,
    /// This node's name among those that serve.
    node: uuid::Uuid,
    pace: Pace,
}

/// How long work in the database may take.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// No further command joins a transaction that has run for so long: bounds how long the first waits for the last, and
    /// how long another node waits for the area.
    turn: Duration,
    /// A transaction, or a read, that takes longer is cut off with its connection.
    limit: Duration,
}

impl Store {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://…`) and brings its tables up to date. Tasks and
    /// connections live on the runtime of `handle`.
    ///
    /// # Errors
    /// [`StoreError`] when the URL is of neither engine, the database cannot be reached, or a migration fails.
    pub async fn open(url: &str, keys: Keys, handle: Handle) -> Result<Self, StoreError> {
        Self::open_at(url, keys, handle, None, Flush::Each).await
    }

    /// As [`Self::open`], for what can be made anew: a commit is answered before it is on the disk. After a power cut the
    /// newest commits may be gone; those before them are whole.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_unflushed(url: &str, keys: Keys, handle: Handle) -> Result<Self, StoreError> {
        Self::open_at(url, keys, handle, None, Flush::Later).await
    }

    /// As [`Self::open`], at another pace than the engine's.
    async fn open_at(
        url: &str,
        keys: Keys,
        handle: Handle,
        pace: Option<Pace>,
        flush: Flush,
    ) -> Result<Self, StoreError> {
        let url = url.to_owned();
        let pool = handle.spawn(async move { Pool::open(&url, flush).await }).await??;
        let (bell, _) = broadcast::channel(4_096);
        let pace = pace.unwrap_or(Pace { turn: TURN, limit: pool.limit() });
        let (writers, node) = (writer::Writers::default(), uuid::Uuid::now_v7());
        Ok(Self { shared: Arc::new(Shared { pool, keys, handle, writers, bell, node, pace }) })
    }

    /// Which engine: `sqlite` or `postgres`.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self.shared.pool {
            Pool::Postgres(_) => "postgres",
            Pool::Sqlite { .. } => "sqlite",
        }
    }

    /// The keys that seal and sign.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// What was committed from now on, as it comes. A receiver that lags reads the journal instead.
    #[must_use]
    pub fn committed(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.shared.bell.subscribe()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError`] when there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|c| Box::pin(async move { Ok(sql!(scalar i64, c, "SELECT CAST(1 AS BIGINT)").map(drop)?) })).await
    }

    /// Waits for the writers to finish what they have and closes the connections.
    pub async fn close(&self) {
        self.shared.writers.close().await;
        self.shared.pool.close().await;
    }

    /// Copies a SQLite database into a new file while the service runs.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] on PostgreSQL, where `pg_dump` does this; [`StoreError`] when the file exists.
    pub async fn backup(&self, file: &str) -> Result<(), StoreError> {
        let Pool::Sqlite { read, .. } = &self.shared.pool else {
            return Err(StoreError::Unsupported("backup is for SQLite: use pg_dump for PostgreSQL"));
        };
        let (read, file) = (read.clone(), file.to_owned());
        let copy = async move { sqlx::query("VACUUM INTO $1").bind(file).execute(&read).await };
        self.shared.handle.spawn(copy).await??;
        Ok(())
    }

    /// Runs a read on the store's runtime, within [`PATIENCE`].
    async fn read<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Conn<'_>) -> Out<'t, T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let read = async move {
            let mut line = shared.pool.acquire().await?;
            let out = f(&mut line.conn()).await;
            if !out.as_ref().is_err_and(StoreError::is_passing) {
                line.give_back();
            }
            out
        };
        let task = self.shared.handle.spawn(within(self.shared.pace.limit, read));
        timeout(PATIENCE, task).await.map_err(|_| StoreError::TimedOut)??
    }

    /// Deletes what is past keeping: answers to commands and packed tracks that are older than these moments.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn prune(&self, commands_before: UnixMs, tracks_before: UnixMs) -> Result<(u64, u64), StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                let commands = sql!(run, c, "DELETE FROM command WHERE at_ms < $1", commands_before.0)?;
                let tracks = sql!(run, c, "DELETE FROM track WHERE start_ms < $1", tracks_before.0)?;
                Ok((commands, tracks))
            })
        })
        .await
    }

    /// A write that belongs to no journal: logins, tickets, tracks, housekeeping.
    async fn maintain<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Conn<'_>) -> Out<'t, T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let write = async move {
            let mut tx = shared.pool.begin().await?;
            let out = f(&mut tx.conn()).await;
            match &out {
                Ok(_) => tx.commit().await?,
                Err(error) if error.is_passing() => drop(tx),
                Err(_) => tx.roll_back().await?,
            }
            out
        };
        let task = self.shared.handle.spawn(within(self.shared.pace.limit, write));
        timeout(PATIENCE, task).await.map_err(|_| StoreError::TimedOut)??
    }
}
