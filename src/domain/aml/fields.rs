//! The fields of an HTTPS request: those of the SMS by their short names, or the long names that the standard has for
//! HTTPS (`location_latitude`, …). The long ones are of one form in every version.

use super::{Aml, AmlFix, BrokenAml, confidence, decimal, method, moment, place, radius, sms};

/// Reads a message from fields by their names. A version 2 of the short names is known by its `lo`.
///
/// # Errors
/// [`BrokenAml`] with the first field that is missing or makes no sense.
pub fn from_fields<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Aml, BrokenAml> {
    let given = |name: &str| get(name).map(str::trim).filter(|value| !value.is_empty());
    if given("location_latitude").is_some() || given("location_longitude").is_some() {
        return long(&given);
    }
    let version = given("ML").or_else(|| given("v")).unwrap_or(if given("lo").is_some() { "2" } else { "1" });
    // Written as an SMS and read as one: one set of rules for both.
    let names: &[&str] = match version {
        "1" => &["lt", "lg", "rd", "top", "lc", "pm"],
        "2" => &["et", "lo", "lt", "lc", "ls"],
        _ => return Err(BrokenAml::new("v", "only versions 1 and 2 are known")),
    };
    if names.iter().all(|name| given(name).is_none()) {
        return Err(BrokenAml::new(names[0], "missing"));
    }
    let mut text = format!("AML={version}");
    for name in names {
        if let Some(value) = given(name) {
            if value.contains([';', '=']) {
                return Err(BrokenAml::new("text", "a value holds ; or ="));
            }
            text.push_str(&format!(";{name}={value}"));
        }
    }
    sms::from_sms(&text)
}

fn long<'a>(given: &impl Fn(&str) -> Option<&'a str>) -> Result<Aml, BrokenAml> {
    let need = |field: &'static str| given(field).ok_or(BrokenAml::new(field, "missing"));
    let found = method("location_source", given("location_source"))?;
    let Some(method) = found else { return Ok(Aml { version: 1, fix: None }) };
    let lat = decimal("location_latitude", need("location_latitude")?)?;
    let lng = decimal("location_longitude", need("location_longitude")?)?;
    let confidence_pct = match given("location_confidence") {
        // A share from 0 to 1 is what the standard has; percent come, too.
        Some(text) => confidence("location_confidence", Some(text))?.map(|c| if c <= 1.0 { c * 100.0 } else { c }),
        None => None,
    };
    let radius_m = radius("location_accuracy", need("location_accuracy")?)?;
    let at = given("location_time").map_or_else(|| need("time"), Ok)?;
    let fix = AmlFix {
        place: place(("location_latitude", lat), ("location_longitude", lng))?,
        radius_m,
        confidence_pct,
        at: moment("location_time", at)?,
        method,
    };
    Ok(Aml { version: 1, fix: Some(fix) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{aml::AmlMethod, time::UnixMs};
    use proptest::prelude::*;

    fn read(fields: &[(&str, &str)]) -> Result<Aml, BrokenAml> {
        from_fields(|name| fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value))
    }

    #[test]
    fn short_and_long_names_say_the_same() {
        let at = UnixMs(1_793_581_200_000);
        for fields in [
            &[("lt", "-1.268"), ("lg", "116.832"), ("rd", "20"), ("top", "20261102010000"), ("pm", "G"), ("lc", "68")]
                [..],
            &[("v", "2"), ("et", "1793581210"), ("lt", "-10"), ("lo", "-1.268,116.832,20"), ("ls", "G"), ("lc", "68")],
            &[("et", "1793581200"), ("lo", "-1.268,116.832,20"), ("ls", "G"), ("lc", "68"), ("lg", "id-ID")],
            &[
                ("location_latitude", "-1.268"),
                ("location_longitude", "116.832"),
                ("location_accuracy", "20"),
                ("location_time", "1793581200000"),
                ("location_source", "GPS"),
                ("location_confidence", "0.68"),
            ],
        ] {
            let fix = read(fields).unwrap().fix.unwrap();
            assert_eq!((fix.place.lat(), fix.place.lng(), fix.radius_m), (-1.268, 116.832, 20.0), "{fields:?}");
            assert_eq!((fix.at, fix.method, fix.confidence_pct), (at, AmlMethod::Gnss, Some(68.0)), "{fields:?}");
        }
    }

    #[test]
    fn what_is_broken_is_named() {
        for (fields, field) in [
            (&[][..], "lt"),
            (&[("v", "7"), ("lt", "1")], "v"),
            (&[("lt", "1"), ("lg", "2"), ("rd", "3"), ("top", "20261102010000")], "pm"),
            (&[("lo", "1,2,3")], "et"),
            (&[("location_latitude", "1")], "location_longitude"),
            (&[("location_latitude", "1"), ("location_longitude", "2")], "location_accuracy"),
            (&[("lt", "1;pm=N")], "text"),
        ] {
            assert_eq!(read(fields).unwrap_err().field, field, "{fields:?}");
        }
        let long = [("location_latitude", "1"), ("location_longitude", "2"), ("location_accuracy", "3")];
        assert_eq!(read(&long).unwrap_err().field, "time");
        assert_eq!(read(&[("v", "2"), ("lt", "1")]).unwrap().fix, None, "no lo: the phone found nothing");
        let found_none = [("location_latitude", "0"), ("location_source", "none")];
        assert_eq!(read(&found_none).unwrap().fix, None);
    }

    proptest! {
        #[test]
        fn no_values_panic(values in proptest::collection::vec("\\PC{0,24}", 12)) {
            const NAMES: [&str; 12] = [
                "v", "lt", "lg", "rd", "top", "lc", "pm", "et", "lo", "ls", "location_latitude", "location_time",
            ];
            let _ = from_fields(|name| NAMES.iter().position(|n| *n == name).map(|at| values[at].as_str()));
            let _ = from_fields(|name| NAMES[..7].iter().position(|n| *n == name).map(|at| values[at].as_str()));
        }
    }
}
