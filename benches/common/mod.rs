//! What the benchmarks share: figures that end up in `target/bench/summary.json`, and a few ways to measure.
//!
//! The summary is an array of `{"name", "value", "unit", "peer", "ratio"}`. `peer` is what somebody else's way of doing
//! the same took, in the same unit, and `ratio` says how many times better ours is; both are null where there is no
//! peer; where one could not be measured, `no_peer` says why. Several binaries write into one file: an entry takes the place of the one with its name.

use std::{fs, path::PathBuf};

/// Which way a figure is better.
#[derive(Clone, Copy, Debug)]
pub enum Better {
    /// Times, sizes.
    Lower,
    /// Throughput.
    Higher,
}

/// The figures of one run of one binary.
#[derive(Debug, Default)]
pub struct Summary {
    entries: Vec<serde_json::Value>,
}

impl Summary {
    /// Adds a figure.
    pub fn add(&mut self, name: &str, value: f64, unit: &str) {
        self.push(name, value, unit, None, None);
    }

    /// Adds a figure whose peer could not be measured, with the reason.
    pub fn add_alone(&mut self, name: &str, value: f64, unit: &str, why: &str) {
        self.push(name, value, unit, None, None);
        println!("{name} has no peer: {why}");
        if let Some(entry) = self.entries.last_mut() {
            entry["no_peer"] = why.into();
        }
    }

    /// Adds a figure beside a peer's.
    pub fn add_beside(&mut self, name: &str, value: f64, unit: &str, peer: f64, better: Better) {
        let ratio = match better {
            Better::Lower => peer / value,
            Better::Higher => value / peer,
        };
        self.push(name, value, unit, Some(peer), Some(ratio));
    }

    /// Merges the figures into the file.
    pub fn write(self) {
        let (path, mut all) = (path(), read());
        all.retain(|old| !self.entries.iter().any(|new| new["name"] == old["name"]));
        all.extend(self.entries);
        all.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        fs::create_dir_all(path.parent().expect("the path has a folder")).expect("target can be written");
        let text = serde_json::to_string_pretty(&all).expect("values are JSON");
        fs::write(&path, text + "\n").expect("target can be written");
        println!("written to {}", path.display());
    }

    fn push(&mut self, name: &str, value: f64, unit: &str, peer: Option<f64>, ratio: Option<f64>) {
        let cut = |v: f64| (v * 1_000.0).round() / 1_000.0;
        let entry = serde_json::json!({
            "name": name, "value": cut(value), "unit": unit, "peer": peer.map(cut), "ratio": ratio.map(cut),
        });
        if self.entries.is_empty() {
            head();
        }
        line(&entry);
        self.entries.push(entry);
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench/summary.json")
}

fn read() -> Vec<serde_json::Value> {
    fs::read(path()).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn head() {
    println!("{:<34} {:>14} {:<6} {:>14} {:>8}", "name", "value", "unit", "peer", "ratio");
}

fn line(entry: &serde_json::Value) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| entry[key].as_f64().map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
    println!(
        "{:<34} {:>14} {:<6} {:>14} {:>8} {}",
        text("name"),
        number("value"),
        text("unit"),
        number("peer"),
        number("ratio"),
        text("no_peer")
    );
}

/// Prints every figure in the file, where the arguments ask for that and nothing else; says whether they did.
pub fn is_table() -> bool {
    let asked = std::env::args().any(|arg| arg == "--table");
    if asked {
        head();
        read().iter().for_each(line);
    }
    asked
}

/// Whether `cargo bench` started this binary. `cargo test --all-targets` starts it too, and must not wait for figures.
pub fn is_wanted() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// Whether the arguments ask for this one: those that are no option are parts of names; without any, all are wanted.
pub fn is_chosen(name: &str) -> bool {
    let mut parts = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).peekable();
    parts.peek().is_none() || parts.any(|part| name.contains(&part))
}

/// The middle one of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Numbers that look random and are the same at each run (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from` to below `to`.
    pub fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

// Each binary uses a part of this file; so that the compiler does not complain of the rest, here all of it is used.
const _: fn() = || {
    let _ = (Better::Lower, Better::Higher, Summary::add, Summary::add_alone, Summary::add_beside, Summary::write);
    let _ = (is_wanted, is_table, is_chosen, median, Random::within, Random::below);
};
