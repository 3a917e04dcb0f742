//! The transcript of a ride, for people to read, and its sums.

use super::{Summary, ride::Ride};
use crate::{
    domain::{dispatch::DispatchStatus, event::Happened, ids::UnitId, place::Place, time::UnixMs},
    sim::{
        client::{ClientError, Lost},
        crew::News,
        gpx::Track,
    },
    wire::frames::ServerFrame,
};
use std::collections::BTreeSet;

/// The moments of the present work, by the server's clock.
#[derive(Clone, Copy, Default)]
struct Moments {
    started: Option<UnixMs>,
    target_ms: i64,
    offered: Option<UnixMs>,
    accepted: Option<UnixMs>,
    en_route: Option<UnixMs>,
}

/// Writes the transcript.
pub struct Teller<'a> {
    unit: UnitId,
    start: UnixMs,
    write: &'a mut (dyn FnMut(&str) + Send),
    summary: Summary,
    moments: Moments,
    /// The reasons of refused fixes that were told already: the rest is only counted.
    reasons: BTreeSet<String>,
}

impl<'a> Teller<'a> {
    pub fn new(unit: UnitId, start: UnixMs, write: &'a mut (dyn FnMut(&str) + Send)) -> Self {
        let (summary, moments) = (Summary::default(), Moments::default());
        Self { unit, start, write, summary, moments, reasons: BTreeSet::new() }
    }

    pub const fn summary(&self) -> Summary {
        self.summary
    }

    fn say(&mut self, now: UnixMs, what: &str) {
        let line = format!("{:>8}  {}  {what}", seconds(now.since(self.start)), self.unit);
        (self.write)(&line);
    }

    pub fn track(&mut self, track: &Track, speed: f64, origin: Option<Place>) {
        let moved = origin.map_or_else(String::new, |origin| format!(", moved to {origin}"));
        let what = format!(
            "track of {} points over {}{moved}, at {speed} times its speed, {:.1} m/s at most",
            track.points.len(),
            seconds(track.duration_ms()),
            track.max_speed_mps(),
        );
        self.say(self.start, &what);
    }

    pub fn online(&mut self, now: UnixMs) {
        self.say(now, "signed on and online");
    }

    pub fn lost(&mut self, now: UnixMs, lost: &Lost) {
        self.say(now, &format!("line lost ({lost}), coming back"));
    }

    pub fn sent(&mut self, fixes: usize) {
        self.summary.sent += fixes as u64;
    }

    /// The end. A unit that has work keeps its last phone: then the signing off was refused.
    pub fn end(&mut self, now: UnixMs, still_on: Option<&ClientError>) {
        match still_on {
            None => self.say(now, "signed off"),
            Some(error) => self.say(now, &format!("still signed on: {error}")),
        }
        let Summary { sent, refused, offers, arrived, .. } = self.summary;
        let what =
            format!("end of the ride: {sent} fixes sent, {refused} refused, {offers} offers, {arrived} arrivals");
        self.say(now, &what);
    }

    /// What a frame says beside the news about the work: refused fixes, and the server's moments.
    pub fn frame(&mut self, now: UnixMs, frame: &ServerFrame, ride: &Ride) {
        match frame {
            ServerFrame::FixesTaken { refused, .. } => {
                self.summary.refused += refused.len() as u64;
                for fix in refused {
                    if self.reasons.insert(fix.reason.clone()) {
                        let what =
                            format!("a fix was refused ({}: {}); more like it are counted", fix.reason, fix.detail);
                        self.say(now, &what);
                    }
                }
            }
            ServerFrame::Problem { problem } => {
                let what = format!("the server complains: {} ({})", problem.detail, problem.code);
                self.say(now, &what);
            }
            // Work that another phone of the crew took up, or that went on while there was no line.
            ServerFrame::Reset { work: Some(briefs), .. } => {
                let held = briefs.iter().find(|b| b.dispatch.unit == self.unit && b.dispatch.status.holds_unit());
                if let Some(brief) = held {
                    let (clock, d) = (brief.incident.clock, &brief.dispatch);
                    self.moments = Moments {
                        started: Some(clock.start),
                        target_ms: clock.target_ms,
                        offered: d.offered,
                        accepted: d.accepted,
                        en_route: d.en_route,
                    };
                    let what = format!("goes on with {}: {} ({}), {}", d.id, d.incident, brief.incident.kind, d.status);
                    self.say(now, &what);
                }
            }
            ServerFrame::Event { event, brief, .. } if event.what.work().is_some_and(|w| w.unit == self.unit) => {
                if let Some(brief) = brief {
                    let clock = brief.incident.clock;
                    (self.moments.started, self.moments.target_ms) = (Some(clock.start), clock.target_ms);
                }
                self.step(now, &event.what, event.at, brief.as_ref().map(|b| &*b.incident.kind), ride);
            }
            _ => {}
        }
    }

