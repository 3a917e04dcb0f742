//! One writer task per area: it takes what waits, runs it in one transaction, and answers each on its own.
//!
//! A transaction has a deadline. One that passes it, as when the database freezes, is dropped with its connection; whoever
//! waited for it is told to come back and finds out under the same command id what became of it.
//!
//! A command that fails is rolled back to its savepoint; the others of its group go on. The heads of all areas that a
//! group touches are locked first, in code order, so that no deadlock can arise whatever the commands lock later. A
//! command on several areas goes to the writer of the lowest code, which keeps that order over all groups.

mod events;
mod heads;

use super::{
    Keys, Out, PATIENCE, Shared, Store, StoreError,
    deadlines::Planned,
    sql::{Conn, Line, sql},
    within,
};
use crate::domain::{
    access::{Cause, CommandKey},
    event::Event,
    ids::{AreaCode, IncidentId},
    refusal::Refusal,
    time::UnixMs,
};
use futures_util::FutureExt;
use heads::Head;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

/// Commands that may wait for one area.
const QUEUE: usize = 1_024;
/// Commands that share one transaction at most.
const GROUP: usize = 64;

/// Events of one area that were committed together, in the order of their numbers.
#[derive(Debug)]
pub struct Committed {
    /// Whose journal.
    pub area: AreaCode,
    /// The events, without a gap among them.
    pub events: Vec<Arc<Event>>,
}

type Run = Box<dyn for<'t> FnOnce(&'t mut AreaTx) -> Out<'t, String> + Send>;

struct Job {
    areas: Vec<AreaCode>,
    /// Under which of them the command's outcome is kept.
    home: AreaCode,
    cause: Cause,
    run: Run,
    reply: oneshot::Sender<Result<String, StoreError>>,
}

/// The writers that have started; `None` once closed.
pub struct Writers(Mutex<Option<HashMap<AreaCode, Writer>>>);

struct Writer {
    jobs: mpsc::Sender<Job>,
    task: JoinHandle<()>,
}

impl Default for Writers {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

impl Writers {
    /// The queue of an area's writer, which is started when it is wanted first.
    fn of(&self, area: AreaCode, shared: &Arc<Shared>) -> Option<mpsc::Sender<Job>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = open.as_mut()?.entry(area).or_insert_with(|| {
            let (jobs, queue) = mpsc::channel(QUEUE);
            // The task holds the shared part weakly: a store that nobody holds any more ends its writers.
            Writer { jobs, task: shared.handle.spawn(work(Arc::downgrade(shared), queue)) }
        });
        Some(writer.jobs.clone())
    }

    /// Takes no more work and waits until what was taken is done.
    pub async fn close(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        for (_, writer) in open.into_iter().flatten() {
            drop(writer.jobs);
            let _ = writer.task.await;
        }
    }
}

impl Store {
    /// Runs `f` in a transaction that holds the journal heads of `areas`; the outcome is stored under the cause's
    /// command id, and a repeat gets it again without running `f`.
    ///
    /// # Errors
    /// What `f` says, [`Refusal::CommandReused`] for another body under the same id, or the database's failure.
    pub(super) async fn write<T, F>(&self, areas: &[AreaCode], cause: &Cause, f: F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'t> FnOnce(&'t mut AreaTx) -> Out<'t, T> + Send + 'static,
    {
        let home = *areas.iter().min().ok_or(StoreError::Unsupported("a write needs an area"))?;
        self.write_at(home, areas, cause, f).await
    }

    /// As [`Self::write`], with the outcome kept in the area `home`, one of `areas`: for what moves between areas, so that a
    /// repeat finds it.
    pub(super) async fn write_at<T, F>(
        &self,
        home: AreaCode,
        areas: &[AreaCode],
        cause: &Cause,
        f: F,
    ) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'t> FnOnce(&'t mut AreaTx) -> Out<'t, T> + Send + 'static,
    {
        let mut areas = areas.to_vec();
        areas.sort_unstable();
        areas.dedup();
        let first = *areas.first().ok_or(StoreError::Unsupported("a write needs an area"))?;
        let run: Run = Box::new(move |tx| Box::pin(async move { Ok(serde_json::to_string(&f(tx).await?)?) }));
        let (reply, answer) = oneshot::channel();
        let queue = self.shared.writers.of(first, &self.shared).ok_or(StoreError::Sql(sqlx::Error::PoolClosed))?;
        let job = Job { areas, home, cause: cause.clone(), run, reply };
        queue.try_send(job).map_err(|_| StoreError::Overloaded(first))?;
        let text = tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| StoreError::TimedOut)?
            .map_err(|_| StoreError::Panicked)??;
        Ok(serde_json::from_str(&text)?)
    }
}

