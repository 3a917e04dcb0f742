//! What becomes known while somebody speaks with the caller, and how the call goes.

use super::{
    super::{AreaTx, Store, StoreError, sql::sql},
    Personal, context, must_hold,
};
use crate::domain::{
    access::Cause,
    deadline::DeadlineKind,
    event::{Happened, Update},
    ids::*,
    refusal::Refusal,
    report::*,
    time::UnixMs,
};

/// What people say in a call at most, characters: it is sealed and read as one text.
const TEXT_MAX: usize = 16_000;

impl AreaTx {
    /// The caller must have been reached again by then.
    pub(super) async fn want_callback(&mut self, report: &Report, by: UnixMs) -> Result<(), StoreError> {
        let set = "UPDATE report SET callback_ms = $3 WHERE area = $1 AND no = $2";
        sql!(run, self.conn(), set, report.id.area.as_str(), report.id.no, by.0)?;
        if report.attention == Attention::Held {
            let report = Report { callback_by: Some(by), ..report.clone() };
            self.look_at_holder(&report).await?;
        }
        Ok(())
    }

    /// Writes what became known; gives the parts that changed. `district` is that of the new place.
    async fn amend(
        &mut self,
        report: &Report,
        new: Amendment,
        district: Option<String>,
    ) -> Result<Vec<Part>, StoreError> {
        let id = report.id;
        let (subject, mut personal) = match self.personal(id).await? {
            Some(known) => known,
            // What was erased stays erased: what is told from now on is somebody's of its own.
            None => (self.new_subject(id.area).await?, Personal::default()),
        };
        let mut parts = Vec::new();
        let mut note = |part: Part, changes: bool| {
            if changes && !parts.contains(&part) {
                parts.push(part);
            }
        };
        note(Part::Kind, new.kind.as_ref().is_some_and(|kind| *kind != report.kind));
        note(Part::Priority, new.priority.is_some_and(|priority| priority != report.priority));
        let present = personal.place.map(|_| report.accuracy_m);
        let place = new.place.filter(|_| takes_place(present, new.accuracy_m));
        note(Part::Place, place.is_some());
        note(Part::Caller, new.caller_number.is_some() && personal.number.is_none());
        note(Part::Caller, new.caller_name.is_some() && personal.name != new.caller_name);
        note(Part::Address, new.address.is_some() && personal.address != new.address);
        note(Part::Text, new.text.is_some());
        if parts.is_empty() {
            return Ok(parts);
        }
        personal.place = place.or(personal.place);
        personal.number = personal.number.or(new.caller_number);
        personal.name = new.caller_name.or(personal.name);
        personal.address = new.address.or(personal.address);
        if let Some(text) = new.text {
            let all = [personal.text, Some(text)].into_iter().flatten().collect::<Vec<_>>().join("\n");
            personal.text = Some(all.chars().take(TEXT_MAX).collect());
        }
        let accuracy_m = if place.is_some() { new.accuracy_m } else { report.accuracy_m };
        sql!(
            run,
            self.conn(),
            "UPDATE report SET kind = $3, priority = $4, accuracy_m = $5, district = $6, subject = $7
             WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            new.kind.as_ref().unwrap_or(&report.kind),
            new.priority.unwrap_or(report.priority).as_str(),
            accuracy_m,
            if place.is_some() { &district } else { &report.district },
            subject.to_string()
        )?;
        if let Some(number) = personal.number.as_ref().filter(|_| parts.contains(&Part::Caller)) {
            self.known_by(id.area, number, subject).await?;
        }
        let commitment = self.seal(id.area, subject, &context(id), &serde_json::to_string(&personal)?).await?;
        let what = Happened::ReportAmended { report: id, parts: parts.clone(), commitment };
        self.tell_report(report, what).await?;
        Ok(parts)
    }
}

impl Store {
    /// More became known of an open report, or better. Where its incident is open and lies in the city whose district is
    /// named, the incident's place follows. Gives the report and the parts that changed.
    ///
    /// # Errors
    /// [`Refusal::ReportHeld`] when somebody else holds it, a wrong state, out of scope, or the database's failure.
    pub async fn amend_report(
        &self,
        cause: &Cause,
        id: ReportId,
        new: Amendment,
        (city, district): (Option<AreaCode>, Option<String>),
    ) -> Result<(Report, Vec<Part>), StoreError> {
        let everywhere = crate::domain::access::Scope::system();
        let incident = self.find_report(&everywhere, id).await?.and_then(|report| report.incident);
        let others = match incident {
            Some(incident) => self.areas_of(incident).await?,
            None => Vec::new(),
        };
        self.write_report(cause, id, &others, move |tx, report| {
            Box::pin(async move {
                must_hold(&tx.cause.scope, &report)?;
                if !report.status.is_open() {
                    report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
                }
                let (place, text) = (new.place, new.text.clone());
                let parts = tx.amend(&report, new, district.clone()).await?;
                let moved = place.filter(|_| parts.contains(&Part::Place)).zip(report.incident);
                if let Some((place, incident)) = moved.filter(|(_, i)| Some(i.area) == city && tx.holds(i.area)) {
                    let open = tx.incident(incident).await?.status.is_open();
                    if open {
                        tx.set_place(incident, place, district).await?;
                        tx.tell_crews(incident, Update::Place).await?;
                    }
                }
                if let Some((text, incident)) = text.zip(report.incident) {
                    tx.note_of_report(&report, incident, &text).await?;
                }
                Ok((tx.report(id).await?, parts))
            })
        })
        .await
    }

