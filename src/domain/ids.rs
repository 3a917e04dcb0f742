//! The names of things. Each shows the area that it belongs to.
//!
//! | thing | form | example |
//! | --- | --- | --- |
//! | area | 2–12 capitals or digits | `BPN` |
//! | unit | area, call sign | `BPN-M12` |
//! | incident | area, number | `BPN-1024` |
//! | report | area, `R` and number | `BPN-R1024` |
//! | dispatch | area, `D` and number | `BPN-D1024` |
//! | desk | area, dot, name | `BPN.SPKT` |
//! | tracker | unit, `T` and number | `BPN-M12-T1` |
//!
//! Invariant: a value of these types parsed; it holds no quotes, no spaces, no NUL. All are small and `Copy`.

mod tracker;

pub use tracker::TrackerId;

use serde::{Deserialize, Serialize, de};
use std::{borrow::Cow, fmt, str::FromStr};
use uuid::Uuid;

/// Why a text is not the name that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {what}: expected {expected}")]
pub struct InvalidId {
    /// What was wanted, as in `area code`.
    pub what: &'static str,
    /// What was given, cut to 40 characters.
    pub value: String,
    /// What a good one looks like.
    pub expected: &'static str,
}

impl InvalidId {
    /// An error that shows the beginning of `value`.
    #[must_use]
    pub fn new(what: &'static str, value: &str, expected: &'static str) -> Self {
        Self { what, value: value.chars().take(40).collect(), expected }
    }
}

/// A short ASCII text kept in place, so that names can be `Copy` and cost no allocation on the hot path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Short<const N: usize> {
    // The bytes come first so that the derived order is the order of the texts (unused bytes are zero).
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Short<N> {
    fn new(s: &str) -> Option<Self> {
        if s.len() > N || !s.is_ascii() {
            return None;
        }
        let mut bytes = [0; N];
        bytes[..s.len()].copy_from_slice(s.as_bytes());
        Some(Self { bytes, len: u8::try_from(s.len()).ok()? })
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("built from ASCII")
    }
}

/// An area's short code: `BPN`, `KALTIM`, `ID`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaCode(Short<12>);

impl AreaCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for AreaCode {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        let good = (2..=12).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        Short::new(s)
            .filter(|_| good)
            .map(Self)
            .ok_or_else(|| InvalidId::new("area code", s, "2 to 12 capitals or digits, as in BPN"))
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A unit: its area and call sign, `BPN-M12`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId {
    /// The area that the unit belongs to.
    pub area: AreaCode,
    sign: Short<10>,
}

impl UnitId {
    /// A unit's name from its parts.
    ///
    /// # Errors
    /// [`InvalidId`] when the call sign is not 1–6 capitals and 1–4 digits. `R` and `D` alone before the digits are
    /// refused: they name reports and dispatches.
    pub fn new(area: AreaCode, sign: &str) -> Result<Self, InvalidId> {
        let letters = sign.bytes().take_while(u8::is_ascii_uppercase).count();
        let digits = &sign[letters..];
        let good = (1..=6).contains(&letters)
            && (1..=4).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !matches!(&sign[..letters], "R" | "D");
        Short::new(sign)
            .filter(|_| good)
            .map(|sign| Self { area, sign })
            .ok_or_else(|| InvalidId::new("call sign", sign, "letters then digits, as in M12"))
    }

    /// The call sign without the area: `M12`.
    #[must_use]
    pub fn sign(&self) -> &str {
        self.sign.as_str()
    }
}

impl FromStr for UnitId {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        let (area, sign) =
            s.split_once('-').ok_or_else(|| InvalidId::new("unit", s, "area and call sign, as in BPN-M12"))?;
        Self::new(area.parse()?, sign)
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.area, self.sign())
    }
}

/// A desk: its area and its name there, `BPN.SPKT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeskId {
    /// The area that the desk belongs to.
    pub area: AreaCode,
    name: Short<12>,
}

impl DeskId {
    /// The desk that every area has from the beginning: its service desk (SPKT).
    #[must_use]
    pub fn main(area: AreaCode) -> Self {
        Self { area, name: Short::new("SPKT").expect("four letters fit") }
    }

    /// The name without the area: `SPKT`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}

impl FromStr for DeskId {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId::new("desk", s, "area, dot and 2 to 12 capitals or digits, as in BPN.SPKT");
        let (area, name) = s.split_once('.').ok_or_else(wrong)?;
        let good = name.len() >= 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let name = Short::new(name).filter(|_| good).ok_or_else(wrong)?;
        Ok(Self { area: area.parse()?, name })
    }
}

