//! Events on their way to whoever may see them: strictly by number, without a gap, without a repeat.
//!
//! The newest events of each area lie in a ring. A subscription has a cursor and *pulls*; publication only rings its
//! bell. Nothing is queued per subscriber, so a slow one costs nothing and loses nothing: where the ring has moved on,
//! it reads the journal. A crew's bell rings only for its own events; in quiet hours its cursor follows the head.

use super::{Error, Store};
use crate::domain::{
    access::Scope,
    event::{Audience, Event},
    ids::*,
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::watch;

/// Events kept in memory per area.
const RING: usize = 2_048;
/// Events read from the journal at a time.
const PAGE: i64 = 500;
/// How long a subscription that knows a newer event than this node may wait for the node to have it, too.
const CATCH_UP: Duration = Duration::from_secs(2);
/// A subscriber who missed more visible events than this gets a snapshot instead.
pub const MAX_REPLAY: i64 = 2_000;

/// Which part of a journal a subscription sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Everything.
    Desk,
    /// What a unit's crew sees.
    Unit(UnitId),
}

impl View {
    fn sees(self, event: &Event) -> bool {
        match self {
            Self::Desk => true,
            Self::Unit(unit) => event.audience == Audience::Unit(unit),
        }
    }

    const fn unit(self) -> Option<UnitId> {
        match self {
            Self::Desk => None,
            Self::Unit(unit) => Some(unit),
        }
    }
}

/// All areas' feeds.
#[derive(Default)]
pub struct Feed {
    areas: RwLock<HashMap<AreaCode, Arc<AreaFeed>>>,
}

struct AreaFeed {
    ring: RwLock<Ring>,
    desk: watch::Sender<i64>,
    /// How far the journal is known to reach; whoever reads it for the ring waits on this.
    wanted: watch::Sender<i64>,
    units: Mutex<HashMap<UnitId, watch::Sender<i64>>>,
}

/// The newest events without a gap; the last one is number `head`.
struct Ring {
    events: VecDeque<Arc<Event>>,
    head: i64,
}

impl AreaFeed {
    fn new(head: i64) -> Self {
        let ring = RwLock::new(Ring { events: VecDeque::new(), head });
        Self { ring, desk: watch::Sender::new(head), wanted: watch::Sender::new(head), units: Mutex::default() }
    }

    fn head(&self) -> i64 {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).head
    }

    fn push(&self, events: Vec<Arc<Event>>) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let mut ringing = Vec::new();
        for event in events {
            if event.seq != ring.head + 1 {
                continue;
            }
            ring.head = event.seq;
            if let Audience::Unit(unit) = event.audience {
                ringing.push(unit);
            }
            ring.events.push_back(event);
            if ring.events.len() > RING {
                ring.events.pop_front();
            }
        }
        let head = ring.head;
        drop(ring);
        self.desk.send_replace(head);
        let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        for unit in ringing {
            if let Some(bell) = units.get(&unit) {
                bell.send_replace(head);
                if bell.is_closed() {
                    units.remove(&unit);
                }
            }
        }
    }

    fn bell(&self, view: View) -> watch::Receiver<i64> {
        match view {
            View::Desk => self.desk.subscribe(),
            View::Unit(unit) => {
                let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
                units.entry(unit).or_insert_with(|| watch::Sender::new(0)).subscribe()
            }
        }
    }
}

impl Feed {
    /// Starts an area's feed after number `head`; one that runs already is left alone.
    pub fn open(&self, area: AreaCode, head: i64) {
        let mut areas = self.areas.write().unwrap_or_else(PoisonError::into_inner);
        areas.entry(area).or_insert_with(|| Arc::new(AreaFeed::new(head)));
    }

    fn area(&self, area: AreaCode) -> Option<Arc<AreaFeed>> {
        self.areas.read().unwrap_or_else(PoisonError::into_inner).get(&area).cloned()
    }

