//! One area's journal on its way through this node: each event once, strictly by number, whoever committed it.
//!
//! Invariant: one task per area emits. Own commits come from memory, those of other nodes from the journal, and both
//! keep the live index, the catalog, the crews and the readers in step. What follows from an event is started by the
//! node that committed it alone; where that one died meanwhile, every node's sweep finds what it left.

use super::{Closing, Engine, Error};
use crate::{
    domain::{
        desk::Stage,
        event::{Event, Happened},
        ids::{AreaCode, IncidentId, UnitId},
        incident::Origin,
        report::RingReason,
    },
    live::Availability,
};
use futures_util::future::join_all;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Own events of an area that may wait. Those beyond are read from the journal like anybody's; the sweep follows up.
const OWN: usize = 4_096;
/// The pause before a journal that could not be read is tried again.
const AGAIN: Duration = Duration::from_millis(250);

/// The lines that have started.
#[derive(Default)]
pub(super) struct Lines(Mutex<HashMap<AreaCode, Arc<Line>>>);

/// What an area's task has to emit beside what it finds in the journal.
#[derive(Default)]
pub(super) struct Line {
    own: Mutex<VecDeque<Arc<Event>>>,
}

impl Line {
    fn add(&self, events: &[Arc<Event>]) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            // Two commits of one area are told in order by its writer; one that touches several areas may be told late.
            let at = own.partition_point(|e| e.seq < event.seq);
            own.insert(at, Arc::clone(event));
        }
        let over = own.len().saturating_sub(OWN);
        own.drain(..over);
    }

    /// Own events up to `head`, which somebody else's word made this node read from the journal before; and those that
    /// come right after it.
    fn take(&self, head: i64) -> (Vec<Arc<Event>>, Vec<Arc<Event>>) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let late = own.partition_point(|e| e.seq <= head);
        let late: Vec<_> = own.drain(..late).collect();
        let next = (head + 1..).zip(own.iter()).take_while(|(seq, event)| event.seq == *seq).count();
        (late, own.drain(..next).collect())
    }

    /// The number of the first own event that waits.
    fn first(&self) -> Option<i64> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).front().map(|e| e.seq)
    }
}

impl Engine {
    /// The line of an area, which is started when it is wanted first.
    pub(super) fn line(&self, area: AreaCode) -> Arc<Line> {
        let mut lines = self.inner.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(area).or_insert_with(|| {
            let line = Arc::new(Line::default());
            self.inner.handle.spawn(self.clone().keep_going(area, Arc::clone(&line)));
            line
        });
        Arc::clone(line)
    }

    /// This node committed these events of one area.
    pub(super) fn committed_here(&self, area: AreaCode, events: &[Arc<Event>]) {
        if let Some(last) = events.last() {
            self.line(area).add(events);
            self.inner.feed.want(area, last.seq);
        }
    }

    /// An area's journal reaches to `seq`.
    pub(super) fn reaches(&self, area: AreaCode, seq: i64) {
        self.line(area);
        if seq > self.inner.feed.head(area) {
            self.inner.feed.want(area, seq);
        }
    }

