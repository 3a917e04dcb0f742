//! The page: whole, without scripts, with the figures; and the command that writes it.

use super::*;
use crate::harness::{Program, now};

/// Every tag is closed by its own, every attribute is quoted, nothing runs and nothing is loaded. Gives the text.
fn well_formed(page: &str) -> String {
    assert!(page.starts_with("<!doctype html>\n"), "{page}");
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), &page["<!doctype html>".len()..]);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if open.last() != Some(&"style") {
            assert!(!before.contains('>'), "a lone > in {before:?}");
            text.push_str(before);
            text.push(' ');
        }
        let end = tag.find('>').expect("a tag ends");
        let (inside, after) = (&tag[1..end], &tag[end + 1..]);
        rest = after;
        assert!(!inside.contains('<'), "{inside:?}");
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{open:?}");
            continue;
        }
        let alone = inside.ends_with('/');
        let (name, attributes) = inside.trim_end_matches('/').split_once(' ').unwrap_or((inside, ""));
        assert!(!["script", "img", "link", "iframe", "object", "a", "image", "use"].contains(&name), "{inside}");
        let mut left = attributes.trim();
        while let Some((attribute, value)) = left.split_once("=\"") {
            assert!(!attribute.starts_with("on") && !["style", "src", "href"].contains(&attribute), "{inside}");
            left = value.split_once('"').expect("a value ends").1.trim_start();
        }
        assert_eq!(left, "", "an attribute without a value in {inside:?}");
        if !alone {
            open.push(name);
        }
    }
    assert_eq!((open, rest.trim()), (Vec::new(), ""));
    assert!(!page.contains("@import") && !page.contains("url("), "nothing is loaded");
    for wrong in ["NaN", "inf", "{n}", "{at}", "{share}", "None", "Some("] {
        assert!(
            !text.contains(wrong) && !page.replace("info", "").contains(&format!("\"{wrong}")),
            "{wrong} in {text}"
        );
    }
    text
}

#[track_caller]
fn assert_told(text: &str, told: &[&str]) {
    let plain = text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in told {
        assert!(plain.contains(words), "{words:?} is not in {plain}");
    }
}

on_both! {
    async fn the_page_holds_the_figures_in_both_languages(db: Db) {
        let s = Served::start(&db).await;
        two_days(&s.store).await;
        let token = s.token(Role::Commander, "BPN").await;
        let page = s.get(&token, "/areas/BPN/sla/report.html?month=2026-11").await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
        let text = well_formed(&page.text);
        assert_told(&text, &[
            "Area BPN", "November 2026", "Janji tidak terpenuhi.",
            "Dari 5 kejadian yang dihitung, 3 didatangi unit dalam target: 60,0 %", "selang kepercayaan 95 %: 23,1–88,2 %",
            "2 tidak tepat waktu: 1 didatangi terlambat, 1 ditutup tanpa unit di lokasi",
            "Menunggu unit (1 dari 1", "Masih terbuka dan sudah lewat target: 1", "BPN-2 (P1)", "+2:00", "12:00",
            "Tidak dihitung: 2", "Dibatalkan pelapor", "Bulan ini belum selesai", "BPN-M2", "Polsek", "WITA",
        ]);
        assert_eq!(page.text.matches("<svg ").count(), 5);
        let english = s.get(&token, "/areas/BPN/sla/report.html?month=2026-11&lang=en").await;
        assert_told(&well_formed(&english.text), &[
            "Of 5 incidents that count, a unit was there within the target for 3: 60.0 %", "Promised: 90 %",
            "Waiting for a unit (1 of 1", "Still open and past the target: 1", "Cancelled by the caller",
        ]);
        // A month without anything is a page as well.
        let empty = s.get(&token, "/areas/BPN/sla/report.html?month=2026-10").await;
        assert_told(&well_formed(&empty.text), &["Tidak ada kejadian yang dihitung", "Oktober 2026", "Janji yang berlaku"]);
    }

    async fn a_regions_page_names_its_cities_and_runs_nothing(db: Db) {
        let s = Served::start(&db).await;
        let token = s.token(Role::Commander, "KALTIM").await;
        western_city(&s, &token, "<script>alert(1)</script> & \"Kudus\"").await;
        two_days(&s.store).await;
        let id = told(&s.store, "KDS", Priority::P1, scene(), 0).await;
        s.store.close_incident(&system(MINUTE), id, Disposition::Handled).await.unwrap();
        let page = s.get(&token, "/areas/KALTIM/sla/report.html?month=2026-11").await;
        let text = well_formed(&page.text);
        assert_told(&text, &[
            "Dari 6 kejadian yang dihitung, 3", "Jumlah dari 3 Polres", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Kudus&quot; (KDS)",
        ]);
    }
}

