//! The promise in `/metrics`: what the board shows, by city. The nodes of an installation say the same, so a query takes
//! the greatest of them and not their sum. A city without units and without incidents has no lines.

use super::{Page, seconds};
use crate::domain::{board::CityFigures, sla::Standing};
use std::sync::Arc;

/// Writes the figures of these cities.
pub(super) fn write(out: &mut Page, cities: &[Arc<CityFigures>]) {
    let cities: Vec<&CityFigures> = cities.iter().map(|city| &**city).filter(|city| is_at_work(city)).collect();
    write_units(out, &cities);
    write_counts(out, &cities);
    write_shares(out, &cities);
    write_responses(out, &cities);
}

fn is_at_work(city: &CityFigures) -> bool {
    let units: i64 = city.units.by_status().iter().map(|(_, n)| n).sum();
    units > 0 || city.today.open.open > 0 || !city.today.tally.is_empty()
}

fn write_units(out: &mut Page, cities: &[&CityFigures]) {
    out.head("sigap_units", "gauge", "Units by city and by what they do.");
    for city in cities {
        for (status, n) in city.units.by_status() {
            out.line(format_args!("sigap_units{{area=\"{}\",status=\"{status}\"}} {n}", city.area));
        }
    }
    out.head("sigap_units_stale", "gauge", "Units with a crew and without a fresh fix.");
    for city in cities {
        out.line(format_args!("sigap_units_stale{{area=\"{}\"}} {}", city.area, city.units.stale));
    }
}

fn write_counts(out: &mut Page, cities: &[&CityFigures]) {
    type Read = fn(&Standing) -> i64;
    let counts: [(&str, &str, Read); 3] = [
        ("sigap_sla_decided_today", "Citizens' incidents of today whose promise is decided.", |s| s.decided_today),
        ("sigap_sla_kept_today", "Of those, kept.", |s| s.within_target_today),
        ("sigap_sla_verified_today", "Of those kept, with an arrival that a fix confirms.", |s| s.verified_today),
    ];
    for (name, help, read) in counts {
        out.head(name, "gauge", help);
        for city in cities {
            out.line(format_args!("{name}{{area=\"{}\"}} {}", city.area, read(&city.today.standing())));
        }
    }
    out.head("sigap_sla_excluded_today", "gauge", "Incidents of today that do not count, by reason.");
    for city in cities {
        for (reason, n) in &city.today.tally.excluded {
            out.line(format_args!("sigap_sla_excluded_today{{area=\"{}\",reason=\"{reason}\"}} {n}", city.area));
        }
    }
    out.head(
        "sigap_sla_breaches_today",
        "gauge",
        "Decided ones of today that were late, by the part that spent the time.",
    );
    for city in cities {
        for (segment, n) in &city.today.tally.causes {
            out.line(format_args!("sigap_sla_breaches_today{{area=\"{}\",segment=\"{segment}\"}} {n}", city.area));
        }
    }
}

fn write_shares(out: &mut Page, cities: &[&CityFigures]) {
    out.head("sigap_sla_share_today", "gauge", "Kept of the decided ones of today; absent where none is.");
    for city in cities {
        if let Some(share) = city.today.standing().share_today {
            out.line(format_args!("sigap_sla_share_today{{area=\"{}\"}} {share}", city.area));
        }
    }
    out.head("sigap_sla_promised_today", "gauge", "The share promised to them.");
    for city in cities {
        if let Some(share) = city.today.tally.promised() {
            out.line(format_args!("sigap_sla_promised_today{{area=\"{}\"}} {share}", city.area));
        }
    }
}

fn write_responses(out: &mut Page, cities: &[&CityFigures]) {
    let name = "sigap_sla_response_today_seconds";
    out.head(name, "gauge", "First ring to first unit on scene, of today's arrivals.");
    for city in cities {
        let standing = city.today.standing();
        for (quantile, ms) in [("0.5", standing.p50_ms), ("0.9", standing.p90_ms), ("0.95", standing.p95_ms)] {
            let Some(ms) = ms else { continue };
            let area = city.area;
            out.line(format_args!("{name}{{area=\"{area}\",quantile=\"{quantile}\"}} {}", seconds(ms)));
        }
    }
}
