//! An operator at the desk: takes what rings, speaks a while, judges. Most of what rings is no police work, as in life.
//!
//! Invariant: at most one call at a time is in the ear; what was taken is judged, or it rings again when this one is gone.

use super::{
    Clock,
    behaviour::{Span, within_ms},
    chance::{dice, weighted},
    client::{ClientError, Ringing, Session},
    stats::{Stats, count},
};
use crate::domain::{
    ids::{AreaCode, DeskId},
    report::{Attention, InvalidReason},
    time::UnixMs,
};
use rand::RngExt;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often the desk is looked at, and the presence renewed: well within what counts as being there.
const LOOK: Duration = Duration::from_secs(3);
/// A call that has rung shorter than this is left to the people who try the demo out, milliseconds.
const PATIENCE_MS: i64 = 8_000;
/// Share of what rings that is police work. Banyuwangi 2025: 146 of 17,257; a demo shows more of them.
const VALID: f64 = 0.1;
/// How long a call takes, seconds; an assumption.
const TALK_S: Span = (4.0, 15.0);
/// Why the others are none; the weights are assumptions.
pub(super) const REASONS: [(f64, InvalidReason); 5] = [
    (40.0, InvalidReason::Prank),
    (20.0, InvalidReason::WrongNumber),
    (20.0, InvalidReason::Information),
    (15.0, InvalidReason::Hoax),
    (5.0, InvalidReason::Test),
];

/// An operator.
pub struct Operator {
    /// Who.
    pub session: Session,
    /// Where.
    pub desk: DeskId,
    /// Whose reports.
    pub area: AreaCode,
    /// For the dice.
    pub seed: u64,
}

/// Works until `stop`.
pub async fn work(operator: Operator, stats: Arc<Stats>, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut rng = dice(operator.seed, "operator");
    while !*stop.borrow() {
        let pause = match operator.look(clock()).await {
            Ok(Some(report)) => {
                let talk = Duration::from_millis(u64::try_from(within_ms(&mut rng, TALK_S)).unwrap_or(0));
                let reason = weighted(&mut rng, &REASONS).copied().unwrap_or(InvalidReason::Other);
                let reason = (!rng.random_bool(VALID)).then_some(reason);
                tokio::select! {
                    _ = stop.changed() => break,
                    () = tokio::time::sleep(talk) => {}
                }
                if let Err(error) = operator.session.judge(report.id, reason).await {
                    tracing::warn!(%error, "a simulated operator could not judge");
                    count(&stats.errors);
                }
                Duration::ZERO
            }
            Ok(None) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "a simulated operator could not look at the desk");
                count(&stats.errors);
                LOOK
            }
        };
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    // Who gets up leaves nothing behind.
    let _ = operator.session.end_shift().await;
}

impl Operator {
    /// Says that somebody sits here, and takes what has rung longest, if any has for long enough.
    async fn look(&self, now: UnixMs) -> Result<Option<Ringing>, ClientError> {
        self.session.begin_shift(self.desk).await?;
        let open = self.session.open_reports(self.area).await?;
        let rings = |report: &Ringing| report.attention == Attention::Ringing && now.since(report.rung) >= PATIENCE_MS;
        let mut ringing: Vec<Ringing> = open.into_iter().filter(rings).collect();
        ringing.sort_by_key(|report| report.rung);
        for report in ringing {
            match self.session.claim(report.id).await {
                Ok(()) => return Ok(Some(report)),
                // Somebody was faster.
                Err(ClientError::Problem(problem)) if problem.status == 409 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
