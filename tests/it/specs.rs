//! The API's descriptions in `api-spec/` are what the types say now.

use std::{fs, path::Path};

#[test]
fn the_descriptions_do_not_drift() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("api-spec");
    for (name, now) in sigap::app::spec_documents().unwrap() {
        let kept = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(kept == now, "api-spec/{name} is not what the types say: run `make spec` and commit it");
    }
}
