//! What a desk does with a report: takes it, speaks with the caller, judges it, passes it on, closes it.

use super::{Engine, Error};
use crate::{
    domain::{
        access::*,
        atlas::Located,
        desk::{Desk, DeskKind, Flow, Shift, Stage},
        duplicate::{Likeness, likeness},
        ids::*,
        incident::Incident,
        place::Place,
        refusal::Refusal,
        report::*,
    },
    store::{Judged, Landing},
};

/// How a report is judged valid.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Of something new.
    New,
    /// Of this, which is open.
    Same(IncidentId),
}

/// Open incidents that are looked at for likeness.
const OPEN: i64 = 500;

impl Engine {
    /// Takes a report; one wins.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn claim_report(&self, cause: &Cause, id: ReportId, take_over: bool) -> Result<Report, Error> {
        self.inner.store.claim_report(cause, id, take_over).await
    }

    /// Passes a report to a desk; without one it goes back to the desk where it is, for somebody else.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn pass_report(&self, cause: &Cause, id: ReportId, to: Option<DeskId>) -> Result<Report, Error> {
        let report = self.report(&cause.scope, id).await?;
        if let Some(desk) = to
            && !self.catalog().desks(desk.area).any(|d| d.id == desk)
        {
            return Err(Refusal::NotFound("desk").into());
        }
        let why = if to.is_some() { RingReason::Passed } else { RingReason::GivenBack };
        let ring = self.ring_at(&report, to.unwrap_or(report.desk)).await?;
        let ring = ring.ok_or_else(|| Refusal::invalid("desk", "the flow has no desk"))?;
        if !self.inner.store.ring_report(cause, &report, ring, why).await? {
            report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
        }
        self.report(&Scope::system(), id).await
    }

    /// More became known of a report.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn amend(&self, cause: &Cause, id: ReportId, new: Amendment) -> Result<Report, Error> {
        let number = new.caller_number.clone();
        self.amend_parts(cause, id, new).await?;
        self.place_by_aml(id, number.as_ref()).await;
        self.report(&Scope::system(), id).await
    }

    /// The same, telling which parts changed.
    pub(super) async fn amend_parts(&self, cause: &Cause, id: ReportId, new: Amendment) -> Result<Vec<Part>, Error> {
        let city = new.place.and_then(|place| match self.catalog().locate(place) {
            Located::In(city) => Some(city),
            Located::Outside { .. } => None,
        });
        let district = city.zip(new.place).and_then(|(city, place)| self.catalog().district(city, place));
        Ok(self.inner.store.amend_report(cause, id, new, (city, district)).await?.1)
    }

    /// The call is at another step.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn change_call(&self, cause: &Cause, id: ReportId, to: CallState) -> Result<Report, Error> {
        self.inner.store.change_call(cause, id, to).await
    }

    /// Somebody tried to reach the caller again.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn call_back(
        &self,
        cause: &Cause,
        id: ReportId,
        way: CallbackWay,
        reached: bool,
    ) -> Result<Report, Error> {
        self.inner.store.call_back(cause, id, way, reached).await
    }

    /// The exchange keeps a recording there.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn set_recording(&self, cause: &Cause, id: ReportId, url: String) -> Result<Report, Error> {
        self.inner.store.set_recording(cause, id, url).await
    }

    /// Finds a report valid. Its incident opens in the city of its place and the nearest unit is asked, while the report
    /// rings at the desks that follow it up there.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] without a place, another refusal, or the database's failure.
    pub async fn judge_valid(
        &self,
        cause: &Cause,
        id: ReportId,
        verdict: Verdict,
    ) -> Result<(Report, Option<Incident>), Error> {
        let report = self.report(&cause.scope, id).await?;
        let (judged, ring) = match verdict {
            Verdict::Same(incident) => {
                cause.scope.require(incident.area, Act::TakeReport)?;
                // Who follows the incident follows this too.
                (Judged::Joins(incident), None)
            }
            Verdict::New => {
                let Some(place) = report.place else {
                    report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
                    return Err(Refusal::invalid("place", "a valid report needs a place").into());
                };
                let landing = self.land(place, report.priority).await;
                let ring = match &landing {
                    Landing::City { city, district, .. } => {
                        self.first_ring(*city, Stage::FollowUp, district.as_deref()).await?
                    }
                    Landing::Outside { near } => match self.region_of(near) {
                        Some(region) => self.ring_at(&report, DeskId::main(region)).await?,
                        None => None,
                    },
                    Landing::Unjudged => None,
                };
                (Judged::Lands(landing), ring)
            }
        };
        let ring = ring.map(|ring| crate::domain::desk::Ring { stage: Stage::FollowUp, ..ring });
        self.inner.store.judge_valid(cause, id, judged, ring).await
    }

    /// Finds a report to be no police work.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn judge_invalid(
        &self,
        cause: &Cause,
        id: ReportId,
        reason: InvalidReason,
        close: bool,
    ) -> Result<Report, Error> {
        self.inner.store.judge_invalid(cause, id, reason, close).await
    }

    /// Takes a report out of an incident that it shares with others.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn split_report(&self, cause: &Cause, id: ReportId) -> Result<(Report, Option<Incident>), Error> {
        let report = self.report(&cause.scope, id).await?;
        let place = report.place.ok_or_else(|| Refusal::invalid("place", "a valid report needs a place"))?;
        let landing = self.land(place, report.priority).await;
        self.inner.store.split_report(cause, id, landing).await
    }

    /// Closes an incident as the same as another one.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn merge_incident(&self, cause: &Cause, id: IncidentId, into: IncidentId) -> Result<Incident, Error> {
        self.inner.store.merge_incident(cause, id, into).await
    }

    /// Closes a report that was judged.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn close_report(
        &self,
        cause: &Cause,
        id: ReportId,
        closing: Closing,
        informed: Informed,
    ) -> Result<Report, Error> {
        self.inner.store.close_report(cause, id, closing, informed).await
    }

    /// Opens a closed report again.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn reopen_report(&self, cause: &Cause, id: ReportId, reason: String) -> Result<Report, Error> {
        self.inner.store.reopen_report(cause, id, reason).await
    }

    /// Open incidents that a report may tell of, the likeliest first.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn similar(&self, scope: &Scope, id: ReportId) -> Result<Vec<Likeness>, Error> {
        let report = self.report(scope, id).await?;
        let Some(place) = report.place else { return Ok(Vec::new()) };
        let mut like = self.like(place, &report).await?;
        like.retain(|l| Some(l.incident) != report.incident);
        Ok(like)
    }

    async fn like(&self, place: Place, report: &Report) -> Result<Vec<Likeness>, Error> {
        let Located::In(city) = self.catalog().locate(place) else { return Ok(Vec::new()) };
        let open = self.inner.store.incidents(&Scope::system(), city, true, OPEN).await?;
        let mut like: Vec<Likeness> =
            open.iter().filter_map(|incident| likeness(place, &report.kind, report.rung, incident)).collect();
        like.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m));
        Ok(like)
    }

    /// Sits down at a desk, or says that one still sits there.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn begin_shift(&self, cause: &Cause, desk: DeskId) -> Result<Shift, Error> {
        self.inner.store.begin_shift(cause, desk).await
    }

    /// Gets up. What was held rings again at once.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn end_shift(&self, cause: &Cause) -> Result<(), Error> {
        let account = cause.scope.account().ok_or(Refusal::NotOnShift)?;
        let held = self.inner.store.held_by(account).await?;
        self.inner.store.end_shift(cause, account).await?;
        for report in held {
            if let Some(ring) = self.ring_at(&report, report.desk).await? {
                self.inner.store.ring_report(&self.system(), &report, ring, RingReason::HolderGone).await?;
            }
        }
        Ok(())
    }

    /// Sets up a desk, or changes it.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn put_desk(&self, cause: &Cause, desk: Desk) -> Result<(), Error> {
        self.inner.store.put_desk(cause, desk).await?;
        // Whoever sets it up uses it next.
        self.renew_catalog().await;
        Ok(())
    }

    /// Sets up a desk for each district of a city that has none; gives how many.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn add_district_desks(&self, cause: &Cause, city: AreaCode) -> Result<usize, Error> {
        let catalog = self.catalog();
        let mut made = 0;
        for district in catalog.districts(city).iter().filter(|d| catalog.district_desk(city, &d.code).is_none()) {
            let name: String = district.code.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
            let Ok(id) = format!("{city}.{}", name.to_ascii_uppercase()).parse() else { continue };
            let name = format!("Polsek {}", district.name);
            let desk = Desk { id, kind: DeskKind::Polsek, name, district: Some(district.code.clone()) };
            self.inner.store.put_desk(cause, desk).await?;
            made += 1;
        }
        self.reload_catalog().await?;
        Ok(made)
    }

    /// By which flow an area's reports go.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when out of scope.
    pub fn flow(&self, scope: &Scope, area: AreaCode) -> Result<Flow, Refusal> {
        scope.require(area, Act::See)?;
        Ok(self.catalog().flow(area))
    }

    /// Sets an area's flow. Its desks are its own, or of the areas above.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn set_flow(&self, cause: &Cause, area: AreaCode, flow: Flow) -> Result<(), Error> {
        let path = self.catalog().path(area);
        let strange = Stage::ALL.iter().flat_map(|stage| flow.rungs(*stage)).find_map(|rung| match rung.desk {
            crate::domain::desk::At::Desk(desk) if !path.contains(&desk.area) => Some(desk),
            _ => None,
        });
        if let Some(desk) = strange {
            return Err(Refusal::invalid("desk", format!("{desk} is neither of {area} nor of an area above it")).into());
        }
        self.inner.store.set_flow(cause, area, flow).await?;
        self.renew_catalog().await;
        Ok(())
    }
}
