//! The bus over Redis: one task that keeps a line open, tells what waits and takes in what comes.
//!
//! Invariant: the bus is ready only while this node's own words come back to it on every channel. A line on which they
//! do not is given up and opened anew, whatever state it claims to be in.

use super::{
    Counts, Note,
    line::{Broken, CHANNELS, Mouth, Route, Words},
};
use crate::domain::ids::{AreaCode, DeviceId};
use futures_util::future::try_join_all;
use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use uuid::Uuid;

/// How often a node speaks to itself on every channel.
const ECHO: Duration = Duration::from_secs(1);
/// A channel on which nothing of its own came back for so long is deaf.
const DEAF: Duration = Duration::from_secs(3);
/// The first pause before a line is opened anew, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Devices that may wait to be told of.
const SEATS: usize = 8_192;

/// The bus over Redis. Its task ends when it is dropped.
#[derive(Debug)]
pub struct Redis {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Shared {
    /// Tells this process's words from those of others.
    node: Uuid,
    outbox: Mutex<Outbox>,
    bell: Notify,
    counts: Counts,
    peers: Mutex<HashMap<Uuid, Instant>>,
}

/// What waits to be told: the newest of each.
#[derive(Debug, Default)]
struct Outbox {
    heads: HashMap<AreaCode, i64>,
    seats: HashMap<DeviceId, i64>,
}

impl Redis {
    pub(super) fn start(route: Route, notes: mpsc::Sender<Note>, handle: &Handle) -> Self {
        let shared = Arc::new(Shared {
            node: Uuid::now_v7(),
            outbox: Mutex::default(),
            bell: Notify::new(),
            counts: Counts::default(),
            peers: Mutex::default(),
        });
        let task = handle.spawn(keep_open(Arc::clone(&shared), route, notes));
        Self { shared, task }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// How many of the nodes that are heard come before this one for an area: each area has another order of them.
    pub(super) fn rank(&self, area: AreaCode) -> usize {
        let Shared { node, counts, peers, .. } = &*self.shared;
        if !counts.ready.load(Ordering::Relaxed) {
            return 0;
        }
        let own = weight(*node, area);
        let peers = peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.iter().filter(|(peer, heard)| heard.elapsed() < DEAF && weight(**peer, area) > own).count()
    }

    /// How many areas and devices wait to be told of.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> (usize, usize) {
        let outbox = self.shared.outbox();
        (outbox.heads.len(), outbox.seats.len())
    }

    pub(super) fn announce(&self, area: AreaCode, seq: i64) {
        let mut outbox = self.shared.outbox();
        let head = outbox.heads.entry(area).or_insert(seq);
        *head = seq.max(*head);
        drop(outbox);
        self.shared.bell.notify_one();
    }

