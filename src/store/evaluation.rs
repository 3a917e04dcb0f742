//! Reports of a time, as far as they are counted.

use super::{Store, StoreError, incidents::word, sql::sql};
use crate::domain::{
    access::{Act, Scope},
    evaluation::Told,
    ids::AreaCode,
    time::UnixMs,
};

type Row = (String, String, Option<String>, i64, Option<i64>, Option<i64>, Option<String>, Option<String>);

impl Store {
    /// The reports by an area's own flow that first rang from `from` on and before `to`; at most `limit`, the oldest
    /// first.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn told(
        &self,
        scope: &Scope,
        area: AreaCode,
        (from, to): (UnixMs, UnixMs),
        limit: i64,
    ) -> Result<Vec<Told>, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all Row,
                    c,
                    "SELECT channel, kind, district, rung_ms, answered_ms, validated_ms, invalid, subject FROM report
                     WHERE flow = $1 AND rung_ms >= $2 AND rung_ms < $3 ORDER BY rung_ms LIMIT $4",
                    area.as_str(),
                    from.0,
                    to.0,
                    limit
                )?;
                let told = |(channel, kind, district, rung, answered, validated, invalid, caller): Row| {
                    Ok(Told {
                        area,
                        channel: channel.parse()?,
                        kind,
                        district,
                        rung: UnixMs(rung),
                        answered: answered.is_some(),
                        judged: validated.is_some(),
                        invalid: word(invalid)?,
                        caller,
                    })
                };
                rows.into_iter().map(told).collect()
            })
        })
        .await
    }
}
