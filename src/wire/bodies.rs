//! Bodies of requests and responses.
//!
//! Invariants: a request body knows every field that it may have and refuses others; texts are bounded and hold nothing
//! that a database cannot store; no response holds a caller's
//! number but the one that was asked for it with a purpose.

pub mod areas;
pub mod auth;
pub mod callers;
pub mod calls;
pub mod citizens;
pub mod compliance;
pub mod coverage;
pub mod desks;
pub mod dispatches;
pub mod incidents;
pub mod messages;
pub mod outlines;
pub mod reports;
pub mod sla;
pub mod text;
pub mod trackers;
pub mod units;

use super::command;
use crate::domain::{
    access::{Act, Actor, CommandKey, Scope, Source},
    ids::CommandId,
    refusal::Refusal,
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

/// A request body may be this long, bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How a step came in, as far as an asker may say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// An officer's phone.
    Phone,
    /// A console.
    Console,
    /// Spoken over the radio and entered by a dispatcher.
    Radio,
}

/// The body of a command: something that changes the state of the work.
pub trait Command: Serialize + Sized {
    /// What is asked for, so that one command id never answers for two kinds of command.
    const OPERATION: &'static str;

    /// The client's name for it.
    fn command_id(&self) -> Option<CommandId>;

    /// The device's clock, where it was tapped offline.
    fn device_at(&self) -> Option<UnixMs> {
        None
    }

    /// How it came in, where the asker says so.
    fn via(&self) -> Option<Via> {
        None
    }

    /// The command's name with the digest of all that was asked: operation, what it is about, who asks, and the body.
    fn key(&self, about: &str, actor: Actor) -> Option<CommandKey> {
        // No name of ours holds a line feed: what it is about stays apart from the operation.
        Some(command::key(self.command_id()?, &format!("{}\n{about}", Self::OPERATION), actor, self))
    }
}

/// Names the operation of bodies that have a `command_id` and nothing else of the envelope.
macro_rules! commands {
    ($($body:ty: $operation:literal),* $(,)?) => { $(
        impl $crate::wire::bodies::Command for $body {
            const OPERATION: &'static str = $operation;

            fn command_id(&self) -> Option<$crate::domain::ids::CommandId> {
                self.command_id
            }
        }
    )* };
}
use commands;

/// How a command of somebody came in: desks use consoles, officers phones, and only a dispatcher may say that he heard
/// it over the radio.
///
/// # Errors
/// [`Refusal::Forbidden`] when the asker says what their roles do not permit.
pub fn source(scope: &Scope, said: Option<Via>) -> Result<Source, Refusal> {
    let may = |act: Act| scope.grants().iter().any(|g| act.roles().contains(&g.role));
    let usual = if may(Act::SeeDesk) { Via::Console } else { Via::Phone };
    let (source, act) = match said.unwrap_or(usual) {
        Via::Phone => (Source::Phone, Act::Ride),
        Via::Console => (Source::Console, Act::SeeDesk),
        Via::Radio => (Source::Radio, Act::Dispatch),
    };
    if said.is_none() || may(act) { Ok(source) } else { Err(Refusal::Forbidden { needs: act.roles()[0] }) }
}

#[cfg(test)]
mod tests {
    use super::{incidents::NoteBody, *};
    use crate::domain::{
        access::{Grant, Role},
        area::AreaTree,
        ids::AccountId,
    };
    use std::sync::Arc;

    fn scope(role: Role) -> Scope {
        let grant = Grant { area: "BPN".parse().unwrap(), role };
        Scope::new(AccountId::random(), [grant], Arc::new(AreaTree::default()))
    }

    #[test]
    fn only_a_dispatcher_hears_the_radio() {
        assert_eq!(source(&scope(Role::Officer), None), Ok(Source::Phone));
        assert_eq!(source(&scope(Role::Operator), None), Ok(Source::Console));
        assert_eq!(source(&scope(Role::Dispatcher), Some(Via::Radio)), Ok(Source::Radio));
        for (role, via) in [(Role::Officer, Via::Radio), (Role::Operator, Via::Radio), (Role::Officer, Via::Console)] {
            assert!(matches!(source(&scope(role), Some(via)), Err(Refusal::Forbidden { .. })), "{role} {via:?}");
        }
    }

    #[test]
    fn a_digest_covers_who_what_and_the_body() {
        let note = |text: &str| -> NoteBody {
            let id = "0192f0c1-2345-7000-8000-000000000001";
            serde_json::from_value(serde_json::json!({ "command_id": id, "text": text })).unwrap()
        };
        let (me, other) = (Actor::Account(AccountId::random()), Actor::Account(AccountId::random()));
        let key = |text: &str, about: &str, actor| note(text).key(about, actor).unwrap().digest;
        assert_eq!(key("a", "BPN-1", me), key("a", "BPN-1", me));
        for changed in [key("b", "BPN-1", me), key("a", "BPN-2", me), key("a", "BPN-1", other)] {
            assert_ne!(changed, key("a", "BPN-1", me));
        }
        let unnamed: NoteBody = serde_json::from_str(r#"{"text":"a"}"#).unwrap();
        assert_eq!(unnamed.key("BPN-1", me), None);
    }
}
