//! The screens as browsers get them, and what stands there when the program was built without them.

use super::*;
use crate::served;
use sigap::http::{Basemap, Screens};

const PAGE: &[u8] = b"<!doctype html><title>Sigap</title><p>a page that is long enough to be packed";
const PACKED: &[u8] = b"\x1f\x8b: what gzip would have made of it";

fn built() -> Screens {
    Screens::given([
        ("index.html", PAGE),
        ("console.html", PAGE),
        ("console.html.gz", PACKED),
        ("board.html", b"the board".as_slice()),
        ("unit.html", b"the officer's app"),
        ("unit.webmanifest", b"{}"),
        ("unit-sw.js", b"'use strict'"),
        ("icon.svg", b"<svg/>"),
        ("assets/console-Ab12_-.js", b"export {}"),
        ("assets/base-Ab12.css", b"body {}"),
        ("assets/strange.bin", b"\0"),
        ("secret.html", b"no page"),
    ])
}

/// A server with these screens beside the one of the test.
fn with(s: &Served, screens: Screens) -> Served {
    over(s, screens, None)
}

/// The same, with its maps over this.
fn over(s: &Served, screens: Screens, basemap: Option<Basemap>) -> Served {
    let state = HttpState::new(s.engine.clone(), http::Settings::default(), vec![]);
    let state = web::Data::new(state.with_screens(screens).with_basemap(basemap));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shared = state.clone();
    let app = move || App::new().app_data(shared.clone()).configure(http::configure);
    tokio::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run());
    let (store, engine, clock) = (s.store.clone(), s.engine.clone(), Arc::clone(&s.clock));
    Served { store, engine, state, url, clock, client: Client::new() }
}

