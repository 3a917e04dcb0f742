//! A database that does not answer: whoever waits is told so within the limit, nothing half-done is ever committed, and
//! what was being committed is found again under its command id. On PostgreSQL, where it can happen.

use super::*;
use crate::{
    domain::{access::CommandKey, ids::CommandId},
    store::Verdict,
};
use std::{future::pending, time::Instant};

const LIMIT: Duration = Duration::from_millis(500);

/// A database of this test's own, and a second way in.
struct Site {
    store: Store,
    name: String,
    url: String,
}

impl Site {
    async fn new() -> Self {
        let server = std::env::var("SIGAP_TEST_POSTGRES_URL").expect("scripts/test.sh sets this");
        let name = format!("limits_{}", uuid::Uuid::now_v7().simple());
        let mut admin = PgConnection::connect(&server).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        Self { store: open(&url, Pace { limit: LIMIT, ..PATIENT }).await, name, url }
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Waits until so many connections are in this state.
    async fn wait_for(&self, condition: &str, count: i64) {
        let began = Instant::now();
        let mut c = self.connect().await;
        let sql = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '{}' AND {condition}", self.name);
        loop {
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_one(&mut c).await.unwrap();
            if found == count {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{found} connections where {condition}");
            tokio::task::yield_now().await;
        }
    }

    /// The texts of all events after the first.
    async fn told(&self) -> Vec<String> {
        let verdict = self.store.verify(&cause().scope, area()).await.unwrap();
        assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
        let events = self.store.events(&cause().scope, area(), 1, 100, None).await.unwrap();
        events
            .into_iter()
            .map(|event| match event.what {
                Happened::AreaChanged { what } => what,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    async fn end(self) {
        self.store.close().await;
        let (base, _) = self.url.rsplit_once('/').unwrap();
        let mut admin = PgConnection::connect(&format!("{base}/postgres")).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name)))
            .execute(&mut admin)
            .await
            .unwrap();
    }
}

fn named() -> Cause {
    Cause { command: Some(CommandKey { id: CommandId::random(), digest: [1; 32] }), ..cause() }
}

async fn write(store: &Store, cause: &Cause, text: &'static str) -> Result<i64, StoreError> {
    store.write(&[area()], cause, move |tx| one(tx, text, Ending::Good)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_half_done_at_the_limit_is_rolled_back() {
    let site = Site::new().await;
    let began = Instant::now();
    let (started, at_work) = oneshot::channel();
    let caller = site.store.clone();
    let hung = tokio::spawn(async move {
        caller
            .write(&[area()], &cause(), move |tx| {
                Box::pin(async move {
                    one(tx, "half", Ending::Good).await?;
                    tx.write_lines().await?;
                    let _ = started.send(());
                    pending::<Result<i64, StoreError>>().await
                })
            })
            .await
    });
    at_work.await.unwrap();
    // It comes after it and goes on, with the number that was drawn in vain.
    let next = write(&site.store, &cause(), "next").await;
    let hung = hung.await.unwrap();
    assert!(matches!(hung, Err(StoreError::TimedOut)), "{hung:?}");
    assert!(began.elapsed() >= LIMIT);
    assert_eq!(next.unwrap(), 1);
    assert_eq!(site.told().await, ["next"]);
    site.wait_for("state LIKE 'idle in transaction%'", 0).await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_being_committed_at_the_limit_is_done_once() {
    let site = Site::new().await;
    // The commit of an event waits for a lock that this test holds.
    let mut other = site.connect().await;
    let waits = "CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
                   'BEGIN PERFORM pg_advisory_xact_lock(110); RETURN NULL; END';
                 CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
                   FOR EACH ROW EXECUTE FUNCTION waits();
                 SELECT pg_advisory_lock(110)";
    sqlx::raw_sql(waits).execute(&mut other).await.unwrap();
    let cause = named();
    let first = write(&site.store, &cause, "once").await;
    assert!(matches!(first, Err(StoreError::TimedOut)), "{first:?}");
    // Its connection is gone here, and there it still waits, with the journal locked.
    site.wait_for("wait_event_type = 'Lock' AND query LIKE '%COMMIT'", 1).await;
    let again = write(&site.store, &cause, "once").await;
    assert!(matches!(again, Err(StoreError::TimedOut)), "{again:?}");
    assert_eq!(site.told().await, [""; 0]);
    sqlx::query("SELECT pg_advisory_unlock(110)").execute(&mut other).await.unwrap();
    site.wait_for("wait_event_type = 'Lock'", 0).await;
    assert_eq!(write(&site.store, &cause, "once").await.unwrap(), 1);
    assert_eq!(write(&site.store, &named(), "after").await.unwrap(), 2);
    assert_eq!(site.told().await, ["once", "after"], "who was told nothing finds that it was done");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_hang_do_not_use_up_the_connections() {
    let site = Site::new().await;
    let mut hung = Vec::new();
    for _ in 0..40 {
        let store = site.store.clone();
        hung.push(tokio::spawn(async move {
            store.read(|_| Box::pin(async { pending::<Result<(), StoreError>>().await })).await
        }));
    }
    for read in hung {
        let outcome = read.await.unwrap();
        assert!(outcome.as_ref().is_err_and(StoreError::is_passing), "{outcome:?}");
    }
    site.store.ping().await.unwrap();
    assert_eq!(write(&site.store, &cause(), "good").await.unwrap(), 1);
    site.end().await;
}
