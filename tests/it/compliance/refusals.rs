//! Who may read it, and what is no question.

use super::*;

on_both! {
    async fn only_desks_read_it_and_only_of_their_areas(db: Db) {
        let s = Served::start(&db).await;
        two_days(&s.store).await;
        for role in [Role::Commander, Role::Admin, Role::Dispatcher] {
            report(&s, &s.token(role, "BPN").await, "BPN", "").await;
        }
        let path = "/areas/BPN/sla/report?month=2026-11";
        s.get(&s.token(Role::Officer, "BPN").await, path).await.problem(403, "forbidden");
        s.get(&s.token(Role::Commander, "SMD").await, path).await.problem(404, "not_found");
        let commander = s.token(Role::Commander, "BPN").await;
        s.get(&commander, "/areas/KALTIM/sla/report?month=2026-11").await.problem(404, "not_found");
        s.get(&commander, "/areas/XX/sla/report?month=2026-11").await.problem(404, "not_found");
        s.send("GET", &format!("/api/v1{path}"), &[], "").await.problem(401, "unauthenticated");
        // A region without incidents, and one whose cities have no figures yet, is no error.
        let nation = s.token(Role::Commander, "ID").await;
        s.get(&nation, "/areas/ID/sla/report?month=2026-10&by=cell").await.expect(200);
    }
}

crate::served! {
    async fn what_is_no_question_is_told(s: Served) {
        let token = s.token(Role::Commander, "BPN").await;
        let ask = async |query: &str| s.get(&token, &format!("/areas/BPN/sla/report?{query}")).await;
        for (query, named) in [
            ("month=2026-13", "expected a month as in 2026-10"),
            ("month=october", "october"),
            ("from=2026-11-31&to=2026-12-01", "expected a day as in 2026-10-01"),
            ("from=1&to=2", "expected a day"),
            ("month=2026-10&by=moon", "moon"),
            ("month=2026-10&colour=red", "colour"),
            ("month=2026-10&limit=x", "limit"),
            ("month=2026-10&format=pdf", "pdf"),
        ] {
            let detail = ask(query).await.problem(400, "malformed")["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(named) || named == "limit", "{query}: {detail}");
        }
        for (query, named) in [
            ("", "either `month`, or both `from` and `to`"),
            ("from=2026-10-01", "either `month`"),
            ("month=2026-10&from=2026-10-01&to=2026-10-02", "either `month`"),
            ("from=2026-10-02&to=2026-10-01", "400 days at most"),
            ("from=2026-01-01&to=2027-02-05", "400 days at most"),
            ("month=2026-10&limit=0", "1 to 500"),
            ("month=2026-10&limit=501", "1 to 500"),
            ("month=2026-10&excluded_limit=1001", "at most 1,000"),
        ] {
            let detail = ask(query).await.problem(422, "invalid")["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(named), "{query}: {detail}");
        }
        ask("from=2026-01-01&to=2027-02-04").await.expect(200);
    }
}
