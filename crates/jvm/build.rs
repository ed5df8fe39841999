//! Keeps the library mapped once it is loaded.

fn main() {
    // Threads of a manager that was not closed may still run when a web application's class loader goes.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rerun-if-changed=build.rs");
}
