//! Weeks lived through: whoever calls, sits at the desk or rides does so at their moment, by the engine's own commands, and
//! what falls due in between is done.

use super::{
    Lived, Moment,
    agenda::{Agenda, Turn, Why},
    fleet::Patrol,
};
use crate::{
    app::demo::Person,
    domain::{
        access::*, dispatch::DispatchStatus, event::Happened, gazetteer::balikpapan, ids::*, incident::Disposition,
        place::Place, report::*, time::UnixMs,
    },
    engine::{Conductor, Engine, Error, Lane, Tap},
    sim::past::{Answer, Call, Ways},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::{AtomicBool, Ordering},
};

/// Nothing that a command sets falls due sooner, milliseconds: a phone has so long to have an offer.
const SOON_MS: i64 = 4_000;
/// What is at risk is looked at at most so often, milliseconds.
const WARN_MS: i64 = 120_000;
/// What waits for a unit is tried again so often, milliseconds.
const AGAIN_MS: i64 = 30_000;
/// Who works at the desk says so that often, milliseconds.
const SEEN_MS: i64 = 10_000;
/// What is not to be done now is tried again so much later, milliseconds.
const LATER_MS: i64 = 300_000;
const HOUR_MS: i64 = 3_600_000;
/// Hours of the day at which the next ones sit down at the desk, and at which every other crew ends and begins.
const HANDOVERS_H: [i64; 3] = [7, 15, 23];
const NIGHT_H: (i64, i64) = (23, 6);
/// From a valid report's arrival until the desk has it, and until the caller was told; from an offer until a phone has it.
const CLAIM_S: (f64, f64) = (2.0, 8.0);
const TELL_S: (f64, f64) = (4.0, 12.0);
const DELIVERED_S: (f64, f64) = (0.3, 1.5);

/// A past while it is lived through.
pub(super) struct Life {
    engine: Engine,
    conductor: Conductor,
    moment: Moment,
    area: AreaCode,
    ways: Ways,
    agenda: Agenda,
    fleet: Vec<Patrol>,
    exchange: Scope,
    desk: Scope,
    calls: Vec<Call>,
    /// Where open incidents are.
    scenes: HashMap<IncidentId, Place>,
    /// Those that nobody was asked for.
    waiting: BTreeSet<IncidentId>,
    tries_again: bool,
    held: BTreeSet<ReportId>,
    warned: UnixMs,
    seen: UnixMs,
    /// Until when nothing is due.
    clear: UnixMs,
    lived: Lived,
}

