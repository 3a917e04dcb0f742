//! The files that the build of `web/` left in `web/dist`: embedded in a release, read from there in other builds.

use aws_lc_rs::digest::{SHA256, digest};
use rust_embed::Embed;
use std::{borrow::Cow, collections::HashMap, fmt::Write, sync::Arc};

/// Empty where the program was built without Node.
#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// A file as it is served.
pub(super) struct File {
    pub bytes: Cow<'static, [u8]>,
    /// The same for the same bytes, and for no others.
    pub tag: String,
}

/// Where the screens' files are found.
#[derive(Clone)]
pub struct Screens(Source);

#[derive(Clone)]
enum Source {
    Built,
    Given(Arc<HashMap<String, Vec<u8>>>),
}

impl Screens {
    /// What this program was built with.
    #[must_use]
    pub const fn built() -> Self {
        Self(Source::Built)
    }

    /// These files, by their path below `web/dist`.
    #[must_use]
    pub fn given<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let owned = files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.to_owned()));
        Self(Source::Given(Arc::new(owned.collect())))
    }

    /// The file at this path, if the build made one.
    pub(super) fn file(&self, path: &str) -> Option<File> {
        match &self.0 {
            Source::Built => {
                let file = Dist::get(path)?;
                Some(File { tag: tag(&file.metadata.sha256_hash()), bytes: file.data })
            }
            Source::Given(files) => {
                let bytes = files.get(path)?.clone();
                Some(File { tag: tag(digest(&SHA256, &bytes).as_ref()), bytes: Cow::Owned(bytes) })
            }
        }
    }
}

/// Sixteen bytes of a hash, which tell versions of a file apart.
fn tag(hash: &[u8]) -> String {
    hash.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a browser has to take a file for, by the end of its name. It guesses nothing (`nosniff`).
pub(super) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some("mp3") => "audio/mpeg",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
