//! The floors hold: a file imports from its own room and from lower floors only. Also a few rules of style that a
//! compiler does not check.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Rooms by floor; rooms of one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["domain"],
    &["store", "live", "road", "post"],
    &["engine"],
    &["wire"],
    &["http", "ws", "sim", "cli"],
    &["config", "app", "main", "lib"],
];

fn floor(room: &str) -> usize {
    FLOORS.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("{room} is in no floor"))
}

/// Whether a file of `room` may import from `other`. On the top floor everybody knows everybody.
fn may_import(room: &str, other: &str) -> bool {
    room == other || floor(other) < floor(room) || floor(room) == FLOORS.len() - 1
}

/// The rooms that a text names after `crate::`, in `use` lines and in paths.
fn rooms_named(text: &str) -> Vec<String> {
    let code: String = text.lines().map(|l| l.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let ident = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(ident(rest));
            continue;
        };
        let (mut depth, mut fresh) = (1, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                c if depth == 1 && fresh && c.is_alphabetic() => {
                    found.push(ident(&group[i..]));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    // Macros of the crate's root are nobody's room.
    found.retain(|room| FLOORS.iter().any(|rooms| rooms.contains(&room.as_str())));
    found
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn upward_and_sibling_imports_are_seen() {
    let text = "use crate::{domain::{ids::*, store::x}, engine::Error};\nfn f() { crate::live::g() } // crate::http";
    assert_eq!(rooms_named(text), ["domain", "engine", "live"]);
    assert!(!may_import("domain", "store"), "upward");
    assert!(!may_import("store", "live"), "sibling");
    assert!(!may_import("http", "ws"), "sibling");
    assert!(may_import("engine", "store") && may_import("wire", "engine") && may_import("app", "cli"));
}

#[test]
fn every_import_goes_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room_of(&path);
        for other in rooms_named(&text) {
            if !may_import(&room, &other) {
                wrong.push(format!("{}: imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_engine_knows_the_first_floor() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room_of(&path);
        // `app` puts the parts together; the rooms see their own.
        if floor(&room) > floor("engine") && !matches!(room.as_str(), "app" | "lib") {
            for other in rooms_named(&text).iter().filter(|r| floor(r) == floor("store")) {
                wrong.push(format!("{}: imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    for (path, text) in sources().iter().filter(|(path, _)| room_of(path) == "domain") {
        for word in ["tokio", "sqlx", "async fn", ".await", "SystemTime", "Instant::now"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn databases_and_clocks_have_one_room() {
    for (path, text) in sources() {
        for (word, rooms) in [("sqlx::", "store"), ("redis::Client", "live"), ("SystemTime::now", "app")] {
            assert!(room_of(&path) == rooms || !text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn files_stay_small() {
    for (path, text) in sources() {
        assert!(text.lines().count() <= 500, "{} has {} lines", path.display(), text.lines().count());
    }
}
