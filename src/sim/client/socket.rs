//! One open socket, and the cursors that outlive it.
//!
//! Invariants: a socket that is silent for three heartbeats counts as lost; a write has a deadline; reading may be
//! dropped at any moment without losing a frame.

use super::{Client, ClientError};
use crate::{
    domain::ids::{AreaCode, UnitId},
    wire::frames::{ClientFrame, HEARTBEAT_MS, PROTOCOL, ServerFrame},
};
use futures_util::{SinkExt, StreamExt};
use std::{collections::BTreeMap, time::Duration};
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{ClientRequestBuilder, Message, protocol::WebSocketConfig},
};

/// Opening has this long, the first frame included.
const OPENING: Duration = Duration::from_secs(10);
/// A write has this long.
const WRITING: Duration = Duration::from_secs(5);
/// A goodbye has this long.
const GOODBYE: Duration = Duration::from_secs(2);
/// Buffers are kept small: a thousand phones live in one process.
const BUFFER_BYTES: usize = 4 * 1024;
/// Heartbeats that may be missed.
const MISSED_MAX: u32 = 3;

/// A socket is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The server closed it.
    #[error("closed by the server with {code}")]
    Closed {
        /// The close code; 1005 where none was given.
        code: u16,
    },
    /// Nothing was heard for three heartbeats.
    #[error("silent for too long")]
    Silent,
    /// The connection broke, or could not be made.
    #[error("broken: {0}")]
    Broken(String),
    /// The server sent what is no frame.
    #[error("not a frame: {0}")]
    Nonsense(String),
}

impl Lost {
    /// Whether to come back.
    #[must_use]
    pub const fn may_reconnect(&self) -> bool {
        match self {
            Self::Closed { code } => super::may_reconnect(*code),
            Self::Silent | Self::Broken(_) => true,
            Self::Nonsense(_) => false,
        }
    }
}

/// What the server said first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The unit that this phone rides with.
    pub unit: Option<UnitId>,
    /// Whether its fixes are the unit's position.
    pub position_source: bool,
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Instant,
    silence_max: Duration,
}

impl Socket {
    /// Opens a socket with a ticket and waits for the server's first frame.
    ///
    /// # Errors
    /// [`Lost`] when it cannot be opened, or is closed at once: a bad ticket is refused with a close code.
    pub async fn open(client: &Client, ticket: &str) -> Result<(Self, Hello), Lost> {
        let broken = |e: &dyn std::fmt::Display| Lost::Broken(e.to_string());
        let opening = async {
            let url = client.socket_url().parse().map_err(|e| broken(&e as &dyn std::fmt::Display))?;
            let request = ClientRequestBuilder::new(url)
                .with_sub_protocol(PROTOCOL)
                .with_sub_protocol(format!("ticket.{ticket}"));
            let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
            let (stream, _) = connect_async_with_config(request, Some(config), true).await.map_err(|e| broken(&e))?;
            let silence_max = Duration::from_millis(HEARTBEAT_MS.unsigned_abs()) * MISSED_MAX;
            let mut socket = Self { stream, heard: Instant::now(), silence_max };
            match socket.next().await? {
                ServerFrame::Hello { heartbeat_ms, unit, position_source, .. } => {
                    socket.silence_max = Duration::from_millis(heartbeat_ms.unsigned_abs().max(100)) * MISSED_MAX;
                    Ok((socket, Hello { unit, position_source }))
                }
                other => Err(Lost::Nonsense(format!("{other:?} came before hello"))),
            }
        };
        tokio::time::timeout(OPENING, opening).await.unwrap_or(Err(Lost::Silent))
    }

