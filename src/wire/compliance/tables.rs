//! The page's tables.
//!
//! Invariant: cells are escaped where they are written, by [`row`] alone.

use super::{
    charts::float,
    numbers::{clock, dash, escape, maybe_clock, seconds},
    view::{Table, View},
    words::Words,
};
use crate::{
    domain::{
        ids::AreaCode,
        incident::Priority,
        kinds::Category,
        sla::{
            cause::Circumstances,
            compliance::By,
            fact::{Exclusion, Fact},
            figures::Figures,
            policy::Band,
        },
        time::UnixMs,
    },
    engine::{Compliance, PolicyTime},
};
use std::fmt::Write;

/// Lines of policies that a page has at most.
const POLICIES: usize = 60;
/// Open incidents that a page lists.
const OPEN: usize = 20;

// How each table's columns look.
const GROUP: &str = "wf";
const WORST: &str = "wwfffww";
const OPEN_LATE: &str = "wwwfw";
const EXCLUDED: &str = "wfw";
const POLICY: &str = "wwwwwwff";

/// Writes a row. `looks` has a letter for each cell: `w` for words, `f` for figures; the last one goes on.
fn row(out: &mut String, tag: &str, class: &str, looks: &str, cells: &[String]) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = write!(out, "<tr{class}>");
    for (i, cell) in cells.iter().enumerate() {
        let look = looks.as_bytes().get(i).or(looks.as_bytes().last());
        let class = if look == Some(&b'w') { " class=\"l\"" } else { "" };
        // Writing into a String cannot fail.
        let _ = write!(out, "<{tag}{class}>{}</{tag}>", escape(cell));
    }
    out.push_str("</tr>\n");
}

fn begin(out: &mut String, looks: &str, columns: &[&str]) {
    out.push_str("<table>\n<thead>\n");
    row(out, "th", "", looks, &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>());
    out.push_str("</thead>\n<tbody>\n");
}

fn end(out: &mut String) {
    out.push_str("</tbody>\n</table>\n");
}

fn title(out: &mut String, [title, told]: [&str; 2]) {
    let _ = writeln!(out, "<h2>{}</h2>\n<p class=\"told\">{}</p>", escape(title), escape(told));
}

/// Figures told apart by each thing.
pub fn groups(out: &mut String, found: &Compliance, view: &View<'_>, words: &Words) {
    if view.tables.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h2>{}</h2>", words.tables);
    for Table { by, rows, others } in &view.tables {
        let columns: Vec<&str> = std::iter::once(words.by(*by)).chain(words.columns).collect();
        begin(out, GROUP, &columns);
        for (key, of) in rows {
            group(out, &called(found, words, *by, key), of, words);
        }
        if let Some((n, of)) = others {
            group(out, &words.others.replace("{n}", &n.to_string()), of, words);
        }
        end(out);
    }
}

fn group(out: &mut String, name: &str, of: &Figures, words: &Words) {
    let cells = [
        name.to_owned(),
        words.count(of.counted),
        words.count(of.kept),
        words.maybe_share(of.share),
        words.range(of.interval),
        words.maybe_share(of.share_verified),
        maybe_clock(of.response.p50_s),
        maybe_clock(of.response.p90_s),
        words.count(of.missed()),
    ];
    row(out, "td", if of.met == Some(false) { "bad-row" } else { "" }, GROUP, &cells);
}

/// What people call a group.
fn called(found: &Compliance, words: &Words, by: By, key: &str) -> String {
    match (by, found.name(by, key)) {
        (_, Some(name)) => format!("{name} ({key})"),
        (By::Category, None) => key
            .parse::<Category>()
            .map_or_else(|_| words.none.to_owned(), |category| words.category(category).to_owned()),
        (_, None) if key == "-" => words.none.to_owned(),
        (_, None) => key.to_owned(),
    }
}

/// The cases that were late by most.
pub fn worst(out: &mut String, found: &Compliance, words: &Words) {
    if found.cases.worst.is_empty() {
        return;
    }
    title(out, words.worst);
    begin(out, WORST, &words.worst_columns);
    for fact in &found.cases.worst {
        let (cause, facts) = fact.cause.as_ref().map_or_else(
            || (dash(), String::new()),
            |cause| {
                let spent = format!("{} {}", words.segment(cause.segment), clock(seconds(cause.spent_ms)));
                (spent, stood_in_the_way(&cause.facts, words))
            },
        );
        let reached = fact.segments.response_ms.map(|ms| clock(seconds(ms)));
        let cells = [
            format!("{} ({})", fact.incident, fact.priority),
            begun(found, fact.incident.area, fact.start, words),
            clock(seconds(fact.target_ms)),
            reached.unwrap_or_else(|| words.nobody_came.to_owned()),
            over(fact),
            cause,
            facts,
        ];
        row(out, "td", "", WORST, &cells);
    }
    end(out);
}

/// When a case began; by whose clocks is said where there are several.
fn begun(found: &Compliance, city: AreaCode, at: UnixMs, words: &Words) -> String {
    let zone = found.zone(city);
    let short = words.minute(at, zone);
    if found.cities.len() > 1 { format!("{short}\u{a0}{zone}") } else { short }
}