    async fn keep_going(self, area: AreaCode, line: Arc<Line>) {
        let mut wanted = self.inner.feed.wanted(area);
        let mut stop = self.inner.stop.subscribe();
        let work = async {
            loop {
                let upto = *wanted.borrow_and_update();
                if let Err(error) = self.advance(area, &line, upto).await {
                    tracing::warn!(%area, %error, "could not read a journal; tried again");
                    tokio::time::sleep(AGAIN).await;
                } else if wanted.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Emits what there is up to number `upto`.
    async fn advance(&self, area: AreaCode, line: &Line, upto: i64) -> Result<(), Error> {
        loop {
            let head = self.inner.feed.head(area);
            let (late, next) = line.take(head);
            late.iter().for_each(|event| self.follow(event, &late));
            if !next.is_empty() {
                self.emit(area, &next).await;
                next.iter().for_each(|event| self.follow(event, &next));
                continue;
            }
            if head >= upto {
                return Ok(());
            }
            let mut page = self.inner.feed.read_on(&self.inner.store, area).await?;
            // An own commit may have come in meanwhile: from there on it is taken from memory, to be followed up.
            let own = line.first();
            page.retain(|event| own.is_none_or(|own| event.seq < own));
            if page.is_empty() && own.is_none_or(|own| own > head + 1) {
                self.inner.feed.unwant(area, upto);
                return Ok(());
            }
            self.emit(area, &page).await;
        }
    }

    /// The live index and the catalog follow the journal, then readers are fed and sessions told.
    async fn emit(&self, area: AreaCode, events: &[Arc<Event>]) {
        self.take_in(area, events).await;
        self.inner.boards.heard(area, events, self.now());
        self.inner.feed.publish(area, events.to_vec());
        for event in events {
            match event.what {
                // Nobody listens while no socket is open.
                Happened::CrewSignedOn { unit, device, .. }
                | Happened::CrewSignedOff { unit, device }
                | Happened::CrewSource { unit, device } => drop(self.inner.crews.send((unit, device))),
                Happened::AccountClosed { account } => drop(self.inner.closings.send(Closing::Account(account))),
                Happened::DeviceRevoked { device } => drop(self.inner.closings.send(Closing::Device(device))),
                Happened::TrackerRevoked { tracker, .. } => self.inner.trackers.forget(tracker),
                Happened::UnitDuty { unit, .. } => self.inner.trackers.doubt(unit),
                _ => {}
            }
        }
    }

    /// What this node decides by is in step with these events.
    pub(super) async fn take_in(&self, area: AreaCode, events: &[Arc<Event>]) {
        self.tell_live(area, events).await;
        let changes_catalog = |e: &Arc<Event>| {
            matches!(
                e.what,
                Happened::AreaCreated { .. }
                    | Happened::AreaChanged { .. }
                    | Happened::PolicySet { .. }
                    | Happened::UnitAdded { .. }
            )
        };
        if events.iter().any(changes_catalog) {
            self.renew_catalog().await;
        }
    }

    /// The newest word of these events on each unit goes into the live index, all at once.
    async fn tell_live(&self, area: AreaCode, events: &[Arc<Event>]) {
        let mut newest: BTreeMap<UnitId, (Availability, i64)> = BTreeMap::new();
        for event in events {
            let Some((unit, can_be_sent)) = event.what.availability().filter(|(unit, _)| unit.area == area) else {
                continue;
            };
            let availability = match (can_be_sent, &event.what) {
                (true, _) => Availability::Free,
                (false, Happened::UnitDuty { .. }) => Availability::Off,
                (false, _) => Availability::Busy,
            };
            newest.insert(unit, (availability, event.seq));
        }
        join_all(newest.into_iter().map(|(unit, (availability, seq))| self.tell_availability(unit, availability, seq)))
            .await;
    }

    /// Tells the live index what the journal said of a unit at `seq`.
    pub(super) async fn tell_availability(&self, unit: UnitId, availability: Availability, seq: i64) {
        if let Err(error) = self.inner.live.set_availability(unit, availability, seq).await {
            tracing::warn!(%unit, %error, "the live index did not hear of it; the claim in SQL still holds");
        }
    }

    /// Starts what an event calls for. Events that are heard of twice do no harm: every step is guarded in SQL.
    fn follow(&self, event: &Event, beside: &[Arc<Event>]) {
        let engine = self.clone();
        let asked = |id: IncidentId| {
            beside.iter().any(|e| matches!(&e.what, Happened::DispatchOffered { work, .. } if work.incident == id))
        };
        match &event.what {
            Happened::IncidentOpened { incident, origin: Origin::Citizen, .. } if asked(*incident) => {}
            Happened::IncidentOpened { incident, origin, .. } if *origin != Origin::Officer => {
                let id = *incident;
                self.follow_up(async move { engine.serve(id).await });
            }
            // Where a city's desk decides, its unit is asked from here on.
            Happened::ReportClaimed { report, .. }
            | Happened::ReportRinging { report, stage: Stage::FollowUp, why: RingReason::Climbed, .. }
                if report.area == event.area =>
            {
                let id = *report;
                self.follow_up(async move { engine.serve_report(id).await });
            }
            Happened::DispatchDeclined { work, .. }
            | Happened::DispatchExpired { work, .. }
            | Happened::DispatchRecalled { work, .. } => {
                let id = work.incident;
                self.follow_up(async move { engine.serve(id).await });
            }
            _ => {}
        }
        if let Some((unit, true)) = event.what.availability().filter(|(unit, _)| unit.area == event.area) {
            let engine = self.clone();
            self.follow_up(async move { engine.unit_free(unit).await });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        access::{Actor, Source},
        event::Audience,
        time::UnixMs,
    };

    fn event(seq: i64) -> Arc<Event> {
        let area = "BPN".parse().unwrap();
        Arc::new(Event {
            area,
            seq,
            at: UnixMs(0),
            what: Happened::AreaChanged { what: "targets".to_owned() },
            actor: Actor::System,
            on_behalf_of: None,
            source: Source::System,
            device_at: None,
            command: None,
            audience: Audience::Desk,
        })
    }

    fn numbers(events: &[Arc<Event>]) -> Vec<i64> {
        events.iter().map(|e| e.seq).collect()
    }

    #[test]
    fn own_events_are_taken_where_they_fit() {
        let line = Line::default();
        line.add(&[event(7), event(8)]);
        line.add(&[event(3), event(4)]);
        line.add(&[event(10)]);
        let (late, next) = line.take(3);
        assert_eq!((numbers(&late), numbers(&next)), (vec![3], vec![4]));
        assert_eq!(line.first(), Some(7), "5 and 6 are somebody else's");
        let (late, next) = line.take(6);
        assert_eq!((numbers(&late), numbers(&next)), (vec![], vec![7, 8]));
        let (late, next) = line.take(10);
        assert_eq!((numbers(&late), numbers(&next)), (vec![10], vec![]));
    }

    #[test]
    fn own_events_that_wait_are_bounded() {
        let line = Line::default();
        let many: Vec<_> = (1..=OWN as i64 + 5).map(event).collect();
        line.add(&many);
        assert_eq!(line.first(), Some(6), "the oldest are left to the journal");
    }
}
