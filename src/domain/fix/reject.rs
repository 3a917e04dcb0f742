//! Why a fix was refused. Each reason has a stable name: it is counted by it, and the phone is told it.

/// Why a fix was refused, with the value that was too much.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Reject {
    /// A coordinate, or the accuracy, is NaN or infinite.
    #[error("a coordinate or the accuracy is not a number")]
    NotANumber,
    /// A coordinate is outside ±90° or ±180°.
    #[error("{lat}, {lng} is no place: latitude goes to 90, longitude to 180")]
    OutOfRange {
        /// Degrees, as given.
        lat: f64,
        /// Degrees, as given.
        lng: f64,
    },
    /// The place is 0, 0: what devices send when they know nothing.
    #[error("the place is 0, 0, which stands for unknown")]
    ZeroIsland,
    /// An app made the place up.
    #[error("the device says that the place is made up")]
    Mock,
    /// The place is too vague to send anyone by.
    #[error("the accuracy of {accuracy_m:.0} m is too poor")]
    Inaccurate {
        /// Radius, metres; negative where the device called its own place invalid.
        accuracy_m: f64,
    },
    /// The same fix came before.
    #[error("the same fix came before")]
    Duplicate,
    /// Dated ahead of the server.
    #[error("dated {ahead_ms} ms ahead of the server")]
    Future {
        /// How far, milliseconds.
        ahead_ms: i64,
    },
    /// Too old to be worth keeping.
    #[error("{age_ms} ms old")]
    TooOld {
        /// How old, milliseconds.
        age_ms: i64,
    },
    /// Made before the last one that was accepted, and not marked as backlog.
    #[error("made {by_ms} ms before the last one, and not marked as backlog")]
    Older {
        /// How much older than the last, milliseconds; 0 when of the same moment.
        by_ms: i64,
    },
    /// Nobody drives from the last place to this one in that time.
    #[error("{speed_mps:.0} m/s from the last place is too fast")]
    TooFast {
        /// Metres per second.
        speed_mps: f64,
    },
}

impl Reject {
    /// All names, for counters that exist before the first refusal.
    pub const ALL: [&'static str; 10] = [
        "not_a_number",
        "out_of_range",
        "zero_island",
        "mock",
        "inaccurate",
        "duplicate",
        "future",
        "too_old",
        "older",
        "too_fast",
    ];

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(&self) -> usize {
        match self {
            Self::NotANumber => 0,
            Self::OutOfRange { .. } => 1,
            Self::ZeroIsland => 2,
            Self::Mock => 3,
            Self::Inaccurate { .. } => 4,
            Self::Duplicate => 5,
            Self::Future { .. } => 6,
            Self::TooOld { .. } => 7,
            Self::Older { .. } => 8,
            Self::TooFast { .. } => 9,
        }
    }

    /// The stable name, as in `too_fast`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        Self::ALL[self.index()]
    }

    /// Whether several that agree show that what was known is wrong, and not they.
    #[must_use]
    pub const fn can_be_believed(&self) -> bool {
        matches!(self, Self::TooFast { .. }) || self.is_about_time()
    }

    /// Whether the device's clock may be the reason.
    pub(super) const fn is_about_time(&self) -> bool {
        matches!(self, Self::Future { .. } | Self::TooOld { .. } | Self::Older { .. })
    }
}
