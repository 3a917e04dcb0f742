//! Trackers: added, revoked, let in by their secret, and their fixes taken like a phone's.
//!
//! HTTP keeps no session, and a track must be judged as one: what is known of a tracker's clock and last fixes stays here
//! between its requests. Invariants: at most [`KEPT`] trackers are remembered, the least recently heard gives way (it
//! begins anew at its unit's pin); who was remembered is looked up again *after* it took its place, so that a
//! revocation is either found there or heard of by its event.

use super::{
    Engine, Error,
    ingest::{Flow, Taken},
};
use crate::{
    domain::{
        access::{Cause, Scope},
        fix::RawFix,
        ids::*,
        time::UnixMs,
        tracker::{Say, Tracker},
    },
    store::{self, TrackerSeal},
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Trackers that a node remembers; each takes about a kilobyte.
const KEPT: usize = 20_000;
/// A tracker is looked up again so long after the last time, milliseconds; its unit's duty comes with it.
const LOOK_MS: i64 = 10_000;
/// When a tracker was heard is written at most this often, milliseconds.
const SEEN_MS: i64 = 60_000;

/// The trackers that this node remembers.
#[derive(Default)]
pub(super) struct Trackers {
    kept: Mutex<Kept>,
    /// Who was heard, and when, since that was written last. Bounded by [`KEPT`].
    seen: Mutex<HashMap<TrackerId, UnixMs>>,
}

#[derive(Default)]
struct Kept {
    by_id: BTreeMap<TrackerId, (u64, Arc<KnownTracker>)>,
    /// Counts uses: the smaller, the longer ago.
    uses: u64,
}

/// A tracker that was let in.
pub struct KnownTracker {
    id: TrackerId,
    state: Mutex<State>,
}

struct State {
    seal: TrackerSeal,
    /// When it was looked up last; never, or in doubt.
    looked: Option<UnixMs>,
    seen: Option<UnixMs>,
    flow: Flow,
}

/// A tracker just added.
#[derive(Clone, Debug)]
pub struct NewTracker {
    /// As stored.
    pub tracker: Tracker,
    /// Its secret, to be shown once; nothing when the command was a repeat, for nobody knows it any more.
    pub secret: Option<String>,
}

fn sealed(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Trackers {
    fn find(&self, id: TrackerId) -> Option<Arc<KnownTracker>> {
        let mut kept = lock(&self.kept);
        kept.uses += 1;
        let uses = kept.uses;
        let (used, known) = kept.by_id.get_mut(&id)?;
        *used = uses;
        Some(Arc::clone(known))
    }

    /// Remembers a tracker; where another request did meanwhile, that one counts.
    fn keep(&self, known: KnownTracker) -> Arc<KnownTracker> {
        let mut kept = lock(&self.kept);
        if kept.by_id.len() >= KEPT && !kept.by_id.contains_key(&known.id) {
            let mut uses: Vec<u64> = kept.by_id.values().map(|(used, _)| *used).collect();
            // An eighth at once, so that the search is paid for by many.
            let (_, limit, _) = uses.select_nth_unstable(KEPT / 8);
            let limit = *limit;
            kept.by_id.retain(|_, (used, _)| *used > limit);
        }
        kept.uses += 1;
        let uses = kept.uses;
        let (used, kept) = kept.by_id.entry(known.id).or_insert_with(|| (uses, Arc::new(known)));
        *used = uses;
        Arc::clone(kept)
    }

    /// A tracker was revoked.
    pub(super) fn forget(&self, id: TrackerId) {
        lock(&self.kept).by_id.remove(&id);
    }

    /// How a unit stands changed: its trackers are looked up with their next request.
    pub(super) fn doubt(&self, unit: UnitId) {
        let of_unit = TrackerId { unit, no: 0 }..=TrackerId { unit, no: i64::MAX };
        let doubted: Vec<_> = lock(&self.kept).by_id.range(of_unit).map(|(_, (_, known))| Arc::clone(known)).collect();
        doubted.iter().for_each(|known| lock(&known.state).looked = None);
    }

    /// Who was heard since the last time.
    pub(super) fn take_seen(&self) -> Vec<(TrackerId, UnixMs)> {
        std::mem::take(&mut *lock(&self.seen)).into_iter().collect()
    }

    fn hear(&self, known: &KnownTracker, now: UnixMs) {
        let mut state = lock(&known.state);
        if state.seen.is_none_or(|seen| now.since(seen) >= SEEN_MS) {
            state.seen = Some(now);
            drop(state);
            lock(&self.seen).insert(known.id, now);
        }
    }
}

impl Engine {
    /// Gives a unit a tracker. `position_source`: its fixes count beside those of the crew's phone.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn add_tracker(&self, cause: &Cause, unit: UnitId, position_source: bool) -> Result<NewTracker, Error> {
        let secret = URL_SAFE_NO_PAD.encode(store::keys::random::<16>()?);
        let hash = sealed(&secret);
        let added = self.inner.store.add_tracker(cause, unit, hash, position_source).await?;
        // A repeat of the command gives the tracker of the first, whose secret was told then.
        Ok(NewTracker { tracker: added.tracker, secret: (added.secret == hash).then_some(secret) })
    }

    /// Ends a tracker.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn revoke_tracker(&self, cause: &Cause, id: TrackerId) -> Result<Tracker, Error> {
        let revoked = self.inner.store.revoke_tracker(cause, id).await?;
        self.inner.trackers.forget(id);
        Ok(revoked)
    }

    /// The trackers of an area's units, or of one unit; revoked ones too.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn trackers(&self, scope: &Scope, area: AreaCode, unit: Option<UnitId>) -> Result<Vec<Tracker>, Error> {
        self.inner.store.trackers(scope, area, unit).await
    }

    /// A tracker that is remembered here, if this is its secret. Reads nothing: whoever is not found is to be held
    /// against [`Self::admit_tracker`], unknown ones and wrong secrets alike.
    #[must_use]
    pub fn known_tracker(&self, id: TrackerId, secret: &str) -> Option<Arc<KnownTracker>> {
        let known = self.inner.trackers.find(id)?;
        let fits = verify_slices_are_equal(&sealed(secret), &lock(&known.state).seal.secret).is_ok();
        fits.then_some(known)
    }

    /// Looks a tracker up and lets it in; nothing when it is unknown, revoked, or this is not its secret.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn admit_tracker(&self, id: TrackerId, secret: &str) -> Result<Option<Arc<KnownTracker>>, Error> {
        let seal = self.inner.store.tracker_seal(id).await?;
        // Nobody's hash is all zeros: what is unknown is compared, too.
        let stored = seal.map_or([0; 32], |seal| seal.secret);
        let fits = verify_slices_are_equal(&sealed(secret), &stored).is_ok();
        let Some(seal) = seal.filter(|_| fits) else { return Ok(None) };
        let pin = self.position(id.unit).await.and_then(|p| p.fix);
        let flow = Flow::new(id.unit, false, pin, self.now());
        let state = Mutex::new(State { seal, looked: None, seen: None, flow });
        Ok(Some(self.inner.trackers.keep(KnownTracker { id, state })))
    }

    /// Takes the fixes of one request of a tracker; nothing when it was revoked since it was let in.
    ///
    /// # Errors
    /// [`Error`] when the database fails before the tracker was looked up once. Later, what was known of it counts.
    pub async fn take_tracked(&self, known: &KnownTracker, fixes: &[RawFix]) -> Result<Option<Taken>, Error> {
        let now = self.now();
        let looked = lock(&known.state).looked;
        if looked.is_none_or(|at| now.since(at) >= LOOK_MS) {
            match self.inner.store.tracker_seal(known.id).await {
                Ok(None) => {
                    self.inner.trackers.forget(known.id);
                    return Ok(None);
                }
                Ok(Some(seal)) => {
                    let mut state = lock(&known.state);
                    (state.seal, state.looked) = (seal, Some(now));
                }
                Err(error) if looked.is_none() => return Err(error),
                Err(error) => tracing::debug!(tracker = %known.id, %error, "not looked up again: what is known counts"),
            }
        }
        self.inner.trackers.hear(known, now);
        let phone = self.inner.tracks.phone_at(known.id.unit, now);
        let mut state = lock(&known.state);
        let say = Say::of(state.seal.position_source, state.seal.duty, phone, now);
        Ok(Some(state.flow.take_unmarked(&self.inner, say, fixes, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unit::Duty;

    fn known(no: i64) -> KnownTracker {
        let unit: UnitId = "BPN-M1".parse().unwrap();
        let seal = TrackerSeal { secret: [1; 32], position_source: false, duty: Duty::On };
        let flow = Flow::new(unit, false, None, UnixMs(0));
        let state = Mutex::new(State { seal, looked: Some(UnixMs(0)), seen: None, flow });
        KnownTracker { id: TrackerId { unit, no }, state }
    }

    #[test]
    fn the_least_recently_heard_gives_way() {
        let trackers = Trackers::default();
        let many = i64::try_from(KEPT).unwrap();
        for no in 1..=many {
            trackers.keep(known(no));
        }
        let first = known(1).id;
        assert!(trackers.find(first).is_some(), "heard again, it is the newest");
        trackers.keep(known(many + 1));
        assert!(lock(&trackers.kept).by_id.len() <= KEPT);
        assert!(trackers.find(first).is_some() && trackers.find(known(many + 1).id).is_some());
        assert!(trackers.find(known(2).id).is_none(), "the longest unheard");
    }

    #[test]
    fn what_two_requests_keep_is_one() {
        let trackers = Trackers::default();
        let (one, other) = (trackers.keep(known(1)), trackers.keep(known(1)));
        assert!(Arc::ptr_eq(&one, &other));
        trackers.doubt("BPN-M2".parse().unwrap());
        assert!(lock(&one.state).looked.is_some(), "another unit's duty");
        trackers.doubt("BPN-M1".parse().unwrap());
        assert!(lock(&one.state).looked.is_none());
        trackers.forget(one.id);
        assert!(trackers.find(one.id).is_none());
    }

    #[test]
    fn a_minute_is_written_once() {
        let (trackers, one) = (Trackers::default(), known(1));
        trackers.hear(&one, UnixMs(1_000));
        assert_eq!(trackers.take_seen(), [(one.id, UnixMs(1_000))]);
        trackers.hear(&one, UnixMs(1_000 + SEEN_MS - 1));
        assert!(trackers.take_seen().is_empty());
        trackers.hear(&one, UnixMs(1_000 + SEEN_MS));
        assert_eq!(trackers.take_seen().len(), 1);
    }
}