async fn work(shared: Weak<Shared>, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(GROUP);
    loop {
        // What was left over from the last group comes first; of what is new, what a person waits for.
        let left_over = jobs.len();
        if left_over == 0 && queue.recv_many(&mut jobs, GROUP).await == 0 {
            return;
        }
        while let Some(job) = (jobs.len() < GROUP).then(|| queue.try_recv().ok()).flatten() {
            jobs.push(job);
        }
        jobs[left_over..].sort_by_key(|job: &Job| job.cause.scope.account().is_none());
        // `Weak` would end a store's last commands if nobody waited for them; whoever waits holds the store.
        let Some(shared) = shared.upgrade() else { return };
        jobs = run_group(&shared, jobs).await;
    }
}

/// Runs a group and answers everyone who was in it; gives back those for whom there was no time.
async fn run_group(shared: &Shared, jobs: Vec<Job>) -> Vec<Job> {
    let mut replies = VecDeque::with_capacity(jobs.len());
    let mut work = VecDeque::with_capacity(jobs.len());
    for Job { areas, home, cause, run, reply } in jobs {
        replies.push_back(reply);
        work.push_back(Work { areas, home, cause, run });
    }
    match within(shared.pace.limit, commit_group(shared, &mut work)).await {
        Ok((answers, committed)) => {
            // The bell first: whoever reads after the answer finds the event on its way.
            for events in committed {
                let _ = shared.bell.send(Arc::new(events));
            }
            for (reply, answer) in replies.drain(..answers.len()).zip(answers) {
                let _ = reply.send(answer);
            }
            let job = |(reply, Work { areas, home, cause, run })| Job { areas, home, cause, run, reply };
            replies.into_iter().zip(work).map(job).collect()
        }
        Err(error) => {
            tracing::error!(%error, commands = replies.len(), "a group of commands was not committed");
            let passing = error.is_passing();
            let mut first = Some(error);
            for reply in replies {
                let again = if passing { StoreError::TimedOut } else { StoreError::Panicked };
                let _ = reply.send(Err(first.take().unwrap_or(again)));
            }
            Vec::new()
        }
    }
}

struct Work {
    areas: Vec<AreaCode>,
    home: AreaCode,
    cause: Cause,
    run: Run,
}

type Answers = Vec<Result<String, StoreError>>;

/// Runs commands in one transaction until its time is over; what was run is taken out of `work`, at least one.
///
/// Dropped or failed, it cuts its connection off. Whether a transaction that was being committed then is in the database
/// or not, nobody knows before they repeat their command.
async fn commit_group(shared: &Shared, work: &mut VecDeque<Work>) -> Result<(Answers, Vec<Committed>), StoreError> {
    let began = Instant::now();
    let areas: BTreeSet<AreaCode> = work.iter().flat_map(|work| work.areas.iter().copied()).collect();
    let (tx, locked) = heads::lock(&shared.pool, &areas).await?;
    let mut at = AreaTx {
        tx,
        heads: locked.clone(),
        cause: Cause::system(UnixMs(0)),
        keys: shared.keys.clone(),
        events: Vec::new(),
        lines: Vec::new(),
        planned: Vec::new(),
        touched: BTreeSet::new(),
    };
    let mut answers = Vec::with_capacity(work.len());
    while let Some(Work { areas, home, cause, run }) = work.pop_front() {
        answers.push(at.one(&areas, home, cause, run).await?);
        if work.is_empty() || began.elapsed() > shared.pace.turn {
            break;
        }
        if answers.last().is_some_and(Result::is_ok) {
            at.tx.run("RELEASE SAVEPOINT command; SAVEPOINT command").await?;
        }
    }
    at.heads.retain(|area, head| locked.get(area) != Some(head));
    heads::store_and_commit(at.tx, &at.heads).await?;
    let mut by_area: BTreeMap<AreaCode, Vec<Arc<Event>>> = BTreeMap::new();
    for event in at.events {
        by_area.entry(event.area).or_default().push(Arc::new(event));
    }
    Ok((answers, by_area.into_iter().map(|(area, events)| Committed { area, events }).collect()))
}

/// Numbers drawn so far, to go back to.
pub struct Numbers(BTreeMap<AreaCode, Head>);

