//! Numbers, times and text as the page writes them.

use super::words::Words;
use crate::domain::time::{UnixMs, Zone, day_text};

/// Text as HTML takes it, in an element or in a quoted attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML, and so SVG in strict hands, has no place for other control characters.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

impl Words {
    /// A count with marks behind thousands.
    #[must_use]
    pub fn count(&self, n: i64) -> String {
        let digits = n.unsigned_abs().to_string();
        let mut out = String::new();
        if n < 0 {
            out.push('−');
        }
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(self.marks[0]);
            }
            out.push(digit);
        }
        out
    }

    /// A number with one digit behind the mark.
    #[must_use]
    pub fn tenths(&self, value: f64) -> String {
        format!("{value:.1}").replace('.', &self.marks[1].to_string())
    }

    /// A share in percent, as in `92,5 %`. Never rounded up to what it is not: 99.97 % is no 100.0 %.
    #[must_use]
    pub fn share(&self, share: f64) -> String {
        let tenths = (share * 1_000.0 + 1e-9).floor() / 10.0;
        format!("{}\u{a0}%", self.tenths(tenths))
    }

    /// A share that may not be known.
    #[must_use]
    pub fn maybe_share(&self, share: Option<f64>) -> String {
        share.map_or_else(dash, |share| self.share(share))
    }

    /// From a share to a share.
    #[must_use]
    pub fn range(&self, interval: Option<[f64; 2]>) -> String {
        interval.map_or_else(dash, |[low, high]| {
            let [low, high] = [low, high].map(|share| self.tenths(share * 100.0));
            format!("{low}–{high}\u{a0}%")
        })
    }

    /// A promised share without needless digits, as in `90 %`.
    #[must_use]
    pub fn promised(&self, share: f64) -> String {
        let text = self.share(share);
        text.replace(&format!("{}0\u{a0}", self.marks[1]), "\u{a0}")
    }

    /// A month as in `Oktober 2026`, by its first day.
    #[must_use]
    pub fn month(&self, first_day: i64) -> String {
        let (year, month, _) = parts(first_day);
        format!("{} {year}", self.months[month])
    }

    /// Day and minute in a zone, as in `2 Nov 2026 10:05 WITA`.
    #[must_use]
    pub fn moment(&self, at: UnixMs, zone: Zone) -> String {
        let (year, month, day) = parts(zone.day(at));
        format!("{day}\u{a0}{}\u{a0}{year} {}\u{a0}{zone}", self.short_months[month], time(at, zone))
    }

    /// Day and minute where the year is known and the zone as well, as in `2 Nov 10:05`.
    #[must_use]
    pub fn minute(&self, at: UnixMs, zone: Zone) -> String {
        let (_, month, day) = parts(zone.day(at));
        format!("{day}\u{a0}{} {}", self.short_months[month], time(at, zone))
    }
}

/// The minute of a local day, as in `10:05`.
fn time(at: UnixMs, zone: Zone) -> String {
    let minutes = at.since(zone.day_start(at)) / 60_000;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Year, month from 0, and day of the month.
#[must_use]
pub fn parts(day: i64) -> (String, usize, String) {
    let text = day_text(day);
    let mut parts = text.splitn(3, '-').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (year, month, day) = (next(), next(), next());
    let month = month.parse::<usize>().unwrap_or(1).saturating_sub(1).min(11);
    (year, month, day.trim_start_matches('0').to_owned())
}

/// What is not known.
#[must_use]
pub fn dash() -> String {
    "–".to_owned()
}

/// Seconds as in `9:05`, from an hour on as in `1:02:09`.
#[must_use]
pub fn clock(seconds: i64) -> String {
    let s = seconds.max(0);
    if s >= 3_600 {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// Seconds that may not be known.
#[must_use]
pub fn maybe_clock(seconds: Option<i64>) -> String {
    seconds.map_or_else(dash, clock)
}

/// Milliseconds as seconds, rounded up.
#[must_use]
pub fn seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000) + i64::from(ms.rem_euclid(1_000) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{bodies::citizens::Language, compliance::words::words};

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let (id, en) = (words(Language::Id), words(Language::En));
        assert_eq!([0, 999, 1_000, 1_234_567].map(|n| id.count(n)), ["0", "999", "1.000", "1.234.567"]);
        assert_eq!([12_345, -1_000].map(|n| en.count(n)), ["12,345", "−1,000"]);
        assert_eq!(
            [id.share(0.925), en.share(0.925), id.share(0.99996)],
            ["92,5\u{a0}%", "92.5\u{a0}%", "99,9\u{a0}%"]
        );
        assert_eq!([id.share(0.9), id.share(1.0), id.share(0.29)], ["90,0\u{a0}%", "100,0\u{a0}%", "29,0\u{a0}%"]);
        assert_eq!(
            [id.promised(0.9), en.promised(0.925), id.promised(1.0)],
            ["90\u{a0}%", "92.5\u{a0}%", "100\u{a0}%"]
        );
        assert_eq!([0, 65, 3_599, 3_600, 86_399].map(clock), ["0:00", "1:05", "59:59", "1:00:00", "23:59:59"]);
        assert_eq!([0, 1, 1_000, 1_001].map(seconds), [0, 1, 1, 2]);
        let (first, at) = (UnixMs::parse_day("2026-10-01").unwrap(), UnixMs(1_793_467_800_000));
        assert_eq!((id.month(first).as_str(), en.month(first).as_str()), ("Oktober 2026", "October 2026"));
        assert_eq!(id.moment(at, Zone::Wita), "1\u{a0}Nov\u{a0}2026 01:30\u{a0}WITA");
        assert_eq!(id.minute(at, Zone::Wib), "1\u{a0}Nov 00:30");
    }

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            escape("<b a='1' c=\"2\">&\u{0}\u{1b}"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{fffd}\u{fffd}"
        );
        assert_eq!(escape("Kota Balikpapan\n"), "Kota Balikpapan\n");
    }
}
