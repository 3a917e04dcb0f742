//! Who may do what where: roles in areas, and the one table of acts.
//!
//! Invariant: every read and write of the store takes a [`Scope`] (in a [`Cause`] where it writes), and a scope says
//! `NotFound` for what lies outside its areas, so that nobody learns what exists elsewhere.

use super::{area::AreaTree, ids::*, refusal::Refusal, time::UnixMs, words::words};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

words! {
    /// What a person does in an area. A role in a region counts in its cities.
    Role, "role" {
        /// Rides with a unit.
        Officer = "officer",
        /// Takes calls at a Polda.
        Operator = "operator",
        /// Sends units at a Polres.
        Dispatcher = "dispatcher",
        /// Answers for the minutes.
        Commander = "commander",
        /// Sets up areas, units and accounts.
        Admin = "admin",
    }
}

/// Something that a role permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// See the area, its units and its promise.
    See,
    /// See reports, incidents, the journal.
    SeeDesk,
    /// Sign on to a unit, answer offers, open incidents in the field.
    Ride,
    /// Take and validate reports.
    TakeReport,
    /// Offer, assign, recall, close, enter statuses for a crew.
    Dispatch,
    /// Give a unit a tracker, take it away.
    Equip,
    /// Read citizens' complaints about the police.
    ReadComplaints,
    /// Say something of a caller, look one up by number, see a number for an investigation. Not for those who take the
    /// calls: whoever is annoyed by a caller does not judge over them.
    Supervise,
    /// Change areas, units, accounts.
    Manage,
}

impl Act {
    /// The roles that may, the least one first.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        use Role::{Admin, Commander, Dispatcher, Officer, Operator};
        match self {
            Self::See => &[Officer, Operator, Dispatcher, Commander, Admin],
            Self::SeeDesk => &[Operator, Dispatcher, Commander, Admin],
            Self::Ride => &[Officer],
            Self::TakeReport => &[Operator, Dispatcher],
            Self::Dispatch => &[Dispatcher],
            Self::Equip => &[Dispatcher, Admin],
            Self::ReadComplaints => &[Commander],
            Self::Supervise => &[Commander],
            Self::Manage => &[Admin],
        }
    }
}

/// A role in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Grant {
    /// Where, including everything below.
    pub area: AreaCode,
    /// What.
    pub role: Role,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Somebody who logged in.
    Account(AccountId),
    /// The program itself: a clock, the automatic offer.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        match s.strip_prefix("account:") {
            Some(id) => Ok(Self::Account(id.parse()?)),
            None if s == "system" => Ok(Self::System),
            None => Err(InvalidId::new("actor", s, "system, or account: and a UUID")),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Actor {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Actor")
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Who did something: the program itself, or an account by its UUID.",
            "type": "string", "pattern": "^(system|account:[0-9a-f-]{36})$",
        })
    }
}

/// What somebody may see and do: their roles, held against the tree of areas.
#[derive(Clone, Debug)]
pub struct Scope {
    actor: Actor,
    grants: Arc<[Grant]>,
    tree: Arc<AreaTree>,
}

impl Scope {
    /// A logged-in person's scope.
    #[must_use]
    pub fn new(account: AccountId, grants: impl Into<Arc<[Grant]>>, tree: Arc<AreaTree>) -> Self {
        Self { actor: Actor::Account(account), grants: grants.into(), tree }
    }

    /// The program's own scope: everywhere, everything.
    #[must_use]
    pub fn system() -> Self {
        Self { actor: Actor::System, grants: Arc::new([]), tree: Arc::new(AreaTree::default()) }
    }

    /// Who this is.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// The account, when it is a person's.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self.actor {
            Actor::Account(id) => Some(id),
            Actor::System => None,
        }
    }

    /// The grants as given.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether `act` is permitted in `area`.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] without any role there, [`Refusal::Forbidden`] with the wrong one.
    pub fn require(&self, area: AreaCode, act: Act) -> Result<(), Refusal> {
        if self.actor == Actor::System {
            return Ok(());
        }
        let mut seen = false;
        for grant in self.grants.iter().filter(|g| self.tree.is_within(area, g.area)) {
            if act.roles().contains(&grant.role) {
                return Ok(());
            }
            seen = true;
        }
        Err(if seen { Refusal::Forbidden { needs: act.roles()[0] } } else { Refusal::NotFound("area") })
    }

    /// Whether a report may be passed to the desk of `area`: by its own desk, or by one below it, which cannot keep what
    /// lies in no city.
    ///
    /// # Errors
    /// As [`Self::require`].
    pub fn require_pass(&self, area: AreaCode) -> Result<(), Refusal> {
        let below = |g: &&Grant| Act::TakeReport.roles().contains(&g.role) && self.tree.is_within(g.area, area);
        let passed = self.grants.iter().find(below).map(|_| ());
        passed.ok_or(()).or_else(|()| self.require(area, Act::TakeReport))
    }

    /// Whether `act` is permitted somewhere in `area` or below it: what counts there counts for them too.
    #[must_use]
    pub fn is_below(&self, area: AreaCode, act: Act) -> bool {
        self.grants.iter().any(|g| act.roles().contains(&g.role) && self.tree.is_within(g.area, area))
    }

    /// The areas where `act` is permitted, without those below them.
    pub fn areas(&self, act: Act) -> impl Iterator<Item = AreaCode> + '_ {
        self.grants.iter().filter(move |g| act.roles().contains(&g.role)).map(|g| g.area)
    }

    /// Whether `act` is permitted in `area`.
    #[must_use]
    pub fn may(&self, area: AreaCode, act: Act) -> bool {
        self.require(area, act).is_ok()
    }
}

words! {
    /// The way by which a change came in.
    Source, "source" {
        /// An officer's phone.
        Phone = "phone",
        /// A console.
        Console = "console",
        /// Spoken over the radio and entered by a dispatcher.
        Radio = "radio",
        /// A citizen, by any channel.
        Citizen = "citizen",
        /// The program itself.
        System = "system",
    }
}

/// A command's name and the digest of what it asked, so that a repeat gets the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandKey {
    /// The client's name for it.
    pub id: CommandId,
    /// SHA-256 over operation, actor and body.
    pub digest: [u8; 32],
}

/// Who asks for a change, when, and how: the part of the event envelope that the asker brings.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Who, and what they may.
    pub scope: Scope,
    /// How it came in.
    pub source: Source,
    /// Server time.
    pub now: UnixMs,
    /// The device's own time, for taps made offline.
    pub device_at: Option<UnixMs>,
    /// Its name, where the client gave one.
    pub command: Option<CommandKey>,
}

impl Cause {
    /// The program acts by itself.
    #[must_use]
    pub fn system(now: UnixMs) -> Self {
        Self { scope: Scope::system(), source: Source::System, now, device_at: None, command: None }
    }
}
