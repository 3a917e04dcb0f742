//! What a crew needs to know of its work, read in one go: an offer waits for it.

use super::{Store, StoreError, dispatches, incidents};
use crate::domain::{
    access::{Act, Scope},
    dispatch::Dispatch,
    ids::DispatchId,
    incident::{Incident, Note},
    refusal::Refusal,
};

impl Store {
    /// A dispatch with its incident and the notes. Whose dispatch it is may read them, wherever the incident lies.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown, [`StoreError`] when out of scope or the database fails.
    pub async fn brief(&self, scope: &Scope, id: DispatchId) -> Result<(Dispatch, Incident, Vec<Note>), StoreError> {
        let keys = self.keys().clone();
        let scope = scope.clone();
        self.read(move |c| {
            Box::pin(async move {
                let dispatch = dispatches::find(c, id).await?.ok_or(Refusal::NotFound("dispatch"))?;
                let seen = scope.require(id.area, Act::See);
                seen.or_else(|refused| scope.require(dispatch.unit.area, Act::See).map_err(|_| refused))?;
                let incident = incidents::find(c, dispatch.incident).await?.ok_or(Refusal::NotFound("incident"))?;
                let notes = incidents::notes(c, &keys, incident.id).await?;
                Ok((dispatch, incident, notes))
            })
        })
        .await
    }
}
