//! How the promise was kept over days.

use crate::{
    domain::{
        area::{Level, Targets},
        ids::AreaCode,
        refusal::Refusal,
        sla::{
            cases::{CaseLimits, Excluded, OpenLate},
            compliance::{By, Days},
            fact::Fact,
            figures::Figures,
            policy::Rules,
            tally::Tally,
        },
        time::{UnixMs, day_text},
    },
    engine::{Compliance, PolicyTime},
    wire::{bodies::citizens::Language, problem::Problem},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use utoipa::{IntoParams, ToSchema};

/// Groups in one answer, unless asked otherwise; more may not be asked for.
const GROUPS: u16 = 500;
/// Excluded incidents in one answer, unless asked otherwise.
const EXCLUDED: u16 = 100;
/// Cases that were late by most.
const WORST: i64 = 10;
/// Cases that are late and open.
const OPEN_LATE: i64 = 50;

/// What to report on.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ComplianceQuery {
    /// The first day, as in `2026-10-01`; the cities' own.
    #[serde(default, deserialize_with = "day")]
    #[param(value_type = Option<String>, example = "2026-10-01")]
    pub from: Option<i64>,
    /// The last day, which counts as well; at most 400 days in all.
    #[serde(default, deserialize_with = "day")]
    #[param(value_type = Option<String>, example = "2026-10-31")]
    pub to: Option<i64>,
    /// A month, as in `2026-10`, in place of `from` and `to`.
    #[serde(default, deserialize_with = "month")]
    #[param(value_type = Option<String>, example = "2026-10")]
    pub month: Option<Days>,
    /// By what it is told apart.
    #[serde(default = "by_day")]
    #[param(default = "day", inline)]
    pub by: By,
    /// Groups to show, 1 to 500: those with the most incidents. The rest is `others`.
    #[serde(default = "groups")]
    #[param(default = 500, minimum = 1, maximum = 500)]
    pub limit: u16,
    /// Excluded incidents to list, at most 1,000.
    #[serde(default = "excluded")]
    #[param(default = 100, maximum = 1000)]
    pub excluded_limit: u16,
    /// Excluded incidents to pass over before that.
    #[serde(default)]
    pub excluded_skip: u32,
    /// `csv` for a table of the groups; without it, `Accept` decides.
    #[param(inline)]
    pub format: Option<Format>,
}

/// Which page to make.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CompliancePageQuery {
    /// The month, as in `2026-10`.
    #[serde(deserialize_with = "one_month")]
    #[param(value_type = String, example = "2026-10")]
    pub month: Days,
    /// In which language; Indonesian unless said.
    #[serde(default)]
    #[param(inline)]
    pub lang: Language,
}

/// Excluded incidents that a page lists.
const ON_PAGE: i64 = 300;

/// The single cases that a page shows.
pub const PAGE_LIMITS: CaseLimits =
    CaseLimits { worst: WORST, excluded_skip: 0, excluded: ON_PAGE, open_late: OPEN_LATE };

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Everything.
    Json,
    /// The groups alone, one a row.
    Csv,
}

const fn by_day() -> By {
    By::Day
}

const fn groups() -> u16 {
    GROUPS
}

const fn excluded() -> u16 {
    EXCLUDED
}

fn day<'de, D: Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(d)?;
    let wrong = || D::Error::custom(format!("expected a day as in 2026-10-01, not {}", shown(&text)));
    UnixMs::parse_day(&text).map(Some).ok_or_else(wrong)
}

fn month<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Days>, D::Error> {
    let text = String::deserialize(d)?;
    parse_month(&text).map(Some).map_err(D::Error::custom)
}

fn one_month<'de, D: Deserializer<'de>>(d: D) -> Result<Days, D::Error> {
    parse_month(&String::deserialize(d)?).map_err(D::Error::custom)
}

/// Reads a month.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_month(text: &str) -> Result<Days, String> {
    Days::month(text).ok_or_else(|| format!("expected a month as in 2026-10, not {}", shown(text)))
}

/// The beginning of what somebody sent.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(40).collect::<String>())
}

impl ComplianceQuery {
    /// The days that are asked for.
    ///
    /// # Errors
    /// A problem for days that are none, too many, or said twice.
    pub fn days(&self) -> Result<Days, Problem> {
        let refuse = |field, why: String| Err(Problem::from(&Refusal::invalid(field, why)));
        match (self.month, self.from, self.to) {
            (Some(days), None, None) => Ok(days),
            (None, Some(from), Some(to)) => Days::new(from, to).or_else(|bad| refuse("to", bad.to_string())),
            _ => refuse("month", "either `month`, or both `from` and `to`".to_owned()),
        }
    }

