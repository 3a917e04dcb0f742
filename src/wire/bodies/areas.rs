//! Areas and their journals.

use super::commands;
use crate::domain::{
    area::{Area, OfferMode},
    atlas,
    event::Event,
    ids::{AreaCode, CommandId},
    place::Place,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Events in one page of a journal, unless asked otherwise.
const JOURNAL_PAGE: i64 = 200;

/// An area with what lies in it.
#[derive(Serialize, ToSchema)]
pub struct AreaBody {
    /// The area.
    #[serde(flatten)]
    pub area: Area,
    /// Its districts, for a city.
    pub districts: Vec<DistrictBody>,
}

/// A district (Polsek) of a city.
#[derive(Serialize, ToSchema)]
pub struct DistrictBody {
    /// The government's code, as in `64.71.01`.
    pub code: String,
    /// As people say it.
    pub name: String,
    /// The middle.
    pub centre: Place,
}

impl From<&atlas::District> for DistrictBody {
    fn from(district: &atlas::District) -> Self {
        Self { code: district.code.clone(), name: district.name.clone(), centre: district.centre }
    }
}

/// What to change of an area; what is left out stays.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaPatchBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// What happens when an incident opens.
    pub offers: Option<OfferMode>,
    /// Mutual aid: how near to a neighbouring city a scene must be for the neighbour's units to be candidates too,
    /// metres, at most 30,000; 0 takes the city out of it, both ways.
    pub aid_m: Option<i64>,
}

/// Where to read in a journal.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    /// The number after which to go on; 0 for the beginning.
    #[serde(default)]
    pub after: i64,
    /// How many events at most, 1 to 1,000; 200 unless asked otherwise.
    #[serde(default = "journal_page")]
    pub limit: i64,
}

const fn journal_page() -> i64 {
    JOURNAL_PAGE
}

/// A page of a journal.
#[derive(Serialize, ToSchema)]
pub struct JournalBody {
    /// Whose.
    pub area: AreaCode,
    /// In order, without a gap.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Event>,
    /// Ask for the next page after this number.
    pub next: i64,
}

commands! { AreaPatchBody: "area.change" }
