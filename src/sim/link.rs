//! A phone's line to the server: it opens, follows its journals, and comes back after a loss where the close code
//! permits.
//!
//! Invariant: [`Link::next`] may be dropped at any moment; what was begun goes on with the next call.

use super::client::{Backoff, ClientError, Cursors, Hello, Lost, Order, Session, Socket, cursor_is_stale};
use crate::{
    domain::ids::{DeviceId, UnitId},
    wire::frames::{ClientFrame, ServerFrame},
};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::Instant};

/// What happened on the line.
#[derive(Debug)]
pub enum Heard {
    /// It is open, and the journals are being subscribed to.
    Opened {
        /// Whether this phone's fixes are the unit's position.
        is_source: bool,
    },
    /// A frame that was not read before.
    Frame(Box<ServerFrame>),
    /// It is gone, and will be opened again.
    Lost(Lost),
}

/// The line will not be opened again.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The server refused the login, the unit or the phone.
    #[error(transparent)]
    Refused(#[from] ClientError),
    /// The close code says so.
    #[error(transparent)]
    Closed(Lost),
}

/// Whose phone, and how it gets in.
#[derive(Clone)]
pub struct Handset {
    /// The officer's login.
    pub session: Session,
    /// The phone.
    pub device: DeviceId,
    /// The unit that they ride with.
    pub unit: UnitId,
    /// Bounds how many phones sign on at once.
    pub gate: Arc<Semaphore>,
}

/// The longest that a stopping node is believed, milliseconds.
const COME_BACK_MS_MAX: i64 = 60_000;

type Opening = Pin<Box<dyn Future<Output = Result<(Socket, Hello), Failed>> + Send>>;

enum Failed {
    Client(ClientError),
    Socket(Lost),
    /// The server does not know that this phone rides with the unit.
    NotRiding,
}

enum State {
    Waiting(Instant),
    Opening(Opening),
    Up(Box<Socket>),
    Ended,
}

/// The line.
pub struct Link {
    handset: Handset,
    cursors: Cursors,
    backoff: Backoff,
    state: State,
    signed_on: bool,
    /// The cursors are to be told to the server again.
    subscribe: bool,
    /// The node stops, and said when to come back.
    come_back: Option<Instant>,
}

impl Link {
    /// A line that opens at `from`.
    #[must_use]
    pub fn new(handset: Handset, from: Instant) -> Self {
        let cursors = Cursors::new([handset.unit.area]);
        let state = State::Waiting(from);
        Self {
            handset,
            cursors,
            backoff: Backoff::default(),
            state,
            signed_on: false,
            subscribe: false,
            come_back: None,
        }
    }

    /// Whether frames can be sent.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// What happens next.
    ///
    /// # Errors
    /// [`Ended`] once the line is not to be opened again; from then on always.
    pub async fn next(&mut self) -> Result<Heard, Ended> {
        loop {
            match &mut self.state {
                State::Waiting(until) => {
                    tokio::time::sleep_until(*until).await;
                    self.state = State::Opening(Box::pin(open(self.handset.clone(), self.signed_on)));
                }
                State::Opening(opening) => {
                    let opened = opening.await;
                    match opened {
                        Ok((socket, hello)) => {
                            (self.signed_on, self.subscribe) = (true, true);
                            self.backoff.reset();
                            self.state = State::Up(Box::new(socket));
                            return Ok(Heard::Opened { is_source: hello.position_source });
                        }
                        Err(failed) => return self.failed(failed).map(Heard::Lost),
                    }
                }
                State::Up(socket) => {
                    if self.subscribe {
                        let frame = self.cursors.subscribe();
                        if let Err(lost) = socket.send(&frame).await {
                            return self.lost(lost).map(Heard::Lost);
                        }
                        self.subscribe = false;
                    }
                    let frame = match socket.next().await {
                        Ok(frame) => frame,
                        Err(lost) => return self.lost(lost).map(Heard::Lost),
                    };
                    if let ServerFrame::Drain { come_back_ms } = frame {
                        let pause = Duration::from_millis(come_back_ms.clamp(0, COME_BACK_MS_MAX).unsigned_abs());
                        self.come_back = Some(Instant::now() + pause);
                    }
                    if matches!(frame, ServerFrame::Riding { unit, .. } if unit != Some(self.handset.unit)) {
                        return self.failed(Failed::NotRiding).map(Heard::Lost);
                    }
                    match self.cursors.take(&frame) {
                        Order::Next => return Ok(Heard::Frame(Box::new(frame))),
                        Order::Repeat => {}
                        Order::Gap => self.subscribe = true,
                    }
                }
                State::Ended => return std::future::pending().await,
            }
        }
    }

    /// Sends a frame; gives it back where that was not possible. The loss itself is told by [`Self::next`].
    ///
    /// # Errors
    /// The frame.
    pub async fn send(&mut self, frame: ClientFrame) -> Result<(), ClientFrame> {
        let State::Up(socket) = &mut self.state else { return Err(frame) };
        socket.send(&frame).await.map_err(|_| frame)
    }

    /// Drops the socket without a word, as a tunnel does, and opens another one from `until` on.
    pub fn cut(&mut self, until: Instant) {
        if !matches!(self.state, State::Ended) {
            self.state = State::Waiting(until);
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let State::Up(socket) = self.state {
            socket.close().await;
        }
    }

    fn lost(&mut self, lost: Lost) -> Result<Lost, Ended> {
        if !lost.may_reconnect() {
            self.state = State::Ended;
            return Err(Ended::Closed(lost));
        }
        if matches!(lost, Lost::Closed { code } if cursor_is_stale(code)) {
            self.cursors = Cursors::new([self.handset.unit.area]);
        }
        let said = self.come_back.take().filter(|_| matches!(lost, Lost::Closed { code: 4000 }));
        self.state = State::Waiting(said.unwrap_or_else(|| Instant::now() + self.backoff.next(rand::random())));
        Ok(lost)
    }

    fn failed(&mut self, failed: Failed) -> Result<Lost, Ended> {
        match failed {
            Failed::Client(error) if !error.is_passing() => {
                self.state = State::Ended;
                Err(error.into())
            }
            Failed::Client(error) => self.lost(error.into()),
            Failed::Socket(lost) => self.lost(lost),
            Failed::NotRiding => {
                self.signed_on = false;
                self.lost(Lost::Broken("the phone was signed off".to_owned()))
            }
        }
    }
}

/// Signs on where that is still to be done, fetches a ticket, opens the socket.
async fn open(handset: Handset, signed_on: bool) -> Result<(Socket, Hello), Failed> {
    let Handset { session, device, unit, gate } = handset;
    // The gate is never closed.
    let _turn = gate.acquire().await;
    if !signed_on {
        session.sign_on(unit, device).await.map_err(Failed::Client)?;
    }
    let ticket = session.ws_ticket(device).await.map_err(Failed::Client)?;
    let (socket, hello) = Socket::open(session.client(), &ticket).await.map_err(Failed::Socket)?;
    if hello.unit == Some(unit) { Ok((socket, hello)) } else { Err(Failed::NotRiding) }
}
