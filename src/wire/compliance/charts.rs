//! The page's charts. Each tells by shape and words what it tells by colour.

use super::{
    numbers::{clock, parts},
    svg::{Anchor, Scale, Svg, WIDTH, marks},
    view::{DayFigures, HourFigures, View},
    words::Words,
};
use crate::domain::sla::policy::Segment;

/// Left of the plots, for the words of the scale.
const LEFT: f64 = 46.0;
/// Right of them.
const RIGHT: f64 = WIDTH - 52.0;

/// The middle of one of `count` equal columns.
#[expect(clippy::cast_precision_loss, reason = "columns are few")]
fn column(i: usize, count: usize) -> f64 {
    LEFT + (RIGHT - LEFT) * (i as f64 + 0.5) / count.max(1) as f64
}

/// A number to draw with.
#[expect(clippy::cast_precision_loss, reason = "counts and seconds are far below 2^53")]
pub const fn float(n: i64) -> f64 {
    n as f64
}

/// The name of a day below its column.
fn days_below(svg: &mut Svg, words: &Words, days: &[DayFigures], y: f64) {
    for (i, of) in days.iter().enumerate() {
        let x = column(i, days.len());
        svg.text("tick", [x, y], Anchor::Middle, &parts(of.day).2);
        if of.counted > 0 {
            svg.text("few", [x, y + 12.0], Anchor::Middle, &words.count(of.counted));
        }
    }
    svg.text("few", [LEFT - 6.0, y + 12.0], Anchor::End, "n");
}

/// The share within target by day, with interval and promise.
pub fn share_per_day(view: &View<'_>, words: &Words) -> String {
    let mut svg = Svg::new("share", 262.0, words.share_per_day);
    let y = Scale { max: 1.0, from: 204.0, to: 14.0 };
    for tenths in [0, 5, 10] {
        let share = float(tenths) / 10.0;
        svg.line("grid", [LEFT, y.at(share)], [RIGHT, y.at(share)]);
        svg.text("tick", [LEFT - 6.0, y.at(share) + 4.0], Anchor::End, &format!("{}\u{a0}%", tenths * 10));
    }
    let days = &view.days;
    let half = (column(1, days.len()) - column(0, days.len())) / 2.0;
    let mut told = None;
    for (i, of) in days.iter().enumerate() {
        let Some(promised) = of.promised.or(view.common.share) else { continue };
        let (x, at) = (column(i, days.len()), y.at(promised));
        svg.line("promise", [x - half, at], [x + half, at]);
        told = Some((at, promised));
    }
    if let Some((at, promised)) = told {
        svg.text("promised", [RIGHT + 3.0, at + 4.0], Anchor::Start, &words.promised(promised));
        svg.text("promised", [RIGHT + 3.0, at + 15.0], Anchor::Start, words.promise);
    }
    for (i, of) in days.iter().enumerate() {
        let (Some(share), Some([low, high])) = (of.share, of.interval) else { continue };
        let x = column(i, days.len());
        svg.line("interval", [x, y.at(low)], [x, y.at(high)]);
        if of.met { svg.dot("kept", [x, y.at(share)], 4.0) } else { svg.diamond("missed", [x, y.at(share)], 5.0) }
    }
    days_below(&mut svg, words, days, 222.0);
    svg.dot("kept", [LEFT + 6.0, 253.0], 4.0);
    svg.text("tick", [LEFT + 15.0, 257.0], Anchor::Start, words.kept_mark);
    svg.diamond("missed", [LEFT + 166.0, 253.0], 5.0);
    svg.text("tick", [LEFT + 176.0, 257.0], Anchor::Start, words.missed_mark);
    svg.text("tick", [RIGHT, 257.0], Anchor::End, &format!("n = {}", words.incidents));
    svg.finish()
}

/// P50, P90 and P95 of the response by day.
pub fn lengths_per_day(view: &View<'_>, words: &Words) -> String {
    let mut svg = Svg::new("lengths", 244.0, words.lengths_per_day);
    let days = &view.days;
    let target_s = view.common.target_ms.map(|ms| ms / 1_000);
    let lines = [("p50", "P50"), ("p90", "P90"), ("p95", "P95")];
    let of = |day: &DayFigures, i: usize| [day.response.p50_s, day.response.p90_s, day.response.p95_s][i];
    let most = days.iter().filter_map(|day| day.response.p95_s).chain(target_s).max().unwrap_or(60);
    let (top, step) = marks(float(most) / 60.0);
    let y = Scale { max: top, from: 204.0, to: 14.0 };
    let mut mark = 0.0;
    while mark <= top {
        svg.line("grid", [LEFT, y.at(mark)], [RIGHT, y.at(mark)]);
        svg.text("tick", [LEFT - 6.0, y.at(mark) + 4.0], Anchor::End, &format!("{mark:.0}"));
        mark += step;
    }
    if let Some(target_s) = target_s {
        let at = y.at(float(target_s) / 60.0);
        svg.line("promise", [LEFT, at], [RIGHT, at]);
    }
    let mut ends = Vec::new();
    for (i, (class, name)) in lines.into_iter().enumerate() {
        let points: Vec<_> = days
            .iter()
            .enumerate()
            .map(|(at, day)| Some([column(at, days.len()), y.at(float(of(day, i)?) / 60.0)]))
            .collect();
        svg.path(class, &points);
        if let Some([x, y]) = points.iter().flatten().next_back() {
            ends.push((*x, *y, name));
        }
    }
    // The least first, from below; names that would touch are moved apart.
    let mut free = f64::INFINITY;
    for (x, y, name) in ends {
        let at = y.min(free - 12.0);
        svg.text("name", [x + 6.0, at + 4.0], Anchor::Start, name);
        free = at;
    }
    if let Some(target_s) = target_s {
        let at = y.at(float(target_s) / 60.0);
        svg.text("promised", [LEFT + 3.0, at - 4.0], Anchor::Start, &format!("{} {}", words.target, clock(target_s)));
    }
    days_below(&mut svg, words, days, 222.0);
    svg.finish()
}

