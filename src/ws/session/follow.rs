//! Journals that a session follows: which part of one, from where, and what goes with an event.

use super::Shared;
use crate::{
    domain::{
        access::Act,
        event::{Audience, Happened},
        ids::*,
        refusal::Refusal,
    },
    engine::{
        Brief, Error,
        feed::{Numbered, Subscription, View},
    },
    wire::{
        frames::ServerFrame,
        problem::{NOT_RIDING, Problem},
    },
};
use futures_util::future::{Either, pending, select_all};

/// Areas that a session may follow.
pub(super) const FOLLOWS_MAX: usize = 64;

/// A journal that is followed.
pub(super) struct Follow {
    pub area: AreaCode,
    pub view: View,
    pub subscription: Subscription,
    /// Times in a row that the journal could not be read; it is tried again with the next heartbeat.
    pub failed: i64,
}

/// The part of an area's journal that a session may see: a desk all of it, a crew its own.
pub(super) fn view(shared: &Shared, area: AreaCode) -> Result<View, Problem> {
    let Err(refusal) = shared.scope.require(area, Act::SeeDesk) else { return Ok(View::Desk) };
    match (shared.link.riding(), &refusal) {
        (Some((unit, _)), _) if unit.area == area => Ok(View::Unit(unit)),
        (None, Refusal::Forbidden { .. }) => Err(Problem::new(NOT_RIDING, format!("{area}: sign on to a unit first"))),
        _ => Err(about(area, Problem::from(&refusal))),
    }
}

/// A problem that says which area it is about.
pub(super) fn about(area: AreaCode, problem: Problem) -> Problem {
    Problem { detail: format!("{area}: {}", problem.detail).into(), ..problem }
}

/// The next events of any of these, and of which; waits until there are some. Safe to drop while waiting.
pub(super) async fn next(follows: &mut [Follow]) -> (usize, Result<Vec<Numbered>, Error>) {
    let waiting = follows.iter_mut().enumerate().filter(|(_, follow)| follow.failed == 0);
    let mut waiting = waiting.map(|(i, follow)| Box::pin(async move { (i, follow.subscription.next().await) }));
    // One subscription is what nearly every session has.
    let (Some(first), second) = (waiting.next(), waiting.next()) else { return pending().await };
    let all = match second {
        None => Either::Left(first),
        Some(second) => Either::Right(select_all([first, second].into_iter().chain(waiting))),
    };
    match all {
        Either::Left(one) => one.await,
        Either::Right(all) => all.await.0,
    }
}

/// The frame of an event, with a crew's brief where it is about its work and none later in the batch is.
pub(super) async fn frame(shared: &Shared, batch: &[Numbered], index: usize) -> ServerFrame {
    let Numbered { event, prev } = &batch[index];
    let own = shared.link.riding().is_some_and(|(unit, _)| event.audience == Audience::Unit(unit));
    let dispatch = brief_of(&event.what).filter(|_| own);
    let dispatch =
        dispatch.filter(|id| !batch[index + 1..].iter().any(|later| brief_of(&later.event.what) == Some(*id)));
    let brief = match dispatch {
        Some(id) => brief(shared, id).await,
        None => None,
    };
    ServerFrame::Event { area: event.area, seq: event.seq, prev: *prev, event: event.clone(), brief }
}

/// The dispatch that a crew needs to be briefed on after this.
const fn brief_of(what: &Happened) -> Option<DispatchId> {
    match what {
        Happened::DispatchQueued(_)
        | Happened::DispatchOffered { .. }
        | Happened::DispatchAccepted { .. }
        | Happened::DispatchUpdated { .. }
        | Happened::DispatchRecalled { .. } => match what.work() {
            Some(work) => Some(work.dispatch),
            None => None,
        },
        _ => None,
    }
}

/// An offer without its brief is better than none: the phone can ask for it.
async fn brief(shared: &Shared, id: DispatchId) -> Option<Box<Brief>> {
    match Box::pin(shared.hub.engine.brief(&shared.scope, id)).await {
        Ok(brief) => Some(Box::new(brief)),
        Err(error) => {
            tracing::warn!(session = %shared.link.id, dispatch = %id, %error, "an event goes without its brief");
            None
        }
    }
}
