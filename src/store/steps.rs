//! The steps of a dispatch inside a transaction: claiming the unit, the row, the deadlines, the incident that follows.
//!
//! Invariant: a unit is claimed by one guarded UPDATE of its own row, and released only by the dispatch that holds it.

use super::{
    AreaTx, StoreError,
    dispatches::{DispatchRow, NewDispatch, Step, find, is_crew, of_incident},
    error::refuse,
    incidents::{open_only, word},
    sql::sql,
};
use crate::domain::{
    access::{Act, Role},
    deadline::DeadlineKind,
    dispatch::*,
    event::{Audience, Happened, Work},
    ids::*,
    incident::{Incident, IncidentStatus},
    nearest::Pick,
    refusal::Refusal,
    sla::risk::LOOK_MS,
    time::UnixMs,
    unit::Duty,
};

/// Whom to ask as soon as an incident is open.
#[derive(Clone, Debug)]
pub struct FirstOffer {
    /// The nearest, and who comes after it.
    pub pick: Pick,
    /// Expected travel time of each of them, milliseconds.
    pub travel_ms: Vec<(UnitId, i64)>,
    /// How long a crew has.
    pub limits: OfferLimits,
}

impl AreaTx {
    /// Asks the first of these units that can be claimed, if any. Those of areas whose journals this transaction does not
    /// hold are left to a later dispatch.
    pub(super) async fn ask_first(&mut self, opened: &Incident, first: FirstOffer) -> Result<(), StoreError> {
        let FirstOffer { mut pick, travel_ms, limits } = first;
        while let Some(unit) = pick.chosen.map(|c| c.unit).filter(|unit| self.holds(unit.area)) {
            let new = NewDispatch {
                incident: opened.id,
                unit,
                mode: Mode::Auto,
                at_most: Some(1),
                limits,
                travel_ms: travel_ms.iter().find(|(of, _)| *of == unit).map(|(_, ms)| *ms),
                pick: Some(pick.clone()),
            };
            let numbers = self.numbers();
            match self.begin_dispatch(opened, &[], new).await {
                Ok(_) => return Ok(()),
                // The index was a moment behind. The guard wrote nothing, and the number is free again.
                Err(StoreError::Refused(Refusal::UnitBusy { .. } | Refusal::UnitOffDuty(_) | Refusal::NotFound(_))) => {
                    self.set_numbers(numbers);
                    pick.pass_over_chosen();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) async fn dispatch(&mut self, id: DispatchId) -> Result<Dispatch, StoreError> {
        find(&mut self.conn(), id).await?.ok_or(StoreError::Refused(Refusal::NotFound("dispatch")))
    }

    /// The open dispatches of an incident.
    pub(super) async fn open_dispatches(&mut self, id: IncidentId) -> Result<Vec<Dispatch>, StoreError> {
        let mut all = of_incident(&mut self.conn(), id).await?;
        all.retain(|d| d.status.is_open());
        Ok(all)
    }

    /// Takes the unit for a dispatch, or says what is in the way.
    async fn claim(&mut self, unit: UnitId, dispatch: DispatchId) -> Result<(), StoreError> {
        let now = self.now().0;
        let won = sql!(
            run,
            self.conn(),
            "UPDATE unit SET dispatch_area = $3, dispatch_no = $4, since_ms = $5
             WHERE area = $1 AND sign = $2 AND duty = 'on_duty' AND dispatch_no IS NULL",
            unit.area.as_str(),
            unit.sign(),
            dispatch.area.as_str(),
            dispatch.no,
            now
        )?;
        if won == 1 {
            return Ok(());
        }
        let row = sql!(
            row(String, Option<String>, Option<i64>),
            self.conn(),
            "SELECT duty, dispatch_area, dispatch_no FROM unit WHERE area = $1 AND sign = $2",
            unit.area.as_str(),
            unit.sign()
        )?;
        match row {
            None => refuse!(Refusal::NotFound("unit")),
            Some((_, Some(area), Some(no))) => {
                refuse!(Refusal::UnitBusy { unit, dispatch: DispatchId { area: area.parse()?, no } })
            }
            Some((duty, ..)) if duty != Duty::On.as_str() => refuse!(Refusal::UnitOffDuty(unit)),
            Some(_) => Err(StoreError::Corrupt(format!("{unit} could be claimed and was not"))),
        }
    }

    /// Lets the unit go, if this dispatch holds it.
    async fn release(&mut self, unit: UnitId, dispatch: DispatchId) -> Result<(), StoreError> {
        let now = self.now().0;
        sql!(
            run,
            self.conn(),
            "UPDATE unit SET dispatch_area = NULL, dispatch_no = NULL, since_ms = $5
             WHERE area = $1 AND sign = $2 AND dispatch_area = $3 AND dispatch_no = $4",
            unit.area.as_str(),
            unit.sign(),
            dispatch.area.as_str(),
            dispatch.no,
            now
        )?;
        Ok(())
    }

    /// Writes an event of a dispatch: into the incident's journal, and under mutual aid into the unit's as well, where
    /// its crew reads.
    pub(super) async fn dispatch_event(&mut self, work: Work, what: Happened) -> Result<(), StoreError> {
        let for_unit = if self.acts_for_itself(work.unit).await? { None } else { Some(work.unit) };
        let (home, subject) = (work.unit.area, work.dispatch.to_string());
        if home != work.dispatch.area {
            self.event_for(work.dispatch.area, &subject, Audience::Desk, what.clone(), for_unit).await?;
        }
        self.event_for(home, &subject, Audience::Unit(work.unit), what, for_unit).await?;
        Ok(())
    }

    /// Whether the actor is the program or of the unit's crew: then nobody acts on the crew's behalf.
    pub(super) async fn acts_for_itself(&mut self, unit: UnitId) -> Result<bool, StoreError> {
        match self.cause.scope.account() {
            None => Ok(true),
            Some(account) => is_crew(&mut self.conn(), unit, account).await,
        }
    }

    /// Moves an incident's deadlines to what the clock says now.
    pub(super) async fn move_deadlines(&mut self, incident: &Incident) -> Result<(), StoreError> {
        self.move_warning(incident, None, false).await?;
        if incident.clock.on_scene.is_none() && incident.clock.breached.is_none() {
            let due = incident.clock.due().plus(1);
            self.set_deadline(incident.id.area, DeadlineKind::Breach, incident.id.no, due).await?;
        }
        Ok(())
    }

    /// Sets when an incident is looked at: soon, while a unit is under way; otherwise when a ride of `travel_ms` would be too
    /// long, and in any case when most of the target is gone.
    pub(super) async fn move_warning(
        &mut self,
        incident: &Incident,
        travel_ms: Option<i64>,
        sets_out: bool,
    ) -> Result<(), StoreError> {
        let clock = &incident.clock;
        if clock.on_scene.is_some() || clock.at_risk.is_some() || clock.breached.is_some() {
            return Ok(());
        }
        let under_way = sets_out || matches!(incident.status, IncidentStatus::Assigned | IncidentStatus::EnRoute);
        let at = clock.warn_at(travel_ms);
        let at = if under_way { at.min(self.now().plus(LOOK_MS)) } else { at };
        self.set_deadline(incident.id.area, DeadlineKind::Warn, incident.id.no, at).await
    }

    /// Inserts a dispatch and, unless it is queued, claims its unit. The second lock is the unique index.
    pub(super) async fn start_dispatch(&mut self, new: NewDispatch) -> Result<Dispatch, StoreError> {
        let incident = self.incident(new.incident).await?;
        let open = self.open_dispatches(new.incident).await?;
        self.begin_dispatch(&incident, &open, new).await
    }

    /// As [`Self::start_dispatch`], for an incident that was just read with its open dispatches.
    async fn begin_dispatch(
        &mut self,
        incident: &Incident,
        open: &[Dispatch],
        new: NewDispatch,
    ) -> Result<Dispatch, StoreError> {
        open_only(incident)?;
        if new.at_most.is_some_and(|most| open.len() >= most) {
            refuse!(Refusal::EnoughUnits(new.incident));
        }
        if open.iter().any(|d| d.unit == new.unit) {
            refuse!(Refusal::AlreadyAssigned { unit: new.unit, incident: new.incident });
        }
        let id = DispatchId { area: new.incident.area, no: self.next_dispatch(new.incident.area)? };
        let status = match new.mode {
            Mode::Auto | Mode::Offer => DispatchStatus::Offered,
            Mode::Assign => DispatchStatus::Accepted,
            Mode::Queue => DispatchStatus::Queued,
        };
        if status.holds_unit() {
            self.claim(new.unit, id).await?;
        }
        let now = self.now();
        let at = |when: bool| when.then_some(now.0);
        let pick = new.pick.as_ref().map(serde_json::to_string).transpose()?;
        let begun = sql!(
            row DispatchRow,
            self.conn(),
            "INSERT INTO dispatch (area, no, incident, unit_area, unit_sign, status, mode, created_ms, offered_ms,
                accepted_ms, pick) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *",
            id.area.as_str(),
            id.no,
            new.incident.no,
            new.unit.area.as_str(),
            new.unit.sign(),
            status.as_str(),
            new.mode.as_str(),
            now.0,
            at(status == DispatchStatus::Offered),
            at(status == DispatchStatus::Accepted),
            &pick
        )?;
        let work = Work { dispatch: id, incident: new.incident, unit: new.unit };
        let what = match status {
            DispatchStatus::Queued => Happened::DispatchQueued(work),
            DispatchStatus::Accepted => Happened::DispatchAccepted { work, mode: new.mode },
            _ => self.start_offer(work, new.mode, new.limits).await?,
        };
        self.dispatch_event(work, what).await?;
        // An offer changes nothing of an incident that waits and was not despaired of.
        let waits = incident.status == IncidentStatus::Waiting && incident.unassigned_since.is_none();
        if status != DispatchStatus::Offered || !waits {
            self.follow_units(incident).await?;
        }
        self.move_warning(incident, new.travel_ms, status == DispatchStatus::Accepted).await?;
        begun.ok_or_else(|| StoreError::Corrupt(id.to_string()))?.try_into()
    }

    /// Sets the deadlines of an offer.
    async fn start_offer(&mut self, work: Work, mode: Mode, limits: OfferLimits) -> Result<Happened, StoreError> {
        let (area, no, now) = (work.dispatch.area, work.dispatch.no, self.now());
        let answer_by = now.plus(limits.answer_ms);
        self.set_deadline(area, DeadlineKind::Delivery, no, now.plus(limits.delivery_ms)).await?;
        self.set_deadline(area, DeadlineKind::Answer, no, answer_by).await?;
        Ok(Happened::DispatchOffered { work, mode, answer_by })
    }

    /// Takes one step: the row, the unit, the deadlines, the incident and its clock, the event.
    pub(super) async fn take_step(&mut self, before: &Dispatch, step: Step) -> Result<Dispatch, StoreError> {
        before.status.change(step.to).map_err(Refusal::Dispatch)?;
        let now = self.now();
        // Before the row changes: the unique index must never be the one to find that the unit has work.
        if before.status == DispatchStatus::Queued && step.to.holds_unit() {
            self.claim(before.unit, before.id).await?;
        }
        let after = self.write_step(before.id, &step).await?;
        if before.status == DispatchStatus::Offered {
            let both = [DeadlineKind::Delivery, DeadlineKind::Answer];
            self.drop_deadlines(before.id.area, both, before.id.no).await?;
        }
        if !step.to.holds_unit() {
            self.release(before.unit, before.id).await?;
        }
        let work = Work { dispatch: before.id, incident: before.incident, unit: before.unit };
        let what = self.step_event(work, before, &step).await?;
        let incident = self.incident(before.incident).await?;
        if step.to == DispatchStatus::OnScene && incident.clock.on_scene.is_none() {
            self.stop_clock(&incident).await?;
            let verified = step.arrival.map(|a| i64::from(a.verified));
            sql!(
                run,
                self.conn(),
                "UPDATE incident SET on_scene_ms = $3, verified = $4 WHERE area = $1 AND no = $2",
                incident.id.area.as_str(),
                incident.id.no,
                now.0,
                verified
            )?;
        } else {
            let sets_out = matches!(step.to, DispatchStatus::Accepted | DispatchStatus::EnRoute);
            self.move_warning(&incident, step.travel_ms, sets_out).await?;
        }
        self.dispatch_event(work, what).await?;
        self.follow_units(&incident).await?;
        Ok(after)
    }

    /// The row of a step. A skipped tap gets the time of the later one.
    async fn write_step(&mut self, id: DispatchId, step: &Step) -> Result<Dispatch, StoreError> {
        use DispatchStatus::{Accepted, EnRoute, Offered, OnScene};
        let now = self.now().0;
        let at = |statuses: &[DispatchStatus]| statuses.contains(&step.to).then_some(now);
        let row = sql!(
            row DispatchRow,
            self.conn(),
            "UPDATE dispatch SET status = $3, reason = COALESCE($4, reason),
                offered_ms = COALESCE(offered_ms, $5), accepted_ms = COALESCE(accepted_ms, $6),
                en_route_ms = COALESCE(en_route_ms, $7), on_scene_ms = COALESCE(on_scene_ms, $8), ended_ms = $9,
                verified = COALESCE($10, verified), distance_m = COALESCE($11, distance_m)
             WHERE area = $1 AND no = $2 RETURNING *",
            id.area.as_str(),
            id.no,
            step.to.as_str(),
            &step.reason,
            at(&[Offered]),
            at(&[Accepted, EnRoute, OnScene]),
            at(&[EnRoute, OnScene]),
            at(&[OnScene]),
            (!step.to.is_open()).then_some(now),
            step.arrival.map(|a| i64::from(a.verified)),
            step.arrival.and_then(|a| a.distance_m)
        )?;
        row.ok_or(StoreError::Refused(Refusal::NotFound("dispatch")))?.try_into()
    }

    async fn step_event(&mut self, work: Work, before: &Dispatch, step: &Step) -> Result<Happened, StoreError> {
        let reason = step.reason.clone().unwrap_or_default();
        Ok(match step.to {
            DispatchStatus::Queued => Happened::DispatchQueued(work),
            DispatchStatus::Offered => self.start_offer(work, before.mode, step.limits.unwrap_or_default()).await?,
            DispatchStatus::Accepted => Happened::DispatchAccepted { work, mode: before.mode },
            DispatchStatus::EnRoute => Happened::DispatchEnRoute(work),
            DispatchStatus::OnScene => {
                Happened::DispatchOnScene { work, arrival: step.arrival.unwrap_or(Arrival::judge(None)) }
            }
            DispatchStatus::Cleared => Happened::DispatchCleared(work),
            DispatchStatus::Declined => Happened::DispatchDeclined { work, reason },
            DispatchStatus::Expired => {
                let why = word(step.reason.clone())?.unwrap_or(Unanswered::NoAnswer);
                Happened::DispatchExpired { work, why }
            }
            DispatchStatus::Recalled => Happened::DispatchRecalled { work, reason },
        })
    }

    /// Makes the incident follow its units: its status is that of the furthest, its clock has the first of each.
    async fn follow_units(&mut self, incident: &Incident) -> Result<(), StoreError> {
        let id = incident.id;
        let all = of_incident(&mut self.conn(), id).await?;
        let open = all.iter().filter(|d| d.status.is_open()).map(|d| d.status.incident_status()).max();
        let served = all.iter().any(|d| d.status == DispatchStatus::Cleared && d.on_scene.is_some());
        let status = open.unwrap_or(if served { IncidentStatus::Cleared } else { IncidentStatus::Waiting });
        let first = |moment: fn(&Dispatch) -> Option<UnixMs>| all.iter().filter_map(moment).min().map(|t| t.0);
        let waits_no_more = all.iter().any(|d| d.status.is_open());
        incident.status.change(status).map_err(Refusal::Incident)?;
        sql!(
            run,
            self.conn(),
            "UPDATE incident SET status = $3, accepted_ms = COALESCE(accepted_ms, $4),
                en_route_ms = COALESCE(en_route_ms, $5),
                unassigned_ms = CASE WHEN $6 = 1 THEN NULL ELSE unassigned_ms END
             WHERE area = $1 AND no = $2 AND status <> 'closed'",
            id.area.as_str(),
            id.no,
            status.as_str(),
            first(|d| d.accepted),
            first(|d| d.en_route),
            i64::from(waits_no_more)
        )?;
        Ok(())
    }

    /// Who may move this dispatch: its crew, a dispatcher of either area, the program.
    pub(super) async fn require_step(&mut self, dispatch: &Dispatch, to: DispatchStatus) -> Result<(), StoreError> {
        let scope = self.cause.scope.clone();
        let dispatcher = scope.may(dispatch.id.area, Act::Dispatch) || scope.may(dispatch.unit.area, Act::Dispatch);
        if dispatcher {
            return Ok(());
        }
        scope.require(dispatch.unit.area, Act::Ride)?;
        let account = scope.account().ok_or(Refusal::NotFound("dispatch"))?;
        if !is_crew(&mut self.conn(), dispatch.unit, account).await? {
            refuse!(Refusal::NotCrew(dispatch.unit));
        }
        if to == DispatchStatus::Recalled {
            refuse!(Refusal::Forbidden { needs: Role::Dispatcher });
        }
        Ok(())
    }
}
