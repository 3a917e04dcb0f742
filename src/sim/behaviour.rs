//! How the simulated crews behave, as data: every chance and every delay in one place.

use crate::domain::incident::Disposition;
use rand::{RngExt, rngs::StdRng};

/// From–to, seconds.
pub type Span = (f64, f64);

/// How a crew and its phone behave.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// Deviation of the GPS from the true place, metres per axis.
    pub noise_m: f64,
    /// Chance that a fix lies far off, as between high buildings.
    pub outlier: f64,
    /// How far off at most, metres.
    pub outlier_m: f64,
    /// Tunnels, cellars and dead spots per hour.
    pub tunnels_per_hour: f64,
    /// How long one lasts.
    pub tunnel_s: Span,
    /// While standing, only each n-th fix is sent, as phones do to save the battery. 1 sends all.
    pub still_every: u32,
    /// How far the phone's clock is off at most, either way, milliseconds.
    pub clock_off_ms: i64,
    /// Chance that an offer is lost on a phone that sleeps: no acknowledgement, no answer.
    pub silent: f64,
    /// Chance that an offer is declined.
    pub decline: f64,
    /// The reasons, with weights.
    pub reasons: Vec<(f64, &'static str)>,
    /// From offer to answer.
    pub answer_s: Span,
    /// From answer to setting out.
    pub turnout_s: Span,
    /// Whether the crew drives to the scene. Otherwise it says that it is there as soon as it has accepted, which frees
    /// the unit soon for the next offer: for loads that measure offers.
    pub drives: bool,
    /// From arrival to the end of the work.
    pub work_s: Span,
    /// How it ended, with weights.
    pub dispositions: Vec<(f64, Disposition)>,
    /// Pause at each point of a patrol.
    pub look_s: Span,
}

impl Behaviour {
    /// Crews that never decline and phones that never fail: for load tests.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            noise_m: 3.0,
            outlier: 0.0,
            outlier_m: 0.0,
            tunnels_per_hour: 0.0,
            tunnel_s: (10.0, 60.0),
            still_every: 1,
            clock_off_ms: 0,
            silent: 0.0,
            decline: 0.0,
            reasons: vec![(1.0, "patrol vehicle is being refuelled")],
            answer_s: (1.0, 3.0),
            turnout_s: (2.0, 5.0),
            drives: true,
            work_s: (20.0, 60.0),
            dispositions: vec![(1.0, Disposition::Handled)],
            look_s: (0.0, 0.0),
        }
    }

    /// As [`Self::calm`], but a crew accepts after a fifth of a second, is there and is done, so that a thousand units
    /// serve twenty reports a second for as long as one likes.
    #[must_use]
    pub fn load() -> Self {
        Self { answer_s: (0.2, 0.2), work_s: (0.2, 0.2), drives: false, ..Self::calm() }
    }

    /// Crews as in life: for the demo. The chances are assumptions, set so that each case is seen within minutes.
    #[must_use]
    pub fn lifelike() -> Self {
        Self {
            noise_m: 4.0,
            outlier: 0.002,
            outlier_m: 800.0,
            tunnels_per_hour: 4.0,
            still_every: 5,
            clock_off_ms: 3_000,
            silent: 0.04,
            decline: 0.06,
            reasons: vec![
                (3.0, "already helping at another scene"),
                (2.0, "patrol vehicle is being refuelled"),
                (1.0, "road ahead is flooded"),
                (1.0, "tyre is flat"),
            ],
            answer_s: (2.0, 9.0),
            turnout_s: (5.0, 25.0),
            work_s: (20.0, 90.0),
            dispositions: vec![
                (12.0, Disposition::Handled),
                (3.0, Disposition::NothingFound),
                (2.0, Disposition::Referred),
                (1.0, Disposition::CancelledByCaller),
                (1.0, Disposition::Duplicate),
            ],
            look_s: (0.0, 40.0),
            ..Self::calm()
        }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::calm()
    }
}

/// A length of time within a span, milliseconds.
pub fn within_ms(rng: &mut StdRng, (from, to): Span) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "spans are minutes")]
    let ms = (rng.random_range(from..=to.max(from)) * 1_000.0) as i64;
    ms
}