    /// The next frame. Pings are answered along the way. Safe to drop while waiting.
    ///
    /// # Errors
    /// [`Lost`]: the socket is of no use any more.
    pub async fn next(&mut self) -> Result<ServerFrame, Lost> {
        loop {
            let patience = self.heard + self.silence_max;
            let Ok(heard) = tokio::time::timeout_at(patience, self.stream.next()).await else {
                return Err(Lost::Silent);
            };
            self.heard = Instant::now();
            match heard {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|e| Lost::Nonsense(e.to_string()));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(Lost::Closed { code: frame.map_or(1005, |f| f.code.into()) });
                }
                Some(Ok(Message::Binary(_))) => return Err(Lost::Nonsense("a binary message".to_owned())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Err(Lost::Broken(error.to_string())),
                None => return Err(Lost::Broken("the connection ended".to_owned())),
            }
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// [`Lost`] when it could not be handed to the network in time.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), Lost> {
        let text = serde_json::to_string(frame).map_err(|e| Lost::Nonsense(e.to_string()))?;
        match tokio::time::timeout(WRITING, self.stream.send(Message::text(text))).await {
            Ok(sent) => sent.map_err(|e| Lost::Broken(e.to_string())),
            Err(_) => Err(Lost::Silent),
        }
    }

    /// Says goodbye, and waits a moment until the server has read it: to hang up at once would throw away the last
    /// frames with it.
    pub async fn close(mut self) {
        let goodbye = async {
            if self.stream.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        // Whether the answer comes does not matter: the connection ends with this value.
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

/// What a client has read of each journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cursors(BTreeMap<AreaCode, Option<i64>>);

/// What a frame is to the cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The next one, or without a number.
    Next,
    /// Read before.
    Repeat,
    /// Something between is missing: subscribe again.
    Gap,
}

impl Cursors {
    /// Nothing read of these areas yet.
    #[must_use]
    pub fn new(areas: impl IntoIterator<Item = AreaCode>) -> Self {
        Self(areas.into_iter().map(|area| (area, None)).collect())
    }

    /// The frame that subscribes from here on.
    #[must_use]
    pub fn subscribe(&self) -> ClientFrame {
        ClientFrame::Subscribe { areas: self.0.clone() }
    }

    /// Holds a frame against the cursors, and moves them.
    pub fn take(&mut self, frame: &ServerFrame) -> Order {
        match frame {
            ServerFrame::Event { area, seq, prev, .. } => match self.0.get(area).copied().flatten() {
                Some(cursor) if *seq <= cursor => Order::Repeat,
                Some(cursor) if *prev != cursor => Order::Gap,
                _ => {
                    self.0.insert(*area, Some(*seq));
                    Order::Next
                }
            },
            ServerFrame::Resumed { area, cursor } | ServerFrame::Reset { area, cursor, .. } => {
                self.0.insert(*area, Some(*cursor));
                Order::Next
            }
            ServerFrame::Heartbeat { cursors, .. } => {
                self.0.extend(cursors.iter().map(|(area, cursor)| (*area, Some(*cursor))));
                Order::Next
            }
            _ => Order::Next,
        }
    }
}

impl From<ClientError> for Lost {
    fn from(error: ClientError) -> Self {
        Self::Broken(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(seq: i64, prev: i64) -> ServerFrame {
        let event = json!({
            "area": "BPN", "seq": seq, "at": 1, "kind": "unit.added", "body": {"unit": "BPN-M1"},
            "actor": "system", "source": "system", "audience": "desk",
        });
        serde_json::from_value(json!({"type": "event", "area": "BPN", "seq": seq, "prev": prev, "event": event}))
            .unwrap()
    }

    #[test]
    fn a_gap_and_a_repeat_are_noticed() {
        let bpn = "BPN".parse().unwrap();
        let mut cursors = Cursors::new([bpn]);
        assert_eq!(cursors.subscribe(), ClientFrame::Subscribe { areas: BTreeMap::from([(bpn, None)]) });
        assert_eq!(cursors.take(&ServerFrame::Reset { area: bpn, cursor: 40, desk: None, work: None }), Order::Next);
        assert_eq!(
            cursors.take(&event(43, 40)),
            Order::Next,
            "what others see leaves holes in the numbers, not in prev"
        );
        assert_eq!(cursors.take(&event(43, 40)), Order::Repeat);
        assert_eq!(cursors.take(&event(50, 47)), Order::Gap);
        assert_eq!(cursors.subscribe(), ClientFrame::Subscribe { areas: BTreeMap::from([(bpn, Some(43))]) });
        let beat =
            ServerFrame::Heartbeat { server_ms: crate::domain::time::UnixMs(1), cursors: BTreeMap::from([(bpn, 60)]) };
        assert_eq!(cursors.take(&beat), Order::Next);
        assert_eq!(cursors.take(&event(61, 60)), Order::Next);
    }
}
