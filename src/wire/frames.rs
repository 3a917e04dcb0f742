//! Frames of the WebSocket `sigap.v1`, in both directions. JSON texts, each with a `type`.

use super::problem::Problem;
use crate::{
    domain::{
        access::Role,
        board::Board,
        dispatch::DispatchStatus,
        event::Event,
        fix::RawFix,
        ids::*,
        incident::Disposition,
        place::{Bounds, Place},
        time::UnixMs,
    },
    engine::{Brief, Deskful},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// The subprotocol.
pub const PROTOCOL: &str = "sigap.v1";
/// A client's frame may be this long, bytes.
pub const FRAME_BYTES_MAX: usize = 16 * 1024;
/// Fixes in one frame at most.
pub const FIXES_MAX: usize = 100;
/// How often the server sends a heartbeat, milliseconds.
pub const HEARTBEAT_MS: i64 = 10_000;
/// How often it sends one to a desk, milliseconds: whoever decides over units has to see within five seconds that the
/// picture stands still.
pub const DESK_HEARTBEAT_MS: i64 = 1_500;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Positions: the newest first after an outage. No reply unless some are refused or came from a backlog.
    Fixes {
        /// The device's clock when it sent this, Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_ms: Option<i64>,
        /// At most [`FIXES_MAX`].
        fixes: Vec<FixFrame>,
    },
    /// This phone has the offer.
    Delivered {
        /// Which.
        dispatch: DispatchId,
    },
    /// A step of a dispatch.
    Step {
        /// The client's name for this tap.
        command_id: CommandId,
        /// Which dispatch.
        dispatch: DispatchId,
        /// Where to.
        to: DispatchStatus,
        /// Why, when declining.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How it ended, when clearing as the last unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disposition: Option<Disposition>,
        /// The device's clock at the tap, where it was made offline, Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_ms: Option<UnixMs>,
    },
    /// An officer is in danger.
    Panic {
        /// The client's name for this press.
        command_id: CommandId,
        /// Where, if the phone knows; else the unit's last place counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// The device's clock at the press, Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_ms: Option<UnixMs>,
    },
    /// A note on an incident.
    Note {
        /// The client's name for this note.
        command_id: CommandId,
        /// Which incident.
        incident: IncidentId,
        /// What.
        text: String,
        /// The device's clock, where it was written offline, Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_ms: Option<UnixMs>,
    },
    /// Follow journals: each area with the cursor to resume after, or null for a snapshot and the present on. An officer
    /// follows the part of their unit; a desk role follows everything of the area.
    Subscribe {
        /// Area → cursor.
        areas: BTreeMap<AreaCode, Option<i64>>,
    },
    /// Follow positions of an area within a box; without a box, all of it. Replaces the view before; null ends it.
    View {
        /// Which area.
        area: AreaCode,
        /// What of it is on the screen.
        #[serde(default)]
        bounds: Option<Bounds>,
        /// `false` ends the view.
        #[serde(default = "yes")]
        on: bool,
        /// `true`: positions come as binary frames of some five bytes for each unit, as the message `positions_packed`
        /// says; else as texts, `positions`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        packed: bool,
    },
    /// Look at an area's board: how it stands with its promise, its units, what is late or about to be. For desk roles.
    Board {
        /// Which area.
        area: AreaCode,
        /// `false` ends it.
        #[serde(default = "yes")]
        on: bool,
    },
}

impl ClientFrame {
    /// The client's name for the command, where the frame is one.
    #[must_use]
    pub const fn command_id(&self) -> Option<CommandId> {
        match self {
            Self::Step { command_id, .. } | Self::Panic { command_id, .. } | Self::Note { command_id, .. } => {
                Some(*command_id)
            }
            _ => None,
        }
    }

    /// The type on the wire.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Fixes { .. } => "fixes",
            Self::Delivered { .. } => "delivered",
            Self::Step { .. } => "step",
            Self::Panic { .. } => "panic",
            Self::Note { .. } => "note",
            Self::Subscribe { .. } => "subscribe",
            Self::View { .. } => "view",
            Self::Board { .. } => "board",
        }
    }
}

const fn yes() -> bool {
    true
}

/// One position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixFrame {
    /// The device's clock when the fix was made, Unix milliseconds.
    pub at_ms: i64,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// Radius of 68 % confidence, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Metres per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_pct: Option<f64>,
    /// The system says that an app made it up.
    #[serde(default)]
    pub mock: bool,
    /// Kept through an outage: fills the track, never moves the pin.
    #[serde(default)]
    pub backlog: bool,
}