    /// The call is at another step. Whoever was silent or hung up must be reached again within [`CALLBACK_MS`].
    ///
    /// # Errors
    /// [`Refusal::Call`] for a step that is not possible, [`Refusal::ReportHeld`], out of scope, or the database's
    /// failure.
    pub async fn change_call(&self, cause: &Cause, id: ReportId, to: CallState) -> Result<Report, StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                // That the caller hung up is known to the exchange, which holds no report.
                if !matches!(to, CallState::Dropped | CallState::Ended) {
                    must_hold(&tx.cause.scope, &report)?;
                }
                let from = report.call.ok_or_else(|| Refusal::invalid("call", "this report is no call"))?;
                if from == to {
                    return Ok(report);
                }
                from.change(to).map_err(Refusal::from)?;
                // Whoever hangs up after it was judged, or once somebody reached them, wants no more.
                let judged = report.status.is_judged() || !report.status.is_open();
                let to = if to == CallState::Dropped && judged { CallState::Ended } else { to };
                let set = "UPDATE report SET call = $3 WHERE area = $1 AND no = $2";
                sql!(run, tx.conn(), set, id.area.as_str(), id.no, to.as_str())?;
                if to.wants_callback() {
                    let by = tx.now().plus(CALLBACK_MS);
                    tx.want_callback(&report, by).await?;
                }
                tx.tell_report(&report, Happened::CallChanged { report: id, call: to }).await?;
                tx.report(id).await
            })
        })
        .await
    }

    /// Somebody tried to reach the caller again. Who was reached talks; who was not is tried again, or given up by
    /// judging the report.
    ///
    /// # Errors
    /// [`Refusal::ReportHeld`], a wrong state, out of scope, or the database's failure.
    pub async fn call_back(
        &self,
        cause: &Cause,
        id: ReportId,
        way: CallbackWay,
        reached: bool,
    ) -> Result<Report, StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                must_hold(&tx.cause.scope, &report)?;
                if !report.status.is_open() {
                    report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
                }
                let talks = (reached && way == CallbackWay::Call).then_some(CallState::Talking);
                // Tried without an answer: once more after a while, until somebody judges it.
                let again = (!reached && report.callback_by.is_some()).then(|| tx.now().plus(CALLBACK_MS));
                sql!(
                    run,
                    tx.conn(),
                    "UPDATE report SET callbacks = callbacks + 1, callback_ms = $3, call = COALESCE($4, call)
                     WHERE area = $1 AND no = $2",
                    id.area.as_str(),
                    id.no,
                    again.map(|a| a.0),
                    talks.map(CallState::as_str)
                )?;
                tx.tell_report(&report, Happened::CallCallback { report: id, way, reached }).await?;
                let now = tx.report(id).await?;
                if now.attention == Attention::Held {
                    tx.look_at_holder(&now).await?;
                }
                Ok(now)
            })
        })
        .await
    }

    /// The exchange says where it keeps the recording.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn set_recording(&self, cause: &Cause, id: ReportId, url: String) -> Result<Report, StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                let set = "UPDATE report SET recording = $3 WHERE area = $1 AND no = $2";
                sql!(run, tx.conn(), set, id.area.as_str(), id.no, &url)?;
                tx.tell_report(&report, Happened::CallRecorded { report: id }).await?;
                tx.report(id).await
            })
        })
        .await
    }
}

impl AreaTx {
    /// What a caller tells after the incident opened, its crews know as well. It is sealed under the caller.
    async fn note_of_report(&mut self, report: &Report, id: IncidentId, text: &str) -> Result<(), StoreError> {
        let Some((subject, _)) = self.personal(report.id).await? else { return Ok(()) };
        if self.holds(id.area) && self.incident(id).await?.status.is_open() {
            self.write_note(id, text, Some((report.id.area, subject))).await?;
            self.tell_crews(id, Update::Note).await?;
        }
        Ok(())
    }

    /// Nothing is due of a report any more.
    pub(super) async fn nothing_due(&mut self, id: ReportId) -> Result<(), StoreError> {
        self.drop_deadline(id.area, DeadlineKind::Report, id.no).await.map(drop)
    }
}
