//! An area's board, for those who ask now and then. Who looks all the time uses the socket.

use super::{Answer, State, errors::ReadProblems, extract::Asker};
use crate::domain::{board::Board, ids::AreaCode};
use actix_web::{
    get,
    web::{Json, Path},
};

/// How an area stands with its promise now, what its units do, and which incidents are late or about to be; an area above
/// a city is the sum of its cities. For desk roles. The socket's frame `board` is the same, sent when something changes; it
/// goes on while the database is away, and says so.
#[utoipa::path(
    tag = "sla",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "The board, with all its cities.", body = Board), ReadProblems),
)]
#[get("/areas/{code}/board")]
pub async fn area_board(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<Board> {
    Ok(Json(state.engine.board(&asker.scope, *code).await?))
}