impl fmt::Display for DeskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.area, self.name())
    }
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $what:literal, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The area that it belongs to.
            pub area: AreaCode,
            /// Its number in that area, from 1.
            pub no: i64,
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(s: &str) -> Result<Self, InvalidId> {
                let wrong = || InvalidId::new($what, s, $expected);
                let (area, no) = s.split_once('-').ok_or_else(wrong)?;
                let no = no.strip_prefix($prefix).ok_or_else(wrong)?;
                if no.starts_with('0') || !no.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(wrong());
                }
                Ok(Self { area: area.parse()?, no: no.parse().map_err(|_| wrong())? })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}-{}{}", self.area, $prefix, self.no)
            }
        }
    };
}

numbered!(
    /// An incident: `BPN-1024`.
    IncidentId, "incident", "", "area and number, as in BPN-1024"
);
numbered!(
    /// A report: `BPN-R1024`.
    ReportId, "report", "R", "area, R and number, as in BPN-R1024"
);
numbered!(
    /// A dispatch: `BPN-D1024`, numbered in the incident's area.
    DispatchId, "dispatch", "D", "area, D and number, as in BPN-D1024"
);

/// Serde, `Debug` and schemas for names that are texts outside.
macro_rules! textual {
    ($($name:ident: $example:literal),* $(,)?) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(d)?.parse().map_err(de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "examples": [$example] })
            }
        }
    )* };
}
textual! {
    AreaCode: "BPN", UnitId: "BPN-M12", IncidentId: "BPN-1024", ReportId: "BPN-R1024", DispatchId: "BPN-D1024",
    DeskId: "BPN.SPKT",
    TrackerId: "BPN-M12-T1",
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new name; the random and time parts come from the caller's machine.
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(s: &str) -> Result<Self, InvalidId> {
                s.parse().map(Self).map_err(|_| InvalidId::new(stringify!($name), s, "a UUID"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}
uuid_id!(
    /// A client's name for one command (`UUIDv7`), so that a repeat is known as one.
    CommandId
);
uuid_id!(
    /// A person who can log in.
    AccountId
);
uuid_id!(
    /// A phone or tracker.
    DeviceId
);
uuid_id!(
    /// What a supervisor said of a caller.
    FlagId
);
uuid_id!(
    /// Someone or something whose personal text is sealed under a key of its own.
    SubjectId
);

uuid_id!(
    /// A message to a citizen.
    MessageId
);
uuid_id!(
    /// A citizen's complaint.
    ComplaintId
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_go_there_and_back() {
        assert_eq!("BPN-M12".parse::<UnitId>().unwrap().to_string(), "BPN-M12");
        assert_eq!("BPN-1024".parse::<IncidentId>().unwrap().no, 1024);
        assert_eq!("BPN-R7".parse::<ReportId>().unwrap().to_string(), "BPN-R7");
        assert_eq!("BPN.SPKT".parse::<DeskId>().unwrap(), DeskId::main("BPN".parse().unwrap()));
        assert_eq!(serde_json::to_string(&"ID-D7".parse::<DispatchId>().unwrap()).unwrap(), r#""ID-D7""#);
    }

    #[test]
    fn names_are_kept_apart() {
        for wrong in ["BPN-R12", "BPN-D1", "BPN-12", "BPN-", "BPN", "bpn-M1", "BPN-M12345", "BPN-Mé1"] {
            assert!(wrong.parse::<UnitId>().is_err(), "{wrong}");
        }
        for wrong in ["BPN", "BPN.", "BPN.S", "BPN.spkt", "BPN.SPKT.1", "BPN.THIRTEENCHARS"] {
            assert!(wrong.parse::<DeskId>().is_err(), "{wrong}");
        }
        for wrong in ["BPN-M1", "BPN-0", "BPN-01", "BPN--1", "BPN-+1", "B-1", "BPN-99999999999999999999"] {
            assert!(wrong.parse::<IncidentId>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(s in "\\PC{0,30}") {
            let _ = (s.parse::<UnitId>(), s.parse::<IncidentId>(), s.parse::<AreaCode>(), s.parse::<CommandId>());
        }

        #[test]
        fn codes_sort_as_texts(a in "[A-Z0-9]{2,12}", b in "[A-Z0-9]{2,12}") {
            let (x, y): (AreaCode, AreaCode) = (a.parse().unwrap(), b.parse().unwrap());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }
}
