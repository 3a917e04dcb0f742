//! The JSON of Traccar Client from version 9 on: one location, or a list of them.

use super::{Broken, POINTS_MAX, accuracy, epoch_ms, json_number, known, moment, yes};
use crate::domain::fix::RawFix;
use serde_json::Value;

/// What the app calls itself.
#[must_use]
pub fn device_id(body: &Value) -> Option<&str> {
    body["device_id"].as_str()
}

/// Reads the fixes of a request, each by itself.
///
/// # Errors
/// [`Broken`] when there is no location, or too many.
pub fn read(body: &Value) -> Result<Vec<Result<RawFix, Broken>>, Broken> {
    match &body["location"] {
        Value::Object(_) => Ok(vec![point(&body["location"])]),
        Value::Array(all) if all.len() > POINTS_MAX => {
            Err(Broken::new("location", format!("{} of them; at most {POINTS_MAX}", all.len())))
        }
        Value::Array(all) => Ok(all.iter().map(point).collect()),
        Value::Null => Err(Broken::missing("location")),
        _ => Err(Broken::new("location", "neither an object nor a list of objects")),
    }
}

fn point(location: &Value) -> Result<RawFix, Broken> {
    let coords = &location["coords"];
    let lat = json_number("location.coords.latitude", &coords["latitude"])?;
    let lng = json_number("location.coords.longitude", &coords["longitude"])?;
    let device_ms = match &location["timestamp"] {
        Value::Null => return Err(Broken::missing("location.timestamp")),
        Value::String(text) => moment("location.timestamp", text)?,
        other => epoch_ms("location.timestamp", json_number("location.timestamp", other)?)?,
    };
    Ok(RawFix {
        lat,
        lng,
        device_ms,
        accuracy_m: accuracy(known(&coords["accuracy"])),
        speed_mps: known(&coords["speed"]),
        heading_deg: known(&coords["heading"]),
        // From 0 to 1, or -1.
        battery_pct: known(&location["battery"]["level"]).map(|level| level * 100.0),
        mock: yes(&location["mock"]),
        backlog: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn location() -> Value {
        json!({
            "timestamp": "2026-11-02T01:00:00.250Z",
            "coords": { "latitude": -1.268, "longitude": 116.832, "accuracy": 4.8, "speed": 12.5, "heading": 180, "altitude": 9 },
            "is_moving": true, "odometer": 120, "event": "motionchange", "mock": false,
            "battery": { "level": 0.46, "is_charging": false }, "activity": { "type": "in_vehicle" }, "extras": {},
            "_": "&id=x&lat=1&lon=2&",
        })
    }

    #[test]
    fn a_location_as_the_app_sends_it() {
        let body = json!({ "location": location(), "device_id": "BPN-M1-T1.abc" });
        assert_eq!(device_id(&body), Some("BPN-M1-T1.abc"));
        let fix = read(&body).unwrap().remove(0).unwrap();
        assert_eq!((fix.lat, fix.lng, fix.device_ms), (-1.268, 116.832, 1_793_581_200_250));
        assert_eq!((fix.accuracy_m, fix.speed_mps, fix.heading_deg), (Some(4.8), Some(12.5), Some(180.0)));
        assert_eq!((fix.battery_pct, fix.mock), (Some(46.0), false));
    }

    #[test]
    fn what_the_phone_does_not_know_is_unknown() {
        let mut bare =
            json!({ "timestamp": 1_793_581_200, "coords": { "latitude": "-1.2", "longitude": 116.8 }, "mock": "true" });
        let fix = point(&bare).unwrap();
        assert_eq!((fix.lat, fix.device_ms, fix.mock), (-1.2, 1_793_581_200_000, true));
        assert_eq!((fix.accuracy_m, fix.speed_mps, fix.battery_pct), (None, None, None));
        bare["coords"]["speed"] = json!(-1);
        bare["coords"]["accuracy"] = json!({ "worse": "than nothing" });
        let fix = point(&bare).unwrap();
        assert_eq!(
            (fix.speed_mps, fix.accuracy_m),
            (Some(-1.0), None),
            "a negative speed becomes unknown in judgement"
        );
    }

    #[test]
    fn one_of_a_list_spoils_no_other() {
        let mut broken = location();
        broken["coords"]["latitude"] = json!("north");
        let all = read(&json!({ "location": [location(), broken, location(), 7] })).unwrap();
        let fields: Vec<_> = all.iter().map(|point| point.as_ref().err().map(|e| e.field)).collect();
        assert_eq!(fields, [None, Some("location.coords.latitude"), None, Some("location.coords.latitude")]);
        assert_eq!(read(&json!({ "location": [] })), Ok(Vec::new()));
    }

    #[test]
    fn what_is_unreadable_is_named() {
        for (body, field) in [
            (json!({}), "location"),
            (json!([]), "location"),
            (json!("text"), "location"),
            (json!({ "location": "here" }), "location"),
            (json!({ "location": vec![0; POINTS_MAX + 1] }), "location"),
        ] {
            assert_eq!(read(&body).unwrap_err().field, field, "{body}");
        }
        for (pointer, value, field) in [
            ("/timestamp", json!(null), "location.timestamp"),
            ("/timestamp", json!("soon"), "location.timestamp"),
            ("/timestamp", json!([1]), "location.timestamp"),
            ("/coords", json!(null), "location.coords.latitude"),
            ("/coords/longitude", json!(true), "location.coords.longitude"),
        ] {
            let mut location = location();
            *location.pointer_mut(pointer).unwrap() = value;
            assert_eq!(point(&location).unwrap_err().field, field, "{location}");
        }
    }

    proptest! {
        #[test]
        fn no_json_panics(text in r#"[\[\]{}":,.0-9a-z \-]{0,60}"#, at in any::<f64>()) {
            let value = serde_json::from_str::<Value>(&text).unwrap_or_else(|_| json!({ "timestamp": at, "coords": text }));
            let _ = (read(&value), read(&json!({ "location": value })), device_id(&value));
        }
    }
}
