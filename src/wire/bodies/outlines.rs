//! Outlines as GeoJSON, for maps: the area, its cities, their districts.

use crate::{
    domain::{area::Level, boundary::Rings, ids::AreaCode, place::Place},
    engine::Outline,
};
use serde::Serialize;
use utoipa::ToSchema;

/// An area's outline and what lies in it.
#[derive(Serialize, ToSchema)]
pub struct OutlineBody {
    /// `FeatureCollection`.
    pub r#type: &'static str,
    /// The area that was asked for.
    pub area: AreaCode,
    /// How far a line may be from the border, degrees: a 4,000th of the area's longer side.
    pub tolerance_deg: f64,
    /// The area itself where it has a shape, the cities in it, and for a city its districts.
    pub features: Vec<OutlineFeatureBody>,
}

/// An area or a district.
#[derive(Serialize, ToSchema)]
pub struct OutlineFeatureBody {
    /// `Feature`.
    pub r#type: &'static str,
    /// Its shape; null where none was imported.
    pub geometry: Option<OutlineShapeBody>,
    /// What is told of it.
    pub properties: OutlinePropertiesBody,
}

/// A shape, simplified for a screen: it decides over nothing.
#[derive(Serialize, ToSchema)]
pub struct OutlineShapeBody {
    /// `MultiPolygon`.
    pub r#type: &'static str,
    /// Polygons of rings of (longitude, latitude).
    #[schema(value_type = Vec<Vec<Vec<[f64; 2]>>>)]
    pub coordinates: Rings,
}

/// What is told of an area or a district.
#[derive(Serialize, ToSchema)]
pub struct OutlinePropertiesBody {
    /// What it is.
    pub kind: OutlineKind,
    /// The area's code, as in `BPN`; of a district the government's, as in `64.71.01`.
    pub code: String,
    /// As people say it.
    pub name: String,
    /// Where its name goes.
    pub centre: Place,
}

/// What is outlined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutlineKind {
    /// The nation (Mabes).
    Nation,
    /// A region (Polda).
    Region,
    /// A city (Polres).
    City,
    /// A part of a city (Polsek).
    District,
}

impl From<Level> for OutlineKind {
    fn from(level: Level) -> Self {
        match level {
            Level::Nation => Self::Nation,
            Level::Region => Self::Region,
            Level::City => Self::City,
        }
    }
}

impl From<Outline> for OutlineBody {
    fn from(outline: Outline) -> Self {
        let areas = outline.areas.into_iter().map(|(area, shape)| {
            let (kind, code) = (area.level.into(), area.code.to_string());
            feature(shape, OutlinePropertiesBody { kind, code, name: area.name, centre: area.centre })
        });
        let districts = outline.districts.into_iter().map(|(district, shape)| {
            let (kind, code) = (OutlineKind::District, district.code);
            feature(shape, OutlinePropertiesBody { kind, code, name: district.name, centre: district.centre })
        });
        Self {
            r#type: "FeatureCollection",
            area: outline.area,
            tolerance_deg: outline.tolerance_deg,
            features: areas.chain(districts).collect(),
        }
    }
}

fn feature(shape: Option<Rings>, properties: OutlinePropertiesBody) -> OutlineFeatureBody {
    let geometry = shape.map(|coordinates| OutlineShapeBody { r#type: "MultiPolygon", coordinates });
    OutlineFeatureBody { r#type: "Feature", geometry, properties }
}
