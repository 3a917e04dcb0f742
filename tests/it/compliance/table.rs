//! The table for spreadsheets, read back.

use super::*;

/// Reads RFC 4180.
fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\r', false) => assert_eq!(chars.peek(), Some(&'\n'), "lines end in CR LF"),
            ('\n', false) => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_empty(), "the last line ends");
    rows
}

/// Each group's cells by the names of the columns.
fn table(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut rows = parse(text).into_iter();
    let head = rows.next().unwrap();
    rows.map(|row| {
        assert_eq!(row.len(), head.len());
        head.iter().cloned().zip(row).collect()
    })
    .collect()
}

on_both! {
    async fn a_table_holds_the_figures_of_the_report(db: Db) {
        let s = Served::start(&db).await;
        let token = s.token(Role::Commander, "KALTIM").await;
        western_city(&s, &token, "=HYPERLINK(\"x\", 1)\n<script>").await;
        two_days(&s.store).await;
        let id = told(&s.store, "KDS", Priority::P1, scene(), 0).await;
        s.store.close_incident(&system(MINUTE), id, Disposition::Handled).await.unwrap();
        let path = "/areas/KALTIM/sla/report?from=2026-11-02&to=2026-11-03";
        for by in ALL {
            let found = s.get(&token, &format!("{path}&by={by}")).await.expect(200);
            let reply = s.get(&token, &format!("{path}&by={by}&format=csv")).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
            let file = format!("attachment; filename=\"sigap-KALTIM-2026-11-02-2026-11-03-{by}.csv\"");
            assert_eq!(reply.header("content-disposition"), file);
            let (rows, groups) = (table(&reply.text), found["groups"].as_array().unwrap());
            assert_eq!(rows.len(), groups.len());
            for (row, group) in rows.iter().zip(groups) {
                let key = group["key"].as_str().unwrap();
                assert_eq!((&*row["key"], &*row["by"], &*row["area"]), (if key == "-" { "" } else { key }, by, "KALTIM"));
                for name in ["counted", "kept", "arrived", "unreached", "excluded", "kept_verified"] {
                    assert_eq!(row[name], group[name].to_string(), "{by} {name}");
                }
                let told = |name: &str| row[name].parse::<f64>().ok();
                assert_eq!(told("response_p90_s"), group["response"]["p90_s"].as_f64());
                assert_eq!(told("queue_p95_s"), group["segments"]["queue"]["p95_s"].as_f64());
                assert_eq!(told("share").is_some(), group["share"].is_number());
                assert!((told("share").unwrap_or_default() - group["share"].as_f64().unwrap_or_default()).abs() < 1e-4);
                assert!((told("share_high").unwrap_or_default() - group["interval"][1].as_f64().unwrap_or_default()).abs() < 1e-4);
                assert_eq!(row["cause_queue"], group["causes"].get("queue").map_or("0".to_owned(), ToString::to_string));
                assert_eq!(row["excluded_invalid"], group["excluded_by"].get("invalid").map_or("0".to_owned(), ToString::to_string));
            }
        }
        let cities = table(&s.get(&token, &format!("{path}&by=area&format=csv")).await.text);
        assert_eq!(cities[1]["name"], "'=HYPERLINK(\"x\", 1)\n<script>", "no formula, and read back whole");
        let one = table(&s.get(&token, &format!("{path}&by=hour&limit=1&format=csv")).await.text);
        assert_eq!((one.len(), &*one[1]["name"], &*one[1]["key"]), (2, "others", ""));
    }
}

crate::served! {
    async fn accept_decides_unless_the_query_does(s: Served) {
        let token = format!("Bearer {}", s.token(Role::Commander, "BPN").await);
        let ask = async |query: &str, accept: &str| {
            let path = format!("/api/v1/areas/BPN/sla/report?month=2026-11{query}");
            let reply = s.send("GET", &path, &[("authorization", &token), ("accept", accept)], "").await;
            assert_eq!((reply.status, reply.header("vary")), (200, "Accept"), "{}", reply.text);
            reply.header("content-type").split(';').next().unwrap().to_owned()
        };
        for (query, accept, wanted) in [
            ("", "text/csv", "text/csv"),
            ("", "*/*", "application/json"),
            ("", "application/json, text/csv;q=0.5", "application/json"),
            ("", "application/json;q=0.5, text/csv", "text/csv"),
            ("", "image/png", "application/json"),
            ("&format=json", "text/csv", "application/json"),
            ("&format=csv", "application/json", "text/csv"),
        ] {
            assert_eq!(ask(query, accept).await, wanted, "{query} {accept}");
        }
    }
}
