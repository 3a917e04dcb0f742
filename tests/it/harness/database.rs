//! Databases that live as long as one test.

use sigap::store::{Keys, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::runtime::{Builder, Handle};

/// The variable that `scripts/test.sh` sets.
const POSTGRES_URL: &str = "SIGAP_TEST_POSTGRES_URL";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database, shared by cloning.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    url: String,
    /// The PostgreSQL that it is on; empty for SQLite.
    server: String,
    /// Deleted with the last clone.
    _folder: Option<tempfile::TempDir>,
}

/// Runs one test on a runtime and a database of its own.
pub fn run<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(Db) -> F) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let db = Db::create(engine).await;
        test(db.clone()).await;
        db.drop_database().await;
    });
}

impl Db {
    /// Makes a database; its name is unique among all runs that share a server.
    pub async fn create(engine: Engine) -> Self {
        if engine == Engine::Sqlite {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", folder.path().join("sigap.db").display());
            return Self(Arc::new(Inner { engine, url, server: String::new(), _folder: Some(folder) }));
        }
        Self::create_at(&server_url()).await
    }

    /// Makes a database on this PostgreSQL.
    pub async fn create_at(server: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("it_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        admin(server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("the server's URL ends in a database");
        let (url, server) = (format!("{base}/{name}"), server.to_owned());
        Self(Arc::new(Inner { engine: Engine::Postgres, url, server, _folder: None }))
    }

    /// As `SIGAP_DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Opens the store, as a start of the service does. A second one is a second node, or a restart.
    pub async fn open(&self) -> Store {
        Store::open(self.url(), Keys::new(&[7; 32]), Handle::current()).await.unwrap()
    }

    /// Changes rows behind the store's back, and gives their count.
    pub async fn tamper(&self, sql: &str) -> u64 {
        match self.0.engine {
            Engine::Sqlite => {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut self.sqlite().await).await.unwrap().rows_affected()
            }
            Engine::Postgres => {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut self.postgres().await).await.unwrap().rows_affected()
            }
        }
    }

    /// Reads one number behind the store's back.
    pub async fn count(&self, sql: &str) -> i64 {
        match self.0.engine {
            Engine::Sqlite => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.sqlite().await).await.unwrap(),
            Engine::Postgres => {
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.postgres().await).await.unwrap()
            }
        }
    }

    /// Reads one text behind the store's back.
    pub async fn text(&self, sql: &str) -> String {
        match self.0.engine {
            Engine::Sqlite => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.sqlite().await).await.unwrap(),
            Engine::Postgres => {
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.postgres().await).await.unwrap()
            }
        }
    }

    /// Begins a transaction behind the store's back and leaves it open.
    pub async fn begin(&self, statements: &[&str]) -> Open {
        let mut open = match self.0.engine {
            Engine::Sqlite => Open::Sqlite(self.sqlite().await),
            Engine::Postgres => Open::Postgres(self.postgres().await),
        };
        open.run(if self.0.engine == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }).await;
        for sql in statements {
            open.run(sql).await;
        }
        open
    }

    /// Waits until somebody waits for a lock. SQLite does not show it, and lets nobody write beside an open
    /// transaction anyway.
    pub async fn someone_waits(&self) {
        let waiting =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while self.0.engine == Engine::Postgres && self.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Bytes as this engine's SQL writes them.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        match self.0.engine {
            Engine::Sqlite => format!("x'{hex}'"),
            Engine::Postgres => format!("decode('{hex}', 'hex')"),
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        SqliteConnection::connect(self.url()).await.unwrap()
    }

    async fn postgres(&self) -> PgConnection {
        PgConnection::connect(self.url()).await.unwrap()
    }

    pub async fn drop_database(&self) {
        if self.0.engine == Engine::Postgres {
            let (_, name) = self.url().rsplit_once('/').unwrap();
            admin(&self.0.server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// A transaction behind the store's back.
pub enum Open {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Open {
    async fn run(&mut self, sql: &str) {
        match self {
            Self::Sqlite(c) => drop(sqlx::query(AssertSqlSafe(sql)).execute(c).await.unwrap()),
            Self::Postgres(c) => drop(sqlx::query(AssertSqlSafe(sql)).execute(c).await.unwrap()),
        }
    }

    pub async fn commit(mut self) {
        self.run("COMMIT").await;
    }
}

fn server_url() -> String {
    std::env::var(POSTGRES_URL).unwrap_or_else(|_| {
        panic!("{POSTGRES_URL} is not set: run scripts/test.sh, which starts a PostgreSQL and sets it")
    })
}

async fn admin(server: &str, sql: &str) {
    let mut c = PgConnection::connect(server).await.unwrap_or_else(|e| panic!("{POSTGRES_URL}: {e}"));
    sqlx::query(AssertSqlSafe(sql)).execute(&mut c).await.unwrap();
    c.close().await.unwrap();
}
