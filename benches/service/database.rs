//! Databases that live as long as one measurement.

use sigap::store::{Keys, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// The master key of every server here: 32 times 7, in base64.
pub const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const MASTER: [u8; 32] = [7; 32];
/// What `scripts/with-postgres.sh` sets.
const POSTGRES_URL: &str = "SIGAP_TEST_POSTGRES_URL";

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// As figures name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// An empty database.
pub struct Database {
    url: String,
    folder: TempDir,
    postgres: Option<String>,
}

impl Database {
    /// Makes one. SQLite's lies beside the build's products, so that a disk is under it and not memory.
    pub async fn create(kind: Kind) -> Self {
        let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench");
        std::fs::create_dir_all(&target).expect("target can be written");
        let folder = TempDir::new_in(target).expect("target can be written");
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite://{}", folder.path().join("sigap.db").display());
                Self { url, folder, postgres: None }
            }
            Kind::Postgres => {
                let server = server_url();
                let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
                admin(&server, &format!("CREATE DATABASE {name}")).await;
                let (base, _) = server.rsplit_once('/').expect("the server's URL ends in a database");
                Self { url: format!("{base}/{name}"), folder, postgres: Some(name) }
            }
        }
    }

    /// As `SIGAP_DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where a server may leave its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store, as a node opens it.
    pub async fn open(&self) -> Store {
        Store::open(&self.url, Keys::new(&MASTER), Handle::current()).await.expect("the database opens")
    }

    /// Changes rows behind the server's back.
    pub async fn run(&self, sql: &str) {
        let done = match self.postgres {
            Some(_) => sqlx::query(AssertSqlSafe(sql)).execute(&mut self.postgres().await).await.map(drop),
            None => sqlx::query(AssertSqlSafe(sql)).execute(&mut self.sqlite().await).await.map(drop),
        };
        done.expect("the database obeys");
    }

    /// Reads one number behind the server's back.
    pub async fn number(&self, sql: &str) -> i64 {
        let read = match self.postgres {
            Some(_) => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.postgres().await).await,
            None => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.sqlite().await).await,
        };
        read.expect("the database answers")
    }

    async fn postgres(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("PostgreSQL is there")
    }

    async fn sqlite(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.expect("the file is there")
    }

    /// Ends it; SQLite's file goes with the value.
    pub async fn remove(self) {
        if let Some(name) = &self.postgres {
            admin(&server_url(), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

fn server_url() -> String {
    std::env::var(POSTGRES_URL)
        .unwrap_or_else(|_| panic!("{POSTGRES_URL} is not set: run scripts/bench.sh, which starts a PostgreSQL"))
}

async fn admin(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server).await.expect("PostgreSQL is there");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.expect("PostgreSQL obeys");
    connection.close().await.expect("PostgreSQL lets go");
}
