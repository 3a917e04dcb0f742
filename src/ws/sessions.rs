//! The open sessions of this node, one per device.
//!
//! Invariant: a device has at most one session here; whoever comes later takes the place, and the one before is told to
//! close. A session leaves by dropping its [`Seat`], once, and never takes away the place of a later one.

use super::close::Close;
use crate::domain::ids::*;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// What a phone rides with, and whether its fixes are the unit's position.
pub(super) type Riding = Option<(UnitId, bool)>;

/// A session as the others see it.
pub(super) struct Link {
    /// Names the session in logs.
    pub id: Uuid,
    pub account: AccountId,
    pub device: DeviceId,
    /// Its number among the device's sessions on all nodes.
    pub seat: i64,
    /// Rings when there is an order or the crew may have changed.
    pub bell: Notify,
    riding: Mutex<Riding>,
    crew_changed: AtomicBool,
    heard: AtomicBool,
    /// 0, or 1 + the index in [`Close::ALL`].
    order: AtomicU8,
    /// What the client is told with [`Close::Drain`]: when to come back, milliseconds.
    come_back_ms: AtomicI64,
}

impl Link {
    pub fn new(account: AccountId, device: DeviceId, seat: i64) -> Self {
        Self {
            id: Uuid::now_v7(),
            account,
            device,
            seat,
            bell: Notify::new(),
            riding: Mutex::new(None),
            crew_changed: AtomicBool::new(false),
            heard: AtomicBool::new(true),
            order: AtomicU8::new(0),
            come_back_ms: AtomicI64::new(0),
        }
    }

    pub fn riding(&self) -> Riding {
        *self.riding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether it was another one before.
    pub fn set_riding(&self, riding: Riding) -> bool {
        let mut before = self.riding.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *before, riding) != riding
    }

    /// Something came in from the client.
    pub fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Whether something came in since the last time this was asked.
    pub fn was_heard(&self) -> bool {
        self.heard.swap(false, Ordering::Relaxed)
    }

    /// Tells the session to close. The first order counts.
    pub fn order(&self, close: Close) {
        let index = Close::ALL.iter().position(|c| *c == close).and_then(|i| u8::try_from(i + 1).ok());
        let _ = self.order.compare_exchange(0, index.unwrap_or(1), Ordering::AcqRel, Ordering::Acquire);
        self.bell.notify_one();
    }

    /// Tells the session to close, and its client to come back after so long.
    fn drain(&self, come_back_ms: i64) {
        self.come_back_ms.store(come_back_ms, Ordering::Release);
        self.order(Close::Drain);
    }

    /// When a client that is sent away by a drain comes back, milliseconds from now.
    pub fn come_back_ms(&self) -> i64 {
        self.come_back_ms.load(Ordering::Acquire)
    }

    pub fn ordered(&self) -> Option<Close> {
        let index = usize::from(self.order.load(Ordering::Acquire)).checked_sub(1)?;
        Close::ALL.get(index).copied()
    }

    fn crew_may_have_changed(&self) {
        self.crew_changed.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// Whether the crew may have changed since the last time this was asked.
    pub fn takes_crew_change(&self) -> bool {
        self.crew_changed.swap(false, Ordering::AcqRel)
    }
}

/// The sessions of this node.
#[derive(Default)]
pub struct Sessions {
    open: Mutex<Open>,
    left: Notify,
}

#[derive(Default)]
struct Open {
    by_device: HashMap<DeviceId, Arc<Link>>,
    draining: bool,
}

/// Sessions that another node shall get in a second at most, when this one stops.
const PER_SECOND: usize = 500;
/// The least time that the sessions are spread over, milliseconds, and the most.
const SPREAD_MS: (usize, usize) = (1_000, 30_000);

/// When the `n`th of so many clients comes back: they are spread evenly, so that the other nodes get them one by one.
fn come_back_ms(n: usize, clients: usize) -> i64 {
    let spread_ms = (clients * 1_000 / PER_SECOND).clamp(SPREAD_MS.0, SPREAD_MS.1);
    i64::try_from(n * spread_ms / clients.max(1)).unwrap_or(0)
}

/// A session's place among the others; dropping it gives it up.
pub(super) struct Seat {
    sessions: Arc<Sessions>,
    link: Arc<Link>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.sessions.lock();
        if open.by_device.get(&self.link.device).is_some_and(|link| link.id == self.link.id) {
            open.by_device.remove(&self.link.device);
        }
        drop(open);
        self.sessions.left.notify_waiters();
    }
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the device's place; an older session of the device is told to close. Who comes after a newer one does not
    /// get in.
    pub(super) fn enter(self: &Arc<Self>, link: Arc<Link>) -> Result<Seat, Close> {
        let mut open = self.lock();
        if open.draining {
            return Err(Close::Drain);
        }
        if open.by_device.get(&link.device).is_some_and(|there| there.seat > link.seat) {
            return Err(Close::Replaced);
        }
        let older = open.by_device.insert(link.device, Arc::clone(&link));
        drop(open);
        if let Some(older) = older {
            older.order(Close::Replaced);
        }
        Ok(Seat { sessions: Arc::clone(self), link })
    }

