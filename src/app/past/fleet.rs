//! The patrols of a past: who rides, where each is, what it works on.

use crate::{
    domain::{
        access::{Cause, Scope, Source},
        fix::RawFix,
        ids::*,
        place::Place,
        time::UnixMs,
        unit::UnitKind,
    },
    engine::{Engine, ingest::Stream},
    sim::past::Ways,
};

/// How fast a patrol goes that is on no work, metres per second.
const PATROL_MPS: f64 = 4.0;

/// A ride to a scene.
#[derive(Clone, Copy)]
struct Ride {
    from: Place,
    since: UnixMs,
    until: UnixMs,
}

/// What a unit works on.
pub(super) struct Job {
    pub dispatch: DispatchId,
    pub scene: Place,
    ride: Option<Ride>,
}

/// A unit with its crew.
pub(super) struct Patrol {
    pub unit: UnitId,
    pub kind: UnitKind,
    pub officer: Scope,
    pub device: DeviceId,
    pub job: Option<Job>,
    /// Fixes of its present ride with a crew; none while nobody rides.
    stream: Option<Stream>,
    place: Place,
    at: UnixMs,
    heads_for: Place,
    beat: usize,
}

impl Patrol {
    /// On the beat of this number.
    pub fn new((unit, kind): (UnitId, UnitKind), officer: Scope, at: UnixMs, beat: usize, ways: &mut Ways) -> Self {
        let (place, heads_for) = (ways.on_beat(beat), ways.on_beat(beat));
        Self { unit, kind, officer, device: DeviceId::random(), job: None, stream: None, place, at, heads_for, beat }
    }

    /// As its phone asks for something.
    pub fn cause(&self, now: UnixMs) -> Cause {
        Cause { scope: self.officer.clone(), source: Source::Phone, now, device_at: None, command: None }
    }

    pub const fn rides(&self) -> bool {
        self.stream.is_some()
    }

    pub const fn is_under_way(&self) -> bool {
        matches!(self.job, Some(Job { ride: Some(_), .. }))
    }

    /// The crew signed on, or off.
    pub async fn ride(&mut self, engine: &Engine, on: bool) {
        self.stream = if on { Some(engine.stream(self.unit, self.device).await) } else { None };
    }

    pub fn begin(&mut self, dispatch: DispatchId, scene: Place) {
        self.job = Some(Job { dispatch, scene, ride: None });
    }

    /// What it works on, if it is this.
    pub fn works_on(&self, dispatch: DispatchId) -> Option<&Job> {
        self.job.as_ref().filter(|job| job.dispatch == dispatch)
    }

    /// It rolls, and is there at `until`.
    pub fn set_out(&mut self, since: UnixMs, until: UnixMs) {
        let from = self.place;
        if let Some(job) = &mut self.job {
            job.ride = Some(Ride { from, since, until });
        }
    }

    /// It is there, at a place that its phone knows, or does not.
    pub fn arrive(&mut self, stops: Option<Place>, now: UnixMs) {
        if let Some(Job { ride, scene, .. }) = &mut self.job {
            *ride = None;
            (self.place, self.at) = (stops.unwrap_or(*scene), now);
        }
        if stops.is_some() {
            self.send(now);
        }
    }

    /// Where it is by now.
    pub fn move_on(&mut self, ways: &mut Ways, now: UnixMs) -> Place {
        match &self.job {
            Some(Job { ride: Some(ride), scene, .. }) => {
                #[expect(clippy::cast_precision_loss, reason = "rides take minutes")]
                let share = now.since(ride.since) as f64 / ride.until.since(ride.since).max(1) as f64;
                let gone_m = ride.from.distance_m(*scene) * share.clamp(0.0, 1.0);
                self.place = ride.from.moved(ride.from.bearing_deg(*scene), gone_m);
            }
            Some(_) => {}
            None => {
                #[expect(clippy::cast_precision_loss, reason = "shifts take hours")]
                let gone_m = now.since(self.at).max(0) as f64 / 1_000.0 * PATROL_MPS;
                if gone_m >= self.place.distance_m(self.heads_for) {
                    (self.place, self.heads_for) = (self.heads_for, ways.on_beat(self.beat));
                } else {
                    self.place = self.place.moved(self.place.bearing_deg(self.heads_for), gone_m);
                }
            }
        }
        self.at = now;
        self.place
    }

    /// Its phone says where it is.
    pub fn send(&mut self, now: UnixMs) {
        let Some(stream) = &mut self.stream else { return };
        let fix = RawFix {
            lat: self.place.lat(),
            lng: self.place.lng(),
            device_ms: now.0,
            accuracy_m: Some(8.0),
            speed_mps: None,
            heading_deg: None,
            battery_pct: None,
            mock: false,
            backlog: false,
        };
        stream.take(Some(now.0), &[fix], now);
    }
}