    pub(super) fn seated(&self, device: DeviceId, seat: i64) {
        let mut outbox = self.shared.outbox();
        if outbox.seats.len() < SEATS || outbox.seats.contains_key(&device) {
            outbox.seats.insert(device, seat);
        }
        drop(outbox);
        self.shared.bell.notify_one();
    }
}

async fn keep_open(shared: Arc<Shared>, route: Route, notes: mpsc::Sender<Note>) {
    let mut pause = PAUSE.0;
    loop {
        let broken = match route.open().await {
            Ok((mouth, words)) => shared.serve(mouth, words, &notes).await,
            Err(broken) => broken,
        };
        if shared.counts.ready.swap(false, Ordering::Relaxed) {
            shared.counts.broken.fetch_add(1, Ordering::Relaxed);
            pause = PAUSE.0;
            tracing::warn!(%broken, "the line to the other nodes broke: they are heard of through the database");
        } else {
            tracing::debug!(%broken, "no line to the other nodes");
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

impl Shared {
    fn outbox(&self) -> std::sync::MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Speaks and listens until the line breaks.
    async fn serve(&self, mouth: Mouth, words: Words, notes: &mpsc::Sender<Note>) -> Broken {
        let echoes = Mutex::new([None; CHANNELS]);
        let ended = tokio::select! {
            ended = self.speak(&mouth) => ended,
            ended = self.listen(words, notes, &echoes) => ended,
            ended = self.echo(&mouth, &echoes) => ended,
        };
        ended.err().unwrap_or(Broken::Ended)
    }

    async fn speak(&self, mouth: &Mouth) -> Result<(), Broken> {
        loop {
            self.bell.notified().await;
            let (mut texts, mut count) = (vec![String::new(); CHANNELS], 0);
            let Outbox { heads, seats } = std::mem::take(&mut *self.outbox());
            for (area, seq) in heads {
                // Writing into a String cannot fail.
                let _ = write!(texts[channel_of(area.as_str())], "\nh {area} {seq}");
                count += 1;
            }
            for (device, seat) in seats {
                let name = device.to_string();
                let _ = write!(texts[channel_of(&name)], "\ns {name} {seat}");
                count += 1;
            }
            let said = texts.iter().enumerate().filter(|(_, text)| !text.is_empty()).map(|(channel, text)| {
                let (mut mouth, text) = (mouth.clone(), format!("{}{text}", self.node));
                async move { mouth.say(channel, &text).await }
            });
            try_join_all(said).await?;
            self.counts.told.fetch_add(count, Ordering::Relaxed);
        }
    }

    async fn listen(
        &self,
        mut words: Words,
        notes: &mpsc::Sender<Note>,
        echoes: &Mutex<[Option<Instant>; CHANNELS]>,
    ) -> Result<(), Broken> {
        loop {
            let text = words.next().await?;
            let mut lines = text.lines();
            let from = lines.next().and_then(|node| node.parse().ok());
            let own = from == Some(self.node);
            if let Some(peer) = from.filter(|_| !own) {
                self.hear_peer(peer);
            }
            for line in lines {
                match (own, Word::read(line)) {
                    (true, Some(Word::Echo(channel))) => self.hear_echo(channel, notes, echoes),
                    (false, Some(Word::Note(note))) => {
                        self.counts.heard.fetch_add(1, Ordering::Relaxed);
                        // A full queue loses it; the next look into the database finds it.
                        let _ = notes.try_send(note);
                    }
                    _ => {}
                }
            }
        }
    }

    fn hear_peer(&self, peer: Uuid) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.insert(peer, Instant::now()).is_none() {
            peers.retain(|_, heard| heard.elapsed() < DEAF);
        }
    }

    fn hear_echo(&self, channel: usize, notes: &mpsc::Sender<Note>, echoes: &Mutex<[Option<Instant>; CHANNELS]>) {
        let mut echoes = echoes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(echo) = echoes.get_mut(channel) {
            *echo = Some(Instant::now());
        }
        if echoes.iter().all(Option::is_some) && !self.counts.ready.swap(true, Ordering::Relaxed) {
            tracing::info!("the line to the other nodes is open");
            let _ = notes.try_send(Note::Gap);
        }
    }

    async fn echo(&self, mouth: &Mouth, echoes: &Mutex<[Option<Instant>; CHANNELS]>) -> Result<(), Broken> {
        let (began, mut ticks) = (Instant::now(), interval(ECHO));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let oldest = echoes.lock().unwrap_or_else(PoisonError::into_inner).map(|e| e.unwrap_or(began));
            if oldest.iter().any(|echo| echo.elapsed() > DEAF) {
                return Err(Broken::Deaf);
            }
            let said = (0..CHANNELS).map(|channel| {
                let (mut mouth, text) = (mouth.clone(), format!("{}\ne {channel}", self.node));
                async move { mouth.say(channel, &text).await }
            });
            try_join_all(said).await?;
        }
    }
}

/// What decides the order of the nodes for an area: the same on each of them. FNV-1a, and the end of SplitMix64, without
/// which the order would hardly depend on the area.
fn weight(node: Uuid, area: AreaCode) -> u64 {
    let bytes = node.as_bytes().iter().chain(area.as_str().as_bytes());
    let hash: u64 =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Which channel carries what is about this name.
fn channel_of(name: &str) -> usize {
    name.bytes().fold(0, |sum, byte| sum + usize::from(byte)) % CHANNELS
}

/// A line of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A node speaks to itself.
    Echo(usize),
    /// A word for others.
    Note(Note),
}

impl Word {
    /// Reads a line; `None` where it is none of ours, as of a newer version.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut parts = line.split(' ');
        let (kind, name) = (parts.next()?, parts.next()?);
        let number = parts.next().and_then(|number| number.parse::<i64>().ok()).filter(|number| *number >= 0);
        Some(match kind {
            "e" => Self::Echo(name.parse().ok()?),
            "h" => Self::Note(Note::Head { area: name.parse().ok()?, seq: number? }),
            "s" => Self::Note(Note::Seat { device: name.parse().ok()?, seat: number? }),
            _ => return None,
        })
    }
}
