//! Where the master key comes from: the configuration, or a file that is made at the first start.

use crate::{
    config::Config,
    store::{Keys, keys},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// The keys of this installation.
///
/// # Errors
/// A text that says which key is wrong, or which file could not be read or made.
pub fn load(config: &Config) -> Result<Keys, String> {
    match &config.master_key {
        Some(text) => setting(text),
        None => Ok(Keys::new(&read_or_make(&config.key_file)?)),
    }
}

/// The keys of this installation, which must be there.
///
/// # Errors
/// As [`load`].
pub fn present(config: &Config) -> Result<Keys, String> {
    match &config.master_key {
        Some(text) => setting(text),
        None if config.key_file.exists() => load(config),
        None => Err(format!("{}: there is no master key to rotate", config.key_file.display())),
    }
}

/// The keys to come, out of this file, which is made where there is none.
///
/// # Errors
/// As [`load`].
pub fn next(file: &Path, former: Keys) -> Result<Keys, String> {
    Ok(Keys::after(&read_or_make(file)?, former))
}

fn setting(text: &str) -> Result<Keys, String> {
    parse(text).map(|key| Keys::new(&key)).ok_or_else(|| "master_key must be 32 bytes in base64".to_owned())
}

fn read_or_make(file: &Path) -> Result<[u8; 32], String> {
    let wrong = |what: &str| format!("{}: {what}", file.display());
    match std::fs::read_to_string(file) {
        Ok(text) => parse(text.trim()).ok_or_else(|| wrong("must hold 32 bytes in base64")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key: [u8; 32] = keys::random().map_err(|e| e.to_string())?;
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|e| wrong(&e.to_string()))?;
            }
            // Readable by the owner alone; `create_new`, so that two first starts cannot make two keys.
            let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            made.and_then(|mut f| {
                f.write_all(STANDARD.encode(key).as_bytes())?;
                f.sync_all()
            })
            .map_err(|e| wrong(&e.to_string()))?;
            tracing::warn!(file = %file.display(), "made a master key: keep a copy, nothing sealed can be read without it");
            Ok(key)
        }
        Err(error) => Err(wrong(&error.to_string())),
    }
}

fn parse(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
