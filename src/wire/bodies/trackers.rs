//! Trackers: how they are added and listed, and what a stock app has to be told.

use super::commands;
use crate::{
    domain::{ids::CommandId, tracker::Tracker},
    engine::{NewTracker, ingest::Taken},
    wire::trackers::Broken,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// A tracker to be added.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrackerBody {
    /// The client's name for this command. A repeat gets the same tracker, without its secret.
    pub command_id: Option<CommandId>,
    /// Its fixes count beside those of the crew's phone, and the newest wins. Otherwise they count while that phone is
    /// silent.
    #[serde(default)]
    pub position_source: bool,
}

/// A tracker to be revoked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeTrackerBody {
    /// The client's name for this command.
    pub command_id: Option<CommandId>,
}

/// A tracker that was added. The secret is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct AddedTrackerBody {
    /// As stored.
    #[serde(flatten)]
    pub tracker: Tracker,
    /// What to type into the app; absent in the answer to a repeat: revoke it then, and add another.
    pub setup: Option<SetupBody>,
}

/// How an app is set up. Each of the three apps needs its own part of this.
#[derive(Clone, Serialize, ToSchema)]
pub struct SetupBody {
    /// The secret by itself: the password of OwnTracks.
    pub secret: String,
    /// OsmAnd: the web address for online tracking.
    pub osmand_url: String,
    /// Traccar Client: the server's address.
    pub traccar_url: String,
    /// Traccar Client: the device identifier, secret included.
    pub traccar_id: String,
    /// Traccar Client from version 9 on: the text of a QR code that sets it up.
    pub traccar_link: String,
    /// OwnTracks: the address in HTTP mode. The user is the tracker's `id`.
    pub owntracks_url: String,
    /// OwnTracks: a link that sets it up when it is opened on the phone.
    pub owntracks_link: String,
}

impl AddedTrackerBody {
    /// With what to type, for a server that phones reach at `server`, as in `https://110.example.id`.
    #[must_use]
    pub fn new(new: NewTracker, server: &str) -> Self {
        let setup = new.secret.map(|secret| SetupBody::new(&new.tracker, secret, server.trim_end_matches('/')));
        Self { tracker: new.tracker, setup }
    }
}

impl SetupBody {
    fn new(tracker: &Tracker, secret: String, server: &str) -> Self {
        let (id, url) = (tracker.id, format!("{server}/trackers/osmand"));
        let owntracks_url = format!("{server}/trackers/owntracks");
        // Mode 3 is HTTP, monitoring 2 is the one that moves with every ten seconds.
        let config = json!({
            "_type": "configuration", "mode": 3, "url": owntracks_url, "auth": true, "username": id, "password": secret,
            "deviceId": id, "tid": id.unit.sign().chars().rev().take(2).collect::<Vec<_>>().iter().rev().collect::<String>(),
            "monitoring": 2, "pubExtendedData": true,
        });
        // The link's own parser wants + and / escaped; the URL-safe alphabet is not read by every version.
        let inline = STANDARD.encode(config.to_string()).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        Self {
            // OsmAnd puts its radius where others have a dilution, and its speed in metres per second.
            osmand_url: format!(
                "{url}?id={id}.{secret}&lat={{0}}&lon={{1}}&timestamp={{2}}&accuracy={{3}}&altitude={{4}}&speed={{5}}\
                 &speed_unit=mps&bearing={{6}}"
            ),
            traccar_id: format!("{id}.{secret}"),
            traccar_link: format!("{url}?id={id}.{secret}&accuracy=highest&interval=10&distance=0"),
            traccar_url: url,
            owntracks_link: format!("owntracks:///config?inline={inline}"),
            owntracks_url,
            secret,
        }
    }
}

/// What became of the fixes of a request.
#[derive(Serialize, ToSchema)]
pub struct TakenBody {
    /// How many were kept.
    pub kept: u32,
    /// How many came too fast.
    pub conflated: u32,
    /// How many did not count, because the crew's phone speaks for the unit.
    pub passed_over: u32,
    /// How many did not count, because the unit is off duty.
    pub off_duty: u32,
    /// The refused ones. Sending them again changes nothing.
    pub refused: Vec<RefusedBody>,
}

/// A fix that was refused.
#[derive(Serialize, ToSchema)]
pub struct RefusedBody {
    /// Its place in the request, from 0.
    pub index: u32,
    /// A stable word, as in `too_fast`; `malformed` for one that could not be read.
    pub reason: String,
    /// What it means here.
    pub detail: String,
}