    /// How far an area's feed has come; 0 for an unknown one.
    #[must_use]
    pub fn head(&self, area: AreaCode) -> i64 {
        self.area(area).map_or(0, |feed| feed.head())
    }

    /// Publishes an area's next events: those that begin after its head, without a gap. Others are passed over.
    pub fn publish(&self, area: AreaCode, events: Vec<Arc<Event>>) {
        if let Some(feed) = self.area(area) {
            feed.push(events);
        }
    }

    /// The next events of an area's journal after its feed's head, at most a page.
    ///
    /// # Errors
    /// [`Error`] when the journal could not be read.
    pub async fn read_on(&self, store: &Store, area: AreaCode) -> Result<Vec<Arc<Event>>, Error> {
        let page = store.events(&Scope::system(), area, self.head(area), PAGE, None).await?;
        Ok(page.into_iter().map(Arc::new).collect())
    }

    /// The journal reaches to `seq`: whoever follows it is rung, also where that is no news.
    pub fn want(&self, area: AreaCode, seq: i64) {
        if let Some(feed) = self.area(area) {
            feed.wanted.send_modify(|wanted| *wanted = seq.max(*wanted));
        }
    }

    /// Rings when a journal reaches further; begins an unknown area's feed at its first event.
    #[must_use]
    pub fn wanted(&self, area: AreaCode) -> watch::Receiver<i64> {
        self.open(area, 0);
        let feed = self.area(area).unwrap_or_else(|| Arc::new(AreaFeed::new(0)));
        feed.wanted.subscribe()
    }

    /// What was wanted is not there: it is forgotten, so that a wrong word costs one look and not one each time.
    pub fn unwant(&self, area: AreaCode, seq: i64) {
        if let Some(feed) = self.area(area) {
            feed.wanted.send_if_modified(|wanted| {
                if *wanted == seq {
                    *wanted = feed.head();
                }
                false
            });
        }
    }

    /// A subscription from the present on, or from after number `since`.
    #[must_use]
    pub fn subscribe(
        &self,
        store: Store,
        scope: Scope,
        area: AreaCode,
        view: View,
        since: Option<i64>,
    ) -> Subscription {
        self.open(area, 0);
        let feed = self.area(area).unwrap_or_else(|| Arc::new(AreaFeed::new(0)));
        let bell = feed.bell(view);
        let cursor = since.unwrap_or_else(|| feed.head());
        Subscription { area, view, feed, bell, store, scope, cursor, sent: cursor }
    }
}

/// An event, and the number of the one sent before it on the same subscription.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The event.
    pub event: Arc<Event>,
    /// What a client's cursor must be for this one to be the next.
    pub prev: i64,
}

/// A cursor on an area's journal.
pub struct Subscription {
    /// Whose journal.
    pub area: AreaCode,
    view: View,
    feed: Arc<AreaFeed>,
    bell: watch::Receiver<i64>,
    store: Store,
    scope: Scope,
    /// Everything visible up to here was taken.
    cursor: i64,
    /// The cursor that the client was told last.
    sent: i64,
}

impl Subscription {
    /// Whether the client's cursor can be served by replay: not from the future, and not too much missed. A crew that
    /// was away for long but missed little is not too far behind.
    ///
    /// # Errors
    /// [`Error`] when the journal could not be read.
    pub async fn can_resume(&self) -> Result<bool, Error> {
        if self.cursor < 0 || !self.feed_has_cursor().await? {
            return Ok(false);
        }
        let head = self.feed.head();
        if head - self.cursor <= MAX_REPLAY {
            return Ok(true);
        }
        let Some(unit) = self.view.unit() else { return Ok(false) };
        let missed = self.store.events(&self.scope, self.area, self.cursor, MAX_REPLAY + 1, Some(unit)).await?;
        Ok(i64::try_from(missed.len()).unwrap_or(i64::MAX) <= MAX_REPLAY)
    }

