//! Messages become reports: one for each number, whatever comes twice or out of order.

use super::{webhook::chats, *};
use crate::on_both;
use sigap::domain::access::Cause;
use std::sync::Arc;

/// In the middle of Balikpapan.
const MARKET: (f64, f64) = (-1.268, 116.832);
const HARBOUR: (f64, f64) = (-1.272, 116.812);

fn place((lat, lng): (f64, f64)) -> Value {
    json!({ "lat": lat, "lng": lng })
}

on_both! {
    async fn a_text_and_a_pin_are_one_report(db: Db) {
        let (chat, now) = (Chat::start(&db).await, Chat::now);
        let desk = chat.desk().await;
        let first = delivery(&[text("wamid.1", now(&chat), "ada kebakaran")], &[]);
        for _ in 0..2 {
            assert_eq!(chat.deliver(&first).await.status, 200);
        }
        chat.send_all(&db).await;
        let asked = chat.graph.posted();
        assert_eq!(asked.len(), 1);
        assert_eq!((&asked[0].body["type"], asked[0].body["to"].as_str()), (&json!("interactive"), Some("+628110000001")));
        assert!(asked[0].text().contains("BPN-R1"), "{}", asked[0].text());
        chat.s.pass(60_000);
        let shared = delivery(&[pin("wamid.2", now(&chat), MARKET)], &[]);
        for _ in 0..2 {
            assert_eq!(chat.deliver(&shared).await.status, 200);
        }
        chat.s.pass(1_000);
        chat.hear(&[text("wamid.3", now(&chat), "lantai dua")]).await;
        chat.send_all(&db).await;
        let said = chat.graph.posted();
        assert_eq!(said.len(), 2, "asked once, thanked once");
        assert_eq!(said[1].body["type"], "text");
        let report = chat.s.get(&desk, "/reports/BPN-R1").await.expect(200);
        assert_eq!((&report["channel"], &report["place"]), (&json!("whatsapp"), &place(MARKET)));
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1);
        assert_eq!(chat.events(&desk, "message.queued").await.len(), 2);
        let states: Vec<_> = chat.messages(&desk, "BPN-R1").await.iter().map(|m| m["state"].clone()).collect();
        assert_eq!(states, ["sent", "sent"]);
    }

    async fn two_first_messages_at_once_are_one_report(db: Db) {
        let chat = Arc::new(Chat::start(&db).await);
        let mut all = Vec::new();
        for n in 0..8 {
            let chat = Arc::clone(&chat);
            all.push(tokio::spawn(async move {
                // Each is delivered twice at the same time, too.
                let message = text(&format!("wamid.{}", n / 2), chat.now(), &format!("words {}", n / 2));
                chat.hear(&[message]).await;
            }));
        }
        for task in all {
            task.await.unwrap();
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1);
        assert_eq!(db.count("SELECT COUNT(*) FROM inbox").await, 4);
        assert_eq!(db.count("SELECT COUNT(*) FROM outbox").await, 1, "asked once for a place");
    }
}