impl From<&FixFrame> for RawFix {
    fn from(fix: &FixFrame) -> Self {
        Self {
            lat: fix.lat,
            lng: fix.lng,
            device_ms: fix.at_ms,
            accuracy_m: fix.accuracy_m,
            speed_mps: fix.speed_mps,
            heading_deg: fix.heading_deg,
            battery_pct: fix.battery_pct,
            mock: fix.mock,
            backlog: fix.backlog,
        }
    }
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame.
    Hello {
        /// Names this session in logs.
        session: String,
        /// Server time.
        server_ms: UnixMs,
        /// A client that hears nothing for three of these should reconnect.
        heartbeat_ms: i64,
        /// What the server refuses.
        limits: FrameLimits,
        /// The unit that this phone rides with.
        unit: Option<UnitId>,
        /// Whether this phone's fixes are the unit's position.
        position_source: bool,
        /// The roles, by area.
        roles: Vec<(AreaCode, Role)>,
    },
    /// The crew changed: this phone rides with another unit, or its fixes count now, or no longer. A subscription to the
    /// unit before has ended: subscribe again.
    Riding {
        /// The unit that this phone rides with.
        unit: Option<UnitId>,
        /// Whether this phone's fixes are the unit's position.
        position_source: bool,
    },
    /// Something happened. `prev` is the cursor that the client must have; another one means a gap: subscribe again.
    Event {
        /// Whose journal.
        area: AreaCode,
        /// Its number: the new cursor.
        seq: i64,
        /// The cursor before.
        prev: i64,
        /// What.
        event: Arc<Event>,
        /// For a crew, with its own work: what it needs to know, as it is now. Of several events about one dispatch that
        /// are sent together, the last has it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        brief: Option<Box<Brief>>,
    },
    /// Everything visible after the cursor was sent; from here on it is live.
    Resumed {
        /// Whose journal.
        area: AreaCode,
        /// The new cursor.
        cursor: i64,
    },
    /// Start over from this picture: nothing was asked for, or too much was missed.
    Reset {
        /// Whose journal.
        area: AreaCode,
        /// The new cursor.
        cursor: i64,
        /// For a desk: its picture.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        desk: Option<Box<Deskful>>,
        /// For a crew: its open work.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        work: Option<Vec<Brief>>,
    },
    /// All is well; take these cursors as your own.
    Heartbeat {
        /// Server time.
        server_ms: UnixMs,
        /// Area → cursor.
        cursors: BTreeMap<AreaCode, i64>,
    },
    /// The node stops, and closes the socket with 4000 after this. Come back, to another node or this one, after so long:
    /// everybody is told another moment, so that nobody is overrun. Cursors hold.
    Drain {
        /// When to open a new socket, milliseconds from now.
        come_back_ms: i64,
    },
    /// Units that moved or changed since the last of these. No acknowledgement, the newest per unit.
    Positions {
        /// Whose units.
        area: AreaCode,
        /// The units.
        units: Vec<PositionFrame>,
    },
    /// An area's board: whenever something changed on it, and every two seconds. Of its cities only those that changed
    /// since the one before; the first one has all. No acknowledgement, the newest only: a client that hears nothing for
    /// five seconds must say that the board stands still.
    Board {
        /// What is shown.
        #[serde(flatten)]
        board: Box<Board>,
    },
    /// What became of a frame of fixes.
    FixesTaken {
        /// How many were kept.
        kept: u32,
        /// How many came too fast and gave way to a newer one.
        conflated: u32,
        /// The refused ones.
        refused: Vec<FixRefused>,
    },
    /// The answer to a command.
    Reply {
        /// Which.
        command_id: CommandId,
        /// What came of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        ok: Option<serde_json::Value>,
        /// Why nothing did.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        problem: Option<Problem>,
    },
    /// A frame that was not understood, or that has no command id to answer to.
    Problem {
        /// Why.
        problem: Problem,
    },
}

/// What the server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameLimits {
    /// Longest frame, bytes.
    pub frame_bytes: usize,
    /// Most fixes in a frame.
    pub fixes: usize,
}

/// A unit on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PositionFrame {
    /// Which.
    pub unit: UnitId,
    /// `free`, `busy` or `off`.
    pub availability: Cow<'static, str>,
    /// Where; none: take it off the map.
    pub place: Option<Place>,
    /// When the fix was made, server time.
    pub at: Option<UnixMs>,
    /// Degrees clockwise from north.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heading_deg: Option<f32>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub speed_mps: Option<f32>,
}

/// A refused fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixRefused {
    /// Its place in the frame, from 0.
    pub index: u32,
    /// A stable word, as in `too_fast`.
    pub reason: String,
    /// The reason in words, with the numbers.
    pub detail: String,
}
