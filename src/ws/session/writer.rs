//! What goes out: answers, events in order, positions, heartbeats and pings.
//!
//! Invariant: events are never dropped and never queued here. They are pulled when the socket has room; a client that
//! falls too far behind is closed and resumes from its cursor.

use super::{
    End, Out, Shared,
    follow::{self, FOLLOWS_MAX, Follow},
    look::{LOOKS_MAX, Look, Shown},
    millis, text,
    wall::Wall,
    write_limit,
};
use crate::{
    domain::{ids::AreaCode, place::Bounds},
    engine::{
        Error,
        feed::{MAX_REPLAY, Numbered, View},
    },
    wire::{
        frames::{ClientFrame, ServerFrame},
        problem::{Problem, TOO_MANY},
    },
    ws::close::Close,
};
use std::{collections::BTreeMap, rc::Rc};
use tokio::{
    sync::mpsc,
    time::{Instant, error::Elapsed, sleep_until, timeout},
};

/// How many times `heartbeat_ms` nothing may be heard; then the client is given up.
const SILENT_MAX: i64 = 2;
/// How many times `heartbeat_ms` a journal may not be readable; then the client is told that its cursor is of no use.
const FAILED_MAX: i64 = 3;

pub(super) struct Writer {
    shared: Rc<Shared>,
    socket: actix_ws::Session,
    queue: mpsc::Receiver<Out>,
    follows: Vec<Follow>,
    looks: Vec<Look>,
    wall: Wall,
    beat_at: Instant,
    look_at: Instant,
    silent: i64,
}

/// So many times `heartbeat_ms`, in heartbeats of this session: a desk hears more of them, and has as much time.
fn beats(shared: &Shared, times: i64) -> i64 {
    let settings = &shared.hub.settings;
    times * settings.heartbeat_ms / settings.beat_ms(&shared.scope)
}

impl Writer {
    pub fn new(shared: Rc<Shared>, socket: actix_ws::Session, queue: mpsc::Receiver<Out>) -> Self {
        // Sessions that begin together, as after a restart, shall not beat together for ever.
        let spread = i64::from(shared.link.id.as_bytes()[15]) + 256;
        let first_beat_ms = shared.hub.settings.beat_ms(&shared.scope) * spread / 512;
        let beat_at = Instant::now() + millis(first_beat_ms);
        let (follows, looks, wall) = (Vec::new(), Vec::new(), Wall::default());
        Self { shared, socket, queue, follows, looks, wall, beat_at, look_at: beat_at, silent: 0 }
    }

    pub fn into_socket(self) -> actix_ws::Session {
        self.socket
    }

    /// Writes until the session ends.
    pub async fn run(&mut self) -> End {
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), End> {
        let look_at = (!self.looks.is_empty()).then_some(self.look_at);
        let due = [look_at, self.wall.due()].into_iter().flatten().fold(self.beat_at, Instant::min);
        tokio::select! {
            () = self.shared.link.bell.notified() => self.ring().await,
            out = self.queue.recv() => match out {
                Some(out) => self.put(out).await,
                None => Err(End::Gone),
            },
            (index, events) = follow::next(&mut self.follows) => match events {
                Ok(events) => self.send_events(index, &events).await,
                Err(error) => self.unread(index, &error),
            },
            () = self.wall.changed() => self.show_boards().await,
            () = sleep_until(due) => {
                let now = Instant::now();
                if now >= self.beat_at {
                    Box::pin(self.beat()).await
                } else if self.wall.due().is_some_and(|due| now >= due) {
                    self.show_boards().await
                } else {
                    Box::pin(self.show_positions()).await
                }
            }
        }
    }

