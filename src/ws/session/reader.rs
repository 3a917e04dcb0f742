//! What comes in: fixes are judged at once, commands are started, the rest goes to the writer.
//!
//! Invariant: nothing that a client sends ends the process or waits for a command; what is not understood is told, and
//! too much of it closes the socket.

use super::{Out, Shared, lane::Lane};
use crate::{
    domain::{fix::RawFix, ids::UnitId, time::UnixMs},
    engine::ingest::{Stream, Taken},
    wire::{
        frames::{ClientFrame, FIXES_MAX, FixFrame, FixRefused, ServerFrame},
        problem::{MALFORMED, NOT_RIDING, NOT_SOURCE, Problem},
    },
    ws::close::Close,
};
use actix_web::error::PayloadError;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use std::{io::ErrorKind, rc::Rc, time::Duration};

/// Frames in [`PROBLEMS_MS`] that may not be understood.
const PROBLEMS_MAX: u32 = 20;
/// How long they are counted, milliseconds.
const PROBLEMS_MS: i64 = 60_000;
/// A phone that sends fixes without being its unit's position is looked up again this often, milliseconds.
const LOOK_AGAIN_MS: i64 = 1_000;
/// A fix that was held back is tried again this often.
const SETTLE: Duration = Duration::from_millis(200);
/// Longest text of ours about a frame that was not understood, characters.
const DETAIL_MAX: usize = 300;

struct Reader {
    shared: Rc<Shared>,
    lane: Lane,
    stream: Option<Stream>,
    looked_at: UnixMs,
    problems: u32,
    problems_since: UnixMs,
}

/// Reads until the peer is gone or was told to go.
pub(super) async fn read(shared: Rc<Shared>, mut messages: AggregatedMessageStream) {
    let began = shared.hub.engine.now();
    let lane = Lane::new(Rc::clone(&shared));
    let mut reader =
        Reader { shared, lane, stream: None, looked_at: UnixMs(i64::MIN), problems: 0, problems_since: began };
    let end = loop {
        let message = if reader.stream.as_ref().is_some_and(Stream::holds) {
            tokio::select! {
                message = messages.recv() => message,
                () = tokio::time::sleep(SETTLE) => {
                    reader.settle().await;
                    continue;
                }
            }
        } else {
            messages.recv().await
        };
        reader.shared.link.hear();
        let heard = match message {
            Some(Ok(message)) => reader.hear(message).await,
            Some(Err(error)) => wrong(&error),
            None => Err(Out::Gone),
        };
        if let Err(out) = heard {
            break out;
        }
    };
    // The writer is gone already, or ends the session now.
    let _ = reader.shared.out.send(end).await;
    // What still comes is read and let go, so that the close frame is not lost in a reset.
    while let Some(Ok(_)) = messages.recv().await {}
}

/// What a broken stream of frames means.
fn wrong(error: &ProtocolError) -> Result<(), Out> {
    match error {
        ProtocolError::Overflow => Err(Out::Close(Close::TooBig)),
        ProtocolError::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref::<PayloadError>()) {
            Some(PayloadError::Overflow) => Err(Out::Close(Close::TooBig)),
            // The connection ended; the frames that came before are still to be read, and then there are none.
            Some(_) => Ok(()),
            // Text that is not UTF-8, reserved bits, parts out of order.
            None if io.kind() == ErrorKind::InvalidData => Err(Out::Close(Close::ProtocolError)),
            None => Err(Out::Gone),
        },
        _ => Err(Out::Close(Close::ProtocolError)),
    }
}

impl Reader {
    async fn hear(&mut self, message: AggregatedMessage) -> Result<(), Out> {
        match message {
            AggregatedMessage::Text(text) => match serde_json::from_str::<ClientFrame>(&text) {
                Ok(frame) => self.take(frame).await,
                Err(error) => self.not_understood(error.to_string().chars().take(DETAIL_MAX).collect()).await,
            },
            AggregatedMessage::Binary(_) => self.not_understood("frames are JSON texts".to_owned()).await,
            AggregatedMessage::Ping(bytes) => self.hand_over(Out::Pong(Box::new(bytes))).await,
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(_) => Err(Out::Gone),
        }
    }