/// A transaction that holds its areas' journals. What a store method's closure works with.
pub struct AreaTx {
    tx: Line,
    heads: BTreeMap<AreaCode, Head>,
    /// Who asks, and when.
    pub cause: Cause,
    /// For sealing.
    pub keys: Keys,
    events: Vec<Event>,
    /// Events of the command under way, numbered and chained, not yet in their table.
    lines: Vec<events::Line>,
    /// Deadlines that it has set, not yet in their table.
    pub(super) planned: Vec<Planned>,
    /// Incidents whose figures it may have changed.
    pub(super) touched: BTreeSet<IncidentId>,
}

impl AreaTx {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        self.tx.conn()
    }

    /// Server time of this command.
    pub fn now(&self) -> UnixMs {
        self.cause.now
    }

    /// Runs one command after a savepoint, to which it goes back if it fails. `Err` means that the transaction itself is
    /// lost.
    async fn one(
        &mut self,
        areas: &[AreaCode],
        home: AreaCode,
        cause: Cause,
        run: Run,
    ) -> Result<Result<String, StoreError>, StoreError> {
        if areas.iter().any(|a| !self.heads.contains_key(a)) {
            return Ok(Err(Refusal::NotFound("area").into()));
        }
        self.cause = cause;
        let (heads, events) = (self.heads.clone(), self.events.len());
        let outcome = AssertUnwindSafe(self.answer(home, run)).catch_unwind().await;
        let outcome = outcome.unwrap_or(Err(StoreError::Panicked));
        if let Err(error) = &outcome {
            if error.is_passing() {
                return outcome.map(Ok);
            }
            self.tx.run("ROLLBACK TO SAVEPOINT command").await?;
            self.heads = heads;
            self.events.truncate(events);
            self.lines.clear();
            self.planned.clear();
            self.touched.clear();
        }
        Ok(outcome)
    }

    /// The stored answer of a repeat, or the answer of running it now.
    async fn answer(&mut self, area: AreaCode, run: Run) -> Result<String, StoreError> {
        let Some(CommandKey { id, digest }) = self.cause.command else {
            return self.carry_out(run).await;
        };
        let before = sql!(
            row(Vec<u8>, String),
            self.conn(),
            "SELECT digest, reply FROM command WHERE area = $1 AND id = $2",
            area.as_str(),
            id.to_string()
        )?;
        if let Some((before, reply)) = before {
            return if before == digest { Ok(reply) } else { Err(Refusal::CommandReused(id).into()) };
        }
        let reply = self.carry_out(run).await?;
        let now = self.now().0;
        sql!(
            run,
            self.conn(),
            "INSERT INTO command (area, id, digest, reply, at_ms) VALUES ($1, $2, $3, $4, $5)",
            area.as_str(),
            id.to_string(),
            &digest[..],
            &reply,
            now
        )?;
        Ok(reply)
    }

    /// Runs a command and writes what it has gathered.
    async fn carry_out(&mut self, run: Run) -> Result<String, StoreError> {
        let reply = run(self).await?;
        self.count_touched().await?;
        self.write_lines().await?;
        self.write_deadlines().await?;
        Ok(reply)
    }

    /// Whether this transaction holds the journal of an area.
    pub fn holds(&self, area: AreaCode) -> bool {
        self.heads.contains_key(&area)
    }

    fn head(&mut self, area: AreaCode) -> Result<&mut Head, StoreError> {
        self.heads.get_mut(&area).ok_or_else(|| StoreError::Corrupt(format!("journal of {area} is not held")))
    }

    /// The next report number of an area.
    pub fn next_report(&mut self, area: AreaCode) -> Result<i64, StoreError> {
        let head = self.head(area)?;
        head.reports += 1;
        Ok(head.reports)
    }

    /// The next incident number of an area.
    pub fn next_incident(&mut self, area: AreaCode) -> Result<i64, StoreError> {
        let head = self.head(area)?;
        head.incidents += 1;
        Ok(head.incidents)
    }

    /// The next dispatch number of an area.
    pub fn next_dispatch(&mut self, area: AreaCode) -> Result<i64, StoreError> {
        let head = self.head(area)?;
        head.dispatches += 1;
        Ok(head.dispatches)
    }

    /// Where the journals and the numbers stand, for [`Self::set_numbers`].
    pub fn numbers(&self) -> Numbers {
        Numbers(self.heads.clone())
    }

    /// Takes drawn numbers back; nothing may have been written under them.
    pub fn set_numbers(&mut self, numbers: Numbers) {
        self.heads = numbers.0;
    }
}

#[cfg(test)]
mod tests;