    /// Whether the feed reaches to the cursor. A client that comes from another node may know events that this one is
    /// only about to hear of.
    async fn feed_has_cursor(&self) -> Result<bool, Error> {
        if self.cursor <= self.feed.head() {
            return Ok(true);
        }
        let end = self.store.journal_head(&Scope::system(), self.area).await?;
        if end.is_none_or(|end| end.seq < self.cursor) {
            return Ok(false);
        }
        let mut heads = self.feed.desk.subscribe();
        self.feed.wanted.send_modify(|wanted| *wanted = self.cursor.max(*wanted));
        let caught_up = tokio::time::timeout(CATCH_UP, heads.wait_for(|head| *head >= self.cursor)).await;
        Ok(caught_up.is_ok_and(|head| head.is_ok()))
    }

    /// How many numbers the journal is ahead of the cursor. Those that this view does not see count too, until the
    /// next look passes over them.
    #[must_use]
    pub fn behind(&self) -> i64 {
        self.feed.head() - self.cursor
    }

    /// Starts over at the present.
    pub fn reset(&mut self) -> i64 {
        self.cursor = self.feed.head();
        self.sent = self.cursor;
        self.cursor
    }

    /// The next visible events; waits until there are some. Safe to drop while waiting.
    ///
    /// # Errors
    /// [`Error`] when the journal could not be read; the cursor stays.
    pub async fn next(&mut self) -> Result<Vec<Numbered>, Error> {
        loop {
            self.bell.mark_unchanged();
            let events = self.take().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            if self.cursor >= self.feed.head() {
                // The feed holds the sender; it is never closed while this subscription lives.
                let _ = self.bell.changed().await;
            }
        }
    }

    /// What is visible and there now, at most a page, without waiting. An empty answer moves the cursor to the head.
    ///
    /// # Errors
    /// [`Error`] when the journal could not be read; the cursor stays.
    pub async fn take(&mut self) -> Result<Vec<Numbered>, Error> {
        let (events, upto) = match self.in_ring() {
            Some(found) => found,
            None => self.in_journal().await?,
        };
        self.cursor = upto;
        Ok(events
            .into_iter()
            .map(|event| {
                let prev = std::mem::replace(&mut self.sent, event.seq);
                Numbered { event, prev }
            })
            .collect())
    }

    /// The cursor for a heartbeat: the client may take it as its own, and the next event's `prev` will be this.
    ///
    /// # Errors
    /// [`Error`] when the journal could not be read.
    pub async fn heartbeat(&mut self) -> Result<(Vec<Numbered>, i64), Error> {
        let events = self.take().await?;
        self.sent = self.sent.max(self.cursor);
        Ok((events, self.sent))
    }

    /// What the ring has after the cursor; `None` where it has moved on.
    fn in_ring(&self) -> Option<(Vec<Arc<Event>>, i64)> {
        let ring = self.feed.ring.read().unwrap_or_else(PoisonError::into_inner);
        if self.cursor >= ring.head {
            return Some((Vec::new(), self.cursor));
        }
        let behind = usize::try_from(ring.head - self.cursor).ok()?;
        let skip = ring.events.len().checked_sub(behind)?;
        let visible = ring.events.iter().skip(skip).filter(|e| self.view.sees(e)).cloned().collect();
        Some((visible, ring.head))
    }

    async fn in_journal(&self) -> Result<(Vec<Arc<Event>>, i64), Error> {
        // Read before the query: everything up to here is in the journal.
        let head = self.feed.head();
        let page = self.store.events(&self.scope, self.area, self.cursor, PAGE, self.view.unit()).await?;
        let full = i64::try_from(page.len()).unwrap_or(i64::MAX) >= PAGE;
        let last = page.last().map_or(self.cursor, |e| e.seq);
        let upto = if full { last } else { last.max(head) };
        Ok((page.into_iter().map(Arc::new).collect(), upto))
    }
}