    /// Whose sessions these are, each once.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut all: Vec<AccountId> = self.lock().by_device.values().map(|link| link.account).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many devices have a session here.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().by_device.len()
    }

    /// Whether a device has a session here.
    #[must_use]
    pub fn has(&self, device: DeviceId) -> bool {
        self.lock().by_device.contains_key(&device)
    }

    /// A newer session of a device began somewhere: an older one here is closed with 4502. Says whether there was one.
    pub fn replace(&self, device: DeviceId, seat: i64) -> bool {
        let open = self.lock();
        let older = open.by_device.get(&device).filter(|link| link.seat < seat);
        older.map(|link| link.order(Close::Replaced)).is_some()
    }

    /// All that are open now.
    pub(super) fn all(&self) -> Vec<Arc<Link>> {
        self.lock().by_device.values().cloned().collect()
    }

    /// Closes every session of an account with 4503; gives how many there were.
    pub fn revoke(&self, account: AccountId) -> usize {
        self.close_where(|link| link.account == account)
    }

    /// Closes the session of a device with 4503; gives whether there was one.
    pub fn revoke_device(&self, device: DeviceId) -> bool {
        self.close_where(|link| link.device == device) > 0
    }

    fn close_where(&self, which: impl Fn(&Link) -> bool) -> usize {
        self.lock().by_device.values().filter(|link| which(link)).map(|link| link.order(Close::Revoked)).count()
    }

    /// Closes every session with 4000, lets no more in, and waits until they are gone or time is up; gives how many are
    /// left.
    pub async fn drain(&self, within: Duration) -> usize {
        {
            let mut open = self.lock();
            open.draining = true;
            let clients = open.by_device.len();
            for (n, link) in open.by_device.values().enumerate() {
                link.drain(come_back_ms(n, clients));
            }
        }
        let all_left = async {
            loop {
                let left = self.left.notified();
                if self.count() == 0 {
                    return;
                }
                left.await;
            }
        };
        // Time is up or not: the count says what is left.
        let _ = tokio::time::timeout(within, all_left).await;
        self.count()
    }

    /// A crew changed: its sessions, and the device that it was about, look again. `None`: all of them.
    pub(super) fn crew_changed(&self, about: Option<(UnitId, DeviceId)>) {
        let open = self.lock();
        let concerned = open.by_device.values().filter(|link| {
            about.is_none_or(|(unit, device)| link.device == device || link.riding().is_some_and(|(u, _)| u == unit))
        });
        concerned.for_each(|link| link.crew_may_have_changed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(device: DeviceId) -> Arc<Link> {
        linked(device, 1)
    }

    fn linked(device: DeviceId, seat: i64) -> Arc<Link> {
        Arc::new(Link::new(AccountId::random(), device, seat))
    }

    #[test]
    fn the_newest_session_of_a_device_counts_wherever_it_is() {
        let (sessions, device) = (Arc::new(Sessions::default()), DeviceId::random());
        let (newer, older) = (linked(device, 5), linked(device, 4));
        let seat = sessions.enter(Arc::clone(&newer)).ok();
        assert_eq!(sessions.enter(older).err(), Some(Close::Replaced), "it comes after the newer one");
        assert!(!sessions.replace(device, 5) && !sessions.replace(device, 3), "of itself, and of an older one");
        assert_eq!(newer.ordered(), None);
        assert!(sessions.replace(device, 6));
        assert_eq!(newer.ordered(), Some(Close::Replaced));
        drop(seat);
        assert!(!sessions.replace(device, 7));
    }

    #[test]
    fn clients_come_back_spread() {
        assert_eq!((come_back_ms(0, 1), come_back_ms(1, 2)), (0, 500));
        let all: Vec<_> = (0..2_000).map(|n| come_back_ms(n, 2_000)).collect();
        assert!(all.is_sorted() && all[1_999] == 3_998);
        let within_a_second =
            (0..4_000).filter(|from| all.iter().filter(|at| (*from..from + 1_000).contains(*at)).count() > 501);
        assert_eq!(within_a_second.count(), 0, "500 in any second");
        assert!(come_back_ms(99_999, 100_000) < 30_000);
    }

    #[test]
    fn a_later_session_keeps_its_place_when_the_older_leaves() {
        let (sessions, device) = (Arc::new(Sessions::default()), DeviceId::random());
        let (older, later) = (link(device), link(device));
        let first = sessions.enter(Arc::clone(&older)).ok();
        let second = sessions.enter(Arc::clone(&later)).ok();
        assert_eq!((older.ordered(), later.ordered()), (Some(Close::Replaced), None));
        drop(first);
        assert!(sessions.has(device) && sessions.count() == 1);
        drop(second);
        assert_eq!(sessions.count(), 0);
    }

    #[test]
    fn the_first_order_counts() {
        let link = link(DeviceId::random());
        link.order(Close::Revoked);
        link.order(Close::Drain);
        assert_eq!(link.ordered(), Some(Close::Revoked));
    }

    #[test]
    fn revoking_closes_the_sessions_of_the_account_alone() {
        let sessions = Arc::new(Sessions::default());
        let (one, other) = (link(DeviceId::random()), link(DeviceId::random()));
        let _seats = (sessions.enter(Arc::clone(&one)).ok(), sessions.enter(Arc::clone(&other)).ok());
        assert_eq!(sessions.revoke(one.account), 1);
        assert_eq!((one.ordered(), other.ordered()), (Some(Close::Revoked), None));
        assert!(sessions.revoke_device(other.device));
    }

    #[test]
    fn only_those_whom_a_change_of_crew_concerns_look_again() {
        let sessions = Arc::new(Sessions::default());
        let (rider, other) = (link(DeviceId::random()), link(DeviceId::random()));
        let (unit, elsewhere) = ("BPN-M1".parse().unwrap(), "BPN-M2".parse().unwrap());
        rider.set_riding(Some((unit, true)));
        other.set_riding(Some((elsewhere, true)));
        let _seats = (sessions.enter(Arc::clone(&rider)).ok(), sessions.enter(Arc::clone(&other)).ok());
        sessions.crew_changed(Some((unit, DeviceId::random())));
        assert!(rider.takes_crew_change() && !rider.takes_crew_change() && !other.takes_crew_change());
        sessions.crew_changed(None);
        assert!(rider.takes_crew_change() && other.takes_crew_change());
    }
}
