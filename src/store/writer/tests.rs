//! What a group of commands promises to each of them, on both engines.

mod limits;

use super::*;
use crate::domain::{
    access::{Grant, Role, Scope},
    area::{Area, Level, OfferMode, Targets},
    event::{Audience, Happened},
    ids::*,
    import::NewArea,
    place::Place,
    time::Zone,
};
use crate::store::{Pace, sql::Flush};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;
use tokio::{runtime::Handle, sync::oneshot};

fn area() -> AreaCode {
    "BPN".parse().unwrap()
}

fn cause() -> Cause {
    Cause::system(UnixMs(1_000))
}

/// A group here takes what waits, however long that lasts.
const PATIENT: Pace = Pace { turn: Duration::from_secs(10), limit: Duration::from_secs(20) };

async fn open(url: &str, pace: Pace) -> Store {
    let store = Store::open_at(url, Keys::new(&[7; 32]), Handle::current(), Some(pace), Flush::Each).await.unwrap();
    let nation = Area {
        code: area(),
        parent: None,
        level: Level::Nation,
        name: "Balikpapan".to_owned(),
        official_code: None,
        zone: Zone::Wita,
        centre: Place::new(-1.268, 116.832).unwrap(),
        offers: OfferMode::Auto,
        aid_m: 0,
        targets: Targets::default(),
    };
    store.put_area(&cause(), NewArea { area: nation, boundary: None }).await.unwrap();
    store
}

/// Runs a test on a fresh database of each engine.
async fn on_both<F: Future<Output = ()>>(pace: Pace, test: fn(Store) -> F) {
    let folder = tempfile::tempdir().unwrap();
    test(open(&format!("sqlite://{}", folder.path().join("sigap.db").display()), pace).await).await;

    let server = std::env::var("SIGAP_TEST_POSTGRES_URL").expect("scripts/test.sh starts a PostgreSQL and sets this");
    let name = format!("writer_{}", uuid::Uuid::now_v7().simple());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    test(open(&format!("{base}/{name}"), pace).await).await;
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut admin).await.unwrap();
}

/// What a command of these tests does after it wrote its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Good,
    Refused,
    BadStatement,
    Panic,
}

fn command(store: &Store, text: &'static str, ending: Ending) -> JoinHandle<Result<i64, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move { store.write(&[area()], &cause(), move |tx| one(tx, text, ending)).await })
}

fn one<'t>(tx: &'t mut AreaTx, text: &'static str, ending: Ending) -> Out<'t, i64> {
    Box::pin(async move {
        let no = tx.next_incident(area())?;
        let what = Happened::AreaChanged { what: text.to_owned() };
        tx.event(area(), "BPN", Audience::Desk, what).await?;
        match ending {
            Ending::Good => Ok(no),
            Ending::Refused => Err(Refusal::NotFound("thing").into()),
            Ending::BadStatement => {
                let nobody = "INSERT INTO account_grant (account, area, role) VALUES ('nobody', 'BPN', 'admin')";
                sql!(run, tx.conn(), nobody)?;
                Ok(no)
            }
            Ending::Panic => panic!("a command of a test panics"),
        }
    })
}

/// Keeps the writer at work until the sender is used, so that what comes meanwhile is one group.
async fn hold(store: &Store) -> (oneshot::Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let (go, wait) = oneshot::channel::<()>();
    let (started, at_work) = oneshot::channel::<()>();
    let store = store.clone();
    let task = tokio::spawn(async move {
        store
            .write(&[area()], &cause(), move |_| {
                Box::pin(async move {
                    let _ = started.send(());
                    let _ = wait.await;
                    Ok(())
                })
            })
            .await
    });
    at_work.await.unwrap();
    (go, task)
}

