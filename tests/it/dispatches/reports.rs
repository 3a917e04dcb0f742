//! What citizens tell: kept once, kept sealed, never lost.

use super::*;
use crate::on_both;

on_both! {
    async fn erasing_a_caller_leaves_the_chain_whole(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let first = incident(&store, 0).await;
        let landing = in_bpn(Priority::P3);
        let second = store.receive_report(&system(1), Reception::at(code("BPN")), call("0811"), landing).await.unwrap();
        let notes = store.notes(&Scope::system(), first.id).await.unwrap();
        assert_eq!(notes[0].text.as_deref(), Some("by the harbour\ntwo men"));
        let report = store.find_report(&Scope::system(), second.report.id).await.unwrap().unwrap();
        assert_eq!(report.place, Some(scene()));
        let subject = db.text("SELECT subject FROM caller").await;
        store.erase_subject(&system(2), code("BPN"), subject.parse().unwrap()).await.unwrap();
        let gone = store.find_report(&Scope::system(), second.report.id).await.unwrap().unwrap();
        assert_eq!(gone.place, None);
        assert_eq!(store.notes(&Scope::system(), first.id).await.unwrap()[0].text, None);
        assert!(is_whole(&store, "BPN").await);
        let dump = db.text("SELECT text FROM event WHERE seq = 2").await;
        assert!(!dump.contains("0811") && !dump.contains("harbour"), "{dump}");
    }

    async fn a_repeated_report_is_one_report(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, mut posts) = (CommandId::random(), tokio::task::JoinSet::new());
        for _ in 0..16 {
            let store = store.clone();
            posts.spawn(async move {
                let cause = named(system(0), id, 1);
                store.receive_report(&cause, Reception::at(code("BPN")), call("0811"), in_bpn(Priority::P1)).await.unwrap()
            });
        }
        let answers: Vec<Received> = posts.join_all().await;
        assert!(answers.iter().all(|a| a == &answers[0]));
        let changed = store.receive_report(&named(system(1), id, 2), Reception::at(code("BPN")), call("0811"), in_bpn(Priority::P1)).await;
        assert_eq!(refused(changed), Refusal::CommandReused(id));
        assert_eq!(store.incidents(&Scope::system(), code("BPN"), true, 100).await.unwrap().len(), 1);
    }

    async fn reports_without_a_city_or_a_judgement_are_kept(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let near = vec![code("BPN"), code("SMD")];
        let landing = Landing::Outside { near };
        let lost = store.receive_report(&system(0), Reception::at(code("KALTIM")), call("0812"), landing).await.unwrap();
        assert!(lost.report.outside_area && lost.incident.is_none());
        assert_eq!(lost.report.status, ReportStatus::Valid);
        let ringing = NewReport { place: None, ..call("0813") };
        let ringing = store.receive_report(&system(1), Reception::at(code("KALTIM")), ringing, Landing::Unjudged).await.unwrap();
        assert_eq!(ringing.report.status, ReportStatus::Ringing);
        for report in [lost.report, ringing.report] {
            assert_eq!((report.attention, report.desk), (Attention::Ringing, DeskId::main(code("KALTIM"))));
        }
        assert_eq!(kinds(&store, "KALTIM").await.iter().filter(|k| **k == "report.ringing").count(), 2);
        assert_eq!(due(&store, T0.plus(60_000)).await.len(), 2, "each is looked at again");
        let outside = store.reports(&Scope::system(), code("KALTIM"), true, false, 10).await.unwrap();
        assert_eq!(outside.len(), 1);
        assert_eq!(store.reports(&Scope::system(), code("KALTIM"), false, true, 10).await.unwrap().len(), 2);
    }
}
