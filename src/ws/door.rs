//! Who may open a socket: browsers' pages by their `Origin`, everybody by a ticket among the subprotocols.

use super::close::Close;
use crate::wire::frames::PROTOCOL;
use actix_web::{
    HttpRequest,
    http::header::{HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
};

/// Longest ticket that is looked at, characters.
const TICKET_MAX: usize = 128;

/// The ticket, unless the request is refused before it is looked up.
pub(super) fn ticket(request: &HttpRequest, origins: &[String]) -> Result<String, Close> {
    if !origin_is_good(request, origins) {
        return Err(Close::NotAuthorised);
    }
    let offered = || {
        let headers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
        headers.flat_map(|value| value.split(',')).map(str::trim)
    };
    if !offered().any(|protocol| protocol == PROTOCOL) {
        return Err(Close::ProtocolError);
    }
    let ticket = offered().find_map(|protocol| protocol.strip_prefix("ticket.")).ok_or(Close::NotAuthorised)?;
    let is_base64url = ticket.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if ticket.is_empty() || ticket.len() > TICKET_MAX || !is_base64url {
        return Err(Close::NotAuthorised);
    }
    Ok(ticket.to_owned())
}

/// A page of this very server may, one that is listed may, and whoever sends no `Origin` is no browser.
fn origin_is_good(request: &HttpRequest, origins: &[String]) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let own = origin.split_once("://").is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https") && host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
    });
    own || origins.iter().any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn ask(protocols: &str, origin: Option<&str>) -> Result<String, Close> {
        let mut request = TestRequest::default()
            .insert_header((HOST, "110.example.id"))
            .insert_header((SEC_WEBSOCKET_PROTOCOL, protocols));
        if let Some(origin) = origin {
            request = request.insert_header((ORIGIN, origin));
        }
        ticket(&request.to_http_request(), &["https://console.example.id/".to_owned()])
    }

    #[test]
    fn a_ticket_comes_among_the_subprotocols() {
        assert_eq!(ask("sigap.v1, ticket.a-Z_0", None), Ok("a-Z_0".to_owned()));
        assert_eq!(ask("ticket.abc,sigap.v1", None), Ok("abc".to_owned()));
        let long = format!("sigap.v1, ticket.{}", "a".repeat(129));
        for missing in ["sigap.v1", "sigap.v1, ticket.", "sigap.v1, ticket.a=b", long.as_str()] {
            assert_eq!(ask(missing, None), Err(Close::NotAuthorised), "{missing}");
        }
        assert_eq!(ask("sigap.v2, ticket.abc", None), Err(Close::ProtocolError));
    }

    #[test]
    fn pages_of_this_server_and_listed_ones_may() {
        for good in ["https://console.example.id", "https://110.example.id", "http://110.EXAMPLE.id"] {
            assert!(ask("sigap.v1, ticket.abc", Some(good)).is_ok(), "{good}");
        }
        for foreign in
            ["null", "https://evil.example", "https://110.example.id.evil.example", "file://110.example.id", ""]
        {
            assert_eq!(ask("sigap.v1, ticket.abc", Some(foreign)), Err(Close::NotAuthorised), "{foreign}");
        }
    }
}