fn over(fact: &Fact) -> String {
    fact.over_ms.map_or_else(dash, |ms| format!("+{}", clock(seconds(ms))))
}

fn stood_in_the_way(facts: &Circumstances, words: &Words) -> String {
    let [no_unit, declined, unanswered, recalled, returned, distance] = words.facts;
    let mut told = Vec::new();
    if facts.no_unit.is_some() {
        told.push(no_unit.to_owned());
    }
    let counts = [
        (facts.declined, declined),
        (facts.unanswered, unanswered),
        (facts.recalled, recalled),
        (facts.returned, returned),
    ];
    told.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, text)| text.replace("{n}", &n.to_string())));
    told.extend(facts.distance_m.map(|m| distance.replace("{km}", &words.tenths(m / 1_000.0))));
    told.join("; ")
}

/// What is late and open.
pub fn open_late(out: &mut String, found: &Compliance, words: &Words) {
    let total = found.cases.open_late_total;
    if total == 0 {
        return;
    }
    let [name, told] = words.open_late;
    title(out, [&name.replace("{n}", &words.count(total)), told]);
    begin(out, OPEN_LATE, &words.open_columns);
    let shown = found.cases.open_late.iter().take(OPEN);
    let more = total - i64::try_from(shown.len()).unwrap_or_default();
    for case in shown {
        let cells = [
            case.incident.to_string(),
            begun(found, case.incident.area, case.start, words),
            case.priority.to_string(),
            format!("+{}", clock(seconds(case.over_ms))),
            case.segment.map_or_else(dash, |segment| words.segment(segment).to_owned()),
        ];
        row(out, "td", "", OPEN_LATE, &cells);
    }
    end(out);
    and_more(out, more, words);
}

fn and_more(out: &mut String, more: i64, words: &Words) {
    if more > 0 {
        let _ = writeln!(out, "<p>… {}</p>", words.more.replace("{n}", &words.count(more)));
    }
}

/// What does not count, and why.
pub fn exclusions(out: &mut String, found: &Compliance, view: &View<'_>, words: &Words) {
    let of = &view.whole;
    let [name, told] = words.excluded;
    title(out, [&name.replace("{n}", &words.count(of.excluded)), told]);
    if of.excluded == 0 {
        return;
    }
    begin(out, EXCLUDED, &words.excluded_columns);
    for why in Exclusion::ALL {
        let Some(count) = of.excluded_by.get(why) else { continue };
        let listed = found.cases.excluded.iter().filter(|case| case.reason == *why);
        let mut names: Vec<String> = listed.map(|case| case.incident.to_string()).collect();
        let more = count - i64::try_from(names.len()).unwrap_or_default();
        if more > 0 {
            names.push(words.more.replace("{n}", &words.count(more)));
        }
        row(out, "td", "", EXCLUDED, &[words.exclusion(*why).to_owned(), words.count(*count), names.join(", ")]);
    }
    end(out);
}

/// The promise in force: a line for each band of a city's policy; for many cities a line each.
pub fn policies(out: &mut String, found: &Compliance, words: &Words) {
    let _ = writeln!(out, "<h2>{}</h2>", words.policies);
    let lines: Vec<[String; 8]> = found.policies.iter().flat_map(|time| bands(found, time, words)).collect();
    begin(out, POLICY, &words.policy_columns);
    for cells in lines.iter().take(POLICIES) {
        row(out, "td", "", POLICY, cells);
    }
    end(out);
    and_more(out, i64::try_from(lines.len().saturating_sub(POLICIES)).unwrap_or_default(), words);
}

fn bands(found: &Compliance, time: &PolicyTime, words: &Words) -> Vec<[String; 8]> {
    let zone = found.zone(time.area);
    let from = if time.policy.from.0 == 0 { words.always.to_owned() } else { words.moment(time.policy.from, zone) };
    let until = time.until.map_or_else(|| words.further.to_owned(), |until| words.moment(until, zone));
    let rules = &time.policy.rules;
    let mut lines: Vec<(Vec<&str>, &[_])> = Vec::new();
    for priority in Priority::ALL {
        let bands = rules.bands(*priority);
        match lines.last_mut() {
            Some((names, same)) if *same == bands => names.push(priority.as_str()),
            _ => lines.push((vec![priority.as_str()], bands)),
        }
    }
    let line = |name: &str, band: &Band| {
        let km = |m: i64| words.tenths(float(m) / 1_000.0);
        let distance = match (band.from_m, band.to_m) {
            (0, None) => dash(),
            (from, None) => format!("> {} km", km(from)),
            (from, Some(to)) => format!("{}–{} km", km(from), km(to)),
        };
        let version = time.policy.version.to_string();
        let (target, share) = (clock(seconds(band.target_ms)), words.promised(band.share));
        [time.area.to_string(), version, from.clone(), until.clone(), name.to_owned(), distance, target, share]
    };
    lines.iter().flat_map(|(names, bands)| bands.iter().map(|band| line(&names.join(", "), band))).collect()
}
