//! One feature of a file, read property by property.
//!
//! Invariant: every text that leaves here is short and free of control characters.

use super::error::{BadFeature, ImportError};
use crate::domain::{
    area::{AID_M_MAX, OfferMode, Targets},
    boundary::Boundary,
    ids::AreaCode,
    incident::Priority,
    place::Place,
    time::Zone,
};
use serde::Deserialize;
use serde_json::{Map, Value, error::Category, value::RawValue};

/// Longest name, characters.
const NAME_CHARS_MAX: usize = 120;
/// Longest target, minutes: a day.
const TARGET_MIN_MAX: f64 = 1_440.0;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    features: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct RawFeature<'a> {
    #[serde(rename = "type")]
    kind: String,
    properties: Option<Map<String, Value>>,
    #[serde(borrow)]
    geometry: Option<&'a RawValue>,
}

pub(super) struct Feature<'a> {
    pub index: usize,
    pub official: Option<String>,
    properties: Map<String, Value>,
    geometry: Option<&'a RawValue>,
}

/// The features of a text, their codes checked, their shapes not yet read.
pub(super) fn read_all(text: &str) -> Result<Vec<Feature<'_>>, ImportError> {
    // A byte order mark is what some editors leave, and no JSON.
    let text = text.trim_start_matches('\u{feff}');
    let document: Document<'_> = serde_json::from_str(text).map_err(|e| not_read(text, &e))?;
    let raw: Vec<&str> = match (document.kind.as_deref(), document.features) {
        (Some("FeatureCollection"), Some(features)) => features.into_iter().map(RawValue::get).collect(),
        (Some("FeatureCollection"), None) => return Err(ImportError::NotGeoJson("it has no \"features\"".into())),
        (Some("Feature"), _) => vec![text],
        (Some(other), _) => {
            let other: String = other.chars().take(40).collect();
            return Err(ImportError::NotGeoJson(format!("its type is {other:?}")));
        }
        (None, _) => return Err(ImportError::NotGeoJson("it has no \"type\"".into())),
    };
    if raw.is_empty() {
        return Err(ImportError::Empty);
    }
    raw.into_iter().enumerate().map(|(index, text)| Feature::read(index, text)).collect()
}

fn not_read(text: &str, e: &serde_json::Error) -> ImportError {
    // Cut in the middle of a number, as in `116.`, the reader speaks of a wrong number instead of the end.
    let last = text.lines().last().unwrap_or_default();
    let at_end =
        e.line() == text.lines().count() && e.column() >= last.len() && last.ends_with(['-', '+', '.', 'e', 'E']);
    match e.classify() {
        Category::Eof => ImportError::Truncated { line: e.line(), column: e.column() },
        Category::Syntax if at_end => ImportError::Truncated { line: e.line(), column: e.column() },
        Category::Data => ImportError::NotGeoJson(e.to_string()),
        Category::Syntax | Category::Io => ImportError::NotJson(e.to_string()),
    }
}

impl<'a> Feature<'a> {
    fn read(index: usize, text: &'a str) -> Result<Self, ImportError> {
        let nameless = Self { index, official: None, properties: Map::new(), geometry: None };
        let raw: RawFeature<'a> =
            serde_json::from_str(text).map_err(|e| nameless.error(BadFeature::Malformed(e.to_string())))?;
        let feature = Self { properties: raw.properties.unwrap_or_default(), geometry: raw.geometry, ..nameless };
        if raw.kind != "Feature" {
            return Err(feature.error(BadFeature::Malformed("its type is not \"Feature\"".into())));
        }
        let official = feature.official().map_err(|reason| feature.error(reason))?;
        Ok(Self { official, ..feature })
    }

    /// An error that names this feature.
    pub fn error(&self, reason: BadFeature) -> ImportError {
        let text = |key| self.properties.get(key).and_then(Value::as_str);
        let name = text("name").or(text("code")).or(text("short")).unwrap_or("without a name");
        ImportError::Feature { index: self.index, name: name.chars().take(NAME_CHARS_MAX).collect(), reason }
    }

    /// How many parts the official code has: 1 region, 2 city, 3 district. Without one it is a city.
    pub fn parts(&self) -> usize {
        self.official.as_ref().map_or(2, |code| code.split('.').count())
    }

