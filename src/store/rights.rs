//! Who may add to an incident.
//!
//! Invariant: an officer's right comes from the work, not from a role in the incident's city: under mutual aid the crew is
//! at home elsewhere.

use super::{
    Store, StoreError,
    dispatches::{is_crew, of_incident},
    error::refuse,
    incidents,
};
use crate::domain::{
    access::{Act, Cause},
    ids::IncidentId,
    refusal::Refusal,
};

impl Store {
    /// Adding to an incident is for dispatchers, operators, and crews that work on it.
    pub(super) async fn require_work(&self, cause: &Cause, id: IncidentId) -> Result<(), StoreError> {
        let scope = &cause.scope;
        if scope.may(id.area, Act::Dispatch) || scope.may(id.area, Act::TakeReport) {
            return Ok(());
        }
        let account = scope.account().ok_or(Refusal::NotFound("incident"))?;
        self.read(move |c| {
            Box::pin(async move {
                // Whose unit works on it, and whose unit found it.
                let finder = incidents::find(c, id).await?.and_then(|i| i.opened_by_unit);
                let units = of_incident(c, id).await?.into_iter().map(|d| d.unit).chain(finder);
                for unit in units {
                    if is_crew(c, unit, account).await? {
                        return Ok(());
                    }
                }
                refuse!(Refusal::NotFound("incident"))
            })
        })
        .await
    }
}
