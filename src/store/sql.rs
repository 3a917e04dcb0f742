//! One face for two engines.
//!
//! [`sql!`] writes a statement once and expands it for each engine; everything else sees [`Conn`]. The SQL is the
//! common part of SQLite and PostgreSQL: `$1`, `BIGINT`, `DOUBLE PRECISION`, `BYTEA`, `RETURNING`, partial indexes.

use super::StoreError;
use sqlx::{
    Database, PgConnection, Postgres, SqlSafeStr, Sqlite, SqliteConnection,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    raw_sql,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use std::{str::FromStr, time::Duration};
use tokio::time::timeout;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections for PostgreSQL; more than a few only queue for the same row locks.
const POSTGRES_CONNECTIONS: u32 = 8;
/// How long a connection that goes back to its pool has to show that it lives.
const RETURN: Duration = Duration::from_secs(2);

/// A statement on a [`Conn`], expanded once for each engine.
///
/// `run` gives the rows changed, `row T` an `Option<T>`, `all T` a `Vec<T>`, `scalar T` an `Option<T>` of the first
/// column.
macro_rules! sql {
    (run, $c:expr, $sql:expr $(, $a:expr)* $(,)?) => { match $c.it() {
        $crate::store::sql::Conn::Postgres(c) => sqlx::query($sql)$(.bind($a))*.execute(&mut **c).await.map(|r| r.rows_affected()),
        $crate::store::sql::Conn::Sqlite(c) => sqlx::query($sql)$(.bind($a))*.execute(&mut **c).await.map(|r| r.rows_affected()),
    } };
    (row $t:ty, $c:expr, $sql:expr $(, $a:expr)* $(,)?) => { match $c.it() {
        $crate::store::sql::Conn::Postgres(c) => sqlx::query_as::<_, $t>($sql)$(.bind($a))*.fetch_optional(&mut **c).await,
        $crate::store::sql::Conn::Sqlite(c) => sqlx::query_as::<_, $t>($sql)$(.bind($a))*.fetch_optional(&mut **c).await,
    } };
    (all $t:ty, $c:expr, $sql:expr $(, $a:expr)* $(,)?) => { match $c.it() {
        $crate::store::sql::Conn::Postgres(c) => sqlx::query_as::<_, $t>($sql)$(.bind($a))*.fetch_all(&mut **c).await,
        $crate::store::sql::Conn::Sqlite(c) => sqlx::query_as::<_, $t>($sql)$(.bind($a))*.fetch_all(&mut **c).await,
    } };
    (scalar $t:ty, $c:expr, $sql:expr $(, $a:expr)* $(,)?) => { match $c.it() {
        $crate::store::sql::Conn::Postgres(c) => sqlx::query_scalar::<_, $t>($sql)$(.bind($a))*.fetch_optional(&mut **c).await,
        $crate::store::sql::Conn::Sqlite(c) => sqlx::query_scalar::<_, $t>($sql)$(.bind($a))*.fetch_optional(&mut **c).await,
    } };
}

pub(super) use sql;

/// A connection of either engine, in a transaction or not.
pub enum Conn<'c> {
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
}

impl Conn<'_> {
    /// Itself, so that [`sql!`] takes a connection and a reference to one alike.
    pub const fn it(&mut self) -> &mut Self {
        self
    }
}

/// When a commit is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Before it is answered.
    Each,
    /// Some time after; the order of commits holds.
    Later,
}

/// The connections of a store.
pub enum Pool {
    /// PostgreSQL.
    Postgres(PgPool),
    /// SQLite: one writer, several readers.
    Sqlite { write: SqlitePool, read: SqlitePool },
}

/// A connection out of a pool. Invariant: it goes back by [`Held::give_back`] alone, when all that was begun on it has
/// ended. Dropped before that, because its user failed or ran out of time, it is cut off and nobody uses it again: the
/// server rolls back what was begun, as soon as it notices.
pub struct Held<DB: Database>(Option<PoolConnection<DB>>);

impl<DB: Database> Held<DB> {
    fn it(&mut self) -> &mut DB::Connection {
        self.0.as_mut().expect("it is there until it is given back, which takes it")
    }

    /// Gives it back to its pool, which asks it for a sign of life first.
    fn give_back(mut self) {
        if let Some(mut connection) = self.0.take() {
            let back = connection.return_to_pool();
            // A server that does not answer must not keep its place in the pool.
            tokio::spawn(async move { drop(timeout(RETURN, back).await) });
        }
    }
}

