//! Citizens' links: what desks ask for, and what citizens say by them. Citizens' bodies come as JSON, or as a form from the
//! page without scripts.

use super::{commands, text::Text};
use crate::{
    domain::{
        ids::{CommandId, ComplaintId, MessageId},
        link::Complaint,
        time::UnixMs,
    },
    engine::Made,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A citizen's body may be this long, bytes.
pub const CITIZEN_BYTES_MAX: usize = 16 * 1_024;

/// A link for the citizen who made a report.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Also send it to the citizen, who wrote to us about the report within a day.
    #[serde(default)]
    pub send: bool,
}

/// A link that was made.
#[derive(Serialize, ToSchema)]
pub struct LinkMadeBody {
    /// What stands behind `/t/`.
    pub token: String,
    /// The whole link, where the service knows how citizens reach it.
    pub url: Option<String>,
    /// Until when it is good; less where the report is closed before.
    pub expires: UnixMs,
    /// The message that it is sent in.
    pub message: Option<MessageId>,
}

impl From<Made> for LinkMadeBody {
    fn from(made: Made) -> Self {
        Self { token: made.token, url: made.url, expires: made.expires, message: made.message }
    }
}

/// Where the citizen is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedPlaceBody {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// How exact, metres.
    pub accuracy_m: f64,
}

/// It is no longer needed. Nothing more to say.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {}

/// How the report was handled.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingBody {
    /// One to five.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: i64,
    /// In words.
    #[serde(default, deserialize_with = "blank_is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub text: Option<Text<2_000>>,
}

/// A complaint.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComplaintBody {
    /// What is complained of.
    #[schema(value_type = String, max_length = 4000)]
    pub text: Text<4_000>,
}

/// A complaint was filed.
#[derive(Serialize, ToSchema)]
pub struct ComplaintFiledBody {
    /// Its name.
    pub complaint: ComplaintId,
}

/// The languages of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "id" => Ok(Self::Id),
            "en" => Ok(Self::En),
            _ => Err("expected id or en".to_owned()),
        }
    }
}

/// How the page is to be shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// In which language; Indonesian unless said.
    #[serde(default)]
    #[param(inline)]
    pub lang: Language,
    /// Something was just said, and is thanked for.
    #[serde(default)]
    pub said: bool,
}

/// Which complaints, and how.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ComplaintsQuery {
    /// From when, Unix milliseconds; from the first unless said.
    #[serde(default)]
    pub from: i64,
    /// Until before when, Unix milliseconds; until now unless said.
    pub to: Option<i64>,
    /// As JSON unless said.
    #[serde(default)]
    #[param(inline)]
    pub format: ExportFormat,
}

/// The forms of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// A list.
    #[default]
    Json,
    /// A table for spreadsheets, RFC 4180.
    Csv,
}

/// Complaints as a table with a head. What a spreadsheet would take for a formula is marked as text.
#[must_use]
pub fn complaints_csv(complaints: &[Complaint]) -> String {
    let mut out = "id,report,filed_at,destination,rated,text\r\n".to_owned();
    for complaint in complaints {
        let cells = [
            complaint.id.to_string(),
            complaint.report.to_string(),
            complaint.at.to_string(),
            complaint.destination.to_string(),
            complaint.rated.map(|stars| stars.to_string()).unwrap_or_default(),
            complaint.text.clone().unwrap_or_default(),
        ];
        out.push_str(&cells.map(|text| cell(&text)).join(","));
        out.push_str("\r\n");
    }
    out
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A form sends fields that were left empty.
fn blank_is_none<'de, D: Deserializer<'de>, const MAX: usize>(d: D) -> Result<Option<Text<MAX>>, D::Error> {
    let text = Option::<String>::deserialize(d)?.filter(|text| !text.trim().is_empty());
    text.map(|text| Text::deserialize(serde::de::value::StringDeserializer::new(text))).transpose()
}

commands! { LinkBody: "link.make" }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_holds_whatever_was_written() {
        let complaint = |text: &str| Complaint {
            id: ComplaintId(uuid::Uuid::nil()),
            report: "BPN-R7".parse().unwrap(),
            at: UnixMs(1_793_581_200_000),
            destination: crate::domain::link::Destination::DumasPresisi,
            text: Some(text.to_owned()),
            rated: Some(1),
        };
        let table = complaints_csv(&[complaint("a \"b\",\nc"), complaint("=HYPERLINK(1)")]);
        let head = "00000000-0000-0000-0000-000000000000,BPN-R7,2026-11-02T01:00:00.000Z,dumas_presisi,1,";
        assert_eq!(table.lines().next(), Some("id,report,filed_at,destination,rated,text"));
        assert!(table.contains(&format!("{head}\"a \"\"b\"\",\nc\"\r\n")), "{table}");
        assert!(table.contains(&format!("{head}'=HYPERLINK(1)\r\n")), "{table}");
    }
}
