//! The ground of the maps, where operations name one: tiles of pictures (`…/{z}/{x}/{y}.png`) or a PMTiles archive.
//!
//! Invariants: an address is taken only if its origin can be written into a page's policy as it is, so that the policy
//! opens that origin and nothing more; attribution is a text, never markup.

use serde::Serialize;
use utoipa::ToSchema;

/// The longest address, and the longest attribution, characters.
const CHARS_MAX: usize = 500;

/// Where the ground of the maps comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Basemap {
    /// What lies at the address.
    pub kind: BasemapKind,
    /// The address; of tiles with `{z}`, `{x}` and `{y}` in it.
    pub url: String,
    /// Whose data it is, as it has to stand on the map.
    pub attribution: Option<String>,
    /// Where it lies; none on this server itself.
    #[serde(skip)]
    origin: Option<String>,
}

/// What lies at a basemap's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasemapKind {
    /// Pictures of 256 pixels, in the scheme of web maps (XYZ).
    Tiles,
    /// One archive of tiles, asked for in ranges of bytes.
    Pmtiles,
}

/// Why an address is no basemap's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBasemap {
    /// Neither kind.
    #[error("it must hold {{z}}, {{x}} and {{y}}, or end in .pmtiles")]
    Kind,
    /// Not of the web, and not of this server.
    #[error("it must begin with https://, http:// or, for a file of this very server, a single /")]
    Scheme,
    /// Something that no host's name has.
    #[error("its host may have letters, digits, dots, hyphens and a port, and no user or password")]
    Host,
    /// Something else in braces, as the `{{s}}` of several hosts.
    #[error("it may hold {{z}}, {{x}} and {{y}} once each, and nothing else in braces; name one host instead of {{s}}")]
    Braces,
    /// A character that no address has, or too many.
    #[error("it must be 1 to 500 characters of an address, without spaces and quotation marks")]
    Text,
    /// An attribution that does not fit on a map.
    #[error("the attribution must be 1 to 500 characters without control characters")]
    Attribution,
}

impl Basemap {
    /// Reads an address and who is to be named for it.
    ///
    /// # Errors
    /// [`BadBasemap`] says what is wrong.
    pub fn new(url: &str, attribution: Option<&str>) -> Result<Self, BadBasemap> {
        let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '<' | '>' | '`');
        if url.is_empty() || url.len() > CHARS_MAX || !url.chars().all(fits) {
            return Err(BadBasemap::Text);
        }
        if attribution
            .is_some_and(|a| a.trim().is_empty() || a.chars().count() > CHARS_MAX || a.contains(char::is_control))
        {
            return Err(BadBasemap::Attribution);
        }
        let origin = origin(url)?;
        let kind = kind(url)?;
        let attribution = attribution.map(|a| a.trim().to_owned());
        Ok(Self { kind, url: url.to_owned(), attribution, origin })
    }

    /// What a page's policy has to permit beside the page's own files; none where it lies on this server.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }
}

/// Scheme, host and port of an address; `None` for a path of this server.
fn origin(url: &str) -> Result<Option<String>, BadBasemap> {
    let lower = url.to_ascii_lowercase();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme));
    let Some(scheme) = scheme else {
        return if url.starts_with('/') && !url.starts_with("//") { Ok(None) } else { Err(BadBasemap::Scheme) };
    };
    let rest = &lower[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // A policy has no form for addresses in brackets that all browsers know.
    let good = host.split('.').all(label) && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
    if good { Ok(Some(format!("{scheme}{authority}"))) } else { Err(BadBasemap::Host) }
}

fn kind(url: &str) -> Result<BasemapKind, BadBasemap> {
    let count = |what: &str| url.matches(what).count();
    let named = ["{z}", "{x}", "{y}"].map(count);
    let braces = count("{") + count("}");
    let path = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    match (named, braces) {
        ([1, 1, 1], 6) => Ok(BasemapKind::Tiles),
        ([0, 0, 0], 0) if path.to_ascii_lowercase().ends_with(".pmtiles") => Ok(BasemapKind::Pmtiles),
        ([0, 0, 0], 0) => Err(BadBasemap::Kind),
        ([z, x, y], _) if z.min(x).min(y) == 0 && braces == 2 * (z + x + y) => Err(BadBasemap::Kind),
        _ => Err(BadBasemap::Braces),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_what_lies_there_and_where() {
        for (url, kind, origin) in [
            ("https://tile.example.id/{z}/{x}/{y}.png", BasemapKind::Tiles, Some("https://tile.example.id")),
            ("HTTP://Tile.Example.id:8080/{z}/{y}/{x}?key=a", BasemapKind::Tiles, Some("http://tile.example.id:8080")),
            ("http://10.0.0.7/indonesia.pmtiles", BasemapKind::Pmtiles, Some("http://10.0.0.7")),
            ("https://maps.example.id/a.pmtiles?v=3", BasemapKind::Pmtiles, Some("https://maps.example.id")),
            ("/tiles/{z}/{x}/{y}.webp", BasemapKind::Tiles, None),
            ("/maps/kaltim.pmtiles", BasemapKind::Pmtiles, None),
        ] {
            let basemap = Basemap::new(url, Some(" © somebody ")).unwrap_or_else(|e| panic!("{url}: {e}"));
            assert_eq!((basemap.kind, basemap.origin(), basemap.url.as_str()), (kind, origin, url));
            assert_eq!(basemap.attribution.as_deref(), Some("© somebody"));
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        for (url, why) in [
            ("", BadBasemap::Text),
            ("https://tile.example.id/{z}/{x}/{y}.png; script-src *", BadBasemap::Text),
            ("https://tile.example.id'/{z}/{x}/{y}.png", BadBasemap::Text),
            ("ftp://tile.example.id/{z}/{x}/{y}.png", BadBasemap::Scheme),
            ("//tile.example.id/{z}/{x}/{y}.png", BadBasemap::Scheme),
            ("tiles/{z}/{x}/{y}.png", BadBasemap::Scheme),
            ("javascript:alert(1)//{z}/{x}/{y}", BadBasemap::Scheme),
            ("https:///{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://*.example.id/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://{s}.example.id/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://user:word@example.id/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://example.id:0/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://example.id:99999/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://a,b/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://a;script-src/{z}/{x}/{y}.png", BadBasemap::Host),
            ("https://example.id/map.png", BadBasemap::Kind),
            ("https://example.id/{z}/{x}.png", BadBasemap::Kind),
            ("https://example.id/", BadBasemap::Kind),
            ("https://example.id/{z}/{x}/{y}/{r}.png", BadBasemap::Braces),
            ("https://example.id/{z}/{z}/{x}/{y}.png", BadBasemap::Braces),
        ] {
            assert_eq!(Basemap::new(url, None), Err(why), "{url}");
        }
        let url = "/a.pmtiles";
        assert_eq!(Basemap::new(&format!("/{}.pmtiles", "a".repeat(500)), None), Err(BadBasemap::Text));
        for attribution in ["", "  ", "a\nb"] {
            assert_eq!(Basemap::new(url, Some(attribution)), Err(BadBasemap::Attribution), "{attribution:?}");
        }
        assert!(BadBasemap::Kind.to_string().contains("{z}, {x} and {y}"), "{}", BadBasemap::Kind);
    }
}