/// Incidents by the hour in which they began; those not in time on top, hatched and counted.
pub fn by_hour(hours: &[HourFigures], words: &Words) -> String {
    let mut svg = Svg::new("hours", 206.0, words.by_hour);
    let most = hours.iter().map(|of| of.counted).max().unwrap_or_default();
    let (top, step) = marks(float(most));
    let y = Scale { max: top, from: 164.0, to: 18.0 };
    let mut mark = 0.0;
    while mark <= top {
        svg.line("grid", [LEFT, y.at(mark)], [RIGHT, y.at(mark)]);
        svg.text("tick", [LEFT - 6.0, y.at(mark) + 4.0], Anchor::End, &format!("{mark:.0}"));
        mark += step;
    }
    for (i, of) in hours.iter().enumerate() {
        let x = column(i, hours.len());
        let (all, kept) = (y.at(float(of.counted)), y.at(float(of.kept)));
        svg.rect("bar", [x - 9.0, kept], [18.0, y.from - kept]);
        if of.counted > of.kept {
            svg.rect("late", [x - 9.0, all], [18.0, kept - all]);
            svg.text("few", [x, all - 4.0], Anchor::Middle, &words.count(of.counted - of.kept));
        }
        svg.text("tick", [x, 180.0], Anchor::Middle, &format!("{i:02}"));
    }
    svg.rect("bar", [LEFT, 192.0], [12.0, 10.0]);
    svg.text("tick", [LEFT + 17.0, 201.0], Anchor::Start, words.in_time);
    svg.rect("late", [LEFT + 160.0, 192.0], [12.0, 10.0]);
    svg.text("tick", [LEFT + 177.0, 201.0], Anchor::Start, words.not_in_time);
    svg.finish()
}

/// Words left of a bar end here.
const NAMES: f64 = 150.0;
/// The longest bar ends here.
const BARS: f64 = 470.0;

/// P90 of each part beside its limit.
pub fn segments(view: &View<'_>, words: &Words) -> String {
    let mut svg = Svg::new("segments", 172.0, words.segments_title);
    let all = Segment::ALL.iter().map(|segment| (*segment, &view.whole.segments[segment]));
    let most = all.clone().flat_map(|(_, of)| [of.lengths.p90_s, of.budget_s]).flatten().max().unwrap_or(1);
    let x = Scale { max: float(most.max(1)), from: NAMES, to: BARS };
    for (i, (segment, of)) in (0_i64..).zip(all) {
        let y = 8.0 + float(i) * 32.0;
        svg.text("name", [NAMES - 8.0, y + 15.0], Anchor::End, words.segment(segment));
        let Some(p90) = of.lengths.p90_s else {
            svg.text("tick", [NAMES + 6.0, y + 15.0], Anchor::Start, "–");
            continue;
        };
        let class = if of.budget_s.is_some_and(|budget| p90 > budget) { "late" } else { "bar" };
        let end = x.at(float(p90)).max(NAMES + 2.0);
        svg.rect(class, [NAMES, y], [end - NAMES, 22.0]);
        let mut told = format!("P90 {} · P50 {}", clock(p90), clock(of.lengths.p50_s.unwrap_or_default()));
        if let Some(budget) = of.budget_s {
            let at = x.at(float(budget));
            svg.line("limit", [at, y - 4.0], [at, y + 26.0]);
            told = format!("{told} · {} {}", words.budget, clock(budget));
        }
        svg.text("name", [BARS + 10.0, y + 11.0], Anchor::Start, &told);
        if let Some(share) = of.within_budget {
            let told = words.within_budget.replace("{share}", &words.share(share));
            svg.text("tick", [BARS + 10.0, y + 24.0], Anchor::Start, &told);
        }
    }
    svg.finish()
}

/// Breaches by the part that spent the time.
pub fn causes(view: &View<'_>, words: &Words) -> String {
    let mut svg = Svg::new("causes", 142.0, words.causes_title);
    let of = |segment: &Segment| view.whole.causes.get(segment).copied().unwrap_or_default();
    let (most, sum) = Segment::ALL.iter().map(of).fold((1, 0), |(most, sum), n| (most.max(n), sum + n));
    let x = Scale { max: float(most), from: NAMES, to: BARS };
    for (i, segment) in (0_i64..).zip(Segment::ALL) {
        let (y, n) = (6.0 + float(i) * 27.0, of(segment));
        svg.text("name", [NAMES - 8.0, y + 14.0], Anchor::End, words.segment(*segment));
        svg.rect("bar", [NAMES, y], [x.at(float(n)) - NAMES, 19.0]);
        let share = if sum > 0 { format!(" · {}", words.share(float(n) / float(sum))) } else { String::new() };
        let told = if n > 0 { format!("{}{share}", words.count(n)) } else { "0".to_owned() };
        svg.text("name", [x.at(float(n)) + 8.0, y + 14.0], Anchor::Start, &told);
    }
    svg.finish()
}