impl<DB: Database> Drop for Held<DB> {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// A connection of either engine, held for reading or for a transaction.
pub enum Line {
    Postgres(Held<Postgres>),
    Sqlite(Held<Sqlite>),
}

impl Line {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Postgres(held) => Conn::Postgres(held.it()),
            Self::Sqlite(held) => Conn::Sqlite(held.it()),
        }
    }

    /// Gives it back; no transaction may be open on it.
    pub fn give_back(self) {
        match self {
            Self::Postgres(held) => held.give_back(),
            Self::Sqlite(held) => held.give_back(),
        }
    }

    /// Runs statements that have no parameters, in one go.
    pub async fn run(&mut self, statements: impl SqlSafeStr) -> Result<(), sqlx::Error> {
        match self.conn() {
            Conn::Postgres(c) => raw_sql(statements).execute(c).await.map(drop),
            Conn::Sqlite(c) => raw_sql(statements).execute(c).await.map(drop),
        }
    }

    /// What begins a transaction that writes.
    pub const fn begin(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "BEGIN",
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
        }
    }

    /// Bytes as this engine's SQL writes them.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Postgres(_) => format!("'\\x{hex}'"),
            Self::Sqlite(_) => format!("x'{hex}'"),
        }
    }

    /// Ends the transaction and gives the connection back.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.run("COMMIT").await?;
        self.give_back();
        Ok(())
    }

    /// Undoes the transaction and gives the connection back.
    pub async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        self.run("ROLLBACK").await?;
        self.give_back();
        Ok(())
    }
}

impl Pool {
    /// Connects and migrates.
    pub async fn open(url: &str, flush: Flush) -> Result<Self, StoreError> {
        let pool = if url.starts_with("sqlite:") {
            Self::open_sqlite(url, flush).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            // Waits have a deadline on the server's side too, below that of a transaction here: whoever is cut off, or
            // freezes with its node, soon lets go of the journals that it held.
            let plain = PgConnectOptions::from_str(url)?;
            // Without the limits below: a migration may take its time, and other nodes wait for it.
            let first = PgPoolOptions::new().max_connections(1).connect_with(plain.clone()).await?;
            MIGRATIONS.run(&first).await?;
            first.close().await;
            let options = plain.options([
                ("statement_timeout", "7s"),
                ("lock_timeout", "7s"),
                ("idle_in_transaction_session_timeout", "5s"),
                ("tcp_user_timeout", "10s"),
            ]);
            let options = match flush {
                Flush::Each => options,
                Flush::Later => options.options([("synchronous_commit", "off")]),
            };
            let pool = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS)
                .acquire_timeout(Duration::from_secs(5))
                .test_before_acquire(false)
                .connect_with(options)
                .await?;
            Self::Postgres(pool)
        } else {
            return Err(StoreError::Unsupported("the database URL must begin with sqlite: or postgres:"));
        };
        Ok(pool)
    }

    async fn open_sqlite(url: &str, flush: Flush) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match flush {
                Flush::Each => SqliteSynchronous::Full,
                Flush::Later => SqliteSynchronous::Normal,
            })
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        if let Some(folder) = options.get_filename().parent() {
            tokio::fs::create_dir_all(folder).await.map_err(sqlx::Error::Io)?;
        }
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&write).await?;
        Ok(Self::Sqlite { write, read })
    }

    /// How long a transaction, or a read, may take before its connection is cut off. A file cannot go away as a server
    /// can, and what takes long there, as the first pruning, must come to its end.
    pub const fn limit(&self) -> Duration {
        match self {
            Self::Postgres(_) => Duration::from_secs(8),
            Self::Sqlite { .. } => Duration::from_secs(600),
        }
    }

    /// A connection for reading.
    pub async fn acquire(&self) -> Result<Line, sqlx::Error> {
        Ok(match self {
            Self::Postgres(p) => Line::Postgres(Held(Some(p.acquire().await?))),
            Self::Sqlite { read, .. } => Line::Sqlite(Held(Some(read.acquire().await?))),
        })
    }

    /// A connection for writing.
    pub async fn writing(&self) -> Result<Line, sqlx::Error> {
        Ok(match self {
            Self::Postgres(p) => Line::Postgres(Held(Some(p.acquire().await?))),
            Self::Sqlite { write, .. } => Line::Sqlite(Held(Some(write.acquire().await?))),
        })
    }

    /// A transaction. Dropped half-way, it cuts its connection off: one that went back to the pool in a transaction would
    /// let the next user write into it and never commit.
    pub async fn begin(&self) -> Result<Line, sqlx::Error> {
        let mut line = self.writing().await?;
        line.run(line.begin()).await?;
        Ok(line)
    }

    pub async fn close(&self) {
        match self {
            Self::Postgres(p) => p.close().await,
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}
