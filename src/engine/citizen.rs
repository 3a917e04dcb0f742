//! Citizens' links: made by desks, signed, good for some time, and over soon after their report is closed.
//!
//! Invariant: a link opens one report and shows nothing of anybody else. What is done by it is done as a citizen, by the
//! program's own hand: a link is no login.

use super::{Engine, Error};
use crate::domain::{
    access::{Act, Cause, Source},
    cell,
    ids::*,
    link::*,
    place::Place,
    refusal::Refusal,
    report::Amendment,
    time::UnixMs,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Bytes of the tag at a token's end.
const TAG: usize = 16;
/// A token is never longer than this, characters.
const TOKEN_MAX: usize = 64;
/// A place less exact than this is of no use, metres.
const ACCURACY_MAX_M: f64 = 50_000.0;

/// A link that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What goes behind `/t/`.
    pub token: String,
    /// The whole link, where it is known how citizens reach this service.
    pub url: Option<String>,
    /// Until when it is good.
    pub expires: UnixMs,
    /// The message that it was sent in.
    pub message: Option<MessageId>,
}

/// Why a link does not open.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It was never made.
    #[error("there is no such link")]
    Unknown,
    /// It was, and its time is over.
    #[error("the link is past its time")]
    Over,
    /// The rules, or the database.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<Refusal> for LinkError {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

impl Engine {
    /// Makes a link of a report, and sends it where asked to the citizen who wrote to us about it.
    ///
    /// # Errors
    /// [`Refusal::NoConversation`] or [`Refusal::Invalid`] when it cannot be sent, [`Error`] when out of scope or the
    /// database fails.
    pub async fn make_link(&self, cause: &Cause, report: ReportId, send: bool) -> Result<Made, Error> {
        let settings = &self.inner.settings.link;
        if send && settings.public_url.is_none() {
            return Err(Refusal::invalid("send", "engine.link.public_url is not set on this service").into());
        }
        let expires = UnixMs(cause.now.plus(settings.valid_ms).0 / 60_000 * 60_000);
        let said = Link { report, expires }.to_bytes().ok_or_else(|| Error::Corrupt(report.to_string()))?;
        let tag = self.inner.store.keys().link_tag(&said);
        let token = URL_SAFE_NO_PAD.encode([&said[..], &tag].concat());
        let url = settings.public_url.as_ref().map(|base| format!("{}/t/{token}", base.trim_end_matches('/')));
        // One command id names one write: the message, where there is one, so that a repeat does not send it again.
        let unnamed = Cause { command: None, ..cause.clone() };
        let message = match url.as_ref().filter(|_| send) {
            Some(url) => {
                let text = settings.text.replace("{report}", &report.to_string()).replace("{link}", url);
                let message = self.write_message(cause, report, text).await?;
                self.inner.store.link_made(&unnamed, report, expires).await?;
                Some(message)
            }
            None => {
                self.inner.store.link_made(cause, report, expires).await?;
                None
            }
        };
        Ok(Made { token, url, expires, message })
    }

    /// The report that a token opens, if it was signed here. Asks no database.
    #[must_use]
    pub fn read_link(&self, token: &str) -> Option<Link> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, tag) = bytes.split_last_chunk::<TAG>()?;
        verify_slices_are_equal(&self.inner.store.keys().link_tag(said), tag).ok()?;
        Link::from_bytes(said)
    }

    /// What the holder of a link sees.
    ///
    /// # Errors
    /// [`LinkError`] when the link is over, or the database fails.
    pub async fn seen_by_citizen(&self, link: Link) -> Result<Seen, LinkError> {
        let now = self.now();
        if now >= link.expires {
            return Err(LinkError::Over);
        }
        let view = self.inner.store.citizens_view(link.report).await?.ok_or(LinkError::Unknown)?;
        let over = view.report.closed.map(|closed| closed.plus(self.inner.settings.link.after_closing_ms));
        if over.is_some_and(|over| now >= over) {
            return Err(LinkError::Over);
        }
        let stage = Stage::of(view.report.status, view.help);
        let unit_near = match view.unit.filter(|_| stage == Stage::OnTheWay) {
            Some(unit) => self.coarse_place(unit).await,
            None => None,
        };
        Ok(Seen {
            report: link.report,
            stage,
            unit_near,
            placed: view.report.place.is_some(),
            cancelled: view.cancelled,
            rated: view.rated,
            at: now,
        })
    }

    /// The middle of the cell that a unit was in just now.
    async fn coarse_place(&self, unit: UnitId) -> Option<Place> {
        Some(cell::middle(cell::cell_of(self.fresh_fix(unit).await?.place)))
    }

    /// As a citizen, now.
    fn as_citizen(&self) -> Cause {
        Cause { source: Source::Citizen, ..Cause::system(self.now()) }
    }

    /// The citizen shares where they are: the report's place, and its incident's, follow a more exact one. Gives whether
    /// a place is known now.
    ///
    /// # Errors
    /// [`LinkError`] when the link is over, the accuracy makes no sense, or the database fails.
    pub async fn share_place(&self, link: Link, place: Place, accuracy_m: f64) -> Result<Seen, LinkError> {
        self.seen_by_citizen(link).await?;
        if !(accuracy_m > 0.0 && accuracy_m <= ACCURACY_MAX_M) {
            return Err(Refusal::invalid("accuracy_m", "metres, above 0, at most 50,000").into());
        }
        let new = Amendment { place: Some(place), accuracy_m: Some(accuracy_m), ..Amendment::default() };
        self.amend(&self.as_citizen(), link.report, new).await?;
        self.seen_by_citizen(link).await
    }

    /// The citizen says that help is no longer needed.
    ///
    /// # Errors
    /// [`LinkError`] when the link is over, the report closed, or the database fails.
    pub async fn cancel_by_citizen(&self, link: Link) -> Result<Seen, LinkError> {
        self.seen_by_citizen(link).await?;
        self.inner.store.cancel_by_citizen(&self.as_citizen(), link.report).await?;
        self.seen_by_citizen(link).await
    }

    /// The citizen rates how a closed report was handled.
    ///
    /// # Errors
    /// [`LinkError`] when the link is over, the report open or rated, the stars not one to five, or the database fails.
    pub async fn rate(&self, link: Link, stars: i64, text: Option<String>) -> Result<Seen, LinkError> {
        self.seen_by_citizen(link).await?;
        if !(1..=5).contains(&stars) {
            return Err(Refusal::invalid("stars", "one to five").into());
        }
        self.inner.store.rate(&self.as_citizen(), link.report, stars, text).await?;
        self.seen_by_citizen(link).await
    }

    /// The citizen complains.
    ///
    /// # Errors
    /// [`LinkError`] when the link is over, there are enough complaints, or the database fails.
    pub async fn complain(&self, link: Link, text: String) -> Result<ComplaintId, LinkError> {
        self.seen_by_citizen(link).await?;
        Ok(self.inner.store.complain(&self.as_citizen(), link.report, text).await?)
    }

    /// The complaints of an area and of those below it, the oldest first in each.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn complaints(
        &self,
        cause: &Cause,
        area: AreaCode,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Complaint>, Error> {
        cause.scope.require(area, Act::ReadComplaints)?;
        let mut all = Vec::new();
        for area in self.catalog().tree().within(area) {
            all.extend(self.inner.store.complaints(cause, area, from, to).await?);
        }
        Ok(all)
    }
}
