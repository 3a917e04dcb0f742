//! The monthly report as a page for paper: one file, no scripts, nothing loaded from anywhere.
//!
//! Invariants: every text that is not ours is escaped; an element that is opened is closed.

use super::{
    charts,
    numbers::{clock, dash, escape, maybe_clock, seconds},
    tables,
    view::View,
    words::{Words, words},
};
use crate::{domain::sla::policy::Segment, engine::Compliance, wire::bodies::citizens::Language};
use std::fmt::Write;

/// How the page looks.
pub const STYLE: &str = include_str!("page.css");

/// The page of what was found, for the month of its first day.
#[must_use]
pub fn page(found: &Compliance, lang: Language) -> String {
    let (words, view) = (words(lang), View::new(found));
    let name = escape(&found.area.name);
    let month = words.month(found.days.from());
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"robots\" content=\"noindex\"/>\n\
         <title>{} · {name} · {month}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        words.code, words.title
    );
    head(&mut out, found, words, &name, &month);
    out.push_str("<main>\n");
    verdict(&mut out, &view, words);
    tiles(&mut out, &view, words);
    if view.whole.counted > 0 {
        charts(&mut out, &view, words);
    }
    tables::open_late(&mut out, found, words);
    tables::worst(&mut out, found, words);
    tables::groups(&mut out, found, &view, words);
    tables::exclusions(&mut out, found, &view, words);
    tables::policies(&mut out, found, words);
    out.push_str("</main>\n<footer>\n");
    let _ = writeln!(out, "<h3>{}</h3>\n<ul>", words.notes_title);
    for note in words.notes {
        let _ = writeln!(out, "<li>{note}</li>");
    }
    out.push_str("</ul>\n</footer>\n</body>\n</html>\n");
    out
}

fn head(out: &mut String, found: &Compliance, words: &Words, name: &str, month: &str) {
    let at = words.moment(found.at, found.area.zone);
    let days = match found.cities.as_slice() {
        [city] => words.days_of.replace("{zone}", city.zone.as_str()),
        cities => words.of_cities.replace("{n}", &cities.len().to_string()),
    };
    let made = words.made.replace("{at}", &at);
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "<header>\n<h1>{} · {name} ({})</h1>\n<p><b>{month}</b> · {days} · {made}</p>\n</header>",
        words.title, found.area.code
    );
    let running = found.cities.iter().any(|city| found.at < found.days.span(city.zone).1);
    if running {
        let _ = writeln!(out, "<p class=\"warn\">{}</p>", words.unfinished.replace("{at}", &at));
    }
}

/// The one sentence that whoever has no time reads.
fn verdict(out: &mut String, view: &View<'_>, words: &Words) {
    let of = &view.whole;
    let (Some(share), Some(promised), Some([low, high])) = (of.share, of.promised, of.interval) else {
        let _ = writeln!(out, "<p class=\"verdict\"><strong>{}</strong></p>", words.nothing);
        return;
    };
    let met = of.met == Some(true);
    let verdict = match met {
        true if low < promised && promised < 1.0 => words.met_by_chance,
        true => words.met,
        false if high >= promised => words.missed_by_chance,
        false => words.missed,
    };
    let sentence = words
        .verdict
        .replace("{counted}", &words.count(of.counted))
        .replace("{kept}", &words.count(of.kept))
        .replace("{share}", &format!("<b>{}</b>", words.share(share)))
        .replace("{promised}", &words.promised(promised));
    let interval = words.interval.replace("{range}", &words.range(of.interval));
    let class = if met { "verdict" } else { "verdict bad" };
    let _ =
        writeln!(out, "<div class=\"{class}\">\n<p><strong>{verdict}.</strong></p>\n<p>{sentence} ({interval})</p>");
    if of.missed() > 0 {
        let late = of.arrived - of.kept;
        let told = words
            .not_kept
            .replace("{missed}", &words.count(of.missed()))
            .replace("{late}", &words.count(late))
            .replace("{unreached}", &words.count(of.unreached));
        let _ = writeln!(out, "<p>{told}</p>");
    }
    let all: i64 = of.causes.values().sum();
    if let Some((cause, n)) = of.causes.iter().max_by_key(|(segment, n)| (**n, std::cmp::Reverse(**segment as usize))) {
        let told = words
            .main_cause
            .replace("{cause}", words.segment(*cause))
            .replace("{n}", &words.count(*n))
            .replace("{all}", &words.count(all));
        let _ = writeln!(out, "<p>{told}</p>");
    }
    out.push_str("</div>\n");
}

fn tiles(out: &mut String, view: &View<'_>, words: &Words) {
    let of = &view.whole;
    let target = view.common.target_ms.map(|ms| format!("; {} {}", words.target, clock(seconds(ms))));
    let values = [
        words.maybe_share(of.share),
        words.count(of.counted),
        maybe_clock(of.response.p90_s),
        words.count(of.arrived - of.kept),
        words.count(of.unreached),
        words.maybe_share(of.share_verified),
    ];
    out.push_str("<ul class=\"tiles\">\n");
    for (i, value) in values.into_iter().enumerate() {
        let note = words.tile_notes[i]
            .replace("{promised}", &of.promised.map_or_else(dash, |share| words.promised(share)))
            .replace("{excluded}", &words.count(of.excluded))
            .replace("{p50}", &format!("{}{}", maybe_clock(of.response.p50_s), target.as_deref().unwrap_or_default()))
            .replace("{n}", &words.count(of.arrived_verified))
            .replace("{all}", &words.count(of.arrived));
        let _ = writeln!(out, "<li>{}<b>{value}</b><small>{note}</small></li>", words.tiles[i]);
    }
    out.push_str("</ul>\n");
}

fn charts(out: &mut String, view: &View<'_>, words: &Words) {
    let mut figure = |[title, told]: [&str; 2], chart: String| {
        let _ = writeln!(out, "<figure>\n<h2>{title}</h2>\n<p class=\"told\">{told}</p>\n{chart}</figure>");
    };
    figure(words.share_per_day, charts::share_per_day(view, words));
    figure(words.lengths_per_day, charts::lengths_per_day(view, words));
    figure(words.segments_title, charts::segments(view, words));
    let past: i64 = Segment::ALL.iter().filter_map(|segment| view.whole.causes.get(segment)).sum();
    match past {
        0 => figure([words.causes_title[0], words.no_causes], String::new()),
        _ => figure(words.causes_title, charts::causes(view, words)),
    }
    figure(words.by_hour, charts::by_hour(&view.hours, words));
}
