//! `/metrics`: what a Prometheus reads.
//!
//! Invariant: labels come from fixed lists (routes, methods, statuses, reasons) and from areas, never from what somebody
//! sends; nothing here names a person.

mod promise;

use super::State;
use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    get,
    http::Method,
    middleware::Next,
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Upper bounds of the latency histogram, seconds.
const BUCKETS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// How long the database may take for what it knows.
const COUNTING: Duration = Duration::from_secs(1);

/// A number that another room wants to be seen, read when asked.
#[derive(Clone)]
pub struct Gauge {
    /// Its name, as in `sigap_sessions`.
    pub name: &'static str,
    /// What it is, for people.
    pub help: &'static str,
    /// `gauge` or `counter`.
    pub kind: &'static str,
    /// Its labels, as in `{code="4000"}`; empty for none. Those of one name stand together.
    pub labels: String,
    /// Reads it.
    pub read: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// Requests counted since the start, and the gauges of other rooms.
pub struct Metrics {
    routes: Mutex<BTreeMap<(String, &'static str), Route>>,
    gauges: Vec<Gauge>,
}

#[derive(Default)]
struct Route {
    by_status: BTreeMap<u16, u64>,
    /// How many took at most so long; not summed up yet.
    buckets: [u64; BUCKETS_S.len()],
    count: u64,
    sum_s: f64,
}

impl Metrics {
    pub(super) fn new(gauges: Vec<Gauge>) -> Self {
        Self { routes: Mutex::default(), gauges }
    }

    fn record(&self, route: String, method: &'static str, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let route = routes.entry((route, method)).or_default();
        *route.by_status.entry(status).or_default() += 1;
        if let Some(bucket) = BUCKETS_S.iter().position(|bound| seconds <= *bound) {
            route.buckets[bucket] += 1;
        }
        route.count += 1;
        route.sum_s += seconds;
    }

    fn write_requests(&self, out: &mut Page) {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        out.head("sigap_http_requests_total", "counter", "Requests answered.");
        for ((route, method), counts) in routes.iter() {
            for (status, n) in &counts.by_status {
                out.line(format_args!(
                    "sigap_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {n}"
                ));
            }
        }
        out.head("sigap_http_request_seconds", "histogram", "Time from a request's head to its answer.");
        for ((route, method), counts) in routes.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\"");
            let mut below = 0;
            for (bound, n) in BUCKETS_S.iter().zip(counts.buckets) {
                below += n;
                out.line(format_args!("sigap_http_request_seconds_bucket{{{labels},le=\"{bound}\"}} {below}"));
            }
            let (count, sum_s) = (counts.count, counts.sum_s);
            out.line(format_args!("sigap_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}"));
            out.line(format_args!("sigap_http_request_seconds_sum{{{labels}}} {sum_s}"));
            out.line(format_args!("sigap_http_request_seconds_count{{{labels}}} {count}"));
        }
    }
}

/// A page of the text format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into a String cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

/// Counts each request by its route, not by its path.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let state = request.app_data::<State>().cloned();
    let method = known_method(request.method());
    let begun = Instant::now();
    let answer = next.call(request).await;
    if let Some(state) = state {
        let (route, status) = match &answer {
            Ok(response) => (response.request().match_pattern(), response.status()),
            Err(error) => (None, error.as_response_error().status_code()),
        };
        let route = route.unwrap_or_else(|| "unknown".to_owned());
        state.metrics.record(route, method, status.as_u16(), begun.elapsed());
    }
    answer
}