/// What came of a command; nothing where the rules said no, as they do in life.
fn taken<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(Error::Refused(refusal)) => {
            tracing::debug!(%refusal, "a step of the past was refused");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

impl Life {
    /// With these people.
    pub async fn new(
        engine: Engine,
        conductor: Conductor,
        moment: Moment,
        mut ways: Ways,
        people: &[Person],
    ) -> Result<Self, Error> {
        let area = balikpapan::area().code;
        let tree = engine.catalog().tree();
        let scope = |person: &Person| Scope::new(person.id, person.grants(), tree.clone());
        let one = |role| people.iter().find(|p| p.account.role == role).map_or_else(Scope::system, scope);
        let mut fleet = Vec::new();
        for person in people {
            let Some(unit) = person.account.unit else { continue };
            let kind = engine.catalog().unit_kind(unit);
            fleet.push(Patrol::new((unit, kind), scope(person), moment.now(), fleet.len(), &mut ways));
        }
        Ok(Self {
            exchange: one(Role::Operator),
            desk: one(Role::Dispatcher),
            warned: moment.now(),
            seen: moment.now(),
            clear: moment.now(),
            engine,
            conductor,
            moment,
            area,
            ways,
            agenda: Agenda::default(),
            fleet,
            calls: Vec::new(),
            scenes: HashMap::new(),
            waiting: BTreeSet::new(),
            tries_again: false,
            held: BTreeSet::new(),
            lived: Lived::default(),
        })
    }

    fn now(&self) -> UnixMs {
        self.moment.now()
    }

    fn at_desk(&self) -> Cause {
        Cause { scope: self.desk.clone(), source: Source::Console, now: self.now(), device_at: None, command: None }
    }

    /// Lives through it all; what is open at `curfew` is closed then.
    pub async fn live(mut self, calls: Vec<Call>, curfew: UnixMs, stop: &AtomicBool) -> Result<Lived, Error> {
        self.calls = calls;
        self.plan(curfew);
        self.engine.begin_shift(&self.at_desk(), DeskId::main(self.area)).await?;
        for unit in 0..self.fleet.len() {
            self.ride(unit, true).await?;
        }
        self.hear().await?;
        let mut ends = false;
        while let Some(next) = self.agenda.next_at() {
            if stop.load(Ordering::SeqCst) && !ends {
                // Nobody calls any more; what is open is worked off.
                ends = true;
                self.agenda.retain(|turn| !matches!(turn, Turn::Call(_) | Turn::Ride(..) | Turn::Handover));
                continue;
            }
            if next >= curfew {
                break;
            }
            if let Some((lane, at)) = self.due_before(next).await? {
                self.fall_due(lane, at).await?;
            } else if let Some((at, turn)) = self.agenda.take() {
                self.moment.reach(at);
                self.take(turn).await?;
            }
            self.hear().await?;
        }
        self.end(curfew).await?;
        Ok(self.lived)
    }

    fn plan(&mut self, until: UnixMs) {
        for (i, call) in self.calls.iter().enumerate() {
            self.agenda.add(if call.no_work.is_some() { call.rung } else { call.judged }, Turn::Call(i));
        }
        let (zone, first) = (balikpapan::area().zone, self.now());
        for day in zone.day(first)..=zone.day(until) {
            let at = |hour: i64| zone.midnight(day).plus(hour * HOUR_MS);
            let mut add = |at: UnixMs, turn: Turn| {
                if at > first {
                    self.agenda.add(at, turn);
                }
            };
            HANDOVERS_H.iter().for_each(|hour| add(at(*hour), Turn::Handover));
            add(at(4), Turn::Flush);
            for unit in (1..self.fleet.len()).step_by(2) {
                add(at(NIGHT_H.0), Turn::Ride(unit, false));
                add(at(NIGHT_H.1), Turn::Ride(unit, true));
            }
        }
    }

    /// What falls due before the next turn, and when it is done.
    async fn due_before(&mut self, next: UnixMs) -> Result<Option<(Lane, UnixMs)>, Error> {
        if next <= self.clear {
            return Ok(None);
        }
        let due = self.engine.next_due().await?.into_iter().map(|(lane, at)| match lane {
            Lane::Warnings => (lane, at.max(self.warned.plus(WARN_MS))),
            _ => (lane, at),
        });
        let first = due.min_by_key(|(_, at)| *at);
        let soon = self.now().plus(SOON_MS);
        self.clear = first.map_or(soon, |(_, at)| soon.min(at.plus(-1)));
        Ok(first.filter(|(_, at)| *at <= next))
    }

    async fn fall_due(&mut self, lane: Lane, at: UnixMs) -> Result<(), Error> {
        self.moment.reach(at);
        match lane {
            Lane::Warnings => {
                self.warned = self.now();
                self.tell_places(Patrol::is_under_way);
            }
            Lane::Offers => self.tell_places(Patrol::rides),
            Lane::Reports => self.seen_at_desk().await?,
            Lane::Promises => {}
        }
        self.engine.tick_lane(lane).await?;
        Ok(())
    }

    /// The phones of these say where they are.
    fn tell_places(&mut self, of: impl Fn(&Patrol) -> bool) {
        let now = self.now();
        for patrol in self.fleet.iter_mut().filter(|patrol| of(patrol)) {
            patrol.move_on(&mut self.ways, now);
            patrol.send(now);
        }
    }

    /// Whoever sits at the desk has a console open.
    async fn seen_at_desk(&mut self) -> Result<(), Error> {
        let now = self.now();
        if now.since(self.seen) > SEEN_MS {
            self.seen = now;
            self.engine.seen_at_desks(self.desk.account().into_iter().collect()).await?;
        }
        Ok(())
    }

    async fn take(&mut self, turn: Turn) -> Result<(), Error> {
        match turn {
            Turn::Call(i) => self.call(i).await,
            Turn::Claim(report) => {
                self.seen_at_desk().await?;
                if taken(self.engine.claim_report(&self.at_desk(), report, false).await)?.is_some() {
                    self.held.insert(report);
                }
                Ok(())
            }
            Turn::Judge(report, reason) => {
                self.held.remove(&report);
                taken(self.engine.judge_invalid(&self.at_desk(), report, reason, true).await).map(drop)
            }
            Turn::Told(report) => {
                self.held.remove(&report);
                taken(self.engine.close_report(&self.at_desk(), report, Closing::Told, Informed::Call).await).map(drop)
            }
            Turn::Delivered(dispatch) => {
                let Some(patrol) = self.fleet.iter().find(|p| p.works_on(dispatch).is_some()) else { return Ok(()) };
                taken(self.engine.deliver(&patrol.cause(self.now()), dispatch, patrol.device).await).map(drop)
            }
            Turn::Step(dispatch, to, why) => self.step(dispatch, to, why).await,
            Turn::TryAgain => {
                self.tries_again = false;
                self.tell_places(Patrol::rides);
                self.engine.sweep().await;
                Ok(())
            }
            Turn::Ride(unit, on) => self.ride(unit, on).await,
            Turn::Handover => self.hand_over().await,
            Turn::Flush => self.engine.flush_tracks().await,
        }
    }

    async fn call(&mut self, i: usize) -> Result<(), Error> {
        let call = self.calls[i].clone();
        self.lived.calls += 1;
        self.seen_at_desk().await?;
        let cause = Cause { scope: self.exchange.clone(), ..self.at_desk() };
        let new = NewReport {
            rung: Some(call.rung),
            priority: call.priority,
            place: Some(call.place),
            caller_number: call.number,
            ..NewReport::new(Channel::Call, call.kind)
        };
        if let Some(reason) = call.no_work {
            let new = NewReport { call: Some(CallState::Ringing), ..new };
            let report = self.engine.take_call(&cause, Some(self.area), new).await?.id;
            self.agenda.add(call.answered, Turn::Claim(report));
            self.agenda.add(call.judged, Turn::Judge(report, reason));
            return Ok(());
        }
        self.tell_places(Patrol::rides);
        let new = NewReport { answered: Some(call.answered), ..new };
        let received = self.engine.receive(&cause, Some(self.area), new, true).await?;
        if let Some(incident) = received.incident {
            self.lived.incidents += 1;
            self.scenes.insert(incident.id, incident.place);
        }
        let claimed = self.now().plus(self.ways.within_ms(CLAIM_S));
        self.agenda.add(claimed, Turn::Claim(received.report.id));
        let told = claimed.plus(self.ways.within_ms(TELL_S));
        self.agenda.add(told, Turn::Told(received.report.id));
        Ok(())
    }

    /// A crew takes a step, if it still works on that; the next one follows in its time.
    async fn step(&mut self, dispatch: DispatchId, to: DispatchStatus, why: Why) -> Result<(), Error> {
        use DispatchStatus::{Accepted, Cleared, EnRoute, OnScene};
        let now = self.now();
        let Some(unit) = self.fleet.iter().position(|patrol| patrol.works_on(dispatch).is_some()) else {
            return Ok(());
        };
        if to == DispatchStatus::Declined || to == Cleared {
            self.tell_places(Patrol::rides);
        }
        let patrol = &mut self.fleet[unit];
        let scene = patrol.works_on(dispatch).map_or(self.calls[0].place, |job| job.scene);
        let next = match to {
            Accepted => Some((now.plus(self.ways.turnout_ms()), EnRoute, Why::default())),
            EnRoute => {
                let from = patrol.move_on(&mut self.ways, now);
                patrol.send(now);
                #[expect(clippy::cast_possible_truncation, reason = "rides take minutes")]
                let expected = (from.distance_m(scene) / patrol.kind.straight_line_speed_mps() * 1_000.0) as i64;
                let there = now.plus(self.ways.ride_ms(expected, now));
                patrol.set_out(now, there);
                Some((there, OnScene, Why::default()))
            }
            OnScene => {
                let stops = self.ways.stop_at(scene);
                patrol.arrive(stops, now);
                let (work_ms, how) = self.ways.work();
                Some((now.plus(work_ms), Cleared, Why { disposition: Some(how), reason: None }))
            }
            _ => None,
        };
        let cause = patrol.cause(now);
        let tap = Tap { to, reason: why.reason.map(str::to_owned), disposition: why.disposition };
        if taken(self.engine.step(&cause, dispatch, tap).await)?.is_some()
            && let Some((at, to, why)) = next
        {
            self.agenda.add(at, Turn::Step(dispatch, to, why));
        }
        Ok(())
    }

    /// A crew begins its ride, or ends it as soon as it is free.
    async fn ride(&mut self, unit: usize, on: bool) -> Result<(), Error> {
        let (now, patrol) = (self.now(), &mut self.fleet[unit]);
        if patrol.rides() == on {
            return Ok(());
        }
        let (cause, id, device) = (patrol.cause(now), patrol.unit, patrol.device);
        let outcome = match on {
            true => taken(self.engine.sign_on(&cause, id, device, true).await)?,
            false => taken(self.engine.sign_off(&cause, id, device).await)?,
        };
        if outcome.is_some() {
            patrol.ride(&self.engine, on).await;
        } else if !on {
            self.agenda.add(now.plus(LATER_MS), Turn::Ride(unit, on));
        }
        Ok(())
    }

    /// The next ones sit down, between two calls.
    async fn hand_over(&mut self) -> Result<(), Error> {
        if !self.held.is_empty() {
            self.agenda.add(self.now().plus(SEEN_MS), Turn::Handover);
            return Ok(());
        }
        self.engine.end_shift(&self.at_desk()).await?;
        self.engine.begin_shift(&self.at_desk(), DeskId::main(self.area)).await?;
        self.seen = self.now();
        Ok(())
    }

    /// Takes in what was committed: crews hear of offers, and of what is theirs no more.
    async fn hear(&mut self) -> Result<(), Error> {
        for event in self.conductor.catch_up().await? {
            match &event.what {
                Happened::DispatchOffered { work, .. } => {
                    self.waiting.remove(&work.incident);
                    self.offered(work.dispatch, work.incident, work.unit);
                }
                Happened::DispatchDeclined { work, .. }
                | Happened::DispatchExpired { work, .. }
                | Happened::DispatchRecalled { work, .. }
                | Happened::DispatchCleared(work) => {
                    for patrol in self.fleet.iter_mut().filter(|p| p.works_on(work.dispatch).is_some()) {
                        patrol.job = None;
                    }
                    let again = !matches!(event.what, Happened::DispatchCleared(_));
                    if again && self.scenes.contains_key(&work.incident) {
                        self.waiting.insert(work.incident);
                    }
                }
                Happened::IncidentUnassigned { incident } => drop(self.waiting.insert(*incident)),
                Happened::IncidentClosed { incident, .. } => {
                    self.waiting.remove(incident);
                    self.scenes.remove(incident);
                }
                _ => {}
            }
        }
        if !self.waiting.is_empty() && !self.tries_again {
            self.tries_again = true;
            self.agenda.add(self.now().plus(AGAIN_MS), Turn::TryAgain);
        }
        Ok(())
    }

    fn offered(&mut self, dispatch: DispatchId, incident: IncidentId, unit: UnitId) {
        let Some(&scene) = self.scenes.get(&incident) else { return };
        let Some(patrol) = self.fleet.iter_mut().find(|patrol| patrol.unit == unit) else { return };
        patrol.begin(dispatch, scene);
        let (now, answer) = (self.moment.now(), self.ways.answer());
        let (after_ms, to, why) = match answer {
            Answer::Silent => return,
            Answer::No(ms, reason) => (ms, DispatchStatus::Declined, Why { reason: Some(reason), disposition: None }),
            Answer::Yes(ms) => (ms, DispatchStatus::Accepted, Why::default()),
        };
        self.agenda.add(now.plus(self.ways.within_ms(DELIVERED_S).min(after_ms)), Turn::Delivered(dispatch));
        self.agenda.add(now.plus(after_ms), Turn::Step(dispatch, to, why));
    }

    /// The last ones go home; nothing is left open.
    async fn end(&mut self, curfew: UnixMs) -> Result<(), Error> {
        if !self.scenes.is_empty() {
            self.moment.reach(curfew);
            for incident in self.scenes.keys().copied().collect::<BTreeSet<_>>() {
                taken(self.engine.close_incident(&self.at_desk(), incident, Disposition::Handled).await)?;
            }
            self.hear().await?;
        }
        self.engine.flush_tracks().await?;
        for unit in 0..self.fleet.len() {
            self.ride(unit, false).await?;
        }
        self.engine.end_shift(&self.at_desk()).await
    }
}
