//! The text of an SMS: `A"ML=1;lt=…;lg=…;…` and `A"ML=2;en=…;et=…;lo=…;…`. In version 2, `lt` and `lg` mean other things
//! than in version 1.

use super::{Aml, AmlFix, BrokenAml, confidence, decimal, method, moment, place, radius};
use crate::domain::time::UnixMs;
use time::{Date, Month, PrimitiveDateTime, Time};

/// An SMS in parts has 1,530 characters in the longest chains in use; nothing longer is one.
const TEXT_MAX: usize = 2_000;

/// Characters that a gateway may take away (blanks, the quotation mark) before a message counts as cut.
const SLACK: usize = 8;

/// The fields of a text, by their names.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    fn need(&self, field: &'static str) -> Result<&'a str, BrokenAml> {
        self.get(field).filter(|value| !value.is_empty()).ok_or(BrokenAml::new(field, "missing"))
    }
}

/// Reads the text of an SMS.
///
/// # Errors
/// [`BrokenAml`] with the first field that is missing or makes no sense.
pub fn from_sms(text: &str) -> Result<Aml, BrokenAml> {
    let text = text.trim();
    if text.len() > TEXT_MAX {
        return Err(BrokenAml::new("text", "too long for an SMS"));
    }
    let mut fields = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or(BrokenAml::new("text", "a part without ="))?;
        fields.push((name.trim(), value.trim()));
    }
    // Gateways are known to change the quotation mark, which not every alphabet of SMS has.
    let is_head = |name: &str| {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        letters == "AML" && name.chars().count() <= 4
    };
    let version = match fields.first() {
        Some((head, version)) if is_head(head) => *version,
        _ => return Err(BrokenAml::new("text", r#"it does not begin with A"ML="#)),
    };
    let fields = Fields(fields.split_off(1));
    match version {
        "1" => first(&fields, text),
        "2" => second(&fields),
        _ => Err(BrokenAml::new("ML", "only versions 1 and 2 are known")),
    }
}

fn first(fields: &Fields<'_>, text: &str) -> Result<Aml, BrokenAml> {
    let Some(method) = method("pm", Some(fields.need("pm")?))? else { return Ok(Aml { version: 1, fix: None }) };
    let (lat, lng) = (decimal("lt", fields.need("lt")?)?, decimal("lg", fields.need("lg")?)?);
    let fix = AmlFix {
        place: place(("lt", lat), ("lg", lng))?,
        radius_m: radius("rd", fields.need("rd")?)?,
        confidence_pct: confidence("lc", fields.get("lc"))?,
        at: digits("top", fields.need("top")?)?,
        method,
    };
    if let Some(length) = fields.get("ml") {
        let said: usize = length.parse().map_err(|_| BrokenAml::new("ml", "no number"))?;
        if said > text.chars().count() + SLACK {
            return Err(BrokenAml::new("ml", "the message was longer: a part is missing"));
        }
    }
    Ok(Aml { version: 1, fix: Some(fix) })
}

fn second(fields: &Fields<'_>) -> Result<Aml, BrokenAml> {
    let found = method("ls", fields.get("ls"))?;
    let (Some(method), Some(lo)) = (found, fields.get("lo").filter(|lo| !lo.is_empty())) else {
        return Ok(Aml { version: 2, fix: None });
    };
    let mut numbers = lo.split(',');
    let mut next = || numbers.next().ok_or(BrokenAml::new("lo", "latitude, longitude and radius are expected"));
    let (lat, lng, radius_m) = (decimal("lo", next()?)?, decimal("lo", next()?)?, radius("lo", next()?)?);
    if numbers.next().is_some() {
        return Err(BrokenAml::new("lo", "more than latitude, longitude and radius"));
    }
    let began = moment("et", fields.need("et")?)?;
    let after_s = fields.get("lt").filter(|lt| !lt.is_empty()).map_or(Ok(0.0), |lt| decimal("lt", lt))?;
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and an absurd moment is not of now")]
    let at = began.plus((after_s * 1_000.0) as i64);
    let fix = AmlFix {
        place: place(("lo", lat), ("lo", lng))?,
        radius_m,
        confidence_pct: confidence("lc", fields.get("lc"))?,
        at,
        method,
    };
    Ok(Aml { version: 2, fix: Some(fix) })
}

/// `yyyymmddhhmmss`, UTC.
pub(super) fn digits(field: &'static str, text: &str) -> Result<UnixMs, BrokenAml> {
    let wrong = BrokenAml::new(field, "no moment of the form yyyymmddhhmmss");
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong);
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u8>().map_err(|_| wrong);
    let year = text[..4].parse::<i32>().map_err(|_| wrong)?;
    let month = Month::try_from(part(4, 6)?).map_err(|_| wrong)?;
    let date = Date::from_calendar_date(year, month, part(6, 8)?).map_err(|_| wrong)?;
    let time = Time::from_hms(part(8, 10)?, part(10, 12)?, part(12, 14)?).map_err(|_| wrong)?;
    Ok(UnixMs(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::aml::AmlMethod;
    use proptest::prelude::*;

    /// The example of the standard.
    const ONE: &str = "A\"ML=1;lt=+54.76397;lg=-0.18305;rd=50;top=20130717141935;lc=90;pm=W;si=123456789012345;\
                       ei=1234567890123456;mcc=234;mnc=30;ml=128";
    const TWO: &str = "A\"ML=2;en=110;et=1793581200;lo=-1.26812,116.83201,12.5;lt=-4;lc=68;lz=+5.0,3;ls=G;\
                       ei=358239059042542;nc=51010;hc=51010;lg=id-ID";

    fn fix(text: &str) -> AmlFix {
        from_sms(text).unwrap().fix.unwrap()
    }

    #[test]
    fn the_first_version() {
        assert_eq!(ONE.len(), 128);
        let fix = fix(ONE);
        assert_eq!((fix.place.lat(), fix.place.lng(), fix.radius_m), (54.76397, -0.18305, 50.0));
        assert_eq!((fix.at, fix.method), (UnixMs(1_374_070_775_000), AmlMethod::Wifi));
        assert_eq!((fix.confidence_pct, from_sms(ONE).unwrap().version), (Some(90.0), 1));
    }

    #[test]
    fn the_second_version_means_other_things_by_the_same_names() {
        let fix = fix(TWO);
        assert_eq!((fix.place.lat(), fix.place.lng(), fix.radius_m), (-1.26812, 116.83201, 12.5));
        assert_eq!((fix.at, fix.method), (UnixMs(1_793_581_196_000), AmlMethod::Gnss));
        assert_eq!(from_sms(&TWO.replace("lt=-4;", "")).unwrap().fix.unwrap().at, UnixMs(1_793_581_200_000));
        let ms = TWO.replace("et=1793581200", "et=1793581200500");
        assert_eq!(from_sms(&ms).unwrap().fix.unwrap().at, UnixMs(1_793_581_196_500));
    }

    #[test]
    fn a_phone_that_does_not_know_says_so() {
        let text =
            "A\"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20260101000000;lc=0;pm=N;si=1;ei=2;mcc=510;mnc=10;ml=90";
        assert_eq!(from_sms(text), Ok(Aml { version: 1, fix: None }));
        for text in
            ["A\"ML=2;en=110;et=1793581200", "A\"ML=2;en=110;et=1793581200;lo=;ls=U", "A\"ML=2;lo=0,0,0;et=1;ls=N"]
        {
            assert_eq!(from_sms(text), Ok(Aml { version: 2, fix: None }), "{text}");
        }
    }

    #[test]
    fn what_gateways_do_to_a_text_is_forgiven() {
        for text in [
            format!("  {ONE}\r\n"),
            ONE.replace("A\"ML", "A\u{201d}ML"),
            ONE.replace("A\"ML", "AML"),
            ONE.replace(';', "; "),
            format!("{ONE};"),
            format!("{ONE};zz=new"),
            ONE.replace("lc=90;", ""),
            ONE.replace("rd=50", "rd=0"),
        ] {
            assert_eq!(fix(&text).place.lat(), 54.76397, "{text}");
        }
    }

    #[test]
    fn what_is_broken_is_named() {
        for (from, to, field) in [
            ("lt=+54.76397;", "", "lt"),
            ("lt=+54.76397", "lt=", "lt"),
            ("lt=+54.76397", "lt=north", "lt"),
            ("lt=+54.76397", "lt=NaN", "lt"),
            ("lt=+54.76397", "lt=94", "lt"),
            ("lg=-0.18305", "lg=-181", "lg"),
            ("rd=50", "rd=wide", "rd"),
            ("rd=50", "rd=-1", "rd"),
            ("rd=50;", "", "rd"),
            ("top=20130717141935", "top=2013", "top"),
            ("top=20130717141935", "top=20130230141935", "top"),
            ("top=20130717141935", "top=2013071714193x", "top"),
            ("top=20130717141935", "top=20130717251935", "top"),
            ("lc=90", "lc=190", "lc"),
            ("pm=W", "pm=X", "pm"),
            ("pm=W;", "", "pm"),
            ("ml=128", "ml=140", "ml"),
            ("ml=128", "ml=many", "ml"),
            ("A\"ML=1", "A\"ML=3", "ML"),
            ("A\"ML=1;", "", "text"),
            ("rd=50", "rd", "text"),
        ] {
            let broken = from_sms(&ONE.replace(from, to)).unwrap_err();
            assert_eq!(broken.field, field, "{to}: {broken}");
        }
        for (from, to, field) in [
            ("lo=-1.26812,116.83201,12.5", "lo=-1.26812,116.83201", "lo"),
            ("lo=-1.26812,116.83201,12.5", "lo=-1.26812,116.83201,12.5,9", "lo"),
            ("lo=-1.26812", "lo=-91.0", "lo"),
            (",12.5", ",", "lo"),
            ("et=1793581200;", "", "et"),
            ("et=1793581200", "et=today", "et"),
            ("lt=-4", "lt=soon", "lt"),
            ("ls=G", "ls=Q", "ls"),
        ] {
            assert_eq!(from_sms(&TWO.replace(from, to)).unwrap_err().field, field, "{to}");
        }
        for text in ["", ";", "hello", "A\"ML", "A\"ML=", "=1;lt=2", &"x".repeat(3_000)] {
            assert!(from_sms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_does_not_say_where_somebody_is() {
        let broken = from_sms(&ONE.replace("lt=+54.76397", "lt=54,76397")).unwrap_err();
        assert!(!broken.to_string().contains("76397"), "{broken}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let _ = from_sms(&text);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = from_sms(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn no_change_of_a_good_one_panics(at in 0_usize..128, with in "\\PC{0,3}", second in any::<bool>()) {
            let text = if second { TWO } else { ONE };
            let at = at.min(text.len() - 1);
            let _ = from_sms(&format!("{}{with}{}", &text[..at], &text[at + 1..]));
            let _ = from_sms(&text[..at]);
        }

        #[test]
        fn a_place_comes_through(lat in -9_000_000..=9_000_000_i32, lng in -18_000_000..=18_000_000_i32, radius in 1_u32..100_000) {
            let (lat, lng) = (f64::from(lat) / 100_000.0, f64::from(lng) / 100_000.0);
            let one = format!("A\"ML=1;lt={lat:+.5};lg={lng:+.5};rd={radius};top=20260101000000;pm=G");
            let two = format!("A\"ML=2;et=1;lo={lat:.5},{lng:.5},{radius};ls=G");
            for text in [one, two] {
                let fix = fix(&text);
                prop_assert_eq!((fix.place.lat(), fix.place.lng(), fix.radius_m), (lat, lng, f64::from(radius)));
            }
        }

        #[test]
        fn a_moment_comes_through(seconds in 0_i64..4_000_000_000) {
            let written = UnixMs(seconds * 1_000).to_string();
            let text: String = written[..19].chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits("top", &text), Ok(UnixMs(seconds * 1_000)));
        }
    }
}
