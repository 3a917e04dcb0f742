//! One socket from its ticket to its end.

mod follow;
mod lane;
mod look;
mod reader;
mod wall;
mod writer;

use super::{
    Hub,
    close::Close,
    sessions::{Link, Seat},
};
use crate::{
    domain::{access::Scope, ids::DeviceId},
    engine::{Error, Seating, auth::AuthError},
    wire::{
        frames::{ClientFrame, FIXES_MAX, FRAME_BYTES_MAX, FrameLimits, ServerFrame},
        problem::Problem,
    },
};
use actix_web::{rt, web::Bytes};
use std::{rc::Rc, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

/// What the reader and its commands may have waiting for the writer.
const QUEUE: usize = 16;
/// How long the reader may go on after the writer's end, so that the peer's last words do not turn into a reset.
const LINGER: Duration = Duration::from_secs(1);

/// How a session ends.
enum End {
    /// With a close frame of ours.
    Close(Close),
    /// The peer closed, or is gone.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// What the writer is asked to do.
enum Out {
    /// Send this text.
    Text(Box<str>),
    /// Follow journals, or look at positions.
    Frame(Box<ClientFrame>),
    /// The phone rides with another unit now.
    Riding,
    /// Answer a ping.
    Pong(Box<Bytes>),
    /// Close.
    Close(Close),
    /// The peer closed, or is gone.
    Gone,
}

/// What the tasks of a session share.
struct Shared {
    hub: Arc<Hub>,
    scope: Scope,
    link: Arc<Link>,
    out: mpsc::Sender<Out>,
    /// One reading of the crew at a time, so that an older answer never overwrites a newer one.
    reading_crew: Mutex<()>,
}

impl Shared {
    /// Reads anew what the phone rides with; says whether that changed.
    async fn refresh_riding(&self) -> Result<bool, Error> {
        let _one_at_a_time = self.reading_crew.lock().await;
        let riding = self.hub.engine.riding(self.link.device).await?;
        Ok(self.link.set_riding(riding))
    }

    /// Lays a frame by for the writer; without effect once the session ends.
    async fn say(&self, frame: &ServerFrame) {
        let _ = self.out.send(Out::Text(text(frame).into_boxed_str())).await;
    }

    async fn say_problem(&self, problem: Problem) {
        self.say(&ServerFrame::Problem { problem }).await;
    }
}

fn text(frame: &ServerFrame) -> String {
    serde_json::to_string(frame).expect("frames hold texts, numbers and maps keyed by texts")
}

/// Whoever showed a good ticket and took the device's place.
struct Guest {
    link: Arc<Link>,
    scope: Scope,
    seat: Seat,
}

/// Runs a session on an accepted socket until it ends.
pub(super) async fn run(
    hub: Arc<Hub>,
    ticket: Result<String, Close>,
    socket: actix_ws::Session,
    messages: actix_ws::AggregatedMessageStream,
) {
    let admitted = match ticket {
        // Boxed: needed once, and larger than all that stays for the life of the socket.
        Ok(ticket) => Box::pin(admit(&hub, &ticket)).await,
        Err(close) => Err(close),
    };
    match admitted {
        Ok(guest) => serve(hub, guest, socket, messages).await,
        Err(close) => {
            shut(socket, close, &hub).await;
            drop(messages);
        }
    }
}

async fn admit(hub: &Hub, ticket: &str) -> Result<Guest, Close> {
    let engine = &hub.engine;
    let redeemed = engine.auth().redeem(ticket, engine.now()).await.map_err(|error| refused(&error))?;
    let (account, device) = (redeemed.ticket.account, redeemed.ticket.device);
    let link = Arc::new(Link::new(account, device, redeemed.no));
    let seat = hub.sessions.enter(Arc::clone(&link))?;
    // Only who sits hears of orders, so that what was decided before is looked up afterwards: nothing falls in between.
    match engine.standing_of(account, device, redeemed.no).await.map_err(|error| refused(&error.into()))? {
        Seating::Newest => engine.seated(device, redeemed.no),
        Seating::Replaced => return Err(Close::Replaced),
        Seating::Revoked => return Err(Close::Revoked),
    }
    let scope = engine.auth().scope(account, engine.catalog().tree()).await.map_err(|error| refused(&error))?;
    let riding = engine.riding(device).await.map_err(|error| refused(&error.into()))?;
    link.set_riding(riding);
    Ok(Guest { link, scope, seat })
}

fn refused(error: &AuthError) -> Close {
    match error {
        AuthError::BadTicket => Close::TicketExpired,
        AuthError::NoRole => Close::Revoked,
        error => {
            // The ticket may be used up by now.
            tracing::error!(%error, "a ticket could not be looked at");
            Close::TicketExpired
        }
    }
}

async fn serve(hub: Arc<Hub>, guest: Guest, socket: actix_ws::Session, messages: actix_ws::AggregatedMessageStream) {
    let Guest { link, scope, seat } = guest;
    let (out, queue) = mpsc::channel(QUEUE);
    let device: DeviceId = link.device;
    tracing::debug!(session = %link.id, %device, "a session begins");
    let shared = Rc::new(Shared { hub, scope, link, out, reading_crew: Mutex::new(()) });
    let mut writer = writer::Writer::new(Rc::clone(&shared), socket, queue);
    let mut end = writer.send(&hello(&shared)).await.err();
    let mut reader = None;
    if end.is_none() {
        reader = Some(rt::spawn(reader::read(Rc::clone(&shared), messages)));
        end = Some(writer.run().await);
    }
    if let Some(End::Close(Close::Drain)) = end {
        // Who does not read it comes back by its own pauses.
        let _ = writer.send(&ServerFrame::Drain { come_back_ms: shared.link.come_back_ms() }).await;
    }
    let socket = writer.into_socket();
    // From here on the device may come again and the node may stop: this session is forgotten.
    drop(seat);
    tracing::debug!(session = %shared.link.id, close = ?end.as_ref().and_then(End::close), "a session ends");
    match end {
        Some(End::Close(close)) => shut(socket, close, &shared.hub).await,
        _ => {
            let _ = timeout(LINGER, socket.close(None)).await;
        }
    }
    if let Some(mut reader) = reader
        && timeout(LINGER, &mut reader).await.is_err()
    {
        reader.abort();
    }
}

impl End {
    const fn close(&self) -> Option<Close> {
        match self {
            Self::Close(close) => Some(*close),
            Self::Gone => None,
        }
    }
}

/// Sends a close frame, if the client reads it in time. A client that does not is left to the kernel's time limit.
async fn shut(socket: actix_ws::Session, close: Close, hub: &Hub) {
    hub.counts.close(close);
    let _ = timeout(write_limit(hub), socket.close(Some(close.frame()))).await;
}

fn write_limit(hub: &Hub) -> Duration {
    millis(hub.settings.write_ms)
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(ms.max(1).unsigned_abs())
}

fn hello(shared: &Shared) -> ServerFrame {
    let riding = shared.link.riding();
    ServerFrame::Hello {
        session: shared.link.id.to_string(),
        server_ms: shared.hub.engine.now(),
        heartbeat_ms: shared.hub.settings.beat_ms(&shared.scope),
        limits: FrameLimits { frame_bytes: FRAME_BYTES_MAX, fixes: FIXES_MAX },
        unit: riding.map(|(unit, _)| unit),
        position_source: riding.is_some_and(|(_, source)| source),
        roles: shared.scope.grants().iter().map(|grant| (grant.area, grant.role)).collect(),
    }
}
