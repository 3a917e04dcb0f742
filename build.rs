//! The migrations are compiled in, so a change among them is a change of the program; in a release the screens are, too.
//! Other builds read the screens from `web/dist` when they are asked for.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=web/dist");
    }
}
