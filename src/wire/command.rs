//! What a command asked, in 32 bytes, so that a repeat under the same id is told from something else.

use crate::domain::{access::Actor, access::CommandKey, ids::CommandId};
use serde::Serialize;

/// The key of a command: SHA-256 over operation, actor and the body as this program writes it, whatever the order of
/// its fields and its spaces were on the wire.
pub fn key(id: CommandId, operation: &str, actor: Actor, body: &impl Serialize) -> CommandKey {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in [operation, &actor.to_string(), &canonical(body)] {
        // A text cannot hold the byte 0xff, so that no two lists of parts read the same.
        context.update(part.as_bytes());
        context.update(&[0xff]);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    CommandKey { id, digest }
}

/// A body that cannot be written as JSON (there is none among ours) counts as empty.
fn canonical(body: &impl Serialize) -> String {
    serde_json::to_value(body).map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_digest_knows_the_operation_the_actor_and_the_body() {
        let id = CommandId::random();
        let actor = Actor::Account(crate::domain::ids::AccountId::random());
        let one = key(id, "note", actor, &json!({"a": 1, "b": [2]}));
        assert_eq!(
            one,
            key(id, "note", actor, &serde_json::from_str::<serde_json::Value>(r#"{"b": [2], "a":1}"#).unwrap())
        );
        for other in [
            key(id, "step", actor, &json!({"a": 1, "b": [2]})),
            key(id, "note", Actor::System, &json!({"a": 1, "b": [2]})),
            key(id, "note", actor, &json!({"a": 1, "b": [3]})),
        ] {
            assert_ne!(one.digest, other.digest);
        }
    }
}
