//! One unit's phone on the wire: the pure [`Phone`] joined to its [`Link`].

use super::{
    Clock,
    crew::News,
    link::{Heard, Link},
    phone::Phone,
    stats::{Online, Stats, count},
};
use crate::{
    domain::dispatch::DispatchStatus,
    wire::frames::{ClientFrame, ServerFrame},
};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// In a longer tunnel the connection breaks; a shorter one it survives, with nothing going through.
const BREAKS_MS: i64 = 20_000;

/// Rides until `stop`, or until the server will not have this phone any more.
pub async fn ride(mut phone: Phone, mut link: Link, stats: Arc<Stats>, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut online: Option<Online<'_>> = None;
    let mut opened = 0_u64;
    let mut out = Vec::new();
    let mut cut_until = None;
    while !*stop.borrow() {
        let now = clock();
        phone.tick(now, link.is_up(), &mut out);
        send(&mut phone, &mut link, &stats, &mut out).await;
        let tunnel = phone.no_signal_until();
        if let Some(until) =
            tunnel.filter(|until| cut_until != tunnel && (until.since(now) > BREAKS_MS || !link.is_up()))
        {
            cut_until = tunnel;
            link.cut(Instant::now() + millis(until.since(now)));
            phone.line_lost();
            online = None;
        }
        let wake = Instant::now() + millis(phone.wake_at().since(clock()));
        let heard = tokio::select! {
            _ = stop.changed() => break,
            heard = link.next(), if tunnel.is_none() => heard,
            () = tokio::time::sleep_until(wake) => continue,
        };
        match heard {
            Ok(Heard::Opened { is_source }) => {
                phone.rides(clock(), is_source);
                online = Some(Online::new(&stats));
                opened += 1;
                stats.reconnects.fetch_add(u64::from(opened > 1), Relaxed);
            }
            Ok(Heard::Frame(frame)) => {
                let news = phone.hear(clock(), &frame, &mut out);
                note(&stats, &phone, &frame, news);
                send(&mut phone, &mut link, &stats, &mut out).await;
            }
            Ok(Heard::Lost(lost)) => {
                tracing::debug!(%lost, "a simulated phone lost its line");
                phone.line_lost();
                online = None;
            }
            Err(ended) => {
                tracing::warn!(%ended, "a simulated phone was shut out");
                count(&stats.errors);
                break;
            }
        }
    }
    drop(online);
    link.close().await;
}

/// Sends what is to be sent; what cannot be is given back to the phone.
async fn send(phone: &mut Phone, link: &mut Link, stats: &Stats, out: &mut Vec<ClientFrame>) {
    for frame in out.drain(..) {
        let fixes = if let ClientFrame::Fixes { fixes, .. } = &frame { fixes.len() as u64 } else { 0 };
        match link.send(frame).await {
            Ok(()) => {
                stats.fixes.fetch_add(fixes, Relaxed);
            }
            Err(frame) => phone.unsent(frame),
        }
    }
}

fn note(stats: &Stats, phone: &Phone, frame: &ServerFrame, news: Option<News>) {
    match (&news, phone.work()) {
        (Some(News::Offered), Some(work)) => {
            count(&stats.offers);
            if let Some(way) = stats.ways.offered(work.incident, std::time::Instant::now()) {
                stats.offer.record(way);
            }
        }
        (Some(News::Moved), Some(work)) if work.status == DispatchStatus::Accepted => count(&stats.accepted),
        (Some(News::Moved), Some(work)) if work.status == DispatchStatus::OnScene => count(&stats.arrived),
        (Some(News::Ended(DispatchStatus::Cleared)), _) => count(&stats.cleared),
        (Some(News::Refused(problem)), _) => {
            tracing::debug!(code = problem.code, "a simulated tap was refused");
            count(&stats.taps_refused);
        }
        _ => {}
    }
    match frame {
        ServerFrame::FixesTaken { refused, .. } => {
            stats.fixes_refused.fetch_add(refused.len() as u64, Relaxed);
        }
        // An acknowledgement that came after the offer had run out, as a rule.
        ServerFrame::Problem { problem } => {
            tracing::debug!(code = problem.code, "a simulated frame was refused");
            count(&stats.taps_refused);
        }
        _ => {}
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