/// Waits until the area's writer has so many commands waiting.
async fn queued(store: &Store, count: usize) {
    loop {
        let queue = store.shared.writers.of(area(), &store.shared).unwrap();
        if queue.max_capacity() - queue.capacity() == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_in_a_group_is_rolled_back_alone() {
    on_both(PATIENT, |store| async move {
        let mut bell = store.committed();
        let (go, held) = hold(&store).await;
        let endings = [Ending::Good, Ending::Refused, Ending::BadStatement, Ending::Panic, Ending::Good];
        let mut tasks = Vec::new();
        for (n, ending) in endings.into_iter().enumerate() {
            tasks.push((ending, command(&store, ["one", "two", "three", "four", "five"][n], ending)));
            queued(&store, n + 1).await;
        }
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        let mut numbers = Vec::new();
        for (ending, task) in tasks {
            match (ending, task.await.unwrap()) {
                (Ending::Good, Ok(no)) => numbers.push(no),
                (Ending::Refused, Err(StoreError::Refused(Refusal::NotFound("thing")))) => {}
                (Ending::BadStatement, Err(StoreError::Sql(_))) => {}
                (Ending::Panic, Err(StoreError::Panicked)) => {}
                (ending, outcome) => panic!("{ending:?} ended in {outcome:?}"),
            }
        }
        assert_eq!(numbers, [1, 2], "a number that was drawn in vain is drawn again");
        let committed = bell.recv().await.unwrap();
        let told: Vec<_> = committed.events.iter().map(|e| (e.seq, e.what.clone())).collect();
        let changed = |what: &str| Happened::AreaChanged { what: what.to_owned() };
        assert_eq!(told, [(2, changed("one")), (3, changed("five"))], "both in one transaction");
        let verdict = store.verify(&cause().scope, area()).await.unwrap();
        assert!(matches!(verdict, crate::store::Verdict::Whole(head) if head.seq == 3), "{verdict:?}");
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_cancels_nothing() {
    on_both(PATIENT, |store| async move {
        let (go, held) = hold(&store).await;
        let gone = command(&store, "gone", Ending::Good);
        queued(&store, 1).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        let after = command(&store, "after", Ending::Good).await.unwrap().unwrap();
        assert_eq!(after, 2, "the one whose caller went away had the first number");
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_work_than_is_healthy_is_turned_away() {
    on_both(PATIENT, |store| async move {
        let (go, held) = hold(&store).await;
        let waiting: Vec<_> = (0..QUEUE).map(|_| command(&store, "waiting", Ending::Good)).collect();
        queued(&store, QUEUE).await;
        let outcome = command(&store, "too many", Ending::Good).await.unwrap();
        assert!(matches!(outcome, Err(StoreError::Overloaded(a)) if a == area()), "{outcome:?}");
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        store.close().await;
        let closed = command(&store, "closed", Ending::Good).await.unwrap();
        assert!(matches!(closed, Err(StoreError::Sql(sqlx::Error::PoolClosed))), "{closed:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_over_leaves_the_rest_to_the_next_and_people_go_first() {
    let hurried = Pace { turn: Duration::ZERO, ..PATIENT };
    on_both(hurried, |store| async move {
        let tree = Arc::new(store.area_tree().await.unwrap());
        let grant = Grant { area: area(), role: Role::Dispatcher };
        let person = Cause { scope: Scope::new(AccountId::random(), [grant], tree), ..cause() };
        let mut bell = store.committed();
        let (go, held) = hold(&store).await;
        let mut tasks = Vec::new();
        for (n, (cause, text)) in [(cause(), "clock"), (person, "person"), (cause(), "later")].into_iter().enumerate() {
            let caller = store.clone();
            tasks.push(tokio::spawn(async move {
                caller.write(&[area()], &cause, move |tx| one(tx, text, Ending::Good)).await
            }));
            queued(&store, n + 1).await;
        }
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        for (task, no) in tasks.into_iter().zip([2, 1, 3]) {
            assert_eq!(task.await.unwrap().unwrap(), no);
        }
        for text in ["person", "clock", "later"] {
            let committed = bell.recv().await.unwrap();
            let told: Vec<_> = committed.events.iter().map(|e| e.what.clone()).collect();
            assert_eq!(told, [Happened::AreaChanged { what: text.to_owned() }], "a transaction of its own");
        }
        store.close().await;
    })
    .await;
}