served! {
    async fn each_file_comes_as_what_it_is(s: Served) {
        let s = with(&s, built());
        for (path, kind) in [
            ("/", "text/html; charset=utf-8"),
            ("/console", "text/html; charset=utf-8"),
            ("/console/", "text/html; charset=utf-8"),
            ("/board", "text/html; charset=utf-8"),
            ("/unit", "text/html; charset=utf-8"),
            ("/unit.webmanifest", "application/manifest+json"),
            ("/unit-sw.js", "text/javascript; charset=utf-8"),
            ("/icon.svg", "image/svg+xml"),
            ("/assets/console-Ab12_-.js", "text/javascript; charset=utf-8"),
            ("/assets/base-Ab12.css", "text/css; charset=utf-8"),
            ("/assets/strange.bin", "application/octet-stream"),
        ] {
            let reply = s.send("GET", path, &[], "").await;
            assert_eq!((reply.status, reply.header("content-type")), (200, kind), "{path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            let head = s.send("HEAD", path, &[], "").await;
            assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", reply.header("etag")), "{path}");
        }
        assert_eq!(s.send("GET", "/board", &[], "").await.text, "the board");
    }

    async fn a_page_loads_nothing_from_elsewhere(s: Served) {
        let s = with(&s, built());
        let reply = s.send("GET", "/console", &[], "").await;
        let policy: Vec<_> = reply.header("content-security-policy").split("; ").collect();
        for rule in ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(&rule), "{rule} in {policy:?}");
        }
        for hole in ["unsafe", "http:", "https:", "*"] {
            assert!(policy.iter().all(|rule| !rule.contains(hole)), "{hole} in {policy:?}");
        }
        assert_eq!(reply.header("referrer-policy"), "same-origin");
        assert!(reply.header("permissions-policy").contains("geolocation=(self)"));
    }

    async fn a_basemap_opens_its_own_origin_and_no_other(s: Served) {
        let policy = async |basemap: Option<Basemap>| {
            let served = over(&s, built(), basemap);
            let mut told = Vec::new();
            for path in ["/", "/console", "/board", "/unit", "/assets/console-Ab12_-.js"] {
                told.push(served.send("GET", path, &[], "").await.header("content-security-policy").to_owned());
            }
            assert!(told.iter().all(|one| *one == told[0]), "workers have the policy of their file: {told:?}");
            told.swap_remove(0)
        };
        let without = policy(None).await;
        for (url, opened) in [
            ("https://tile.example.id/{z}/{x}/{y}.png?key=a", " https://tile.example.id"),
            ("http://maps.example.id:8080/town.pmtiles", " http://maps.example.id:8080"),
            ("/maps/town.pmtiles", ""),
        ] {
            let with = policy(Some(Basemap::new(url, None).unwrap())).await;
            let wanted = without.replace("connect-src 'self'", &format!("connect-src 'self'{opened}"));
            assert_eq!(with, wanted, "{url}");
        }
    }

    async fn who_is_logged_in_is_told_of_the_basemap(s: Served) {
        let url = "https://tile.example.id/{z}/{x}/{y}.png";
        let basemap = Basemap::new(url, Some("© somebody")).unwrap();
        let (with, without) = (over(&s, built(), Some(basemap)), over(&s, built(), None));
        let officer = s.token(Role::Officer, "BPN").await;
        let told = with.get(&officer, "/screens/settings").await.expect(200);
        assert_eq!(told, json!({"basemap": {"kind": "tiles", "url": url, "attribution": "© somebody"}, "stale_ms": 60_000}));
        assert_eq!(without.get(&officer, "/screens/settings").await.expect(200), json!({"basemap": null, "stale_ms": 60_000}));
        assert_eq!(with.send("GET", "/api/v1/screens/settings", &[], "").await.status, 401);
    }

    async fn assets_are_kept_for_good_and_pages_are_asked_for_anew(s: Served) {
        let s = with(&s, built());
        let asset = s.send("GET", "/assets/base-Ab12.css", &[], "").await;
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        for path in ["/", "/console", "/unit-sw.js", "/icon.svg"] {
            let first = s.send("GET", path, &[], "").await;
            assert_eq!(first.header("cache-control"), "no-cache", "{path}");
            let tag = first.header("etag");
            for known in [tag.to_owned(), format!("\"other\", W/{tag}")] {
                let again = s.send("GET", path, &[("if-none-match", &known)], "").await;
                assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}, {known}");
            }
            assert_eq!(s.send("GET", path, &[("if-none-match", "\"other\"")], "").await.status, 200, "{path}");
        }
    }

    async fn who_unpacks_gets_it_packed(s: Served) {
        let s = with(&s, built());
        let plain = s.send("GET", "/console", &[], "").await;
        assert_eq!((plain.text.as_bytes(), plain.header("content-encoding")), (PAGE, ""));
        for takes in ["gzip", "br, gzip;q=0.5", "deflate, GZIP"] {
            let packed = s.send("GET", "/console", &[("accept-encoding", takes)], "").await;
            assert_eq!(packed.header("content-encoding"), "gzip", "{takes}");
            assert_eq!(packed.header("content-type"), "text/html; charset=utf-8", "{takes}");
            assert_eq!(packed.header("content-length"), PACKED.len().to_string(), "{takes}");
            assert_ne!(packed.header("etag"), plain.header("etag"), "{takes}: other bytes");
        }
        for takes in ["br", "gzip;q=0", "gzip; q=0.0, br", "identity", "gzipped"] {
            let reply = s.send("GET", "/console", &[("accept-encoding", takes)], "").await;
            assert_eq!((reply.text.as_bytes(), reply.header("content-encoding")), (PAGE, ""), "{takes}");
        }
        assert_eq!(plain.header("vary"), "Accept-Encoding");
        let unpacked = s.send("GET", "/board", &[("accept-encoding", "gzip")], "").await;
        assert_eq!(unpacked.text, "the board", "where there is nothing packed");
    }

    async fn nothing_else_is_served(s: Served) {
        let s = with(&s, built());
        for path in [
            "/secret.html", "/console.html", "/console.html.gz", "/assets/none.js", "/assets/../secret.html",
            "/assets/%2e%2e%2fsecret.html", "/assets/", "/none.js", "/.gitignore", "/console/more",
        ] {
            s.send("GET", path, &[], "").await.problem(404, "no_route");
        }
        for method in ["POST", "PUT", "DELETE"] {
            let reply = s.send(method, "/console", &[], "").await;
            assert_eq!((reply.status, reply.header("allow")), (405, "GET, HEAD"), "{method}");
        }
        s.send("GET", "/api/v1/none", &[], "").await.problem(404, "no_route");
    }

    async fn a_program_without_screens_says_so(s: Served) {
        let s = with(&s, Screens::given([]));
        for path in ["/", "/console", "/board", "/unit"] {
            let reply = s.send("GET", path, &[], "").await;
            assert_eq!((reply.status, reply.header("cache-control")), (503, "no-store"), "{path}");
            assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{path}");
            for words in ["dibangun tanpa Node.js", "built without Node.js", "make run"] {
                assert!(reply.text.contains(words), "{path}: {words}");
            }
        }
        s.send("GET", "/assets/base.css", &[], "").await.problem(404, "no_route");
        assert_eq!(s.send("GET", "/livez", &[], "").await.status, 200, "everything else works");
    }
}
