//! Looks at the lengths of frames before their bytes are kept.
//!
//! The WebSocket codec refuses a frame that is too long only when all of it has come, and keeps it until then; what a
//! client announces is bounded by 2^63. Invariant: past this gate no message is longer than the limit, whether it comes
//! whole or in parts.

use actix_web::{error::PayloadError, web::Bytes};
use futures_util::Stream;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Longest header of a client's frame, bytes: two, eight of length, four of mask.
const HEADER_MAX: usize = 14;

/// A stream of bytes that ends with [`PayloadError::Overflow`] where a message becomes too long.
pub(super) struct Gate<S> {
    bytes: S,
    lengths: Lengths,
}

impl<S> Gate<S> {
    pub fn new(bytes: S, limit: usize) -> Self {
        Self { bytes, lengths: Lengths { limit, header: [0; HEADER_MAX], have: 0, body: 0, message: 0 } }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Gate<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.bytes).poll_next(cx));
        if let Some(Ok(bytes)) = &next
            && !self.lengths.pass(bytes)
        {
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        Poll::Ready(next)
    }
}

/// What is known of the frame that is coming in.
struct Lengths {
    limit: usize,
    header: [u8; HEADER_MAX],
    /// Bytes of the header so far.
    have: usize,
    /// Bytes of the body that are still to come.
    body: usize,
    /// Length of the message so far, where it comes in parts.
    message: usize,
}

impl Lengths {
    /// Whether these bytes may pass.
    fn pass(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.body > 0 {
                let skip = self.body.min(bytes.len());
                self.body -= skip;
                bytes = &bytes[skip..];
                continue;
            }
            self.header[self.have] = bytes[0];
            self.have += 1;
            bytes = &bytes[1..];
            if self.have < self.header_len() {
                continue;
            }
            self.have = 0;
            let Some(length) = self.announced() else { return false };
            let (last, control) = (self.header[0] & 0x80 != 0, self.header[0] & 0x08 != 0);
            if !control {
                self.message = self.message.saturating_add(length);
            }
            if length > self.limit || self.message > self.limit {
                return false;
            }
            if last && !control {
                self.message = 0;
            }
            self.body = length;
        }
        true
    }

    /// How long the header is, as far as it is known.
    const fn header_len(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let mask = if self.header[1] & 0x80 != 0 { 4 } else { 0 };
        match self.header[1] & 0x7f {
            126 => 4 + mask,
            127 => 10 + mask,
            _ => 2 + mask,
        }
    }

    /// The length that the header announces; none where it is beyond all reason.
    fn announced(&self) -> Option<usize> {
        match self.header[1] & 0x7f {
            126 => Some(usize::from(u16::from_be_bytes([self.header[2], self.header[3]]))),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.header[2..10]);
                usize::try_from(u64::from_be_bytes(length)).ok()
            }
            short => Some(usize::from(short)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(first: u8, body: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match body {
            0..126 => frame.push(0x80 | u8::try_from(body).unwrap()),
            126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(body).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((body as u64).to_be_bytes());
            }
        }
        frame.extend([0xff; 4]);
        frame.resize(frame.len() + body, 0x88);
        frame
    }

    fn lengths(limit: usize) -> Lengths {
        Lengths { limit, header: [0; HEADER_MAX], have: 0, body: 0, message: 0 }
    }

    #[test]
    fn a_giant_is_refused_by_its_header() {
        let mut giant = vec![0x81, 0x80 | 127];
        giant.extend((1_u64 << 62).to_be_bytes());
        giant.extend([0; 4]);
        assert!(!lengths(16_384).pass(&giant));
    }

    #[test]
    fn parts_count_together_and_a_ping_between_them_does_not() {
        let mut gate = lengths(1_000);
        assert!(gate.pass(&frame(0x01, 600)) && gate.pass(&frame(0x89, 125)) && gate.pass(&frame(0x80, 400)));
        assert!(gate.pass(&frame(0x81, 1_000)), "the next message starts from nothing");
        assert!(gate.pass(&frame(0x01, 600)) && !gate.pass(&frame(0x00, 401)));
    }

    proptest! {
        #[test]
        fn cuts_make_no_difference(bodies in prop::collection::vec(0_usize..70_000, 1..6), cut in 1_usize..5_000) {
            let mut bytes = Vec::new();
            for body in &bodies {
                bytes.extend(frame(0x81, *body));
            }
            let mut gate = lengths(65_000);
            let passed = bytes.chunks(cut).all(|chunk| gate.pass(chunk));
            prop_assert_eq!(passed, bodies.iter().all(|body| *body <= 65_000));
        }
    }
}
