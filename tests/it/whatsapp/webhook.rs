//! Meta's side: what is let in, and what is not.

use super::*;
use crate::on_both;

on_both! {
    async fn what_is_not_signed_stores_nothing(db: Db) {
        let chat = Chat::start(&db).await;
        let bytes = delivery(&[text("wamid.1", chat.now(), "tolong")], &[]).to_string().into_bytes();
        let good = signature(APP_SECRET, &bytes);
        let mut other = bytes.clone();
        other.push(b' ');
        let wrong = [
            None, Some(String::new()), Some(good[7..].to_owned()), Some(good.replace("sha256", "sha1")),
            Some(signature("another secret", &bytes)), Some(signature(APP_SECRET, &other)), Some(format!("{good}00")),
        ];
        let count = wrong.len() as u64;
        for signed in wrong {
            let headers: Vec<_> = signed.iter().map(|s| ("x-hub-signature-256", s.as_str())).collect();
            chat.s.send("POST", WEBHOOK, &headers, bytes.clone()).await.problem(401, "unauthenticated");
        }
        let reply = chat.s.send("POST", WEBHOOK, &[("x-hub-signature-256", &good)], other).await;
        reply.problem(401, "unauthenticated");
        nothing_is_stored(&db).await;
        assert_eq!(chat.counted("forged"), count + 1);
    }

    async fn a_body_that_is_sent_again_is_one_report(db: Db) {
        let chat = Chat::start(&db).await;
        let (body, sent) = (delivery(&[text("wamid.1", chat.now(), "tolong")], &[]), chat.now());
        for _ in 0..3 {
            assert_eq!(chat.deliver(&body).await.status, 200);
            // Also a week later, when the conversation is long over.
            chat.s.pass(2 * 86_400_000);
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1);
        assert_eq!((chat.counted("opened"), chat.counted("repeated")), (1, 2));
        // Older than Meta ever delivers: not let in at all, so that what was taken may be forgotten.
        chat.s.pass(sent + 9 * 86_400_000 - chat.now());
        chat.s.engine.prune().await.unwrap();
        chat.deliver(&body).await.problem(401, "unauthenticated");
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1);
        assert_eq!(chat.counted("late"), 1);
        // And it was remembered for as long as it would have been let in.
        assert_eq!(db.count("SELECT COUNT(*) FROM inbox").await, 1);
        chat.s.pass(3 * 86_400_000);
        chat.s.engine.prune().await.unwrap();
        assert_eq!(db.count("SELECT COUNT(*) FROM inbox").await, 0);
    }
}

/// Runs each on SQLite.
macro_rules! chats {
    ($($(#[$meta:meta])* async fn $name:ident($chat:ident: Chat, $db:ident: Db) $body:block)*) => { $(
        $(#[$meta])*
        #[test]
        fn $name() {
            async fn test($db: Db) {
                let $chat = Chat::start(&$db).await;
                $body
            }
            run(Engine::Sqlite, test);
        }
    )* };
}
pub(super) use chats;

chats! {
    async fn without_settings_there_is_no_such_route(_chat: Chat, _db: Db) {
        let db = Db::create(Engine::Sqlite).await;
        let s = Served::start(&db).await;
        let query = format!("{WEBHOOK}?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1");
        s.send("GET", &query.replace(' ', "%20"), &[], "").await.problem(404, "no_route");
        let body = delivery(&[text("wamid.1", 0, "tolong")], &[]).to_string();
        let signed = signature("", body.as_bytes());
        s.send("POST", WEBHOOK, &[("x-hub-signature-256", &signed)], body).await.problem(404, "no_route");
    }

    async fn the_challenge_comes_back_under_the_right_token(chat: Chat, _db: Db) {
        let ask = async |mode: &str, token: &str, challenge: &str| {
            let query = format!("{WEBHOOK}?hub.mode={mode}&hub.verify_token={token}&hub.challenge={challenge}");
            chat.s.send("GET", &query.replace(' ', "%20"), &[], "").await
        };
        let reply = ask("subscribe", VERIFY_TOKEN, "1158201444").await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "1158201444"));
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        ask("subscribe", "guessed", "1").await.problem(401, "unauthenticated");
        ask("unsubscribe", VERIFY_TOKEN, "1").await.problem(400, "malformed");
        ask("subscribe", VERIFY_TOKEN, "a b").await.problem(400, "malformed");
        chat.s.send("GET", WEBHOOK, &[], "").await.problem(400, "malformed");
    }

    async fn what_is_not_known_is_answered_and_counted(chat: Chat, db: Db) {
        let now = chat.now();
        let mut reaction = text("wamid.1", now, "x");
        reaction["type"] = json!("reaction");
        let mut from_nobody = text("wamid.2", now, "x");
        from_nobody["from"] = json!("not a number");
        let account = json!({ "object": "x", "entry": [{ "changes": [{ "field": "account_update", "value": {} }] }] });
        for body in [
            delivery(&[reaction], &[]),
            account,
            delivery(&[from_nobody, text("wamid.3", now, "tolong")], &[json!({ "id": 7 })]),
            json!({ "entry": "all" }),
            json!([1, 2]),
        ] {
            assert_eq!(chat.deliver(&body).await.status, 200, "{body}");
        }
        assert_eq!((chat.counted("unknown"), chat.counted("malformed")), (2, 4));
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1, "the good one among the broken ones counts");
        let bytes = b"{ not json".to_vec();
        let signed = signature(APP_SECRET, &bytes);
        let reply = chat.s.send("POST", WEBHOOK, &[("x-hub-signature-256", &signed)], bytes).await;
        assert_eq!(reply.status, 200);
    }

    async fn another_number_is_no_desks_of_ours(chat: Chat, db: Db) {
        let mut body = delivery(&[text("wamid.1", chat.now(), "tolong")], &[]);
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("99");
        assert_eq!(chat.deliver(&body).await.status, 200);
        assert_eq!(chat.counted("other_number"), 1);
        nothing_is_stored(&db).await;
    }

    async fn too_large_a_body_is_refused(chat: Chat, db: Db) {
        let bytes = vec![b' '; 3 * 1_024 * 1_024 + 1];
        let signed = signature(APP_SECRET, &bytes);
        let reply = chat.s.send("POST", WEBHOOK, &[("x-hub-signature-256", &signed)], bytes).await;
        reply.problem(413, "too_large");
        nothing_is_stored(&db).await;
    }

    async fn nothing_is_lost_while_the_database_is_away(chat: Chat, _db: Db) {
        let body = delivery(&[text("wamid.1", chat.now(), "tolong")], &[]);
        chat.s.store.close().await;
        let reply = chat.deliver(&body).await;
        reply.problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "1", "it has to come again");
    }
}
