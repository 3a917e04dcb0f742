//! `sigap spec`: the API's descriptions, from the types.

use crate::{http, ws};
use std::path::Path;

/// The descriptions by file name, as they lie in `api-spec/`.
///
/// # Errors
/// A text when one cannot be written as JSON.
pub fn documents() -> Result<[(&'static str, String); 2], String> {
    let pretty = |value: serde_json::Value| {
        serde_json::to_string_pretty(&value).map(|text| text + "\n").map_err(|error| error.to_string())
    };
    let openapi = serde_json::to_value(http::openapi()).map_err(|error| error.to_string())?;
    Ok([("openapi.json", pretty(openapi)?), ("asyncapi.json", pretty(ws::asyncapi())?)])
}

/// Writes them into a folder.
pub(super) fn write(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for (name, text) in documents()? {
        let file = folder.join(name);
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{}", file.display());
    }
    Ok(())
}
