//! What an admin sets for an area: how it offers, its part in mutual aid.
//!
//! Invariant: a change is one guarded statement and one event; what is so already changes nothing and tells nothing.

use super::{Store, StoreError, areas::check_aid, sql::sql};
use crate::domain::{
    access::{Act, Cause},
    area::OfferMode,
    ids::AreaCode,
};

impl Store {
    /// Changes what happens when an incident opens.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn set_offers(&self, cause: &Cause, area: AreaCode, offers: OfferMode) -> Result<(), StoreError> {
        cause.scope.require(area, Act::Manage)?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let change = "UPDATE area SET offers = $2 WHERE code = $1 AND offers <> $2";
                if sql!(run, tx.conn(), change, area.as_str(), offers.as_str())? == 0 {
                    return Ok(());
                }
                tx.area_changed(area, "offers").await
            })
        })
        .await
    }

    /// Changes how near to a neighbour a scene must be for the neighbour's units to be candidates too, metres.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] beyond [`crate::domain::area::AID_M_MAX`], [`StoreError`] when out of scope or the database fails.
    pub async fn set_aid(&self, cause: &Cause, area: AreaCode, aid_m: i64) -> Result<(), StoreError> {
        cause.scope.require(area, Act::Manage)?;
        check_aid(aid_m)?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let change = "UPDATE area SET aid_m = $2 WHERE code = $1 AND aid_m <> $2";
                if sql!(run, tx.conn(), change, area.as_str(), aid_m)? == 0 {
                    return Ok(());
                }
                tx.area_changed(area, "aid").await
            })
        })
        .await
    }
}
