//! Telephone numbers in one form: E.164.
//!
//! Invariant: one caller is one number, however it was written or dialled. A number is personal: it is never shown by
//! `Debug` and never in an error.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Digits after the country code 62: area codes and mobiles in use have 7 to 13, and begin with 2 to 9.
const NATIONAL: std::ops::RangeInclusive<usize> = 7..=13;
/// Digits of any other country's number, code included (E.164 allows 15).
const ABROAD: std::ops::RangeInclusive<usize> = 8..=15;

/// A telephone number in E.164: `+62812…`. What is written without a country is Indonesian.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why a text is no telephone number. Holds no digit of it: this may end in somebody's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    /// Something else than digits, blanks, dashes, dots, brackets and one plus in front.
    #[error("a telephone number has digits, and a plus before them at most")]
    NotDigits,
    /// Too short or too long.
    #[error("a telephone number has 7 to 13 digits after 0 or +62, or 8 to 15 with another country's code")]
    Length,
    /// No subscriber's number begins like this.
    #[error("no subscriber's number begins like this")]
    Prefix,
}

impl PhoneNumber {
    /// Reads a number as people, exchanges and `WhatsApp` write it: `0812…`, `62812…`, `+62 (0)812…`, `0062812…`,
    /// `+65…`.
    ///
    /// # Errors
    /// [`InvalidNumber`], without a digit of it.
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        let bare: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')).collect();
        let (plus, digits) = bare.strip_prefix('+').map_or((false, bare.as_str()), |rest| (true, rest));
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidNumber::NotDigits);
        }
        let international = if plus { Some(digits) } else { digits.strip_prefix("00") };
        match (international, digits) {
            (Some(number), _) => match number.strip_prefix("62") {
                Some(national) => Self::indonesian(national.strip_prefix('0').unwrap_or(national)),
                None if number.starts_with('0') => Err(InvalidNumber::Prefix),
                None if ABROAD.contains(&number.len()) => Ok(Self(format!("+{number}"))),
                None => Err(InvalidNumber::Length),
            },
            (None, number) => match (number.strip_prefix('0'), number.strip_prefix("62")) {
                (Some(national), _) => Self::indonesian(national),
                (None, Some(national)) => Self::indonesian(national.strip_prefix('0').unwrap_or(national)),
                // A mobile number without its zero; anything else could be a short code or another country's.
                (None, None) if number.starts_with('8') => Self::indonesian(number),
                (None, None) => Err(InvalidNumber::Prefix),
            },
        }
    }

    fn indonesian(national: &str) -> Result<Self, InvalidNumber> {
        match national.as_bytes().first() {
            Some(b'2'..=b'9') if NATIONAL.contains(&national.len()) => Ok(Self(format!("+62{national}"))),
            Some(b'2'..=b'9') => Err(InvalidNumber::Length),
            _ => Err(InvalidNumber::Prefix),
        }
    }

    /// With the plus: `+62812…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a desk sees without asking for more: country, the next three digits, and the last two.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = 6.min(self.0.len());
        let end = self.0.len() - 2;
        format!("{}{}{}", &self.0[..shown], "•".repeat(end - shown), &self.0[end..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidNumber;

    fn try_from(text: String) -> Result<Self, InvalidNumber> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_caller_is_one_number() {
        for text in [
            "081234567890",
            "6281234567890",
            "+6281234567890",
            "+62 812-3456-7890",
            "+62 (0) 812 3456 7890",
            "0062 812 3456 7890",
            "62 0812 3456 7890",
            "81234567890",
            "(0812) 3456.7890",
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), "+6281234567890", "{text}");
        }
        assert_eq!(PhoneNumber::parse("0542 123456").unwrap().as_str(), "+62542123456");
        assert_eq!(PhoneNumber::parse("+65 6123 4567").unwrap().as_str(), "+6561234567");
    }

    #[test]
    fn odd_ones_are_refused_without_being_repeated() {
        use InvalidNumber::{Length, NotDigits, Prefix};
        for (text, why) in [
            ("", NotDigits),
            ("anonymous", NotDigits),
            ("+62+812345678", NotDigits),
            ("08１２3456789", NotDigits),
            ("110", Prefix),
            ("112", Prefix),
            ("0812", Length),
            ("+62812", Length),
            ("0812345678901234", Length),
            ("+6212345678", Prefix),
            ("0012345", Length),
            ("+0812345678", Prefix),
            ("1234567890", Prefix),
        ] {
            let told = PhoneNumber::parse(text).unwrap_err();
            assert_eq!(told, why, "{text}");
            assert!(text.len() < 3 || !told.to_string().contains(text));
        }
    }

    #[test]
    fn a_masked_number_is_no_number() {
        let number = PhoneNumber::parse("081234567890").unwrap();
        assert_eq!(number.masked(), "+62812••••••90");
        assert_eq!(format!("{number:?}"), "PhoneNumber(…)");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_reads_the_same_again(text in "\\PC{0,24}|[+0-9 ()-]{0,20}") {
            if let Ok(number) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(number.as_str()).unwrap(), number.clone());
                prop_assert!(!number.masked().contains(number.as_str()));
            }
        }
    }
}
