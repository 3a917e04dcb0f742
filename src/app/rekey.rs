//! `sigap rekey`: the master key is rotated, and the key files after it.
//!
//! Invariant: at every moment some file holds the key that is in force: the new one is on the disk before the first row
//! is changed, and takes the old one's place in one step after the last.

use super::{Clock, keyfile};
use crate::{cli::Rekey, config::Config, store::Store};
use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};
use tokio::runtime::Handle;

/// Rotates, or goes on with a rotation that was broken off.
///
/// # Errors
/// A text that says what is missing.
pub async fn run(options: Rekey, config: &Config, clock: Clock) -> Result<(), String> {
    let former = keyfile::present(config)?;
    let former_name = former.name();
    let place = options.key_file.unwrap_or_else(|| beside(&config.key_file, "new"));
    let keys = keyfile::next(&place, former)?;
    println!("from key {former_name} to key {} in {}", keys.name(), place.display());
    let store = Store::open(&config.database_url, keys, Handle::current()).await.map_err(|e| e.to_string())?;
    let mut rows = 0;
    let told = |done: crate::store::Rekeyed| {
        let now = (done.subjects + done.callers) / 10_000;
        if now > rows {
            rows = now;
            println!("{} subjects, {} callers", done.subjects, done.callers);
        }
    };
    let done = store.rekey(clock.now(), told).await;
    store.close().await;
    let done = done.map_err(|e| e.to_string())?;
    println!("{} subjects wrapped anew, {} callers hashed anew", done.subjects, done.callers);
    if done.dropped > 0 {
        println!("{} callers are found by number no more: their number cannot be read", done.dropped);
    }
    if done.damaged > 0 {
        println!("{} subjects open with neither key and were left", done.damaged);
    }
    if config.master_key.is_some() {
        println!("give every node the contents of {} as master_key, then delete it", place.display());
        return Ok(());
    }
    let kept = beside(&config.key_file, &format!("old-{former_name}"));
    exchange(&config.key_file, &place, &kept).map_err(|e| format!("{}: {e}", config.key_file.display()))?;
    println!("{} holds the new key; the old one is in {}", config.key_file.display(), kept.display());
    Ok(())
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Keeps the old key under another name, then puts the new one in its place, without a moment between.
fn exchange(file: &Path, new: &Path, kept: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(file, kept) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    std::fs::rename(new, file)?;
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
