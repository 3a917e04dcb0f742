//! Policies that cities begin with: what is promised in Indonesia, and what standards abroad ask for.

use super::policy::{Band, Budgets, Rules, SHARE};
use crate::domain::words::words;

words! {
    /// A policy to begin with; each is changed as a city wants.
    Preset, "preset" {
        /// Balikpapan: on scene within ten minutes at most.
        Balikpapan = "balikpapan",
        /// The national order of January 2026: answered within 10 s, on scene within ten minutes.
        National2026 = "national-2026",
        /// Seen in the press in November 2025: up to 5 km from the station 10 min, up to 10 km 15, beyond 25.
        Bands2025 = "bands-2025",
        /// NFPA 1225: 90 % answered within 10 s, 90 % processed within 60 s.
        Nfpa1225 = "nfpa-1225",
        /// NENA: 90 % answered within 15 s.
        Nena = "nena",
    }
}

const MINUTE_MS: i64 = 60_000;

impl Preset {
    /// The rules that it stands for.
    #[must_use]
    pub fn rules(self) -> Rules {
        let ten = Band::everywhere(10 * MINUTE_MS);
        let with = |answer_ms, processing_ms| {
            let usual = Budgets::usual(ten.target_ms);
            let travel_ms = ten.target_ms - answer_ms - processing_ms - usual.queue_ms - usual.turnout_ms;
            Band { budgets: Some(Budgets { answer_ms, processing_ms, travel_ms, ..usual }), ..ten }
        };
        let default = match self {
            // "At most": every one of them.
            Self::Balikpapan => vec![Band { share: 1.0, ..ten }],
            Self::National2026 => vec![with(10_000, MINUTE_MS)],
            Self::Bands2025 => [(0, Some(5_000), 10), (5_000, Some(10_000), 15), (10_000, None, 25)]
                .map(|(from_m, to_m, min)| Band { from_m, to_m, ..Band::everywhere(min * MINUTE_MS) })
                .to_vec(),
            Self::Nfpa1225 => vec![Band { share: SHARE, ..with(10_000, MINUTE_MS) }],
            Self::Nena => vec![Band { share: SHARE, ..with(15_000, MINUTE_MS) }],
        };
        Rules { default, p1: Vec::new(), p2: Vec::new(), p3: Vec::new(), p4: Vec::new() }.settled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Priority;

    #[test]
    fn every_preset_holds_and_leaves_time_to_drive() {
        for preset in Preset::ALL {
            let rules = preset.rules();
            assert_eq!(rules.check(), Ok(()), "{preset}");
            let near = rules.band(Priority::P1, None);
            assert_eq!(near.target_ms, 600_000, "{preset}");
            assert!(near.budgets().travel_ms >= 400_000);
        }
        let far = |m| Preset::Bands2025.rules().band(Priority::P3, Some(m)).target_ms / MINUTE_MS;
        assert_eq!(
            [far(0.0), far(4_999.9), far(5_000.0), far(9_999.0), far(10_000.0), far(4e5)],
            [10, 10, 15, 15, 25, 25]
        );
    }
}
