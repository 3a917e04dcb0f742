//! Commands of a session: carried out one after the other in the order they came, apart from the reader, so that a slow
//! one delays no fix and an early tap never overtakes a later one.
//!
//! Invariant: at most [`WAITING`] wait; what was started is finished even when the socket is gone.

use super::Shared;
use crate::{
    domain::{
        access::{Cause, Source},
        ids::CommandId,
        refusal::Refusal,
        time::UnixMs,
    },
    engine::{Error, Tap},
    wire::{
        command,
        frames::{ClientFrame, ServerFrame},
        problem::{NOT_RIDING, Problem, TOO_MANY},
    },
};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

/// Commands that may wait; what comes beyond is refused and can be repeated.
const WAITING: usize = 8;

/// The commands that wait.
pub(super) struct Lane {
    shared: Rc<Shared>,
    waiting: Rc<RefCell<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<ClientFrame>,
    /// Somebody is working them off.
    busy: bool,
}

impl Lane {
    pub fn new(shared: Rc<Shared>) -> Self {
        Self { shared, waiting: Rc::default() }
    }

    /// Starts a command, or lays it by until the ones before are done.
    pub async fn start(&self, frame: ClientFrame) {
        let full = self.waiting.borrow().commands.len() >= WAITING;
        if full {
            let problem = Problem::new(TOO_MANY, format!("{WAITING} commands wait already: repeat it"));
            return self.shared.answer(frame.command_id(), Err(problem)).await;
        }
        let mut waiting = self.waiting.borrow_mut();
        waiting.commands.push_back(frame);
        if !std::mem::replace(&mut waiting.busy, true) {
            actix_web::rt::spawn(work_off(Rc::clone(&self.shared), Rc::clone(&self.waiting)));
        }
    }
}

async fn work_off(shared: Rc<Shared>, waiting: Rc<RefCell<Waiting>>) {
    loop {
        let next = {
            let mut waiting = waiting.borrow_mut();
            let next = waiting.commands.pop_front();
            waiting.busy = next.is_some();
            next
        };
        let Some(frame) = next else { return };
        let id = frame.command_id();
        let outcome = shared.carry_out(frame).await;
        shared.answer(id, outcome).await;
    }
}

impl Shared {
    /// A command is answered under its id; without one, only a problem is told.
    async fn answer(&self, id: Option<CommandId>, outcome: Result<Value, Problem>) {
        match (id, outcome) {
            (Some(command_id), Ok(ok)) => {
                self.say(&ServerFrame::Reply { command_id, ok: Some(ok), problem: None }).await;
            }
            (Some(command_id), Err(problem)) => {
                self.say(&ServerFrame::Reply { command_id, ok: None, problem: Some(problem) }).await;
            }
            (None, Err(problem)) => self.say_problem(problem).await,
            (None, Ok(_)) => {}
        }
    }

    async fn carry_out(&self, frame: ClientFrame) -> Result<Value, Problem> {
        let engine = &self.hub.engine;
        let body = serde_json::to_value(&frame).unwrap_or_default();
        let cause = |id: CommandId, at: Option<UnixMs>| Cause {
            device_at: at,
            command: Some(command::key(id, frame.operation(), self.scope.actor(), &body)),
            ..self.cause()
        };
        let outcome: Result<Value, Error> = match frame.clone() {
            ClientFrame::Delivered { dispatch } => {
                engine.deliver(&self.cause(), dispatch, self.link.device).await.map(|()| Value::Null)
            }
            ClientFrame::Step { command_id, dispatch, to, reason, disposition, at_ms } => {
                let tap = Tap { to, reason, disposition };
                engine.step(&cause(command_id, at_ms), dispatch, tap).await.map(|after| json!(after))
            }
            ClientFrame::Panic { command_id, place, at_ms } => {
                if self.link.riding().is_none() {
                    self.refresh_riding().await.map_err(|error| Problem::from(&error))?;
                }
                let (unit, _) =
                    self.link.riding().ok_or_else(|| Problem::new(NOT_RIDING, "sign on to a unit first"))?;
                engine.panic(&cause(command_id, at_ms), unit, place).await.map(|incident| json!(incident))
            }
            ClientFrame::Note { command_id, incident, text, at_ms } => {
                engine.add_note(&cause(command_id, at_ms), incident, text).await.map(|no| json!({ "no": no }))
            }
            ClientFrame::Fixes { .. }
            | ClientFrame::Subscribe { .. }
            | ClientFrame::View { .. }
            | ClientFrame::Board { .. } => Err(Refusal::invalid("type", "this is no command").into()),
        };
        outcome.map_err(|error| {
            if error.refusal().is_none() {
                tracing::error!(session = %self.link.id, operation = frame.operation(), %error, "a command failed");
            }
            Problem::from(&error)
        })
    }

    /// A crew acts by its phone, a desk by its console.
    fn cause(&self) -> Cause {
        let source = if self.link.riding().is_some() { Source::Phone } else { Source::Console };
        Cause { scope: self.scope.clone(), source, now: self.hub.engine.now(), device_at: None, command: None }
    }
}