    fn text(&self, key: &'static str, expected: &'static str) -> Result<Option<&str>, BadFeature> {
        let wrong = BadFeature::Property { key, expected };
        match self.properties.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(s)) => {
                let good = !s.trim().is_empty() && s.chars().count() <= NAME_CHARS_MAX && !s.contains(char::is_control);
                if good { Ok(Some(s.trim())) } else { Err(wrong) }
            }
            Some(_) => Err(wrong),
        }
    }

    fn number(&self, key: &'static str) -> Result<Option<f64>, BadFeature> {
        match self.properties.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(v) => v.as_f64().map(Some).ok_or(BadFeature::Property { key, expected: "a number" }),
        }
    }

    fn official(&self) -> Result<Option<String>, BadFeature> {
        let expected = "a text of one to three pairs of digits, as in \"64.71\"";
        let Some(code) = self.text("code", expected)? else { return Ok(None) };
        let pair = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let good = code.split('.').all(pair) && code.split('.').count() <= 3;
        if good { Ok(Some(code.to_owned())) } else { Err(BadFeature::Property { key: "code", expected }) }
    }

    pub fn boundary(&self) -> Result<Option<Boundary>, BadFeature> {
        Ok(self.geometry.map(|g| g.get().parse()).transpose()?)
    }

    pub fn short(&self) -> Result<Option<AreaCode>, BadFeature> {
        Ok(self.text("short", "an area code, as in \"BPN\"")?.map(str::parse).transpose()?)
    }

    pub fn parent(&self) -> Result<Option<AreaCode>, BadFeature> {
        Ok(self.text("parent", "an area code, as in \"KALTIM\"")?.map(str::parse).transpose()?)
    }

    pub fn name(&self) -> Result<Option<String>, BadFeature> {
        Ok(self.text("name", "a text of 1 to 120 characters without control characters")?.map(str::to_owned))
    }

    pub fn zone(&self) -> Result<Option<Zone>, BadFeature> {
        Ok(self.text("zone", "WIB, WITA or WIT")?.map(str::parse).transpose()?)
    }

    pub fn offers(&self) -> Result<Option<OfferMode>, BadFeature> {
        Ok(self.text("offers", "auto or manual")?.map(str::parse).transpose()?)
    }

    pub fn aid_m(&self) -> Result<Option<i64>, BadFeature> {
        match self.number("aid_m")? {
            None => Ok(None),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number within the range was just checked")]
            Some(m) if m.fract() == 0.0 && (0.0..=AID_M_MAX as f64).contains(&m) => Ok(Some(m as i64)),
            Some(_) => Err(BadFeature::Property { key: "aid_m", expected: "whole metres, 0 to 30000" }),
        }
    }

    pub fn centre(&self) -> Result<Option<Place>, BadFeature> {
        match (self.number("lat")?, self.number("lng")?) {
            (Some(lat), Some(lng)) => Ok(Some(Place::new(lat, lng)?)),
            (None, None) => Ok(None),
            (Some(_), None) => Err(BadFeature::Property { key: "lng", expected: "there, although \"lat\" is" }),
            (None, Some(_)) => Err(BadFeature::Property { key: "lat", expected: "there, although \"lng\" is" }),
        }
    }

    /// The targets of `base`, changed by what the feature says.
    pub fn targets(&self, base: Targets) -> Result<Targets, BadFeature> {
        let ms = |key, value: &Value| match value.as_f64() {
            Some(min) if min > 0.0 && min <= TARGET_MIN_MAX => Ok((min * 60_000.0).round() as i64),
            _ => Err(BadFeature::Property { key, expected: "minutes above 0, at most 1440" }),
        };
        let mut targets = base;
        if let Some(value) = self.properties.get("target_min").filter(|v| !v.is_null()) {
            targets = Targets([ms("target_min", value)?; 4]);
        }
        let expected = "an object of priorities and minutes, as in {\"P1\": 8}";
        match self.properties.get("targets_min") {
            None | Some(Value::Null) => {}
            Some(Value::Object(each)) => {
                for (word, value) in each {
                    let priority: Priority =
                        word.parse().map_err(|_| BadFeature::Property { key: "targets_min", expected })?;
                    targets.0[priority as usize] = ms("targets_min", value)?;
                }
            }
            Some(_) => return Err(BadFeature::Property { key: "targets_min", expected }),
        }
        Ok(targets)
    }
}
