//! Citizens' reports.

use super::{
    commands,
    text::{Line, Text},
};
use crate::domain::{
    atlas::Located,
    ids::{AreaCode, CommandId},
    incident::{Incident, Priority},
    phone::PhoneNumber,
    place::Place,
    refusal::Refusal,
    report::{Channel, NewReport, Report},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A first ring longer ago than this is a mistake in the units, milliseconds: a clock that starts then is broken at once.
pub(super) const RUNG_AGE_MAX_MS: i64 = 86_400_000;

/// A citizen's contact. What the citizen told is sealed; no answer shows number or name again.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The area whose desk took it. Left out: the city of the place, or the asker's own.
    pub area: Option<AreaCode>,
    /// How it came in.
    pub channel: Channel,
    /// What kind of thing: a word of the desk's list, or free.
    #[schema(value_type = String, max_length = 120, examples("traffic_accident"))]
    pub kind: Line,
    /// How urgent; P2 unless said.
    #[serde(default = "p2")]
    pub priority: Priority,
    /// Found valid already: an incident opens at once. Needs a place.
    #[serde(default)]
    pub valid: bool,
    /// Where.
    pub place: Option<Place>,
    /// When it first rang or arrived, Unix milliseconds, where the exchange says so; else now. The clock starts here.
    pub rung_at: Option<UnixMs>,
    /// When somebody answered, Unix milliseconds.
    pub answered_at: Option<UnixMs>,
    /// The caller's number in any form: `0812…`, `+62812…`, `62812…`; another country's with its plus.
    #[schema(value_type = Option<String>)]
    pub caller_number: Option<PhoneNumber>,
    /// The caller's name.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub caller_name: Option<Text<200>>,
    /// The place in words.
    #[schema(value_type = Option<String>, max_length = 500)]
    pub address: Option<Text<500>>,
    /// What was said.
    #[schema(value_type = Option<String>, max_length = 8000)]
    pub text: Option<Text<8_000>>,
}

const fn p2() -> Priority {
    Priority::P2
}

impl ReportBody {
    /// As the engine takes it.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when the first ring is more than a day ago.
    pub fn into_new(self, now: UnixMs) -> Result<NewReport, Refusal> {
        if self.rung_at.is_some_and(|rung| now.since(rung) > RUNG_AGE_MAX_MS) {
            return Err(Refusal::invalid("rung_at", "more than a day ago; it is in milliseconds"));
        }
        Ok(NewReport {
            rung: self.rung_at,
            answered: self.answered_at,
            priority: self.priority,
            place: self.place,
            caller_number: self.caller_number,
            caller_name: self.caller_name.map(Text::into_string),
            address: self.address.map(Text::into_string),
            text: self.text.map(Text::into_string),
            ..NewReport::new(self.channel, self.kind.into_string())
        })
    }
}

/// A report as received, and what it led to.
#[derive(Serialize, ToSchema)]
pub struct ReceivedBody {
    /// The report.
    pub report: Report,
    /// The incident that it opened.
    pub incident: Option<Incident>,
    /// For a place in no city: the nearest ones.
    pub near: Vec<NearBody>,
}

/// A city near a place.
#[derive(Serialize, ToSchema)]
pub struct NearBody {
    /// Which.
    pub area: AreaCode,
    /// As people say it.
    pub name: String,
    /// From the place to its border, metres.
    pub distance_m: f64,
}

impl ReceivedBody {
    /// The answer. `located` is where the place lies; `name` gives an area's name.
    #[must_use]
    pub fn new(
        report: Report,
        incident: Option<Incident>,
        located: Option<Located>,
        name: impl Fn(AreaCode) -> String,
    ) -> Self {
        let near = match located {
            Some(Located::Outside { nearest }) if report.outside_area => nearest,
            _ => Vec::new(),
        };
        let near = near.into_iter().map(|(area, distance_m)| NearBody { area, name: name(area), distance_m }).collect();
        Self { report, incident, near }
    }
}

/// Which reports of an area.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReportsQuery {
    /// Only those whose place lies in no city.
    #[serde(default)]
    pub outside: bool,
    /// Only open ones.
    #[serde(default)]
    pub open: bool,
}

commands! { ReportBody: "report.receive" }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_in_seconds_is_refused() {
        let body = serde_json::json!({ "channel": "call", "kind": "theft", "rung_at": 1_793_581_200 });
        let body: ReportBody = serde_json::from_value(body).unwrap();
        assert!(matches!(body.into_new(UnixMs(1_793_581_200_000)), Err(Refusal::Invalid { field: "rung_at", .. })));
    }
}
