//! Coverage as GeoJSON: a feature for each cell, and the whole as foreign members beside them.

use crate::{
    domain::{
        cell::ring,
        coverage::{Cell, Part, Ride, Tile},
        ids::{AreaCode, DispatchId, UnitId},
        incident::Priority,
        time::UnixMs,
    },
    engine::CityCoverage,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whose promise is meant.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CoverageQuery {
    /// The priority whose target counts; P1 unless asked otherwise.
    #[serde(default = "most_urgent")]
    pub priority: Priority,
}

const fn most_urgent() -> Priority {
    Priority::P1
}

/// Where help would come in time now.
#[derive(Serialize, ToSchema)]
pub struct CoverageBody {
    /// `FeatureCollection`.
    pub r#type: &'static str,
    /// The city.
    pub area: AreaCode,
    /// At this moment.
    pub at: UnixMs,
    /// The priority whose target counts.
    pub priority: Priority,
    /// The whole response as promised next to a station, seconds. What remains of a target after `seconds` of a cell is
    /// left for answering, finding valid and sending.
    pub target_s: f64,
    /// What of it the promise gives a crew to set out.
    pub turnout_s: f64,
    /// How travel is expected: `straight_line`, at the vehicle's usual speed.
    pub travel: &'static str,
    /// The resolution of the H3 cells: 8, less for cities of over 5,500 km².
    pub resolution: u8,
    /// How many cells.
    pub cells: usize,
    /// How many of them are within the target.
    pub cells_within: usize,
    /// `cells_within / cells`.
    pub share_of_cells: f64,
    /// The share of the city's surface that is within the target.
    pub share_of_area: f64,
    /// The free units that were counted, and what sending each would uncover.
    pub units: Vec<FreeUnitBody>,
    /// What each dispatch that holds a unit of the city uncovers.
    pub dispatches: Vec<UncoveringBody>,
    /// Free units that were not counted: their fix is too old for an automatic offer, or there is none.
    pub left_out: Vec<LeftOutBody>,
    /// The cells.
    pub features: Vec<CellBody>,
}

/// A part of a city.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct PartBody {
    /// How many cells.
    pub cells: usize,
    /// Their share of the city's surface.
    pub share_of_area: f64,
}

/// A free unit with a fresh fix.
#[derive(Serialize, ToSchema)]
pub struct FreeUnitBody {
    /// Which.
    pub unit: UnitId,
    /// Age of its fix, milliseconds.
    pub fix_age_ms: i64,
    /// The cells where it is the quickest and within the target.
    pub first: PartBody,
    /// The cells that would be left uncovered if it were sent: no other free unit is there within the target.
    pub uncovers: PartBody,
}

/// A dispatch that holds a unit.
#[derive(Serialize, ToSchema)]
pub struct UncoveringBody {
    /// Which.
    pub dispatch: DispatchId,
    /// Its unit.
    pub unit: UnitId,
    /// The cells that nobody covers, and this unit would if it were free where it is; null without a fresh fix of it.
    pub uncovers: Option<PartBody>,
}

/// A free unit that was not counted.
#[derive(Serialize, ToSchema)]
pub struct LeftOutBody {
    /// Which.
    pub unit: UnitId,
    /// Age of its fix, milliseconds; null where it has sent none.
    pub fix_age_ms: Option<i64>,
}

/// A cell.
#[derive(Serialize, ToSchema)]
pub struct CellBody {
    /// `Feature`.
    pub r#type: &'static str,
    /// The cell.
    pub geometry: CellShapeBody,
    /// What is told of it.
    pub properties: CellPropertiesBody,
}

/// The outline of a cell.
#[derive(Serialize, ToSchema)]
pub struct CellShapeBody {
    /// `Polygon`.
    pub r#type: &'static str,
    /// One ring of (lng, lat).
    pub coordinates: [Vec<[f64; 2]>; 1],
}

