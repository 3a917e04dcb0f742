//! A recorded ride as a unit's phone: streamed over the real WebSocket with its own noise and gaps, and with work on
//! the way.
//!
//! Invariants: what the fix checks must refuse is refused before anything is sent; a point is sent at its own moment of
//! the (sped up) ride, dated now; the ride ends when its track has ended and no work is open, or when its time is up.

mod ride;
mod tell;

use super::{
    Clock,
    client::{Client, ClientError, Login, Session},
    gpx::{self, BadGpx},
    link::{Ended, Handset, Heard, Link},
    world::device,
};
use crate::{
    domain::{fix::Limits, ids::UnitId, place::Place, time::UnixMs},
    wire::frames::ClientFrame,
};
use ride::Ride;
use std::{sync::Arc, time::Duration};
use tell::Teller;
use tokio::{sync::Semaphore, time::Instant};

/// The first socket must be open by then.
const OPENING: Duration = Duration::from_secs(60);
/// Names the phones of replays.
const PHONE_SEED: u64 = 0x5199_a900;
/// After its track has ended, a ride waits so long for open work to end.
const WORK_MAX_MS: i64 = 15 * 60_000;

/// A ride to be replayed.
#[derive(Clone)]
pub struct ReplayOptions {
    /// The server, as in `http://127.0.0.1:8110`.
    pub server: String,
    /// The officer's login.
    pub login: Login,
    /// The unit whose phone this is.
    pub unit: UnitId,
    /// The text of the GPX file.
    pub gpx: String,
    /// Where the track shall start; without it, where it was recorded.
    pub origin: Option<Place>,
    /// How much faster than it was ridden.
    pub speed: f64,
    /// Whether offers are accepted. Otherwise they are shown to nobody, and run out.
    pub accept: bool,
    /// The phone's time of day.
    pub clock: Clock,
}

/// What became of a ride.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Fixes sent.
    pub sent: u64,
    /// Fixes that the server refused.
    pub refused: u64,
    /// Offers that came.
    pub offers: u32,
    /// Work that was driven to and reached.
    pub arrived: u32,
    /// Work that was cleared.
    pub cleared: u32,
}

/// Why a ride was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file holds no track.
    #[error(transparent)]
    Gpx(#[from] BadGpx),
    /// The speed-up makes steps that the fix checks refuse.
    #[error(transparent)]
    TooFast(#[from] gpx::Refused),
    /// The server did not let this phone in.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No socket was open within a minute.
    #[error("no socket could be opened: {0}")]
    NoSocket(String),
    /// The server closed the door for good.
    #[error("the server does not want this phone any more: {0}")]
    ShutOut(String),
    /// Work was still open a quarter of an hour after the track had ended.
    #[error("the track has ended long ago, and its work has not")]
    NeverEnds,
}

/// Rides. `transcript` gets a line per step.
///
/// # Errors
/// [`ReplayError`] with what is wrong; [`ReplayError::Gpx`] and [`ReplayError::TooFast`] before anything is sent.
pub async fn replay(options: ReplayOptions, transcript: &mut (dyn FnMut(&str) + Send)) -> Result<Summary, ReplayError> {
    let ReplayOptions { server, login, unit, gpx, origin, speed, accept, clock } = options;
    let recorded = gpx::Track::parse(&gpx)?;
    let moved = origin.map_or_else(|| recorded.clone(), |origin| recorded.moved_to(origin));
    let track = moved.sped_up(speed, Limits::default().speed_mps)?;
    let mut teller = Teller::new(unit, clock(), transcript);
    teller.track(&track, speed, origin);
    let handset = Handset {
        session: Session::new(Client::new(&server)?, login),
        // Another phone than those of a simulated city, and the same one each time.
        device: device(PHONE_SEED, unit),
        unit,
        gate: Arc::new(Semaphore::new(1)),
    };
    let mut link = Link::new(handset.clone(), Instant::now());
    open(&mut link).await?;
    teller.online(clock());
    let mut ride = Ride::new(unit, track, accept, speed, clock());
    let done = drive(&mut ride, &mut link, &clock, &mut teller).await;
    link.close().await;
    done?;
    // The unit's position is another phone's again, if there is one.
    let signed_off = handset.session.sign_off(unit, handset.device).await;
    teller.end(clock(), signed_off.err().as_ref());
    Ok(teller.summary())
}

async fn open(link: &mut Link) -> Result<(), ReplayError> {
    let mut last = String::from("nothing came back");
    let opening = async {
        loop {
            match link.next().await {
                Ok(Heard::Lost(lost)) => last = lost.to_string(),
                Ok(_) => return Ok(()),
                Err(Ended::Refused(error)) => return Err(error.into()),
                Err(Ended::Closed(lost)) => return Err(ReplayError::ShutOut(lost.to_string())),
            }
        }
    };
    match tokio::time::timeout(OPENING, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(ReplayError::NoSocket(last)),
    }
}

async fn drive(ride: &mut Ride, link: &mut Link, clock: &Clock, teller: &mut Teller<'_>) -> Result<(), ReplayError> {
    let mut out = Vec::new();
    loop {
        let now = clock();
        ride.tick(now, link.is_up(), &mut out);
        send(ride, link, teller, &mut out).await;
        if ride.is_over() {
            return Ok(());
        }
        if ride.track_ended().is_some_and(|at| now.since(at) > WORK_MAX_MS) {
            return Err(ReplayError::NeverEnds);
        }
        let wake = Instant::now() + wait(ride.wake_at(), clock());
        let heard = tokio::select! {
            heard = link.next() => heard,
            () = tokio::time::sleep_until(wake) => continue,
        };
        match heard {
            Ok(Heard::Opened { .. }) => teller.online(clock()),
            Ok(Heard::Frame(frame)) => {
                let now = clock();
                let news = ride.hear(now, &frame, &mut out);
                teller.frame(now, &frame, ride);
                if let Some(news) = news {
                    teller.news(now, &news, ride);
                }
                send(ride, link, teller, &mut out).await;
            }
            Ok(Heard::Lost(lost)) => {
                ride.line_lost();
                teller.lost(clock(), &lost);
            }
            Err(ended) => return Err(ReplayError::ShutOut(ended.to_string())),
        }
    }
}

async fn send(ride: &mut Ride, link: &mut Link, teller: &mut Teller<'_>, out: &mut Vec<ClientFrame>) {
    for frame in out.drain(..) {
        let fixes = if let ClientFrame::Fixes { fixes, .. } = &frame { fixes.len() } else { 0 };
        match link.send(frame).await {
            Ok(()) => teller.sent(fixes),
            Err(frame) => ride.unsent(frame),
        }
    }
}

fn wait(until: UnixMs, now: UnixMs) -> Duration {
    Duration::from_millis(u64::try_from(until.since(now)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
