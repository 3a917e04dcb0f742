//! Names to log in with.

use super::ids::InvalidId;
use std::{fmt, str::FromStr};

/// Bytes that a login name may have.
const LOGIN_MAX: usize = 64;

/// The name that somebody logs in with: `m12.bpn`. Capitals are taken as small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginName(String);

impl LoginName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginName {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, InvalidId> {
        let good = (2..=LOGIN_MAX).contains(&s.len())
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@'));
        if !good {
            return Err(InvalidId::new("login", s, "2 to 64 letters, digits, dots, dashes, _ or @"));
        }
        Ok(Self(s.to_ascii_lowercase()))
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_capitals_and_small_letters() {
        assert_eq!("M12.BPN".parse::<LoginName>(), "m12.bpn".parse());
        for wrong in ["", "a", "a b", "a\0b", "ab\n", &"x".repeat(65)] {
            assert!(wrong.parse::<LoginName>().is_err(), "{wrong:?}");
        }
    }
}
