//! Boards on a console's wall: sent when something changed, and every so often, so that one that stands still shows.
//!
//! Invariant: nothing is queued. The board as it is now is asked for when the socket has room; a client that reads
//! slowly gets fewer, newer boards.

use super::{Shared, follow::about};
use crate::{
    domain::{board::Board, ids::AreaCode},
    engine::BoardWatch,
    wire::{
        frames::ServerFrame,
        problem::{Problem, TOO_MANY},
    },
};
use std::time::Duration;
use tokio::time::Instant;

/// Boards that a session may look at.
const BOARDS_MAX: usize = 8;
/// A board is sent again after so long, changed or not.
const AGAIN: Duration = Duration::from_secs(2);

/// The boards that a session looks at, each with when it is sent again in any case.
#[derive(Default)]
pub(super) struct Wall(Vec<(BoardWatch, Instant)>);

impl Wall {
    /// Hangs a board up; without effect on the others where it may not be seen, or is not known.
    pub async fn hang(&mut self, shared: &Shared, area: AreaCode) -> Result<(), Problem> {
        self.take_down(area);
        if self.0.len() >= BOARDS_MAX {
            return Err(Problem::new(TOO_MANY, format!("{area}: at most {BOARDS_MAX} boards in a session")));
        }
        let (engine, scope) = (&shared.hub.engine, &shared.scope);
        let watch = engine.watch_board(scope, area).map_err(|refusal| about(area, Problem::from(&refusal)))?;
        // So that the first board is not the one that somebody looked at an hour ago.
        engine.board(scope, area).await.map_err(|error| about(area, Problem::from(&error)))?;
        self.0.push((watch, Instant::now()));
        Ok(())
    }

    pub fn take_down(&mut self, area: AreaCode) {
        self.0.retain(|(watch, _)| watch.area != area);
    }

    /// When one of them is sent in any case.
    pub fn due(&self) -> Option<Instant> {
        self.0.iter().map(|(_, due)| *due).min()
    }

    /// Waits until some board changed, perhaps one of these. Safe to drop while waiting.
    pub async fn changed(&mut self) {
        match self.0.first_mut() {
            // All boards have one bell.
            Some((watch, _)) => watch.changed().await,
            None => std::future::pending().await,
        }
    }

    /// The next board that has to be sent now.
    pub fn next(&mut self) -> Option<ServerFrame> {
        let now = Instant::now();
        self.0.iter_mut().find_map(|(watch, due)| {
            let board: Board = watch.take(*due <= now)?;
            *due = now + AGAIN;
            Some(ServerFrame::Board { board: Box::new(board) })
        })
    }
}