    /// Sends a frame. A client that leaves no room for it within the limit is too slow.
    pub async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        self.send_text(text(frame)).await
    }

    async fn send_text(&mut self, text: String) -> Result<(), End> {
        handed(timeout(write_limit(&self.shared.hub), self.socket.text(text)).await)
    }

    async fn send_bytes(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        handed(timeout(write_limit(&self.shared.hub), self.socket.binary(bytes)).await)
    }

    /// Somebody outside wants something of this session.
    async fn ring(&mut self) -> Result<(), End> {
        if let Some(close) = self.shared.link.ordered() {
            return Err(close.into());
        }
        if !self.shared.link.takes_crew_change() {
            return Ok(());
        }
        let shared = Rc::clone(&self.shared);
        match Box::pin(shared.refresh_riding()).await {
            Ok(true) => self.riding_changed().await,
            Ok(false) => Ok(()),
            Err(error) => {
                // The next frame of fixes looks again.
                tracing::warn!(session = %shared.link.id, %error, "could not read the crew anew");
                Ok(())
            }
        }
    }

    async fn put(&mut self, out: Out) -> Result<(), End> {
        match out {
            Out::Text(text) => self.send_text(text.into_string()).await,
            Out::Frame(frame) => match *frame {
                ClientFrame::Subscribe { areas } => Box::pin(self.subscribe(areas)).await,
                ClientFrame::View { area, bounds, on: true, packed } => self.look(area, bounds, packed).await,
                ClientFrame::View { area, .. } => {
                    self.looks.retain(|look| look.area != area);
                    Ok(())
                }
                ClientFrame::Board { area, on } => Box::pin(self.hang(area, on)).await,
                _ => Ok(()),
            },
            Out::Riding => self.riding_changed().await,
            Out::Pong(bytes) => handed(timeout(write_limit(&self.shared.hub), self.socket.pong(&bytes)).await),
            Out::Close(close) => Err(close.into()),
            Out::Gone => Err(End::Gone),
        }
    }

    /// Tells the phone, and ends what it follows of a unit that it no longer rides with.
    async fn riding_changed(&mut self) -> Result<(), End> {
        let riding = self.shared.link.riding();
        let unit = riding.map(|(unit, _)| unit);
        self.follows.retain(|follow| match follow.view {
            View::Desk => true,
            View::Unit(followed) => unit == Some(followed),
        });
        self.send(&ServerFrame::Riding { unit, position_source: riding.is_some_and(|(_, source)| source) }).await
    }

    async fn send_problem(&mut self, problem: Problem) -> Result<(), End> {
        self.send(&ServerFrame::Problem { problem }).await
    }

    async fn send_events(&mut self, index: usize, events: &[Numbered]) -> Result<(), End> {
        let shared = Rc::clone(&self.shared);
        for n in 0..events.len() {
            let frame = follow::frame(&shared, events, n).await;
            self.send(&frame).await?;
            if let Some(close) = shared.link.ordered() {
                return Err(close.into());
            }
        }
        match self.follows.get(index) {
            Some(follow) if follow.subscription.behind() > MAX_REPLAY => Err(Close::TooSlow.into()),
            _ => Ok(()),
        }
    }

    /// A journal could not be read: tried again with the next heartbeat, so that a failing database is not run against.
    fn unread(&mut self, index: usize, error: &Error) -> Result<(), End> {
        let Some(follow) = self.follows.get_mut(index) else { return Ok(()) };
        tracing::warn!(session = %self.shared.link.id, area = %follow.area, %error, "could not read a journal");
        follow.failed += 1;
        let failed_max = beats(&self.shared, FAILED_MAX);
        if follow.failed > failed_max || !error.is_passing() {
            return Err(Close::StaleCursor.into());
        }
        Ok(())
    }

    async fn subscribe(&mut self, areas: BTreeMap<AreaCode, Option<i64>>) -> Result<(), End> {
        let shared = Rc::clone(&self.shared);
        if shared.link.riding().is_none() {
            match shared.refresh_riding().await {
                Ok(true) => self.riding_changed().await?,
                Ok(false) => {}
                Err(error) => return self.send_problem(Problem::from(&error)).await,
            }
        }
        for (area, since) in areas {
            self.follows.retain(|follow| follow.area != area);
            let follow = match self.begin(area, since) {
                Ok(follow) => follow,
                Err(problem) => {
                    self.send_problem(problem).await?;
                    continue;
                }
            };
            self.follows.push(follow);
            let index = self.follows.len() - 1;
            let begun = match since {
                Some(_) => self.resume(index).await,
                None => self.reset(index).await,
            };
            if let Err(error) = begun? {
                tracing::warn!(session = %shared.link.id, %area, %error, "could not begin to follow a journal");
                self.follows.remove(index);
                self.send_problem(follow::about(area, Problem::from(&error))).await?;
            }
        }
        Ok(())
    }

    fn begin(&self, area: AreaCode, since: Option<i64>) -> Result<Follow, Problem> {
        if self.follows.len() >= FOLLOWS_MAX {
            return Err(Problem::new(TOO_MANY, format!("{area}: at most {FOLLOWS_MAX} areas in a session")));
        }
        let view = follow::view(&self.shared, area)?;
        let subscription = self.shared.hub.engine.subscribe(&self.shared.scope, area, view, since);
        let subscription = subscription.map_err(|refusal| follow::about(area, Problem::from(&refusal)))?;
        Ok(Follow { area, view, subscription, failed: 0 })
    }

    /// Sends what was missed since the client's cursor; where that is too much, a picture instead.
    async fn resume(&mut self, index: usize) -> Result<Result<(), Error>, End> {
        match self.follows[index].subscription.can_resume().await {
            Ok(true) => {}
            Ok(false) => return self.reset(index).await,
            Err(error) => return Ok(Err(error)),
        }
        loop {
            let (events, cursor) = match self.follows[index].subscription.heartbeat().await {
                Ok(taken) => taken,
                Err(error) => return Ok(Err(error)),
            };
            if events.is_empty() {
                let area = self.follows[index].area;
                return self.send(&ServerFrame::Resumed { area, cursor }).await.map(Ok);
            }
            for n in 0..events.len() {
                let frame = follow::frame(&Rc::clone(&self.shared), &events, n).await;
                self.send(&frame).await?;
            }
        }
    }

    /// Sends a picture of the present. The cursor is taken before the picture, so that nothing falls in between; what
    /// happens meanwhile is in the picture and comes as an event too.
    async fn reset(&mut self, index: usize) -> Result<Result<(), Error>, End> {
        let shared = Rc::clone(&self.shared);
        let (engine, scope) = (&shared.hub.engine, &shared.scope);
        let Follow { area, view, subscription, .. } = &mut self.follows[index];
        let (area, cursor) = (*area, subscription.reset());
        let picture = match *view {
            View::Desk => engine.deskful(scope, area).await.map(|desk| (Some(Box::new(desk)), None)),
            View::Unit(unit) => engine.work_of(scope, unit).await.map(|work| (None, Some(work))),
        };
        match picture {
            Ok((desk, work)) => self.send(&ServerFrame::Reset { area, cursor, desk, work }).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn look(&mut self, area: AreaCode, bounds: Option<Bounds>, packed: bool) -> Result<(), End> {
        self.looks.retain(|look| look.area != area);
        if self.looks.len() >= LOOKS_MAX {
            let problem = Problem::new(TOO_MANY, format!("{area}: at most {LOOKS_MAX} views in a session"));
            return self.send_problem(problem).await;
        }
        match Look::new(&self.shared, area, bounds, packed) {
            Ok(look) => {
                self.looks.push(look);
                self.look_at = Instant::now();
                Ok(())
            }
            Err(problem) => self.send_problem(follow::about(area, problem)).await,
        }
    }

    async fn show_positions(&mut self) -> Result<(), End> {
        let shared = Rc::clone(&self.shared);
        for index in 0..self.looks.len() {
            let frames = match self.looks[index].frames(&shared).await {
                Ok(frames) => frames,
                Err(error) => {
                    tracing::warn!(session = %shared.link.id, %error, "no positions this time");
                    Vec::new()
                }
            };
            for frame in frames {
                match frame {
                    Shown::Text(frame) => self.send(&frame).await?,
                    Shown::Packed(bytes) => self.send_bytes(bytes).await?,
                }
            }
        }
        // From now on, not from when it was due: a slow client gets fewer of these.
        self.look_at = Instant::now() + millis(shared.hub.settings.positions_ms);
        Ok(())
    }

    async fn hang(&mut self, area: AreaCode, on: bool) -> Result<(), End> {
        if !on {
            self.wall.take_down(area);
            return Ok(());
        }
        let shared = Rc::clone(&self.shared);
        match self.wall.hang(&shared, area).await {
            Ok(()) => self.show_boards().await,
            Err(problem) => self.send_problem(problem).await,
        }
    }

    async fn show_boards(&mut self) -> Result<(), End> {
        while let Some(board) = self.wall.next() {
            self.send(&board).await?;
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), End> {
        let shared = Rc::clone(&self.shared);
        self.beat_at = Instant::now() + millis(shared.hub.settings.beat_ms(&shared.scope));
        self.silent = if shared.link.was_heard() { 0 } else { self.silent + 1 };
        if self.silent >= beats(&shared, SILENT_MAX) {
            return Err(Close::NoPong.into());
        }
        let mut cursors = BTreeMap::new();
        for index in 0..self.follows.len() {
            match self.follows[index].subscription.heartbeat().await {
                Ok((events, cursor)) => {
                    self.follows[index].failed = 0;
                    self.send_events(index, &events).await?;
                    cursors.insert(self.follows[index].area, cursor);
                }
                Err(error) => self.unread(index, &error)?,
            }
        }
        self.send(&ServerFrame::Heartbeat { server_ms: shared.hub.engine.now(), cursors }).await?;
        handed(timeout(write_limit(&shared.hub), self.socket.ping(b"")).await)
    }
}

/// What became of something that was handed to the socket, within the limit.
fn handed(sent: Result<Result<(), actix_ws::Closed>, Elapsed>) -> Result<(), End> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(actix_ws::Closed)) => Err(End::Gone),
        Err(_) => Err(Close::TooSlow.into()),
    }
}