/// The method's name, if it is one that routes have.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Counters and gauges in the text format of Prometheus.
#[utoipa::path(
    tag = "operations",
    security(()),
    responses((status = 200, description = "The page.", content_type = "text/plain", body = String)),
)]
#[get("/metrics")]
pub async fn metrics(state: State) -> HttpResponse {
    let mut out = Page::default();
    let fixes = state.engine.counters();
    out.head(
        "sigap_fixes_total",
        "counter",
        "Fixes kept; live ones that gave way to a newer one; those of trackers that did not count.",
    );
    let kept = [("live", fixes.live()), ("history", fixes.history()), ("conflated", fixes.conflated_total())];
    let not_taken = [("passed_over", fixes.passed_over()), ("off_duty", fixes.off_duty())];
    for (outcome, n) in kept.into_iter().chain(not_taken) {
        out.line(format_args!("sigap_fixes_total{{outcome=\"{outcome}\"}} {n}"));
    }
    out.head("sigap_fixes_refused_total", "counter", "Fixes refused, by reason.");
    for (reason, n) in fixes.refused_by_reason() {
        out.line(format_args!("sigap_fixes_refused_total{{reason=\"{reason}\"}} {n}"));
    }
    out.head("sigap_tracker_requests_total", "counter", "Requests of trackers, by format and outcome.");
    for (format, outcome, n) in state.trackers.counts() {
        out.line(format_args!("sigap_tracker_requests_total{{format=\"{format}\",outcome=\"{outcome}\"}} {n}"));
    }
    out.head("sigap_aml_total", "counter", "Messages in which callers' phones said where they are, by outcome.");
    for (outcome, n) in state.aml.counts() {
        out.line(format_args!("sigap_aml_total{{outcome=\"{outcome}\"}} {n}"));
    }
    let mut named = "";
    for gauge in &state.metrics.gauges {
        if std::mem::replace(&mut named, gauge.name) != gauge.name {
            out.head(gauge.name, gauge.kind, gauge.help);
        }
        out.line(format_args!("{}{} {}", gauge.name, gauge.labels, (gauge.read)()));
    }
    write_stored(&mut out, &state).await;
    state.metrics.write_requests(&mut out);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(out.0)
}

/// What the database knows. The page is wanted most when that is away: then it goes without, after a second.
async fn write_stored(out: &mut Page, state: &State) {
    let engine = &state.engine;
    let (counts, queued, cities, overdue_ms) = tokio::join!(
        timeout(COUNTING, engine.open_counts()),
        timeout(COUNTING, engine.queued_messages()),
        timeout(COUNTING, engine.all_figures()),
        timeout(COUNTING, engine.overdue_ms()),
    );
    let counts = counts.ok().and_then(Result::ok);
    if let Ok(Ok(queued)) = queued {
        out.head("sigap_messages_queued", "gauge", "Messages to citizens that wait to be sent.");
        out.line(format_args!("sigap_messages_queued {queued}"));
    }
    out.head("sigap_database_up", "gauge", "Whether the database answers.");
    out.line(format_args!("sigap_database_up {}", u8::from(counts.is_some())));
    out.head("sigap_incidents", "gauge", "Citizens' incidents by city; at risk and breached ones are open, too.");
    for (area, open) in counts.unwrap_or_default() {
        let states = [("open", open.open), ("waiting", open.waiting), ("at_risk", open.at_risk)];
        for (name, n) in states.into_iter().chain([("breached", open.breached)]) {
            out.line(format_args!("sigap_incidents{{area=\"{area}\",state=\"{name}\"}} {n}"));
        }
    }
    if let Ok(Ok(cities)) = cities {
        promise::write(out, &cities);
    }
    out.head("sigap_board_age_seconds", "gauge", "How long ago it was last known that what boards show holds.");
    out.line(format_args!("sigap_board_age_seconds {}", seconds(engine.boards_age_ms())));
    if let Ok(Ok(overdue_ms)) = overdue_ms {
        out.head("sigap_deadline_overdue_seconds", "gauge", "How long the oldest deadline is past and not done.");
        out.line(format_args!("sigap_deadline_overdue_seconds {}", seconds(overdue_ms)));
    }
}

/// Milliseconds as the format wants them.
#[expect(clippy::cast_precision_loss, reason = "moments are far below 2^53 ms")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_adds_up() {
        let counted = Metrics::new(Vec::new());
        for ms in [1, 3, 40, 9_000] {
            counted.record("/api/v1/areas".to_owned(), "GET", 200, Duration::from_millis(ms));
        }
        let mut page = Page::default();
        counted.write_requests(&mut page);
        let value = |line: &str| {
            let found = page.0.lines().find_map(|l| l.strip_prefix(line)).map(str::trim);
            found.unwrap_or_else(|| panic!("{line} in {}", page.0)).to_owned()
        };
        let labels = r#"method="GET",route="/api/v1/areas""#;
        assert_eq!(value(&format!("sigap_http_requests_total{{{labels},status=\"200\"}}")), "4");
        for (bound, n) in [("0.001", "1"), ("0.005", "2"), ("0.05", "3"), ("5", "3"), ("+Inf", "4")] {
            assert_eq!(value(&format!("sigap_http_request_seconds_bucket{{{labels},le=\"{bound}\"}}")), n);
        }
        assert_eq!(known_method(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}
