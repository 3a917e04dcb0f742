//! Why the server closes a socket, and what a client does then.
//!
//! Invariant: codes from 4000 say "come back", codes from 4500 "do not"; the one outside of both, 1009, is the
//! protocol's own.

use actix_ws::{CloseCode, CloseReason};

/// A reason to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Close {
    /// The server stops.
    Drain,
    /// Nothing was heard, not even an answer to pings.
    NoPong,
    /// The client reads more slowly than events come.
    TooSlow,
    /// The events after the client's cursor cannot be read.
    StaleCursor,
    /// The ticket was used before, or is too old.
    TicketExpired,
    /// No ticket, or a page from elsewhere.
    NotAuthorised,
    /// Too much that was not understood.
    ProtocolError,
    /// The same device opened a newer session.
    Replaced,
    /// The account or device may not log in any more.
    Revoked,
    /// A frame was longer than [`FRAME_BYTES_MAX`](crate::wire::frames::FRAME_BYTES_MAX).
    TooBig,
}

impl Close {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Drain,
        Self::NoPong,
        Self::TooSlow,
        Self::StaleCursor,
        Self::TicketExpired,
        Self::NotAuthorised,
        Self::ProtocolError,
        Self::Replaced,
        Self::Revoked,
        Self::TooBig,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Drain => 4000,
            Self::NoPong => 4001,
            Self::TooSlow => 4002,
            Self::StaleCursor => 4003,
            Self::TicketExpired => 4004,
            Self::NotAuthorised => 4500,
            Self::ProtocolError => 4501,
            Self::Replaced => 4502,
            Self::Revoked => 4503,
            Self::TooBig => 1009,
        }
    }

    /// The reason on the wire: what happened, and what a client does now.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Drain => "the server stops: reconnect when the frame before said, or with a pause that grows",
            Self::NoPong => "nothing was heard from you: reconnect",
            Self::TooSlow => "you read too slowly: reconnect and resume from your cursor",
            Self::StaleCursor => "your cursor cannot be served: reconnect and subscribe with null",
            Self::TicketExpired => "the ticket is used or too old: fetch a new one and reconnect",
            Self::NotAuthorised => "no ticket, or a foreign origin: do not reconnect",
            Self::ProtocolError => "too much was not understood: do not reconnect",
            Self::Replaced => "this device opened a newer session: do not reconnect",
            Self::Revoked => "the account or device was revoked: do not reconnect",
            Self::TooBig => "a frame was too big: send less at a time",
        }
    }

    /// Whether a client should open a new socket.
    #[must_use]
    pub const fn reconnect(self) -> bool {
        !matches!(self, Self::NotAuthorised | Self::ProtocolError | Self::Replaced | Self::Revoked)
    }

    pub(super) fn frame(self) -> CloseReason {
        CloseReason { code: CloseCode::from(self.code()), description: Some(self.reason().to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_whether_to_reconnect() {
        for close in Close::ALL {
            let says = (4000..4500).contains(&close.code()) || close.code() == 1009;
            assert_eq!(close.reconnect(), says, "{close:?}");
            assert!(close.reason().len() <= 123, "{close:?} does not fit a close frame");
        }
    }
}
