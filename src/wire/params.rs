//! Parameters by their names, from a query, a form, or a flat JSON object: whoever sends them, they read alike.

use serde_json::Value;

/// Parameters as they were sent; of those with one name the first counts.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Those of a query and of a form, in this order.
    #[must_use]
    pub fn read(query: &str, form: &[u8]) -> Self {
        // Whatever is no UTF-8 reads as replacement characters and is no number.
        let form = String::from_utf8_lossy(form);
        let pairs = [query, form.trim()].into_iter().flat_map(|text| text.split('&')).filter(|pair| !pair.is_empty());
        let named = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        };
        Self(pairs.map(named).collect())
    }

    /// The value of the first of these names that was sent.
    #[must_use]
    pub fn get(&self, names: &[&str]) -> Option<&str> {
        self.0.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
    }

    /// Those of a JSON object, one level deep; a number is read as the text that it was written with.
    #[must_use]
    pub fn of_json(body: &Value) -> Option<Self> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(yes) => Some(yes.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let pairs = body.as_object()?.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?)));
        Some(Self(pairs.collect()))
    }
}

/// `%41` and `+`; what is no escape stays as it is.
fn unescape(text: &str) -> String {
    let (mut out, bytes) = (Vec::with_capacity(text.len()), text.as_bytes());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let escaped = match (byte, bytes.get(at + 1), bytes.get(at + 2)) {
            (b'%', Some(high), Some(low)) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match (byte, escaped) {
            (_, Some((high, low))) => {
                out.push(high * 16 + low);
                at += 2;
            }
            (b'+', None) => out.push(b' '),
            (byte, None) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn all_forms_read_alike() {
        let query = Params::read("a=1.5&b=x+y%2B&c&a=9", b"d=%zz&e=%4");
        assert_eq!((query.get(&["a"]), query.get(&["b"]), query.get(&["c"])), (Some("1.5"), Some("x y+"), Some("")));
        assert_eq!((query.get(&["d"]), query.get(&["e"]), query.get(&["f"])), (Some("%zz"), Some("%4"), None));
        let object = Params::of_json(&json!({ "a": 1.5, "b": "x y+", "c": null, "d": [1], "e": true })).unwrap();
        assert_eq!(
            (object.get(&["a"]), object.get(&["b"]), object.get(&["e"])),
            (Some("1.5"), Some("x y+"), Some("true"))
        );
        assert_eq!((object.get(&["c"]), object.get(&["d"]), object.get(&["z", "a"])), (None, None, Some("1.5")));
        assert!(Params::of_json(&json!([])).is_none());
    }

    proptest! {
        #[test]
        fn escapes_go_away(text in "\\PC{0,30}") {
            let escaped: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
            prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
