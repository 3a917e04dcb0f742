//! The migrations are compiled in, so a change among them is a change of the program.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
