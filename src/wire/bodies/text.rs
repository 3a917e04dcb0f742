//! Texts that people write, checked at the door.

use serde::{Deserialize, Serialize, de};
use std::{borrow::Cow, fmt};

/// A text of 1 to `MAX` characters, without blanks around it. It holds no control characters but tab and line feeds:
/// NUL does not fit into PostgreSQL, and the others belong into no note.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// A short text: a kind, a reason.
pub type Line = Text<120>;

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

// What people write is never logged, not even by chance.
impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: de::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX {
            return Err(de::Error::custom(format_args!("a text must have 1 to {MAX} characters")));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(de::Error::custom("a text must not hold control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> utoipa::PartialSchema for Text<MAX> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MAX: usize> utoipa::ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_clean() {
        let read = |json: &str| serde_json::from_str::<Text<4>>(json).map(Text::into_string);
        assert_eq!(read(r#"" ab\n ""#).unwrap(), "ab");
        for wrong in [r#""""#, r#""   ""#, r#""abcde""#, r#""a\u0000b""#, r#""a\u001b""#, "7", "null"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(!format!("{:?}", serde_json::from_str::<Text<9>>(r#""secret""#).unwrap()).contains("secret"));
    }
}
