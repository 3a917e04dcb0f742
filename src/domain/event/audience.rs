//! Who an event is for.

use crate::domain::ids::{InvalidId, UnitId};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// Who sees an event beside the desk of its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The desk alone.
    Desk,
    /// The desk and this unit's crew.
    Unit(UnitId),
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk => f.write_str("desk"),
            Self::Unit(unit) => write!(f, "unit:{unit}"),
        }
    }
}

impl FromStr for Audience {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        match s.strip_prefix("unit:") {
            Some(unit) => Ok(Self::Unit(unit.parse()?)),
            None if s == "desk" => Ok(Self::Desk),
            None => Err(InvalidId::new("audience", s, "desk, or unit: and a unit")),
        }
    }
}

impl Serialize for Audience {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Audience {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Audience")
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Who sees an event beside the desk of its area: nobody, or a unit's crew.",
            "type": "string", "pattern": "^(desk|unit:.+)$", "examples": ["desk", "unit:BPN-M12"],
        })
    }
}
