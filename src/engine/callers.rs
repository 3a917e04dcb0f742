//! What supervisors and desks do about callers; how an erasure and a rotation of the master key end.

use super::{Engine, Error};
use crate::domain::{
    access::{Cause, Scope},
    caller::*,
    desk::Ring,
    desk::Stage,
    ids::*,
    phone::PhoneNumber,
};

impl Engine {
    /// What is known of the caller of a report.
    ///
    /// # Errors
    /// [`Error`] when unknown, out of scope, or the database fails.
    pub async fn caller_history(&self, scope: &Scope, id: ReportId) -> Result<History, Error> {
        self.inner.store.caller_history(scope, id, self.now()).await
    }

    /// What is known of a number.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn look_up_caller(&self, cause: &Cause, number: PhoneNumber) -> Result<History, Error> {
        self.inner.store.look_up_caller(cause, number).await
    }

    /// Shows a caller's whole number.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn unmask(
        &self,
        cause: &Cause,
        id: ReportId,
        purpose: Purpose,
        note: Option<String>,
    ) -> Result<PhoneNumber, Error> {
        self.inner.store.unmask(cause, id, purpose, note).await
    }

    /// Says something of the caller of a report.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn flag_caller(&self, cause: &Cause, id: ReportId, new: NewFlag) -> Result<Flag, Error> {
        let path = self.catalog().path(id.area);
        self.inner.store.flag_caller(cause, id, new, path).await
    }

    /// Takes it back.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn lift_flag(&self, cause: &Cause, flag: FlagId, reason: String) -> Result<Flag, Error> {
        self.inner.store.lift_flag(cause, flag, reason).await
    }

    /// Erases whoever calls with this number.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn erase_caller(&self, cause: &Cause, number: PhoneNumber, reason: String) -> Result<Erased, Error> {
        self.inner.store.erase_caller(cause, number, reason).await
    }

    /// Where a new contact of this caller begins to ring: at the beginning of the ladder, or, where a supervisor put the
    /// number at its end for a while, there.
    pub(super) async fn first_ring_of(
        &self,
        flow: AreaCode,
        district: Option<&str>,
        number: Option<&PhoneNumber>,
    ) -> Result<Option<Ring>, Error> {
        let Some(ladder) = self.ladder(flow, Stage::Answering, district) else { return Ok(None) };
        let staffed = self.staffed(&ladder, None).await?;
        let there = |desk| staffed.contains(&desk);
        Ok(Some(if self.goes_last(flow, number).await { ladder.last(there) } else { ladder.first(there) }))
    }

    async fn goes_last(&self, flow: AreaCode, number: Option<&PhoneNumber>) -> bool {
        let Some(number) = number else { return false };
        match self.inner.store.caller_grade(number, self.catalog().path(flow), self.now()).await {
            Ok(grade) => grade == Some(Grade::Last),
            Err(error) => {
                // A call never waits for what is said of its caller.
                tracing::warn!(%error, "could not look for what is said of a caller");
                false
            }
        }
    }

    /// Says that this node serves.
    ///
    /// # Errors
    /// [`Error::OtherKey`], [`Error::Rekeying`] where it must not go on, or the database's failure.
    pub async fn beat(&self) -> Result<(), Error> {
        self.inner.store.beat(self.now()).await
    }

    /// This node serves no more.
    pub async fn take_leave(&self) {
        if let Err(error) = self.inner.store.take_leave().await {
            tracing::warn!(%error, "could not say that this node serves no more");
        }
    }
}