/// What is told of a cell.
#[derive(Serialize, ToSchema)]
pub struct CellPropertiesBody {
    /// Its H3 index.
    pub cell: String,
    /// How much of it lies in the city, square metres, about.
    pub area_m2: f64,
    /// The whole response as promised for a scene here, seconds: it may be longer far from the stations.
    pub target_s: f64,
    /// The time that the promise for here gives a crew to set out, and the quickest unit's expected travel to the cell's
    /// middle; null where no unit is free.
    pub seconds: Option<f64>,
    /// The quickest unit.
    pub unit: Option<UnitId>,
    /// Whether `seconds` are within `target_s`.
    pub within: bool,
    /// Whether this unit is the only one within the target: sending it uncovers the cell.
    pub only: bool,
    /// The same seconds of the next unit.
    pub next_seconds: Option<f64>,
}

impl From<CityCoverage> for CoverageBody {
    fn from(city: CityCoverage) -> Self {
        let CityCoverage { tiling, coverage, free, busy, unplaced, left_out, .. } = city;
        let part = |part: Part| PartBody { cells: part.cells, share_of_area: part.area_m2 / coverage.whole.area_m2 };
        let counted =
            free.iter().zip(&coverage.first).zip(&coverage.only).map(|((placed, first), only)| FreeUnitBody {
                unit: placed.unit,
                fix_age_ms: placed.fix_age_ms,
                first: part(*first),
                uncovers: part(*only),
            });
        let placed = busy.iter().zip(&coverage.missed);
        let placed = placed.filter_map(|(placed, missed)| Some((placed.dispatch?, placed.unit, Some(part(*missed)))));
        let all = placed.chain(unplaced.into_iter().map(|(dispatch, unit)| (dispatch, unit, None)));
        let mut dispatches: Vec<_> =
            all.map(|(dispatch, unit, uncovers)| UncoveringBody { dispatch, unit, uncovers }).collect();
        dispatches.sort_by_key(|d| d.unit);
        let names: Vec<UnitId> = free.iter().map(|placed| placed.unit).collect();
        let cells = tiling.tiles().iter().zip(&coverage.cells);
        #[expect(clippy::cast_precision_loss, reason = "a city has some thousand cells")]
        let share_of_cells = coverage.within.cells as f64 / coverage.whole.cells as f64;
        Self {
            r#type: "FeatureCollection",
            area: city.area,
            at: city.at,
            priority: city.priority,
            target_s: seconds(city.nearby.target_ms),
            turnout_s: seconds(city.nearby.turnout_ms),
            travel: city.travel,
            resolution: tiling.resolution().into(),
            cells: coverage.whole.cells,
            cells_within: coverage.within.cells,
            share_of_cells,
            share_of_area: part(coverage.within).share_of_area,
            units: counted.collect(),
            dispatches,
            left_out: left_out.into_iter().map(|(unit, fix_age_ms)| LeftOutBody { unit, fix_age_ms }).collect(),
            features: cells.map(|(tile, cell)| feature(&names, tile, cell)).collect(),
        }
    }
}

fn feature(names: &[UnitId], tile: &Tile, cell: &Cell) -> CellBody {
    // A tenth of a metre is enough for a hexagon.
    let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
    let ring = ring(tile.cell).into_iter().map(|at| at.map(round)).collect();
    let whole = |ride: Ride| seconds(cell.goal.turnout_ms + ride.travel_ms);
    let (first, next) = (cell.quickest.first, cell.quickest.next);
    let properties = CellPropertiesBody {
        cell: tile.cell.to_string(),
        area_m2: tile.area_m2.round(),
        target_s: seconds(cell.goal.target_ms),
        seconds: first.map(whole),
        unit: first.and_then(|first| names.get(first.unit).copied()),
        within: cell.is_within(),
        only: cell.is_only(),
        next_seconds: next.map(whole),
    };
    CellBody { r#type: "Feature", geometry: CellShapeBody { r#type: "Polygon", coordinates: [ring] }, properties }
}

fn seconds(ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "rides and targets are far below 2^53 ms")]
    let ms = ms as f64;
    ms / 1_000.0
}
