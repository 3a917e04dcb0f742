//! The groups of a report as a table (RFC 4180): one row a group, in columns that stay.
//!
//! Invariant: no cell of text begins as a formula does. Spreadsheets would run it, and a name comes from a file.

use crate::{
    domain::sla::{
        fact::Exclusion,
        figures::{Figures, Lengths, SegmentFigures},
        policy::Segment,
    },
    wire::bodies::compliance::ComplianceBody,
};
use std::fmt::Display;

/// The media type, as answers name it.
pub const MEDIA: &str = "text/csv; charset=utf-8; header=present";

/// The columns before those of exclusions, causes, the response and each segment.
const FIRST: [&str; 22] = [
    "area",
    "from",
    "to",
    "by",
    "key",
    "name",
    "groups",
    "counted",
    "kept",
    "missed",
    "share",
    "share_low",
    "share_high",
    "promised",
    "met",
    "kept_verified",
    "share_verified",
    "arrived",
    "arrived_verified",
    "unreached",
    "excluded",
    "response_count",
];

/// The names of the columns.
#[must_use]
pub fn columns() -> Vec<String> {
    let mut names: Vec<String> = FIRST.iter().map(|name| (*name).to_owned()).collect();
    names.extend(["response_p50_s", "response_p90_s", "response_p95_s"].map(str::to_owned));
    names.extend(Exclusion::ALL.iter().map(|why| format!("excluded_{why}")));
    names.extend(Segment::ALL.iter().map(|segment| format!("cause_{segment}")));
    for segment in Segment::ALL {
        names.extend(["p50_s", "p90_s", "p95_s", "budget_s", "within_budget"].map(|what| format!("{segment}_{what}")));
    }
    names
}

/// The report's groups as a table; those that are not shown are one row without a key at the end.
#[must_use]
pub fn table(report: &ComplianceBody) -> String {
    let mut out = String::new();
    row(&mut out, columns());
    for group in &report.groups {
        // What belongs to no district or unit has no key here: a lone dash would look like a formula.
        let key = if group.key == "-" { "" } else { &group.key };
        row(&mut out, cells(report, [key, group.name.as_deref().unwrap_or_default()], 1, &group.figures));
    }
    if let Some(others) = &report.others {
        row(&mut out, cells(report, ["", "others"], others.groups, &others.figures));
    }
    out
}

fn cells(report: &ComplianceBody, [key, name]: [&str; 2], groups: usize, of: &Figures) -> Vec<String> {
    let [low, high] = of.interval.map_or([None; 2], |[low, high]| [Some(low), Some(high)]);
    let mut cells = [report.area.as_str(), &report.from, &report.to, report.by.as_str(), key, name].map(text).to_vec();
    cells.push(groups.to_string());
    cells.extend([of.counted, of.kept, of.missed()].map(|n| n.to_string()));
    cells.extend([of.share, low, high, of.promised].map(share));
    cells.push(maybe(of.met));
    cells.extend([of.kept_verified.to_string(), share(of.share_verified)]);
    cells.extend([of.arrived, of.arrived_verified, of.unreached, of.excluded].map(|n| n.to_string()));
    cells.push(of.response.count.to_string());
    cells.extend(lengths(&of.response));
    cells.extend(Exclusion::ALL.iter().map(|why| of.excluded_by.get(why).copied().unwrap_or_default().to_string()));
    cells.extend(Segment::ALL.iter().map(|segment| of.causes.get(segment).copied().unwrap_or_default().to_string()));
    for segment in Segment::ALL {
        let SegmentFigures { lengths: all, budget_s, within_budget } =
            of.segments.get(segment).copied().unwrap_or_default();
        cells.extend(lengths(&all));
        cells.extend([maybe(budget_s), share(within_budget)]);
    }
    cells
}

fn lengths(of: &Lengths) -> [String; 3] {
    [of.p50_s, of.p90_s, of.p95_s].map(maybe)
}

fn maybe<T: Display>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A share with four digits behind the point.
fn share(value: Option<f64>) -> String {
    value.map(|share| format!("{share:.4}")).unwrap_or_default()
}

/// A cell of text: what a spreadsheet would take for a formula gets a mark in front that makes it text.
fn text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// Writes a line; quotes what must be quoted.
fn row(out: &mut String, cells: Vec<String>) {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_be_run_is_marked_and_quoted() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"] {
            assert_eq!(text(bad), format!("'{bad}"));
        }
        for good in ["Kota Balikpapan", "P1", "2026-10-01", "", "a=b"] {
            assert_eq!(text(good), good);
        }
        let mut out = String::new();
        row(&mut out, vec![text("=HYPERLINK(\"http://x\",\"y\")"), "a".to_owned(), "two\nlines".to_owned()]);
        assert_eq!(out, "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",a,\"two\nlines\"\r\n");
    }

    #[test]
    fn every_column_has_its_own_name() {
        let mut names = columns();
        assert_eq!(names.len(), 22 + 3 + Exclusion::ALL.len() + Segment::ALL.len() * 6);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), columns().len());
    }
}
