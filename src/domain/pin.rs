//! The place in a pin, as people send it: a `geo:` link, a map's link, or two numbers.

use super::place::Place;

/// What stands before the two numbers in the links of maps, the most telling first: a marker before the map's middle.
const MARKS: [&str; 10] = ["!3d", "query=", "destination=", "daddr=", "ll=", "q=", "geo:", "mlat=", "/@", "place/"];

/// The place in a text: `geo:-1.268,116.832?z=17`, `https://maps…?q=-1.268,116.832`, `…/@-1.268,116.832,17z`,
/// `…!3d-1.268!4d116.832`, `…?mlat=-1.268&mlon=116.832`, `-1.268, 116.832`. Latitude first, as all of them write it. A
/// shortened link holds no place: it would have to be opened.
#[must_use]
pub fn place_in(text: &str) -> Option<Place> {
    let text = text.replace("%2C", ",").replace("%2c", ",").replace("%20", " ");
    let text = text.trim();
    MARKS
        .iter()
        .filter_map(|mark| text.find(mark).map(|at| &text[at + mark.len()..]))
        .find_map(pair)
        .or_else(|| pair(text))
}

/// Two numbers at the beginning of a text, with what may stand between them.
fn pair(text: &str) -> Option<Place> {
    let (lat, rest) = number(text.trim_start_matches([' ', '+', '(']))?;
    let rest = rest.trim_start();
    let rest = ["!4d", "&mlon=", ";", ","].iter().find_map(|between| rest.strip_prefix(between))?;
    let (lng, _) = number(rest.trim_start_matches([' ', '+']))?;
    Place::new(lat, lng).ok()
}

/// A decimal number, and what follows it. A whole number is no coordinate that anybody pins.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    number.contains('.').then(|| number.parse().ok()).flatten().map(|n| (n, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_pins_that_people_send_are_read() {
        for text in [
            "-1.268, 116.832",
            "geo:-1.268,116.832?z=17",
            "geo:0,0?q=-1.268,116.832(Here)",
            "https://www.google.com/maps?q=-1.268,116.832",
            "https://www.google.com/maps/search/?api=1&query=-1.268%2C116.832",
            "https://www.google.com/maps/@-1.268,116.832,17z",
            "https://www.google.com/maps/place/X/@-1.3,116.9,17z/data=!3m1!4b1!4m5!3d-1.268!4d116.832",
            "https://maps.apple.com/?ll=-1.268,116.832&q=Pin",
            "https://www.openstreetmap.org/?mlat=-1.268&mlon=116.832#map=17/-1.3/116.9",
            "come here: https://maps.google.com/?q=-1.268,116.832 quick".trim_start_matches("come here: "),
            "(-1.268; 116.832)",
        ] {
            let place = place_in(text).unwrap_or_else(|| panic!("{text}"));
            assert!((place.lat() + 1.268).abs() < 1e-9 && (place.lng() - 116.832).abs() < 1e-9, "{text}: {place:?}");
        }
    }

    #[test]
    fn what_holds_no_place_gives_none() {
        for text in ["", "here", "https://maps.app.goo.gl/AbCdEf", "091.5, 200.1", "12, 13", "q=", "1.2", "geo:-1.2"] {
            assert_eq!(place_in(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}|[-0-9.,;q=!3d4 @/]{0,40}") {
            let _ = place_in(&text);
        }

        #[test]
        fn what_is_written_is_read(lat in -89.9f64..89.9, lng in -179.9f64..179.9) {
            let place = place_in(&format!("geo:{lat:.6},{lng:.6}")).unwrap();
            prop_assert!((place.lat() - lat).abs() < 1e-6 && (place.lng() - lng).abs() < 1e-6);
        }
    }
}
