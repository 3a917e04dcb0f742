//! The query of OsmAnd, spoken by Traccar Client up to 8 and many others too; in the address or as a form.
//!
//! The names are shared and the units are not: a speed is in knots unless `speed_unit` says `mps` or `kmh` (OsmAnd's own
//! is in metres per second), and what OsmAnd calls `hdop` in its example is the radius in metres. The address that we
//! give out for OsmAnd names both rightly; an `hdop` by itself tells no radius.

use super::{Broken, accuracy, moment, number, says_yes};
use crate::{domain::fix::RawFix, wire::params::Params};

/// Metres per second in a knot.
const KNOT_MPS: f64 = 1_852.0 / 3_600.0;

/// What the app calls itself.
#[must_use]
pub fn id(params: &Params) -> Option<&str> {
    params.get(&["id", "deviceid"])
}

fn known(params: &Params, names: &[&str]) -> Option<f64> {
    params.get(names)?.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

/// Reads the one fix of a request.
///
/// # Errors
/// [`Broken`] without a readable place or moment.
pub fn read(params: &Params) -> Result<RawFix, Broken> {
    let (lat, lng) = match (params.get(&["lat"]), params.get(&["lon"]), params.get(&["location"])) {
        (Some(lat), Some(lng), _) => (number("lat", lat)?, number("lon", lng)?),
        (None, None, Some(both)) => {
            let (lat, lng) =
                both.split_once(',').ok_or_else(|| Broken::value("location", both, "latitude,longitude"))?;
            (number("location", lat)?, number("location", lng)?)
        }
        (None, ..) => return Err(Broken::missing("lat")),
        (_, None, _) => return Err(Broken::missing("lon")),
    };
    let at = params.get(&["timestamp"]).ok_or_else(|| Broken::missing("timestamp"))?;
    let unit_mps = match params.get(&["speed_unit"]) {
        Some("mps") => 1.0,
        Some("kmh") => 1.0 / 3.6,
        _ => KNOT_MPS,
    };
    let invalid = params.get(&["valid"]).is_some_and(|valid| !says_yes(valid));
    Ok(RawFix {
        lat,
        lng,
        device_ms: moment("timestamp", at)?,
        // The device itself calls the place invalid: judged as such, so that the queue moves on.
        accuracy_m: if invalid { Some(-1.0) } else { accuracy(known(params, &["accuracy"])) },
        speed_mps: known(params, &["speed"]).map(|speed| speed * unit_mps),
        heading_deg: known(params, &["bearing", "heading"]),
        battery_pct: known(params, &["batt"]),
        mock: params.get(&["mock"]).is_some_and(says_yes),
        backlog: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fix(query: &str) -> Result<RawFix, Broken> {
        read(&Params::read(query, b""))
    }

    #[test]
    fn a_traccar_client_as_it_sends() {
        let query = "id=BPN-M1-T1.abc&timestamp=1793581200&lat=-1.268&lon=116.832&speed=19.438444924406&bearing=271.5\
                     &altitude=12.0&accuracy=5.5&batt=81.0&charge=true&mock=true&alarm=sos";
        let fix = fix(query).unwrap();
        assert_eq!((fix.lat, fix.lng, fix.device_ms), (-1.268, 116.832, 1_793_581_200_000));
        assert!((fix.speed_mps.unwrap() - 10.0).abs() < 1e-9, "knots");
        assert_eq!((fix.accuracy_m, fix.heading_deg, fix.battery_pct), (Some(5.5), Some(271.5), Some(81.0)));
        assert!(fix.mock && !fix.backlog);
        assert_eq!(id(&Params::read(query, b"")), Some("BPN-M1-T1.abc"));
    }

    #[test]
    fn other_names_and_units() {
        let odd = fix(
            "deviceid=x&location=-1.268,%20116.832&timestamp=2026-11-02T01:00:00Z&speed=36&speed_unit=kmh&heading=90",
        )
        .unwrap();
        assert_eq!((odd.lat, odd.lng, odd.device_ms), (-1.268, 116.832, 1_793_581_200_000));
        assert!((odd.speed_mps.unwrap() - 10.0).abs() < 1e-9);
        assert_eq!((odd.heading_deg, odd.accuracy_m), (Some(90.0), None));
        let osmand =
            fix("lat=-1.268&lon=116.832&timestamp=1793581200123&accuracy=0.0&speed=7.5&speed_unit=mps&hdop=3").unwrap();
        assert_eq!(
            (osmand.speed_mps, osmand.accuracy_m),
            (Some(7.5), None),
            "0 m is what a phone says that knows none"
        );
    }

    #[test]
    fn a_form_is_read_after_the_query() {
        let params = Params::read("id=a&lat=-1.5", b"lat=7&lon=116.8&timestamp=1793581200\r\n");
        assert_eq!(id(&params), Some("a"));
        assert_eq!(read(&params).map(|fix| (fix.lat, fix.lng)), Ok((-1.5, 116.8)));
    }

    #[test]
    fn what_is_unreadable_is_named() {
        for (query, field) in [
            ("", "lat"),
            ("lat=1", "lon"),
            ("lon=1", "lat"),
            ("lat=abc&lon=1&timestamp=1", "lat"),
            ("lat=-1,268&lon=1&timestamp=1", "lat"),
            ("lat={0}&lon={1}&timestamp={2}", "lat"),
            ("lat=1&lon=&timestamp=1", "lon"),
            ("location=1&timestamp=1", "location"),
            ("location=1,x&timestamp=1", "location"),
            ("lat=1&lon=1", "timestamp"),
            ("lat=1&lon=1&timestamp=yesterday", "timestamp"),
        ] {
            assert_eq!(fix(query).unwrap_err().field, field, "{query}");
        }
    }

    #[test]
    fn what_is_only_odd_is_left_to_judgement() {
        let odd = fix("lat=NaN&lon=999&timestamp=-5&speed=fast&accuracy=Infinity&batt=&bearing=-1").unwrap();
        assert!(odd.lat.is_nan());
        assert_eq!((odd.speed_mps, odd.accuracy_m, odd.battery_pct), (None, None, None));
        assert_eq!(fix("lat=1&lon=1&timestamp=1&valid=false&accuracy=3").unwrap().accuracy_m, Some(-1.0));
        assert_eq!(fix("lat=1&lon=1&timestamp=1&valid=1&accuracy=3").unwrap().accuracy_m, Some(3.0));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(query in "\\PC{0,80}", form in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&Params::read(&query, &form));
        }

        #[test]
        fn a_number_comes_through(lat in -90.0..90.0f64, lng in -180.0..180.0f64, ms in 1_000_000_000_000..4_000_000_000_000_i64) {
            let fix = fix(&format!("lat={lat}&lon={lng}&timestamp={ms}")).unwrap();
            prop_assert_eq!((fix.lat, fix.lng, fix.device_ms), (lat, lng, ms));
        }
    }
}