impl TakenBody {
    /// What was taken of the readable fixes, which stand at these places of the request, and what was not readable.
    #[must_use]
    pub fn new(taken: &Taken, places: &[u32], broken: &[(u32, Broken)]) -> Self {
        let place = |index: u32| usize::try_from(index).ok().and_then(|at| places.get(at)).copied().unwrap_or(index);
        let refused = taken.refused.iter().map(|(index, why)| RefusedBody {
            index: place(*index),
            reason: why.as_str().to_owned(),
            detail: why.to_string(),
        });
        let unread = broken.iter().map(|(index, why)| RefusedBody {
            index: *index,
            reason: "malformed".to_owned(),
            detail: why.to_string(),
        });
        let mut refused: Vec<_> = refused.chain(unread).collect();
        refused.sort_by_key(|refused| refused.index);
        let Taken { kept, conflated, passed_over, off_duty, .. } = *taken;
        Self { kept, conflated, passed_over, off_duty, refused }
    }
}

/// A tracker's name and secret as one text, as the apps send it: `BPN-M12-T1.SECRET`.
#[must_use]
pub fn split_secret(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.trim().split_once('.')?;
    // Longer ones are nobody's; comparing them would only cost.
    (secret.len() <= 64).then_some((id, secret))
}

/// The name and password of `Authorization: Basic …`.
#[must_use]
pub fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.split_once(' ')?;
    let decoded = STANDARD.decode(text.trim()).or_else(|_| URL_SAFE_NO_PAD.decode(text.trim())).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    (scheme.eq_ignore_ascii_case("basic") && password.len() <= 64).then(|| (user.to_owned(), password.to_owned()))
}

commands! {
    NewTrackerBody: "tracker.add",
    RevokeTrackerBody: "tracker.revoke",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::UnixMs,
        wire::{params::Params, trackers::osmand},
    };

    fn setup() -> SetupBody {
        let (id, created) = ("BPN-M12-T1".parse().unwrap(), UnixMs(0));
        let tracker = Tracker { id, position_source: false, created, revoked: None, last_seen: None };
        let new = NewTracker { tracker, secret: Some("s-_cret".to_owned()) };
        AddedTrackerBody::new(new, "https://110.example.id/").setup.unwrap()
    }

    #[test]
    fn the_address_for_osmand_reads_back() {
        let url = setup().osmand_url;
        assert!(url.starts_with("https://110.example.id/trackers/osmand?"), "{url}");
        let filled = ["-1.268", "116.832", "1793581200123", "4.5", "12.0", "7.5", "90.0"]
            .iter()
            .enumerate()
            .fold(url, |url, (n, value)| url.replace(&format!("{{{n}}}"), value));
        let params = Params::read(filled.split_once('?').unwrap().1, b"");
        assert_eq!(split_secret(osmand::id(&params).unwrap()), Some(("BPN-M12-T1", "s-_cret")));
        let fix = osmand::read(&params).unwrap();
        assert_eq!((fix.lat, fix.device_ms), (-1.268, 1_793_581_200_123));
        assert_eq!((fix.accuracy_m, fix.speed_mps, fix.heading_deg), (Some(4.5), Some(7.5), Some(90.0)));
    }

    #[test]
    fn the_link_for_owntracks_holds_all_that_it_needs() {
        let setup = setup();
        let inline = setup.owntracks_link.strip_prefix("owntracks:///config?inline=").unwrap();
        let inline = inline.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        let config: serde_json::Value = serde_json::from_slice(&STANDARD.decode(inline).unwrap()).unwrap();
        assert_eq!(config["url"], "https://110.example.id/trackers/owntracks");
        assert_eq!((&config["username"], &config["password"]), (&json!("BPN-M12-T1"), &json!("s-_cret")));
        assert_eq!(
            (&config["_type"], &config["mode"], &config["tid"]),
            (&json!("configuration"), &json!(3), &json!("12"))
        );
    }

    #[test]
    fn secrets_are_read_from_both_forms() {
        let header = format!("Basic {}", STANDARD.encode("BPN-M12-T1:a:b"));
        assert_eq!(basic(&header), Some(("BPN-M12-T1".to_owned(), "a:b".to_owned())));
        for wrong in
            ["", "Basic", "Basic !", "Bearer eDp5", "Basic eA==", &format!("Basic {}", STANDARD.encode([0xff, b':']))]
        {
            assert_eq!(basic(wrong), None, "{wrong}");
        }
        assert_eq!(split_secret("BPN-M1-T1.a.b"), Some(("BPN-M1-T1", "a.b")));
        assert_eq!(split_secret("BPN-M1-T1"), None);
        assert_eq!(split_secret(&format!("x.{}", "s".repeat(65))), None);
    }

    #[test]
    fn a_repeat_shows_no_secret() {
        let (id, created) = ("BPN-M12-T1".parse().unwrap(), UnixMs(0));
        let tracker = Tracker { id, position_source: true, created, revoked: None, last_seen: None };
        let body =
            serde_json::to_value(AddedTrackerBody::new(NewTracker { tracker, secret: None }, "http://x")).unwrap();
        assert_eq!((&body["id"], &body["setup"]), (&json!("BPN-M12-T1"), &json!(null)));
    }
}