    /// How many single cases are asked for.
    ///
    /// # Errors
    /// A problem for more than may be asked for.
    pub fn limits(&self) -> Result<CaseLimits, Problem> {
        let refuse = |field, why: &str| Err(Problem::from(&Refusal::invalid(field, why)));
        match self {
            Self { limit, .. } if !(1..=GROUPS).contains(limit) => refuse("limit", "1 to 500"),
            Self { excluded_limit: 1_001.., .. } => refuse("excluded_limit", "at most 1,000"),
            Self { excluded_limit, excluded_skip, .. } => Ok(CaseLimits {
                worst: WORST,
                excluded_skip: (*excluded_skip).into(),
                excluded: (*excluded_limit).into(),
                open_late: OPEN_LATE,
            }),
        }
    }
}

/// How the promise was kept.
#[derive(Serialize, ToSchema)]
pub struct ComplianceBody {
    /// Where.
    pub area: AreaCode,
    /// As people say it.
    pub name: String,
    /// Where it stands in the tree. A region and the nation are the sums of their cities.
    pub level: Level,
    /// How many cities that is.
    pub cities: usize,
    /// The first day, by each city's own clocks.
    pub from: String,
    /// The last day, which counts as well.
    pub to: String,
    /// When this was read.
    pub at: UnixMs,
    /// By what it is told apart.
    pub by: By,
    /// All together.
    pub whole: Figures,
    /// Told apart, in the order of the keys; groups without incidents are not there.
    pub groups: Vec<GroupBody>,
    /// What is not shown of them.
    pub others: Option<OthersBody>,
    /// Those that were late by most, with what stood in the way.
    pub worst: Vec<Fact>,
    /// Those that do not count.
    pub exclusions: ExclusionsBody,
    /// Open, past the target, nobody there: not in the figures until a unit is there or they are closed.
    pub still_open_late: OpenLateBody,
    /// The policies in force, by city and time.
    pub policies: Vec<PolicyTimeBody>,
}

/// One group.
#[derive(Serialize, ToSchema)]
pub struct GroupBody {
    /// Which: a day, an hour from `00`, a unit, …; `-` where there is none.
    pub key: String,
    /// What people call it, for a district or a city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The groups that are not shown, together.
#[derive(Serialize, ToSchema)]
pub struct OthersBody {
    /// How many they are.
    pub groups: usize,
    /// Their figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Incidents that do not count.
#[derive(Serialize, ToSchema)]
pub struct ExclusionsBody {
    /// How many there are; `whole.excluded_by` says why.
    pub total: i64,
    /// Some of them, by area, day and number.
    pub items: Vec<Excluded>,
}

/// Incidents that are late and open.
#[derive(Serialize, ToSchema)]
pub struct OpenLateBody {
    /// How many there are.
    pub total: i64,
    /// The latest fifty.
    pub items: Vec<OpenLate>,
}

/// A policy in force.
#[derive(Serialize, ToSchema)]
pub struct PolicyTimeBody {
    /// Whose.
    pub area: AreaCode,
    /// Which version.
    pub version: i64,
    /// From when on; may lie before the days of the report.
    pub from: UnixMs,
    /// From when on another one was; none where that is not known yet.
    pub until: Option<UnixMs>,
    /// What it promises next to a station, milliseconds, P1 first.
    pub targets: Targets,
    /// All that it promises, in the report of a city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
}

impl ComplianceBody {
    /// What was found, told apart by `by`, in at most `limit` groups.
    #[must_use]
    pub fn new(found: &Compliance, by: By, limit: usize) -> Self {
        let figures = |tally: &Tally| Figures::of(tally, &found.common);
        let shown = found.summary.shown(by, limit);
        let group = |(key, tally): (&str, &Tally)| GroupBody {
            key: key.to_owned(),
            name: found.name(by, key).map(str::to_owned),
            figures: figures(tally),
        };
        let alone = found.cities.len() == 1;
        let policy = |time: &PolicyTime| PolicyTimeBody {
            area: time.area,
            version: time.policy.version,
            from: time.policy.from,
            until: time.until,
            targets: time.policy.rules.targets(),
            rules: alone.then(|| time.policy.rules.clone()),
        };
        let whole = figures(found.summary.whole());
        Self {
            area: found.area.code,
            name: found.area.name.clone(),
            level: found.area.level,
            cities: found.cities.len(),
            from: day_text(found.days.from()),
            to: day_text(found.days.to()),
            at: found.at,
            by,
            groups: shown.groups.into_iter().map(group).collect(),
            others: shown.others.map(|(groups, tally)| OthersBody { groups, figures: figures(&tally) }),
            worst: found.cases.worst.clone(),
            exclusions: ExclusionsBody { total: whole.excluded, items: found.cases.excluded.clone() },
            still_open_late: OpenLateBody { total: found.cases.open_late_total, items: found.cases.open_late.clone() },
            policies: found.policies.iter().map(policy).collect(),
            whole,
        }
    }
}
