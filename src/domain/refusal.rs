//! Why a command was not carried out: one list for the whole program.
//!
//! Invariant: a refusal changed nothing. `wire::problem` has the one table from each to its code and HTTP status.

use super::{
    access::Role,
    dispatch::DispatchStatus,
    ids::*,
    incident::IncidentStatus,
    report::{CallState, ReportStatus},
    unit::Duty,
};

/// A step that a status machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {from}; it cannot become {to}")]
pub struct WrongTransition<S: std::fmt::Display> {
    /// `incident`, `dispatch`, `report` or `unit`.
    pub what: &'static str,
    /// Where it stands.
    pub from: S,
    /// Where the step would have led.
    pub to: S,
}

/// Why a command was refused. Holds what the client needs to go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Unknown, or outside the asker's areas: the two are not told apart.
    #[error("no such {0} in your areas")]
    NotFound(&'static str),
    /// Inside the asker's areas, but not with this role.
    #[error("this needs the role {needs}")]
    Forbidden {
        /// The least role that may.
        needs: Role,
    },
    /// An officer acts for a unit without being of its crew.
    #[error("you are not signed on to {0}")]
    NotCrew(UnitId),
    /// The dispatch is at another step.
    #[error(transparent)]
    Dispatch(#[from] WrongTransition<DispatchStatus>),
    /// The incident is at another step.
    #[error(transparent)]
    Incident(#[from] WrongTransition<IncidentStatus>),
    /// The report is at another step.
    #[error(transparent)]
    Report(#[from] WrongTransition<ReportStatus>),
    /// The call is at another step.
    #[error(transparent)]
    Call(#[from] WrongTransition<CallState>),
    /// Somebody else holds the report.
    #[error("{report} is with somebody else at {desk}")]
    ReportHeld {
        /// The report.
        report: ReportId,
        /// Where.
        desk: DeskId,
        /// Who.
        holder: AccountId,
    },
    /// Somebody who is on shift at no desk cannot take a report.
    #[error("sit down at a desk first")]
    NotOnShift,
    /// A caller who was silent or hung up must be tried to be reached before the report may end.
    #[error("{0}: try to reach the caller again first")]
    CallbackFirst(ReportId),
    /// The caller's number is not known, or was erased.
    #[error("{0} has no number")]
    NoNumber(ReportId),
    /// A caller with an open report is not erased: somebody may have to reach them.
    #[error("{0} of this caller is open: close it first")]
    CallerOpen(ReportId),
    /// Somebody saw more numbers than anybody needs to.
    #[error("too many numbers were seen; come back in {retry_after_ms} ms")]
    TooOften {
        /// When the next one is shown.
        retry_after_ms: i64,
    },
    /// The unit is at another step.
    #[error(transparent)]
    Duty(#[from] WrongTransition<Duty>),
    /// The unit has work.
    #[error("{unit} is on {dispatch}")]
    UnitBusy {
        /// The unit that was wanted.
        unit: UnitId,
        /// What holds it.
        dispatch: DispatchId,
    },
    /// The unit is not on duty.
    #[error("{0} is not on duty")]
    UnitOffDuty(UnitId),
    /// The phone rides with another unit.
    #[error("this phone rides with {0}: sign off there first")]
    RidesWith(UnitId),
    /// The unit already works on this incident.
    #[error("{unit} is on {incident} already")]
    AlreadyAssigned {
        /// The unit.
        unit: UnitId,
        /// The incident.
        incident: IncidentId,
    },
    /// A thing of this name exists.
    #[error("{0} exists already")]
    Exists(String),
    /// The same command id came with another body.
    #[error("command {0} was used before with another body")]
    CommandReused(CommandId),
    /// The incident has the units that it needs.
    #[error("{0} has enough units")]
    EnoughUnits(IncidentId),
    /// The incident is closed.
    #[error("{0} is closed")]
    IncidentClosed(IncidentId),
    /// A panic incident is closed by a dispatcher only.
    #[error("{0} was opened by the panic button: only a dispatcher closes it")]
    PanicIncident(IncidentId),
    /// Nobody writes to us about this report, or did so too long ago: the channel lets us only answer.
    #[error("nobody wrote to us about {0} within a day: call back")]
    NoConversation(ReportId),
    /// The citizen can rate it when it is closed.
    #[error("{0} is not closed yet")]
    NotClosed(ReportId),
    /// There are enough of these already.
    #[error("there are enough {0} already")]
    Enough(&'static str),
    /// A value that parsed but makes no sense here.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field's name in the API.
        field: &'static str,
        /// What a good one looks like.
        reason: String,
    },
}

impl Refusal {
    /// A value that makes no sense.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }
}