    async fn take(&mut self, frame: ClientFrame) -> Result<(), Out> {
        match frame {
            ClientFrame::Fixes { fixes, .. } if fixes.len() > FIXES_MAX => {
                self.not_understood(format!("fixes: {} in a frame; at most {FIXES_MAX}", fixes.len())).await
            }
            ClientFrame::Fixes { sent_ms, fixes } => {
                self.fixes(sent_ms, &fixes).await;
                Ok(())
            }
            ClientFrame::Subscribe { .. } | ClientFrame::View { .. } | ClientFrame::Board { .. } => {
                self.hand_over(Out::Frame(Box::new(frame))).await
            }
            command => {
                self.lane.start(command).await;
                Ok(())
            }
        }
    }

    async fn hand_over(&self, out: Out) -> Result<(), Out> {
        self.shared.out.send(out).await.map_err(|_| Out::Gone)
    }

    async fn not_understood(&mut self, detail: String) -> Result<(), Out> {
        self.shared.hub.counts.not_understood_one();
        let now = self.shared.hub.engine.now();
        if now.since(self.problems_since) >= PROBLEMS_MS {
            (self.problems, self.problems_since) = (0, now);
        }
        self.problems += 1;
        if self.problems > PROBLEMS_MAX {
            return Err(Out::Close(Close::ProtocolError));
        }
        self.shared.say_problem(Problem::new(MALFORMED, detail)).await;
        Ok(())
    }

    async fn fixes(&mut self, sent_ms: Option<i64>, fixes: &[FixFrame]) {
        let now = self.shared.hub.engine.now();
        let unit = match self.unit(now).await {
            Ok(unit) => unit,
            Err(problem) => {
                self.stream = None;
                self.shared.hub.counts.without_unit(fixes.len());
                return self.shared.say_problem(problem).await;
            }
        };
        if self.stream.as_ref().is_none_or(|stream| stream.unit() != unit) {
            self.stream = Some(self.shared.hub.engine.stream(unit, self.shared.link.device).await);
        }
        let Some(stream) = &mut self.stream else { return };
        let raw: Vec<RawFix> = fixes.iter().map(RawFix::from).collect();
        let taken = stream.take(sent_ms, &raw, now);
        if taken.conflated > 0 || !taken.refused.is_empty() || fixes.iter().any(|fix| fix.backlog) {
            self.shared.say(&told(&taken)).await;
        }
    }

    /// The unit whose position this phone is.
    async fn unit(&mut self, now: UnixMs) -> Result<UnitId, Problem> {
        let is_source = |riding: Option<(UnitId, bool)>| riding.is_some_and(|(_, source)| source);
        if !is_source(self.shared.link.riding()) && now.since(self.looked_at) >= LOOK_AGAIN_MS {
            self.looked_at = now;
            // Boxed: rare, and large beside the rest of this task.
            let changed = Box::pin(self.shared.refresh_riding()).await.map_err(|error| Problem::from(&error))?;
            if changed {
                let _ = self.shared.out.send(Out::Riding).await;
            }
        }
        match self.shared.link.riding() {
            Some((unit, true)) => Ok(unit),
            Some((unit, false)) => {
                Err(Problem::new(NOT_SOURCE, format!("{unit} takes its position from another phone")))
            }
            None => Err(Problem::new(NOT_RIDING, "sign on to a unit first")),
        }
    }

    /// Judges what was held back; only a refusal is told.
    async fn settle(&mut self) {
        let now = self.shared.hub.engine.now();
        let Some(taken) = self.stream.as_mut().map(|stream| stream.settle(now)) else { return };
        if !taken.refused.is_empty() {
            self.shared.say(&told(&taken)).await;
        }
    }
}

fn told(taken: &Taken) -> ServerFrame {
    let refused = |(index, why): &(u32, crate::domain::fix::Reject)| FixRefused {
        index: *index,
        reason: why.as_str().to_owned(),
        detail: why.to_string(),
    };
    ServerFrame::FixesTaken {
        kept: taken.kept,
        conflated: taken.conflated,
        refused: taken.refused.iter().map(refused).collect(),
    }
}
