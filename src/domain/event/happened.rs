//! The kinds of events: one list, in the order of the work.

use super::{Update, Work};
use crate::domain::{
    access::Role,
    aml::AmlMethod,
    caller::{Grade, Purpose},
    desk::Stage,
    dispatch::{Arrival, Mode, Unanswered},
    ids::*,
    incident::{Disposition, Origin, Priority},
    link::Destination,
    message::MessageChannel,
    report::{CallState, CallbackWay, Channel, Closing, Informed, InvalidReason, Part, RingReason},
    sla::{cause::Attribution, fact::Fact, policy::Rules, risk::Advice},
    time::UnixMs,
    unit::Duty,
};
use serde::{Deserialize, Serialize};

/// Each kind once: its word in the journal, in frames and in the specs, then what it tells.
macro_rules! happened {
    ($($(#[$doc:meta])* $word:literal $name:ident $({ $($field:tt)* })? $(( $($inner:tt)* ))?,)*) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(tag = "kind", content = "body")]
        pub enum Happened {
            $($(#[$doc])* #[serde(rename = $word)] $name $({ $($field)* })? $(( $($inner)* ))?,)*
        }

        impl Happened {
            /// The kind, as in the journal.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$name { .. } => $word,)* }
            }
        }
    };
}

happened! {
    /// The area exists from here on: the first event of every journal.
    "area.created" AreaCreated { name: String },
    /// Its boundary, districts, targets or settings changed.
    "area.changed" AreaChanged { what: String },
    /// Another promise, for what begins from then on.
    "sla.policy" PolicySet { version: i64, from: UnixMs, rules: Rules },
    /// Somebody was given a role here.
    "account.added" AccountAdded { account: AccountId, role: Role },
    /// Somebody can log in no more.
    "account.closed" AccountClosed { account: AccountId },
    /// A device was lost: it can be used no more.
    "device.revoked" DeviceRevoked { device: DeviceId },
    /// A unit was set up.
    "unit.added" UnitAdded { unit: UnitId },
    /// A unit came on duty, went off, or out of service.
    "unit.duty" UnitDuty { unit: UnitId, duty: Duty, reason: Option<String> },
    /// An officer signed on.
    "crew.signed_on" CrewSignedOn { unit: UnitId, device: DeviceId, position_source: bool },
    /// An officer signed off.
    "crew.signed_off" CrewSignedOff { unit: UnitId, device: DeviceId },
    /// From here on this phone's fixes are the unit's position.
    "crew.source" CrewSource { unit: UnitId, device: DeviceId },
    /// A desk was set up.
    "desk.added" DeskAdded { desk: DeskId },
    /// Somebody sat down at a desk.
    "shift.began" ShiftBegan { desk: DeskId, account: AccountId },
    /// Somebody left it.
    "shift.ended" ShiftEnded { desk: DeskId, account: AccountId },
    /// A unit was given a tracker.
    "tracker.added" TrackerAdded { tracker: TrackerId, unit: UnitId, position_source: bool },
    /// A tracker's secret counts no more.
    "tracker.revoked" TrackerRevoked { tracker: TrackerId, unit: UnitId },
    /// A citizen made contact. `commitment` binds the sealed text.
    "report.received" ReportReceived {
        report: ReportId,
        channel: Channel,
        outside_area: bool,
        near: Vec<AreaCode>,
        commitment: Option<String>,
    },
    /// It rings at a desk until `until`: an alarm, told again at each rung and each lap until somebody takes it.
    "report.ringing" ReportRinging {
        report: ReportId,
        desk: DeskId,
        stage: Stage,
        lap: i64,
        until: UnixMs,
        staffed: bool,
        why: RingReason,
    },
    /// Somebody took it; `from` held it before.
    "report.claimed" ReportClaimed { report: ReportId, desk: DeskId, holder: AccountId, from: Option<AccountId> },
    /// More became known, or better. `commitment` binds the sealed text.
    "report.amended" ReportAmended { report: ReportId, parts: Vec<Part>, commitment: String },
    /// The caller's phone said where it is. `used`: no better place was known.
    "report.located" ReportLocated { report: ReportId, method: AmlMethod, radius_m: i64, used: bool },
    /// The call is at another step.
    "call.changed" CallChanged { report: ReportId, call: CallState },
    /// Somebody tried to reach the caller again.
    "call.callback" CallCallback { report: ReportId, way: CallbackWay, reached: bool },
    /// The exchange keeps a recording.
    "call.recorded" CallRecorded { report: ReportId },
    /// Its incident is still open and nobody closed it: a reminder.
    "report.waiting" ReportWaiting { report: ReportId },
    /// Found valid.
    "report.validated" ReportValidated { report: ReportId, incident: Option<IncidentId> },
    /// Found to be no police work.
    "report.invalid" ReportInvalid { report: ReportId, reason: InvalidReason },
    /// Taken out of an incident that it was thought to be of.
    "report.split" ReportSplit { report: ReportId, from: IncidentId, to: IncidentId },
    /// Opened again. `commitment` binds the reason.
    "report.reopened" ReportReopened { report: ReportId, commitment: String },
    /// Closed.
    "report.closed" ReportClosed { report: ReportId, closing: Closing, informed: Informed },
    /// A message to the citizen waits to be sent. `commitment` binds the sealed text.
    "message.queued" MessageQueued {
        message: MessageId,
        report: ReportId,
        channel: MessageChannel,
        commitment: String,
    },
    /// A message did not reach the citizen: an alarm. `why` is the channel's status and code.
    "message.failed" MessageFailed {
        message: MessageId,
        report: ReportId,
        channel: MessageChannel,
        why: String,
    },
    /// A link for the citizen was made, good until then.
    "link.made" LinkMade { report: ReportId, expires: UnixMs },
    /// The citizen says that help is no longer needed. Nothing is closed by that: a desk decides.
    "citizen.cancelled" CitizenCancelled { report: ReportId },
    /// The citizen rated how the report was handled, one to five. `commitment` binds the words.
    "citizen.rated" CitizenRated { report: ReportId, stars: i64, commitment: Option<String> },
    /// The citizen complains. `commitment` binds the words.
    "complaint.filed" ComplaintFiled {
        complaint: ComplaintId,
        report: ReportId,
        destination: Destination,
        commitment: String,
    },
    /// Somebody read complaints.
    "complaints.read" ComplaintsRead { from: UnixMs, to: UnixMs, count: i64 },
    /// An incident was opened.
    "incident.opened" IncidentOpened {
        incident: IncidentId,
        priority: Priority,
        origin: Origin,
        report: Option<ReportId>,
        by_unit: Option<UnitId>,
        target_ms: i64,
    },
    /// Another place became known; the place itself is read from the incident.
    "incident.place" IncidentPlace { incident: IncidentId, version: i64, district: Option<String> },
    /// More or less urgent; the promise follows.
    "incident.priority" IncidentPriority { incident: IncidentId, priority: Priority, target_ms: i64 },
    /// Its clock starts at another moment: a report joined it, or left it.
    "incident.clock" IncidentClock { incident: IncidentId, start: UnixMs, target_ms: i64 },
    /// It is the same as another one, which has its reports from here on.
    "incident.merged" IncidentMerged { incident: IncidentId, into: IncidentId },
    /// A note was added. `commitment` binds the sealed text.
    "incident.note" IncidentNote { incident: IncidentId, no: i64, commitment: String },
    /// No unit could be found: an alarm for the dispatchers. The incident stays first in the queue.
    "incident.unassigned" IncidentUnassigned { incident: IncidentId },
    /// This unit is the nearest, a dispatcher decides: the city offers by hand, or the unit's does and no other is left.
    "incident.proposed" IncidentProposed { incident: IncidentId, unit: UnitId },
    /// The promise may not be kept: an alarm, with what is expected and what would help.
    "incident.at_risk" IncidentAtRisk {
        incident: IncidentId,
        left_ms: i64,
        #[serde(flatten)]
        advice: Advice,
    },
    /// The promise is broken, and why as far as is known by then. Fires once.
    "incident.breached" IncidentBreached {
        incident: IncidentId,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cause: Option<Attribution>,
    },
    /// What it came to for the promise, as every figure counts it from here on; nothing, where it is open again.
    "incident.counted" IncidentCounted { incident: IncidentId, fact: Option<Box<Fact>> },
    /// Closed.
    "incident.closed" IncidentClosed { incident: IncidentId, disposition: Disposition },
    /// Waits behind the unit's present work.
    "dispatch.queued" DispatchQueued(Work),
    /// The crew is asked; the unit is held.
    "dispatch.offered" DispatchOffered {
        #[serde(flatten)]
        work: Work,
        mode: Mode,
        answer_by: UnixMs,
    },
    /// A phone of the crew has the offer.
    "dispatch.delivered" DispatchDelivered {
        #[serde(flatten)]
        work: Work,
        device: DeviceId,
    },
    /// The crew, or a dispatcher for it, said yes.
    "dispatch.accepted" DispatchAccepted {
        #[serde(flatten)]
        work: Work,
        mode: Mode,
    },
    /// The crew said no.
    "dispatch.declined" DispatchDeclined {
        #[serde(flatten)]
        work: Work,
        reason: String,
    },
    /// Nobody answered.
    "dispatch.expired" DispatchExpired {
        #[serde(flatten)]
        work: Work,
        why: Unanswered,
    },
    /// On the way.
    "dispatch.en_route" DispatchEnRoute(Work),
    /// There.
    "dispatch.on_scene" DispatchOnScene {
        #[serde(flatten)]
        work: Work,
        arrival: Arrival,
    },
    /// Done.
    "dispatch.cleared" DispatchCleared(Work),
    /// What the crew works on changed: place, priority or a note. Read the incident again.
    "dispatch.updated" DispatchUpdated {
        #[serde(flatten)]
        work: Work,
        what: Update,
    },
    /// Taken back.
    "dispatch.recalled" DispatchRecalled {
        #[serde(flatten)]
        work: Work,
        reason: String,
    },
    /// Somebody saw a caller's whole number. `commitment` binds the note, where there is one.
    "caller.unmasked" CallerUnmasked { report: ReportId, purpose: Purpose, commitment: Option<String> },
    /// Somebody asked what is known of a number.
    "caller.looked_up" CallerLookedUp { reports: usize },
    /// A supervisor said something of a caller. `commitment` binds the reason.
    "caller.flagged" CallerFlagged {
        flag: FlagId,
        report: ReportId,
        grade: Grade,
        until: UnixMs,
        evidence: Vec<ReportId>,
        commitment: String,
    },
    /// It was taken back. `commitment` binds the reason.
    "caller.flag_lifted" CallerFlagLifted { flag: FlagId, commitment: String },
    /// A subject's key was destroyed: what it sealed can be read no more. `commitment` binds the reason; without one its
    /// time was over.
    "subject.erased" SubjectErased {
        subject: SubjectId,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        commitment: Option<String>,
    },
}
