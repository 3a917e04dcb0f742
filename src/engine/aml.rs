//! A caller's phone says where it is: the place goes to its call, or waits for it.
//!
//! Invariant: whichever comes first, the message or the call, whoever comes second finds the other: each is stored
//! before it looks.

use super::{Engine, Error};
use crate::domain::{
    access::{Cause, Source},
    aml::{Aml, AmlFix},
    ids::ReportId,
    phone::PhoneNumber,
    report::{Amendment, Channel, NewReport, Part, Report},
};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Located {
    /// The call has its place.
    Placed,
    /// The call has a better one.
    Kept,
    /// There is no such call yet: it waits five minutes for one.
    Waits,
    /// The phone did not know where it is.
    Nowhere,
    /// It says where the phone was long ago, or will be.
    NotNow,
}

impl Engine {
    /// Takes what a phone sent during its call.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn locate(&self, number: &PhoneNumber, aml: Aml) -> Result<Located, Error> {
        let Some(fix) = aml.fix else { return Ok(Located::Nowhere) };
        let now = self.now();
        if !fix.is_of_now(now) {
            return Ok(Located::NotNow);
        }
        if let Some(report) = self.inner.store.call_of(number, now).await? {
            return self.place_call(report, fix).await;
        }
        self.inner.store.park_aml(number, fix, now).await?;
        // The call may have come in between, and have looked before this was laid by.
        match self.inner.store.call_of(number, now).await? {
            Some(report) => {
                let located = self.place_call(report, fix).await?;
                self.inner.store.take_aml(number).await?;
                Ok(located)
            }
            None => Ok(Located::Waits),
        }
    }

    /// A report comes in without a place: the one that its caller's phone sent before is known from the beginning, so
    /// that it goes to the right city at once.
    pub(super) async fn place_waiting(&self, report: &mut NewReport) -> Option<AmlFix> {
        let number =
            report.caller_number.as_ref().filter(|_| report.place.is_none() && report.channel == Channel::Call)?;
        let fix = match self.inner.store.parked_aml(number, self.now()).await {
            Ok(fix) => fix?,
            Err(error) => {
                tracing::warn!(%error, "could not look whether a phone said where its call comes from");
                return None;
            }
        };
        (report.place, report.accuracy_m) = (Some(fix.place), Some(fix.radius_m));
        Some(fix)
    }

    /// A report was received: with the place that waited for it, or with one that may have come in between.
    pub(super) async fn received_with(&self, report: &Report, number: Option<&PhoneNumber>, waiting: Option<AmlFix>) {
        let (Some(number), Some(fix)) = (number, waiting) else {
            let number = number.filter(|_| report.channel == Channel::Call);
            return self.place_by_aml(report.id, number).await;
        };
        let cause = Cause { source: Source::Citizen, ..Cause::system(self.now()) };
        let noted = async {
            self.inner.store.note_aml(&cause, report.id, fix, true).await?;
            self.inner.store.take_aml(number).await
        };
        if let Err(error) = noted.await {
            tracing::warn!(report = %report.id, %error, "it was not noted that a phone sent the place");
        }
    }

    /// A call came in, or its number became known: the place that waits for it is its own. A failure keeps no call
    /// waiting: the phone sends again.
    pub(super) async fn place_by_aml(&self, report: ReportId, number: Option<&PhoneNumber>) {
        let Some(number) = number else { return };
        let placing = async {
            if let Some(fix) = self.inner.store.parked_aml(number, self.now()).await? {
                self.place_call(report, fix).await?;
                self.inner.store.take_aml(number).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = placing.await {
            tracing::warn!(%report, %error, "the place that a phone sent did not reach its call");
        }
    }

    async fn place_call(&self, id: ReportId, fix: AmlFix) -> Result<Located, Error> {
        let cause = Cause { source: Source::Citizen, ..Cause::system(self.now()) };
        let new = Amendment { place: Some(fix.place), accuracy_m: Some(fix.radius_m), ..Amendment::default() };
        let parts = match self.amend_parts(&cause, id, new).await {
            Ok(parts) => parts,
            // It was closed meanwhile: what the journal says is enough.
            Err(error) if error.refusal().is_some() => Vec::new(),
            Err(error) => return Err(error),
        };
        let used = parts.contains(&Part::Place);
        self.inner.store.note_aml(&cause, id, fix, used).await?;
        Ok(if used { Located::Placed } else { Located::Kept })
    }

    /// Forgets places that no call came for.
    pub async fn forget_aml(&self) {
        if let Err(error) = self.inner.store.prune_aml(self.now()).await {
            tracing::warn!(%error, "could not delete places whose calls never came");
        }
    }
}
