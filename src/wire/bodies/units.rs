//! Units, crews, tracks.

use super::{commands, text::Line};
use crate::{
    domain::{
        ids::{CommandId, DeviceId, UnitId},
        place::Place,
        time::UnixMs,
        track::TrackPoint,
        unit::{CrewMember, Duty, Unit, UnitKind},
    },
    engine::{Availability, Position},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A unit to be set up.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnitBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// The call sign, without the area.
    #[schema(examples("M12"))]
    pub sign: String,
    /// What it rides in or on.
    pub kind: UnitKind,
}

/// A unit as it is now.
#[derive(Serialize, ToSchema)]
pub struct UnitBody {
    /// As stored.
    #[serde(flatten)]
    pub unit: Unit,
    /// Live: `free`, `busy` or `off`; `off` too for a unit that was not heard of since the start.
    pub availability: String,
    /// The newest fix, unless it was taken off the map.
    pub fix: Option<FixBody>,
}

/// The newest fix of a unit.
#[derive(Serialize, ToSchema)]
pub struct FixBody {
    /// Where.
    pub place: Place,
    /// When it was made, server time.
    pub at: UnixMs,
    /// Radius of 68 % confidence, metres.
    pub accuracy_m: Option<f32>,
    /// Metres per second.
    pub speed_mps: Option<f32>,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f32>,
    /// Battery of the phone, percent.
    pub battery_pct: Option<u8>,
}

impl From<(Unit, Option<Position>)> for UnitBody {
    fn from((unit, live): (Unit, Option<Position>)) -> Self {
        let availability = match live.map_or(Availability::Off, |p| p.availability) {
            Availability::Free => "free",
            Availability::Busy => "busy",
            Availability::Off => "off",
        };
        let fix = live.and_then(|p| p.fix).map(|fix| FixBody {
            place: fix.place,
            at: fix.at,
            accuracy_m: fix.accuracy_m,
            speed_mps: fix.speed_mps,
            heading_deg: fix.heading_deg,
            battery_pct: fix.battery_pct,
        });
        Self { unit, availability: availability.to_owned(), fix }
    }
}

/// A unit with its crew.
#[derive(Serialize, ToSchema)]
pub struct CrewedUnitBody {
    /// The unit.
    #[serde(flatten)]
    pub unit: UnitBody,
    /// Who rides with it, the longest first.
    pub crew: Vec<CrewMember>,
}

/// An officer signs on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOnBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// With this phone.
    pub device: DeviceId,
    /// Its fixes are to be the unit's position, instead of another phone's. The first phone's are anyway.
    #[serde(default)]
    pub position_source: bool,
}

/// An officer signs off.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Which phone leaves.
    pub device: DeviceId,
}

/// A unit goes out of service, comes back, or off duty.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
    /// Where to.
    pub duty: Duty,
    /// Why: meal, refuelling, fault. No names: the journal keeps it.
    #[schema(value_type = Option<String>, max_length = 120)]
    pub reason: Option<Line>,
}

/// An officer is in danger.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanicBody {
    /// The client's name for this press.
    pub command_id: Option<CommandId>,
    /// Where, if the phone knows; else the unit's last place counts.
    pub place: Option<Place>,
    /// The device's clock at the press, Unix milliseconds.
    pub at_ms: Option<UnixMs>,
}

/// Which part of a track.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TrackQuery {
    /// From this moment, Unix milliseconds.
    #[param(value_type = i64)]
    pub from: UnixMs,
    /// To before this moment, Unix milliseconds; now unless said. At most 12 hours after `from`.
    #[param(value_type = Option<i64>)]
    pub to: Option<UnixMs>,
}

/// Where a unit was.
#[derive(Serialize, ToSchema)]
pub struct TrackBody {
    /// Which.
    pub unit: UnitId,
    /// By time.
    pub points: Vec<TrackPointBody>,
}

/// One point of a track.
#[derive(Serialize, ToSchema)]
pub struct TrackPointBody {
    /// When the fix was made, server time.
    pub at: UnixMs,
    /// Where.
    pub place: Place,
    /// Radius of 68 % confidence, metres.
    pub accuracy_m: Option<f64>,
    /// Metres per second.
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Came late, and never was the live position.
    pub history: bool,
}

impl From<TrackPoint> for TrackPointBody {
    fn from(point: TrackPoint) -> Self {
        let TrackPoint { at, place, accuracy_m, speed_mps, heading_deg, history, believed: _ } = point;
        Self { at, place, accuracy_m, speed_mps, heading_deg, history }
    }
}

impl super::Command for PanicBody {
    const OPERATION: &'static str = "unit.panic";

    fn command_id(&self) -> Option<CommandId> {
        self.command_id
    }

    fn device_at(&self) -> Option<UnixMs> {
        self.at_ms
    }
}

commands! {
    NewUnitBody: "unit.add",
    SignOnBody: "unit.sign_on",
    SignOffBody: "unit.sign_off",
    DutyBody: "unit.duty",
}