    /// A step of the work, as the journal has it.
    fn step(&mut self, now: UnixMs, what: &Happened, at: UnixMs, kind: Option<&str>, ride: &Ride) {
        let Moments { started, target_ms, offered, accepted, en_route } = self.moments;
        let since = |from: Option<UnixMs>| from.map_or_else(|| "?".to_owned(), |from| seconds(at.since(from)));
        let line = match what {
            Happened::DispatchOffered { work, .. } => {
                self.moments.offered = Some(at);
                let scene = ride.work().and_then(|w| w.scene).zip(ride.place());
                let away =
                    scene.map_or_else(String::new, |(scene, me)| format!(", {:.0} m away", scene.distance_m(me)));
                let kind = kind.unwrap_or("not described");
                format!(
                    "offered {}: {} ({kind}){away}, {} after the call",
                    work.dispatch,
                    work.incident,
                    since(started)
                )
            }
            Happened::DispatchAccepted { .. } => {
                self.moments.accepted = Some(at);
                format!("accepted after {}", since(offered))
            }
            Happened::DispatchEnRoute(_) => {
                self.moments.en_route = Some(at);
                format!("en route after {}", since(accepted))
            }
            Happened::DispatchOnScene { arrival, .. } => {
                self.summary.arrived += 1;
                let how = match (arrival.verified, arrival.distance_m) {
                    (true, Some(m)) => format!("verified {m:.0} m from the scene"),
                    (_, Some(m)) => format!("flagged: {m:.0} m from the scene"),
                    (_, None) => "flagged: no fresh fix".to_owned(),
                };
                let kept = started.map_or("", |from| if at.since(from) <= target_ms { ": kept" } else { ": broken" });
                let (travel, response, promise) = (since(en_route), since(started), seconds(target_ms));
                format!(
                    "on scene, {how}, after {travel} of travel; response {response} of the promised {promise}{kept}"
                )
            }
            Happened::DispatchCleared(_) => {
                self.summary.cleared += 1;
                self.moments = Moments::default();
                "cleared, free again".to_owned()
            }
            _ => return,
        };
        self.say(now, &line);
    }

    /// What the work's news are beside the journal's steps.
    pub fn news(&mut self, now: UnixMs, news: &News, ride: &Ride) {
        match news {
            News::Offered => self.summary.offers += 1,
            News::SceneMoved => self.say(now, "the scene is at another place now"),
            News::Refused(problem) => {
                let what = format!("a tap was refused: {} ({})", problem.detail, problem.code);
                self.say(now, &what);
            }
            News::Ended(how) if *how != DispatchStatus::Cleared => {
                self.moments = Moments::default();
                self.say(now, &format!("the work is gone: {how}"));
            }
            News::Ended(_) => {}
            News::Moved => {
                // Ordered by a dispatcher, or found again after a gap: tell where it goes.
                let scene = ride.work().filter(|w| w.status == DispatchStatus::Accepted).and_then(|w| w.scene);
                if let Some((scene, me)) = scene.zip(ride.place()) {
                    self.say(now, &format!("the scene is {:.0} m away", scene.distance_m(me)));
                }
            }
        }
    }
}

/// Seconds, or minutes and seconds.
fn seconds(ms: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a ride is far under 2^53 ms")]
    let s = ms as f64 / 1_000.0;
    if s < 60.0 { format!("{s:.1} s") } else { format!("{:.0}:{:02.0} min", (s / 60.0).floor(), (s % 60.0).floor()) }
}
