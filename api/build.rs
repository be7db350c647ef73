//! Tells cargo that the server holds the migrations: a new folder must be seen.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
