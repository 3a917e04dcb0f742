//! The outbox: what was written is sent, once where possible, at least once in any case, or somebody is told.

use super::{webhook::chats, *};
use crate::on_both;
use std::collections::BTreeMap;

impl Chat {
    /// A first message, and so one of ours in the outbox.
    async fn one_waits(&self) {
        self.hear(&[text("wamid.in", self.now(), "tolong")]).await;
    }

    /// The only message of ours.
    async fn only(&self, desk: &str) -> Value {
        self.messages(desk, "BPN-R1").await[0].clone()
    }

    async fn told(&self, statuses: &[Value]) {
        assert_eq!(self.deliver(&delivery(&[], statuses)).await.status, 200);
    }
}

/// What Meta tells of a message.
fn status(posted: &Posted, word: &str, at_ms: i64) -> Value {
    json!({ "id": posted.id, "status": word, "timestamp": (at_ms / 1_000).to_string(), "recipient_id": "628110000001" })
}

on_both! {
    async fn it_is_tried_until_it_is_taken(db: Db) {
        let chat = Chat::start(&db).await;
        let desk = chat.desk().await;
        chat.graph.fail([
            Fail::Status(500, 1), Fail::TooMany { retry_after_s: 30 }, Fail::Reset, Fail::Status(400, 131_056),
            Fail::Status(503, 2),
        ]);
        chat.one_waits().await;
        let mut waits = Vec::new();
        for n in 1..=6 {
            chat.send_all(&db).await;
            assert_eq!(chat.graph.tries().len(), n);
            if n < 6 {
                let next = db.count("SELECT next_ms FROM outbox").await;
                waits.push(next - chat.now());
                // Not a moment earlier.
                chat.s.pass(next - chat.now() - 1);
                chat.send_all(&db).await;
                assert_eq!(chat.graph.tries().len(), n);
                chat.s.pass(1);
            }
        }
        let [first, asked_to_wait, third, fourth, fifth] = waits[..] else { panic!("{waits:?}") };
        assert!((500..=1_000).contains(&first), "{waits:?}");
        assert_eq!(asked_to_wait, 30_000, "as the channel asked");
        assert!((2_000..=4_000).contains(&third) && (4_000..=8_000).contains(&fourth), "{waits:?}");
        assert!((8_000..=16_000).contains(&fifth), "{waits:?}");
        assert_eq!(chat.graph.posted().len(), 1);
        let message = chat.only(&desk).await;
        assert_eq!((&message["state"], &message["attempts"]), (&json!("sent"), &json!(6)));
        assert!(chat.events(&desk, "message.failed").await.is_empty());
    }

    async fn what_will_not_be_sent_is_told_once(db: Db) {
        let chat = Chat::start(&db).await;
        let desk = chat.desk().await;
        chat.graph.fail([Fail::Status(400, 100)]);
        chat.one_waits().await;
        chat.send_all(&db).await;
        let message = chat.only(&desk).await;
        assert_eq!((&message["state"], &message["error"]), (&json!("failed"), &json!("400, code 100")));
        let told = chat.events(&desk, "message.failed").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["body"]["message"], &told[0]["body"]["report"]), (&message["id"], &json!("BPN-R1")));
        assert_eq!(told[0]["audience"], "desk");
        chat.s.pass(600_000);
        chat.send_all(&db).await;
        assert_eq!(chat.graph.tries().len(), 1, "it would be the same the next time");
    }

    async fn two_nodes_send_each_message_once(db: Db) {
        let one = Chat::start(&db).await;
        let two = Served::start(&db).await;
        two.engine.open_post(Post::new(Some(serde_json::from_value(one.graph.settings()).unwrap())).unwrap());
        let messages: Vec<_> = (0..40)
            .map(|n| {
                let mut message = text(&format!("wamid.in.{n}"), one.now(), "tolong");
                message["from"] = json!(format!("62811{n:07}"));
                message
            })
            .collect();
        one.hear(&messages).await;
        one.graph.slow(20);
        let started = Instant::now();
        while one.graph.posted().len() < 40 {
            assert!(started.elapsed() < PATIENCE, "{} of 40", one.graph.posted().len());
            let (a, b) = tokio::join!(one.s.engine.send_messages(), two.engine.send_messages());
            a.unwrap();
            b.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        one.send_all(&db).await;
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        for posted in one.graph.posted() {
            *times.entry(posted.reference().to_owned()).or_default() += 1;
        }
        assert!(times.len() == 40 && times.values().all(|n| *n == 1), "{times:?}");
        assert_eq!(one.graph.tries().len(), 40);
        let [of_one, of_two] = [&one.s.engine, &two.engine].map(|e| e.messages_counted()[0].1);
        assert!(of_one > 0 && of_two > 0 && of_one + of_two == 40, "{of_one} and {of_two}");
        assert!(one.graph.most_at_once() <= 32, "{} at once", one.graph.most_at_once());
    }

    async fn how_far_it_came_never_goes_back(db: Db) {
        let chat = Chat::start(&db).await;
        let desk = chat.desk().await;
        chat.one_waits().await;
        chat.send_all(&db).await;
        let posted = chat.graph.posted()[0].clone();
        let t = chat.now();
        chat.s.pass(10_000);
        chat.told(&[status(&posted, "read", t + 3_000)]).await;
        chat.told(&[status(&posted, "delivered", t + 2_000), status(&posted, "sent", t + 1_000)]).await;
        chat.told(&[status(&posted, "failed", t + 1_000), status(&posted, "read", t + 9_000)]).await;
        let message = chat.only(&desk).await;
        assert_eq!((&message["progress"], &message["state"]), (&json!("read"), &json!("sent")));
        assert_eq!((&message["delivered"], &message["read"]), (&json!(t + 2_000), &json!(t + 3_000)));
        assert!(chat.events(&desk, "message.failed").await.is_empty(), "what was read did not fail");
        chat.told(&[status(&Posted { id: "wamid.other".to_owned(), ..posted }, "read", t)]).await;
        assert_eq!((chat.counted("statuses"), chat.counted("unmatched")), (5, 1));
    }
}