crate::served! {
    async fn who_may_not_read_it_gets_no_page(s: Served) {
        let path = "/areas/BPN/sla/report.html";
        s.get(&s.token(Role::Officer, "BPN").await, &format!("{path}?month=2026-11")).await.problem(403, "forbidden");
        s.get(&s.token(Role::Admin, "SMD").await, &format!("{path}?month=2026-11")).await.problem(404, "not_found");
        let token = s.token(Role::Commander, "BPN").await;
        for query in ["", "?month=2026-1", "?month=2026-11&lang=nl", "?month=2026-11&by=day"] {
            s.get(&token, &format!("{path}{query}")).await.problem(400, "malformed");
        }
    }
}

on_both! {
    async fn the_command_writes_the_page_and_nothing_else(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let ms = now().since(T0) - 20 * MINUTE;
        let id = told(&store, "BPN", Priority::P2, scene(), ms).await;
        let (unit, ..) = crewed(&store, "BPN-M1", T0.plus(ms)).await;
        served(&store, id, unit, [ms + 1_000, ms + 2_000, ms + MINUTE], 20.0).await;
        let month = sigap::domain::time::day_text(Zone::Wita.day(T0.plus(ms)))[..7].to_owned();
        store.close().await;
        let program = Program::new(&db);
        let run = async |args: &str| program.run(&args.split(' ').collect::<Vec<_>>()).await;
        let write = format!("report --city BPN --month {month} -o report.html");
        let ended = run(&write).await;
        assert_eq!((ended.code, ended.out.trim()), (Some(0), &*format!("report.html: Area BPN, {month}, 1 of 1 within the target")), "{ended:?}");
        let first = std::fs::read_to_string(program.path("report.html")).unwrap();
        assert_told(&well_formed(&first), &["Dari 1 kejadian yang dihitung, 1", "100,0 %", "Tidak ada kejadian yang melewati target"]);
        std::fs::write(program.path("report.html"), "mine").unwrap();
        for (args, code, told) in [
            (write.clone(), 1, "report.html exists: --force writes over it"),
            (format!("report --city BPN --month {} -o x.html", &month[..4]), 2, "expected a month as in 2026-10"),
            ("report --city BPN --month 9998-11 -o x.html".to_owned(), 1, "9998-11 has not begun in BPN"),
            (format!("report --city KALTIM --month {month} -o x.html"), 1, "KALTIM is a region: say --area KALTIM"),
            (format!("report --city XX --month {month} -o x.html"), 1, "no such area: XX"),
            (format!("report --month {month} -o x.html"), 2, "--city"),
            (format!("report --city BPN --area ID --month {month} -o x.html"), 2, "cannot be used"),
            (format!("report --city BPN --month {month} -o none/x.html"), 1, "none/x.html: No such file"),
            (format!("report --city BPN --month {month} -o x.html --lang nl"), 2, "expected id or en"),
        ] {
            let ended = run(&args).await;
            assert!(ended.code == Some(code) && ended.err.contains(told), "{args}: {ended:?}");
        }
        assert_eq!(std::fs::read_to_string(program.path("report.html")).unwrap(), "mine");
        assert!(!program.path("x.html").exists());
        assert_eq!(run(&format!("{write} --force --lang en")).await.code, Some(0));
        let english = std::fs::read_to_string(program.path("report.html")).unwrap();
        assert_told(&well_formed(&english), &["Of 1 incidents that count", "The promise was kept"]);
        assert_eq!(run(&format!("report --area KALTIM --month {month} -o region.html")).await.code, Some(0));
        well_formed(&std::fs::read_to_string(program.path("region.html")).unwrap());
    }
}
