//! One face for two engines.
//!
//! [`sql!`] writes a statement once and expands it for each engine; everything else sees [`Conn`]. The SQL is the
//! common part of SQLite and PostgreSQL: `$1`, `BIGINT`, `DOUBLE PRECISION`, `BYTEA`, `RETURNING`, partial indexes.

use super::StoreError;
use sqlx::{
    PgConnection, Postgres, Sqlite, SqliteConnection, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use std::{str::FromStr, time::Duration};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections for PostgreSQL; more than a few only queue for the same row locks.
const POSTGRES_CONNECTIONS: u32 = 8;

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

/// The connections of a store.
pub enum Pool {
    /// PostgreSQL.
    Postgres(PgPool),
    /// SQLite: one writer, several readers.
    Sqlite { write: SqlitePool, read: SqlitePool },
}

/// A connection for reading.
pub enum Reader {
    Postgres(PoolConnection<Postgres>),
    Sqlite(PoolConnection<Sqlite>),
}

impl Reader {
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Postgres(c) => Conn::Postgres(c),
            Self::Sqlite(c) => Conn::Sqlite(c),
        }
    }
}

/// A transaction; dropped without a commit, it is rolled back.
pub enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

impl Tx {
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Postgres(t) => Conn::Postgres(t),
            Self::Sqlite(t) => Conn::Sqlite(t),
        }
    }

    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(t) => t.commit().await,
            Self::Sqlite(t) => t.commit().await,
        }
    }
}

impl Pool {
    /// Connects and migrates.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pool = if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            // Waits have a deadline on the server's side too: a dropped future must never be the one that ends them.
            let options = PgConnectOptions::from_str(url)?.options([
                ("statement_timeout", "10s"),
                ("lock_timeout", "8s"),
                ("tcp_user_timeout", "10s"),
            ]);
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
        match &pool {
            Self::Postgres(p) => MIGRATIONS.run(p).await?,
            Self::Sqlite { write, .. } => MIGRATIONS.run(write).await?,
        }
        Ok(pool)
    }

    async fn open_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
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
        Ok(Self::Sqlite { write, read })
    }

    /// A connection for reading.
    pub async fn acquire(&self) -> Result<Reader, sqlx::Error> {
        Ok(match self {
            Self::Postgres(p) => Reader::Postgres(p.acquire().await?),
            Self::Sqlite { read, .. } => Reader::Sqlite(read.acquire().await?),
        })
    }

    /// The one `begin` of the program. Called in spawned tasks only: a `begin` that is dropped half-way leaves its
    /// connection in a transaction that the next user would write into and never commit.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Postgres(p) => Tx::Postgres(p.begin().await?),
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
        })
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