chats! {
    async fn an_undelivered_message_alarms_the_desk(chat: Chat, db: Db) {
        let desk = chat.desk().await;
        chat.one_waits().await;
        chat.send_all(&db).await;
        let posted = chat.graph.posted()[0].clone();
        let mut failed = status(&posted, "failed", chat.now());
        failed["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
        for _ in 0..2 {
            chat.told(std::slice::from_ref(&failed)).await;
        }
        let told = chat.events(&desk, "message.failed").await;
        assert_eq!((told.len(), &told[0]["body"]["why"]), (1, &json!("not delivered, code 131026")));
        assert_eq!(chat.only(&desk).await["state"], "failed");
    }

    async fn a_lost_answer_is_made_up_for_by_what_meta_tells(chat: Chat, db: Db) {
        let desk = chat.desk().await;
        chat.graph.fail([Fail::Silence]);
        chat.one_waits().await;
        // It has the message, and its answer does not come within the time-out of a second.
        chat.send_all(&db).await;
        assert_eq!(chat.only(&desk).await["state"], "queued");
        let posted = chat.graph.posted()[0].clone();
        let mut told = status(&posted, "sent", chat.now());
        told["biz_opaque_callback_data"] = json!(posted.reference());
        chat.told(&[told]).await;
        chat.s.pass(600_000);
        chat.send_all(&db).await;
        assert_eq!((chat.graph.tries().len(), db.text("SELECT state FROM outbox").await.as_str()), (1, "sent"));
    }

    async fn a_lost_answer_alone_means_once_more(chat: Chat, db: Db) {
        chat.graph.fail([Fail::Silence]);
        chat.one_waits().await;
        chat.send_all(&db).await;
        chat.s.pass(5_000);
        chat.send_all(&db).await;
        let said = chat.graph.posted();
        assert_eq!((said.len(), said[0].reference()), (2, said[1].reference()), "at least once, under one name");
    }

    async fn what_is_of_no_use_any_more_is_given_up(chat: Chat, db: Db) {
        chat.graph.fail([Fail::Status(500, 1); 60]);
        chat.one_waits().await;
        let t = chat.now();
        while db.text("SELECT state FROM outbox").await == "queued" {
            chat.send_all(&db).await;
            assert!(chat.now() - t < 2 * 3_600_000, "it is tried for ever");
            chat.s.pass(60_000);
        }
        assert!((10..=20).contains(&chat.graph.tries().len()), "{} tries", chat.graph.tries().len());
        let desk = chat.desk().await;
        assert_eq!(chat.events(&desk, "message.failed").await.len(), 1);
        assert_eq!(chat.s.engine.messages_counted()[2], ("failed", 1));
    }

    async fn what_a_dead_node_took_is_sent_by_another(chat: Chat, db: Db) {
        chat.one_waits().await;
        let due = chat.s.store.due_messages(chat.s.engine.now(), 10).await.unwrap();
        let (area, id) = due[0];
        let now = chat.s.engine.now();
        // Taken, and never heard of again.
        assert!(chat.s.store.take_message(area, id, now, now.plus(45_000)).await.unwrap().is_some());
        assert!(chat.s.store.take_message(area, id, now, now.plus(45_000)).await.unwrap().is_none(), "taken is taken");
        chat.s.pass(44_999);
        assert_eq!(chat.s.engine.send_messages().await.unwrap(), 0);
        chat.s.pass(1);
        chat.send_all(&db).await;
        assert_eq!(chat.graph.posted().len(), 1);
    }

    async fn messages_of_a_report_keep_their_order(chat: Chat, db: Db) {
        let desk = chat.desk().await;
        chat.graph.fail([Fail::Status(500, 1)]);
        chat.one_waits().await;
        for n in 0..3 {
            chat.s.post(&desk, "/reports/BPN-R1/messages", json!({ "text": format!("pesan {n}") })).await.expect(201);
        }
        chat.send_all(&db).await;
        assert_eq!(chat.graph.tries().len(), 1, "nothing overtakes the first");
        chat.s.pass(2_000);
        chat.send_all(&db).await;
        let said: Vec<_> = chat.graph.posted().iter().map(|p| p.text().to_owned()).collect();
        assert_eq!(said[1..], ["pesan 0", "pesan 1", "pesan 2"]);
    }
}

on_both! {
    async fn a_killed_node_sends_what_it_had_written(db: Db) {
        let graph = Graph::start().await;
        seed(&db, 0).await;
        let program = Program::new(&db);
        let numbers = format!("[whatsapp.numbers]\n\"{NUMBER_ID}\" = \"BPN\"\n");
        let settings = format!(
            "[whatsapp]\napi_url = \"{}\"\napp_secret = \"{APP_SECRET}\"\nverify_token = \"{VERIFY_TOKEN}\"\n\
             access_token = \"{ACCESS_TOKEN}\"\ntimeout_ms = 2000\n{numbers}",
            graph.url
        );
        std::fs::write(program.path("sigap.toml"), settings).unwrap();
        let alive = program.serve().await;
        let (http, url) = (reqwest::Client::new(), format!("{}{WEBHOOK}", alive.api.url));
        // Whatever it tries before it dies fails.
        graph.fail([Fail::Status(500, 1); 8]);
        for n in 0..5 {
            let mut message = text(&format!("wamid.in.{n}"), now().0, "tolong");
            message["from"] = json!(format!("62811{n:07}"));
            let body = delivery(&[message], &[]).to_string();
            let signed = signature(APP_SECRET, body.as_bytes());
            let request = http.post(&url).header("x-hub-signature-256", signed).body(body);
            assert_eq!(request.send().await.unwrap().status(), 200);
        }
        alive.kill();
        assert!(graph.posted().is_empty() && db.count("SELECT COUNT(*) FROM outbox").await == 5);
        let alive = program.serve().await;
        // A try that was cut off is taken up again when its time is over: 45 seconds at most. The clock of that is moved.
        db.tamper(&format!("UPDATE outbox SET next_ms = {} WHERE next_ms > {}", now().0, now().0 + 30_000)).await;
        graph.until(5).await;
        let metrics = reqwest::get(format!("{}/metrics", alive.api.url)).await.unwrap().text().await.unwrap();
        assert!(metrics.contains("sigap_messages_total{outcome=\"sent\"}"), "{metrics}");
        assert!(metrics.contains("sigap_whatsapp_total{outcome=\"opened\"} 0"), "{metrics}");
    }
}
