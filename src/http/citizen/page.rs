//! The page itself, in two languages. Style and script stand in it; the browser takes them by their hashes, and nothing else.

use crate::{
    domain::link::{Seen, Stage},
    wire::bodies::citizens::Language,
};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt::Write, sync::LazyLock};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the browser may load: these two texts; and where it may send anything: here.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// The words of the page.
struct Words {
    other: (&'static str, &'static str),
    report: &'static str,
    stages: [&'static str; 5],
    near: &'static str,
    said: &'static str,
    place: [&'static str; 6],
    cancel: [&'static str; 3],
    rate: [&'static str; 4],
    complain: [&'static str; 4],
    urgent: [&'static str; 2],
    unknown: &'static str,
    over: &'static str,
    failed: &'static str,
}

const INDONESIAN: Words = Words {
    other: ("en", "English"),
    report: "Laporan",
    stages: [
        "Laporan diterima",
        "Laporan sedang ditangani",
        "Petugas menuju ke lokasi",
        "Petugas sudah di lokasi",
        "Laporan selesai",
    ],
    near: "Perkiraan posisi petugas di peta",
    said: "Terima kasih, pesan Anda sudah kami terima.",
    place: [
        "Lokasi Anda",
        "Bagikan lokasi Anda supaya petugas lebih cepat menemukan Anda.",
        "Bagikan lokasi saya",
        "Mencari lokasi Anda …",
        "Lokasi Anda sudah kami terima.",
        "Lokasi tidak dapat dikirim. Izinkan akses lokasi lalu coba lagi, atau telepon 110.",
    ],
    cancel: [
        "Tidak perlu bantuan lagi?",
        "Saya tidak perlu bantuan lagi",
        "Petugas sudah diberi tahu bahwa Anda tidak perlu bantuan lagi.",
    ],
    rate: ["Bagaimana penanganan laporan Anda?", "Catatan (boleh dikosongkan)", "Kirim penilaian", "Penilaian Anda"],
    complain: [
        "Keluhan atas pelayanan polisi",
        "Keluhan Anda diteruskan ke Dumas Presisi, bukan kepada petugas yang bersangkutan.",
        "Keluhan Anda",
        "Kirim keluhan",
    ],
    urgent: ["Keadaan darurat?", "Telepon 110"],
    unknown: "Tautan ini tidak dikenal. Periksa kembali tautan yang Anda terima.",
    over: "Tautan ini sudah tidak berlaku.",
    failed: "Pesan Anda belum dapat kami terima. Kembali dan coba lagi.",
};

const ENGLISH: Words = Words {
    other: ("id", "Bahasa Indonesia"),
    report: "Report",
    stages: [
        "Your report was received",
        "Your report is being looked at",
        "Officers are on their way",
        "Officers are at the scene",
        "Your report is closed",
    ],
    near: "Where the officers are, roughly, on a map",
    said: "Thank you, we have received it.",
    place: [
        "Where you are",
        "Share where you are, so that the officers find you sooner.",
        "Share my location",
        "Looking for your location …",
        "We have received your location.",
        "Your location could not be sent. Allow access to it and try again, or call 110.",
    ],
    cancel: [
        "No longer in need of help?",
        "I no longer need help",
        "The officers were told that you no longer need help.",
    ],
    rate: ["How was your report handled?", "A note (may be left empty)", "Send", "Your rating"],
    complain: [
        "Complain of the police's service",
        "Your complaint goes to Dumas Presisi, not to the officers that it is about.",
        "Your complaint",
        "Send the complaint",
    ],
    urgent: ["Is it urgent?", "Call 110"],
    unknown: "There is no such link. Look again at the one that you received.",
    over: "This link is over.",
    failed: "We could not receive it. Go back and try again.",
};

const fn words(lang: Language) -> &'static Words {
    match lang {
        Language::Id => &INDONESIAN,
        Language::En => &ENGLISH,
    }
}

/// The language's word in queries and in the page's head.
pub(super) const fn word(lang: Language) -> &'static str {
    match lang {
        Language::Id => "id",
        Language::En => "en",
    }
}

/// The whole page around its middle.
fn page(lang: Language, status: StatusCode, title: &str, middle: &str) -> HttpResponse {
    let words = words(lang);
    let (code, name) = words.other;
    let [urgent, call] = words.urgent;
    let body = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{title} · 110</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{middle}\
         <section>\n<p>{urgent}</p>\n<a class=\"button\" href=\"tel:110\">{call}</a>\n</section>\n</main>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        word(lang)
    )
    .replace("{switch}", &format!("<header><p>Polri 110</p><a class=\"lang\" lang=\"{code}\" href=\"?lang={code}\">{name}</a></header>\n"));
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CONTENT_LANGUAGE, word(lang)))
        .insert_header(("Permissions-Policy", "geolocation=(self)"))
        .body(body)
}

/// A plain page for what went wrong.
pub(super) fn failed(lang: Language, status: StatusCode) -> HttpResponse {
    let words = words(lang);
    let text = match status {
        StatusCode::NOT_FOUND => words.unknown,
        StatusCode::GONE => words.over,
        _ => words.failed,
    };
    page(
        lang,
        status,
        "Polri",
        &format!("<main data-stage=\"closed\">\n{{switch}}<p class=\"said\" role=\"status\">{text}</p>\n"),
    )
}

/// The page of a link. `token` was found to be one of ours: it holds letters, digits, `-` and `_`.
pub(super) fn shown(seen: &Seen, token: &str, lang: Language, said: bool) -> HttpResponse {
    let words = words(lang);
    let mut out = format!(
        "<main data-at=\"/t/{token}\" data-stage=\"{}\">\n{{switch}}<h1>{} {}</h1>\n",
        seen.stage, words.report, seen.report
    );
    if seen.stage != Stage::Closed {
        // Without scripts the page asks again by itself.
        out.insert_str(0, "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\n");
    }
    let at = Stage::ALL.iter().position(|stage| *stage == seen.stage).unwrap_or_default();
    let closed = if seen.stage == Stage::Closed { " closed" } else { "" };
    // Writing into a String cannot fail.
    let _ = writeln!(out, "<p id=\"stage\" class=\"stage{closed}\" role=\"status\">{}</p>", words.stages[at]);
    if said {
        let _ = writeln!(out, "<p class=\"said\" role=\"status\">{}</p>", words.said);
    }
    out.push_str("<ol>\n");
    for (n, (stage, text)) in Stage::ALL.iter().zip(words.stages).enumerate() {
        let done = if n <= at { "done" } else { "" };
        let _ = writeln!(out, "<li data-stage=\"{stage}\" class=\"{done}\">{text}</li>");
    }
    out.push_str("</ol>\n");
    match seen.unit_near {
        Some(near) => {
            let (lat, lng) = (near.lat(), near.lng());
            let _ = writeln!(out, "<p><a id=\"near\" href=\"geo:{lat:.4},{lng:.4}\">{}</a></p>", words.near);
        }
        None => drop(writeln!(out, "<p><a id=\"near\" hidden>{}</a></p>", words.near)),
    }
    let ask = format!("/t/{token}/{{}}?lang={}", word(lang));
    if seen.stage == Stage::Closed {
        rating(&mut out, words, seen, &ask.replace("{}", "rating"));
    } else {
        place(&mut out, words, seen);
        cancel(&mut out, words, seen, &ask.replace("{}", "cancel"));
    }
    complaint(&mut out, words, &ask.replace("{}", "complaint"));
    page(lang, StatusCode::OK, &format!("{} {}", words.report, seen.report), &out)
}

fn place(out: &mut String, words: &Words, seen: &Seen) {
    let [title, why, share, looking, thanks, failed] = words.place;
    let known = if seen.placed { thanks } else { "" };
    let _ = writeln!(
        out,
        "<section>\n<h2>{title}</h2>\n<p>{why}</p>\n<button id=\"share\" class=\"main\" type=\"button\" hidden>{share}</button>\n\
         <noscript><p>{failed}</p></noscript>\n\
         <p id=\"share-told\" role=\"status\" data-looking=\"{looking}\" data-thanks=\"{thanks}\" data-failed=\"{failed}\">{known}</p>\n\
         </section>"
    );
}

fn cancel(out: &mut String, words: &Words, seen: &Seen, action: &str) {
    let [title, button, told] = words.cancel;
    let _ = if seen.cancelled {
        writeln!(out, "<section>\n<p>{told}</p>\n</section>")
    } else {
        writeln!(
            out,
            "<section>\n<details>\n<summary>{title}</summary>\n<form method=\"post\" action=\"{action}\">\n\
             <button>{button}</button>\n</form>\n</details>\n</section>"
        )
    };
}

fn rating(out: &mut String, words: &Words, seen: &Seen, action: &str) {
    let [title, note, send, yours] = words.rate;
    if let Some(stars) = seen.rated {
        let _ = writeln!(out, "<section>\n<p>{yours}: {stars} / 5</p>\n</section>");
        return;
    }
    let choices = (1..=5).fold(String::new(), |mut all, n| {
        let _ = write!(all, "<label><input type=\"radio\" name=\"stars\" value=\"{n}\" required> {n}</label>");
        all
    });
    let _ = writeln!(
        out,
        "<section>\n<form method=\"post\" action=\"{action}\">\n<fieldset>\n<legend><h2>{title}</h2></legend>\n\
         <div>{choices}</div>\n</fieldset>\n\
         <label>{note}<textarea name=\"text\" maxlength=\"2000\"></textarea></label>\n\
         <button class=\"main\">{send}</button>\n</form>\n</section>"
    );
}

fn complaint(out: &mut String, words: &Words, action: &str) {
    let [title, why, label, send] = words.complain;
    let _ = writeln!(
        out,
        "<section>\n<details>\n<summary>{title}</summary>\n<p>{why}</p>\n<form method=\"post\" action=\"{action}\">\n\
         <label>{label}<textarea name=\"text\" maxlength=\"4000\" required></textarea></label>\n\
         <button>{send}</button>\n</form>\n</details>\n</section>"
    );
}