chats! {
    async fn a_pin_before_the_text_is_the_same_report(chat: Chat, db: Db) {
        let (desk, now) = (chat.desk().await, chat.now());
        // Written in this order: text, place, another place; delivered in the other.
        chat.s.pass(5_000);
        chat.hear(&[pin("wamid.3", now + 4_000, HARBOUR)]).await;
        chat.hear(&[pin("wamid.2", now + 2_000, MARKET)]).await;
        chat.hear(&[text("wamid.1", now, "ada kebakaran")]).await;
        chat.send_all(&db).await;
        let said = chat.graph.posted();
        assert_eq!(said.len(), 1, "the place is there: nobody is asked for it: {said:?}");
        assert_eq!(said[0].body["type"], "text");
        let report = chat.s.get(&desk, "/reports/BPN-R1").await.expect(200);
        assert_eq!(report["place"], place(HARBOUR), "the newest place counts, not the one that came last");
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1);
    }

    async fn a_report_that_is_closed_or_long_quiet_is_followed_by_another(chat: Chat, db: Db) {
        chat.hear(&[text("wamid.1", chat.now(), "satu")]).await;
        chat.s.pass(5 * 3_600_000);
        chat.hear(&[text("wamid.2", chat.now(), "masih")]).await;
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 1);
        chat.s.pass(6 * 3_600_000 + 1_000);
        chat.hear(&[text("wamid.3", chat.now(), "dua")]).await;
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 2);
        db.tamper(&format!("UPDATE report SET status = 'closed', closed_ms = {} WHERE no = 2", chat.now())).await;
        chat.hear(&[text("wamid.4", chat.now(), "tiga")]).await;
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 3);
        assert_eq!(db.count("SELECT COUNT(*) FROM conversation").await, 1, "one number, one conversation");
        assert_eq!(db.count("SELECT report_no FROM conversation").await, 3);
    }

    async fn numbers_do_not_mix(chat: Chat, db: Db) {
        let mut other = text("wamid.2", chat.now(), "dua");
        other["from"] = json!("6281299999999");
        chat.hear(&[text("wamid.1", chat.now(), "satu"), other]).await;
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 2);
        chat.send_all(&db).await;
        let mut to: Vec<_> = chat.graph.posted().iter().map(|p| p.body["to"].as_str().unwrap().to_owned()).collect();
        to.sort();
        assert_eq!(to, ["+628110000001", "+6281299999999"]);
    }

    async fn yesterdays_message_is_a_report_and_is_not_answered(chat: Chat, db: Db) {
        let desk = chat.desk().await;
        chat.hear(&[text("wamid.1", chat.now() - 3 * 86_400_000, "tolong")]).await;
        let report = chat.s.get(&desk, "/reports/BPN-R1").await.expect(200);
        assert_eq!(report["rung"], chat.now() - 86_400_000, "its clock started at most a day ago");
        assert_eq!(db.count("SELECT COUNT(*) FROM outbox").await, 0);
        // A desk cannot write either: WhatsApp would refuse it.
        let body = json!({ "text": "Apakah Anda masih butuh bantuan?" });
        chat.s.post(&desk, "/reports/BPN-R1/messages", body).await.problem(409, "no_conversation");
    }

    async fn a_desk_writes_to_the_citizen(chat: Chat, db: Db) {
        let desk = chat.desk().await;
        chat.hear(&[text("wamid.1", chat.now(), "tolong")]).await;
        let id = sigap::domain::ids::CommandId::random();
        let body = json!({ "command_id": id, "text": "Petugas menuju ke lokasi Anda." });
        let first = chat.s.post(&desk, "/reports/BPN-R1/messages", body.clone()).await.expect(201);
        assert_eq!(chat.s.post(&desk, "/reports/BPN-R1/messages", body.clone()).await.expect(201), first);
        chat.send_all(&db).await;
        let said = chat.graph.posted();
        assert_eq!((said.len(), said[1].text()), (2, "Petugas menuju ke lokasi Anda."));
        let listed = chat.messages(&desk, "BPN-R1").await;
        assert_eq!((&listed[1]["id"], &listed[1]["text"]), (&first["message"], &json!(said[1].text())));
        let officer = chat.s.token(Role::Officer, "BPN").await;
        chat.s.post(&officer, "/reports/BPN-R1/messages", body.clone()).await.problem(403, "forbidden");
        chat.s.get(&officer, "/reports/BPN-R1/messages").await.problem(403, "forbidden");
        let elsewhere = chat.s.token(Role::Dispatcher, "SMD").await;
        chat.s.get(&elsewhere, "/reports/BPN-R1/messages").await.problem(404, "not_found");
        chat.s.post(&elsewhere, "/reports/BPN-R1/messages", json!({ "text": "x" })).await.problem(404, "not_found");
        chat.s.get(&desk, "/reports/BPN-R9/messages").await.problem(404, "not_found");
        // A report that came by telephone has nobody who wrote to us.
        chat.s.post(&desk, "/reports", crate::http::report(crate::http::scene())).await.expect(201);
        let body = json!({ "text": "Halo" });
        chat.s.post(&desk, "/reports/BPN-R2/messages", body).await.problem(409, "no_conversation");
    }

    async fn an_erased_citizen_is_not_written_to(chat: Chat, db: Db) {
        chat.hear(&[text("wamid.1", chat.now(), "tolong")]).await;
        let subject = db.text("SELECT subject FROM report").await.parse().unwrap();
        chat.s.store.erase_subject(&Cause::system(chat.s.engine.now()), code("BPN"), subject).await.unwrap();
        chat.send_all(&db).await;
        assert!(chat.graph.tries().is_empty(), "nobody is told who was erased");
        assert_eq!(db.text("SELECT state FROM outbox").await, "failed");
        assert_eq!(db.count("SELECT COUNT(*) FROM conversation").await, 0);
        // Whoever writes again is somebody new.
        chat.hear(&[text("wamid.2", chat.now(), "halo")]).await;
        assert_eq!(db.count("SELECT COUNT(*) FROM report").await, 2);
    }

    async fn nothing_personal_is_in_the_open(chat: Chat, db: Db) {
        chat.hear(&[text("wamid.HBgNNjI4MTEwMDAwMDAx", chat.now(), "kebakaran di pasar")]).await;
        chat.send_all(&db).await;
        for column in ["error", "sender", "subject", "id"] {
            let shown = db.text(&format!("SELECT COALESCE({column}, '') FROM outbox")).await;
            assert!(!shown.contains("811000") && !shown.contains("wamid"), "{column}: {shown}");
        }
        let texts = db.text("SELECT GROUP_CONCAT(text) FROM event").await;
        assert!(!texts.contains("811000") && !texts.contains("kebakaran") && !texts.contains("wamid"), "{texts}");
    }
}
