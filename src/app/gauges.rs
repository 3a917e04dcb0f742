//! What the channels want to be seen in `/metrics`.

use super::routine::Ticks;
use crate::{engine::Engine, http};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// How often it was looked what is due.
pub(super) fn of_ticks(ticks: &Arc<Ticks>) -> Vec<http::Gauge> {
    let counter = |outcome, of: fn(&Ticks) -> &AtomicI64| {
        let ticks = Arc::clone(ticks);
        let read = Arc::new(move || of(&ticks).load(Ordering::Relaxed));
        let (labels, help) = (format!("{{outcome=\"{outcome}\"}}"), "How often it was looked what is due.");
        http::Gauge { name: "sigap_ticks_total", help, kind: "counter", labels, read }
    };
    vec![counter("done", |ticks| &ticks.done), counter("failed", |ticks| &ticks.failed)]
}

/// Counters of messages from and to citizens.
pub(super) fn of_channels(engine: &Engine) -> Vec<http::Gauge> {
    let counter = |name, help, labels: String, read: Box<dyn Fn(&Engine) -> u64 + Send + Sync>| {
        let engine = engine.clone();
        let read = Arc::new(move || i64::try_from(read(&engine)).unwrap_or(i64::MAX));
        http::Gauge { name, help, kind: "counter", labels, read }
    };
    let of = |all: &[(&'static str, u64)], word| all.iter().find(|(w, _)| *w == word).map_or(0, |(_, n)| *n);
    let mut all = Vec::new();
    for (word, _) in engine.messages_counted() {
        let read = Box::new(move |engine: &Engine| of(&engine.messages_counted(), word));
        let labels = format!("{{outcome=\"{word}\"}}");
        all.push(counter("sigap_messages_total", "Tries to send messages to citizens, by outcome.", labels, read));
    }
    for (word, _) in engine.whatsapp_counted() {
        let read = Box::new(move |engine: &Engine| of(&engine.whatsapp_counted(), word));
        let labels = format!("{{outcome=\"{word}\"}}");
        all.push(counter("sigap_whatsapp_total", "What came in by WhatsApp, by what became of it.", labels, read));
    }
    all
}
