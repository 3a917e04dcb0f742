//! A whole number is shown to whoever has a reason, and the journal tells each time.
//!
//! Invariant: the number goes from its box to the asker: no event, no stored answer and no table holds it.

use super::{
    super::{
        super::{Store, StoreError, error::refuse, sql::sql},
        find, require,
    },
    number_in,
};
use crate::domain::{
    access::{Act, Cause, Scope},
    caller::{Purpose, UNMASK_MAX, UNMASK_MS},
    event::Happened,
    ids::*,
    phone::PhoneNumber,
    refusal::Refusal,
    report::Report,
};

/// Who may see a number for what: those who hold the report, to call back; dispatchers also for a rescue; commanders for
/// anything.
fn may_unmask(scope: &Scope, report: &Report, purpose: Purpose) -> Result<(), Refusal> {
    // Whoever may not see the report learns nothing of it.
    require(scope, report, Act::SeeDesk)?;
    let may = |act: Act| require(scope, report, act).is_ok();
    let (supervises, sends, takes) = (may(Act::Supervise), may(Act::Dispatch), may(Act::TakeReport));
    match purpose {
        _ if supervises => Ok(()),
        Purpose::Callback | Purpose::Rescue if sends => Ok(()),
        Purpose::Callback if takes => match report.holder {
            Some(holder) if Some(holder) == scope.account() => Ok(()),
            Some(holder) => Err(Refusal::ReportHeld { report: report.id, desk: report.desk, holder }),
            None => Err(Refusal::Forbidden { needs: Act::Dispatch.roles()[0] }),
        },
        Purpose::Callback | Purpose::Rescue => Err(Refusal::Forbidden { needs: Act::Dispatch.roles()[0] }),
        Purpose::Investigation | Purpose::Other => Err(Refusal::Forbidden { needs: Act::Supervise.roles()[0] }),
    }
}

impl Store {
    /// Shows the number of a report's caller, once it is in the journal for what. The note is sealed.
    ///
    /// # Errors
    /// [`Refusal::NoNumber`], [`Refusal::TooOften`], [`Refusal::ReportHeld`], out of scope, or the database's failure.
    pub async fn unmask(
        &self,
        cause: &Cause,
        id: ReportId,
        purpose: Purpose,
        note: Option<String>,
    ) -> Result<PhoneNumber, StoreError> {
        let found = self.read(move |c| Box::pin(find(c, id))).await?;
        let report = found.ok_or(Refusal::NotFound("report"))?;
        // Here too: a repeat runs nothing below, and whoever may no longer gets no number by it.
        may_unmask(&cause.scope, &report, purpose)?;
        self.write_at(id.area, &[id.area, report.desk.area], cause, move |tx| {
            Box::pin(async move {
                let report = tx.report(id).await?;
                may_unmask(&tx.cause.scope, &report, purpose)?;
                let Some((subject, _)) = tx.personal(id).await?.filter(|(_, p)| p.number.is_some()) else {
                    refuse!(Refusal::NoNumber(id));
                };
                let (now, actor) = (tx.now(), tx.cause.scope.actor().to_string());
                let since = now.0 - UNMASK_MS;
                let count = "SELECT COUNT(*), CAST(COALESCE(MIN(at_ms), 0) AS BIGINT) FROM unmasking
                    WHERE account = $1 AND at_ms > $2";
                let (seen, first) = sql!(row(i64, i64), tx.conn(), count, &actor, since)?.unwrap_or_default();
                if seen >= UNMASK_MAX {
                    refuse!(Refusal::TooOften { retry_after_ms: (first - since).max(1) });
                }
                let no = CommandId::random();
                let insert = "INSERT INTO unmasking (area, id, report_no, account, at_ms) VALUES ($1, $2, $3, $4, $5)";
                sql!(run, tx.conn(), insert, id.area.as_str(), no.to_string(), id.no, &actor, now.0)?;
                let commitment = match note {
                    Some(note) => Some(tx.seal(id.area, subject, &format!("unmask/{no}"), &note).await?),
                    None => None,
                };
                tx.tell_report(&report, Happened::CallerUnmasked { report: id, purpose, commitment }).await
            })
        })
        .await?;
        let keys = self.keys().clone();
        let number = self.read(move |c| Box::pin(async move { number_in(c, &keys, id).await }));
        number.await?.ok_or(StoreError::Refused(Refusal::NoNumber(id)))
    }
}
