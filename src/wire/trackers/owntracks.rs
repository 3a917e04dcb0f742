//! OwnTracks over HTTP: JSON with a `_type`, of which only `location` is a fix.
//!
//! The app sends one message after the other and waits for a good answer before the next: whatever else it says (that a
//! region was entered, how it is set up, something encrypted, nothing at all) is read as no fix, not as an error.

use super::{Broken, POINTS_MAX, accuracy, epoch_ms, json_number, known};
use crate::domain::fix::RawFix;
use serde_json::Value;

/// Reads the fixes of a request, each by itself; none where there is no location in it.
///
/// # Errors
/// [`Broken`] when the body is no JSON, or there are too many messages in it.
pub fn read(body: &[u8]) -> Result<Vec<Result<RawFix, Broken>>, Broken> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let body: Value =
        serde_json::from_slice(body).map_err(|error| Broken::new("body", format!("not JSON: {error}")))?;
    match &body {
        Value::Array(all) if all.len() > POINTS_MAX => {
            Err(Broken::new("body", format!("{} messages; at most {POINTS_MAX}", all.len())))
        }
        Value::Array(all) => Ok(all.iter().filter_map(message).collect()),
        one => Ok(message(one).into_iter().collect()),
    }
}

fn message(message: &Value) -> Option<Result<RawFix, Broken>> {
    (message["_type"] == "location").then(|| location(message))
}

fn location(message: &Value) -> Result<RawFix, Broken> {
    Ok(RawFix {
        lat: json_number("lat", &message["lat"])?,
        lng: json_number("lon", &message["lon"])?,
        // When the fix was made; `created_at` is when the message was, which says nothing about when it was sent.
        device_ms: epoch_ms("tst", json_number("tst", &message["tst"])?)?,
        accuracy_m: accuracy(known(&message["acc"])),
        speed_mps: known(&message["vel"]).map(|kmh| kmh / 3.6),
        heading_deg: known(&message["cog"]),
        battery_pct: known(&message["batt"]),
        mock: false,
        backlog: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn one(message: &Value) -> Result<RawFix, Broken> {
        read(message.to_string().as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn a_location_as_the_app_sends_it() {
        let fix = one(&json!({
            "_type": "location", "lat": -1.268, "lon": 116.832, "tst": 1_793_581_200, "acc": 12, "batt": 63, "bs": 1,
            "cog": 200, "vel": 54, "t": "u", "conn": "m", "created_at": 1_793_581_230, "tid": "M1", "m": 1, "vac": 4,
            "topic": "owntracks/x/y",
        }));
        let fix = fix.unwrap();
        assert_eq!((fix.lat, fix.lng, fix.device_ms), (-1.268, 116.832, 1_793_581_200_000));
        assert_eq!((fix.accuracy_m, fix.heading_deg, fix.battery_pct), (Some(12.0), Some(200.0), Some(63.0)));
        assert!((fix.speed_mps.unwrap() - 15.0).abs() < 1e-9, "kilometres per hour");
    }

    #[test]
    fn other_messages_are_no_fix_and_no_error() {
        for message in [
            json!({ "_type": "transition", "lat": 1, "lon": 2, "tst": 3 }),
            json!({ "_type": "waypoints", "waypoints": [] }),
            json!({ "_type": "lwt", "tst": 1 }),
            json!({ "_type": "encrypted", "data": "…" }),
            json!({ "_type": 7 }),
            json!({}),
            json!(null),
            json!("hello"),
            json!([[], 1]),
        ] {
            assert_eq!(read(message.to_string().as_bytes()), Ok(Vec::new()), "{message}");
        }
        assert_eq!(read(b""), Ok(Vec::new()), "a friend was deleted");
        assert_eq!(read(b" \n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_unreadable_is_named() {
        let good = json!({ "_type": "location", "lat": 1, "lon": 2, "tst": 3 });
        for field in ["lat", "lon", "tst"] {
            for wrong in [json!(null), json!("x"), json!([]), json!(true)] {
                let mut message = good.clone();
                message[field] = wrong;
                assert_eq!(one(&message).unwrap_err().field, field, "{message}");
            }
        }
        assert_eq!(read(b"lat=1").unwrap_err().field, "body");
        assert_eq!(read(&[0xff, 0xfe]).unwrap_err().field, "body");
        assert_eq!(read(json!(vec![0; POINTS_MAX + 1]).to_string().as_bytes()).unwrap_err().field, "body");
        assert_eq!(read(json!([good, { "_type": "location" }]).to_string().as_bytes()).unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_values_panic(lat in any::<f64>(), tst in any::<f64>(), text in "\\PC{0,20}") {
            let _ = one(&json!({ "_type": "location", "lat": lat, "lon": text, "tst": tst }));
            let _ = one(&json!({ "_type": "location", "lat": lat, "lon": lat, "tst": tst, "vel": text }));
        }
    }
}
