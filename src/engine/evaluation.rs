//! What people told: counted for an area and all below it.

use super::{Engine, Error};
use crate::domain::{
    access::{Act, Scope},
    evaluation::{Evaluation, Tally},
    ids::AreaCode,
    refusal::Refusal,
    time::{UnixMs, Zone},
};

/// How long a time may be that is evaluated at once, milliseconds: a leap year.
const EVALUATED_MS_MAX: i64 = 366 * 86_400_000;
/// Reports of one area that are counted at once at most: more than any city's of a year.
const REPORTS: i64 = 500_000;

impl Engine {
    /// What people told an area and those below it from `from` on and before `to`.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a time that is none, is too long, or holds too many reports; out of scope; the database's
    /// failure.
    pub async fn evaluation(
        &self,
        scope: &Scope,
        area: AreaCode,
        (from, to): (UnixMs, UnixMs),
    ) -> Result<Evaluation, Error> {
        scope.require(area, Act::SeeDesk)?;
        if !(1..=EVALUATED_MS_MAX).contains(&to.0.saturating_sub(from.0)) {
            return Err(Refusal::invalid("to", "after `from`, and 366 days after it at most").into());
        }
        let (catalog, mut tally) = (self.catalog(), Tally::default());
        for area in catalog.tree().within(area) {
            let zone = catalog.area(area).map_or(Zone::Wib, |area| area.zone);
            let told = self.inner.store.told(scope, area, (from, to), REPORTS + 1).await?;
            if i64::try_from(told.len()).is_ok_and(|n| n > REPORTS) {
                return Err(Refusal::invalid("to", "more than 500,000 reports of one area: a shorter time").into());
            }
            told.into_iter().for_each(|report| tally.add(report, zone));
        }
        Ok(tally.finish())
    }
}
