//! Keeps the library mapped once it is loaded.

fn main() {
    // Threads of an unclosed manager may still run when the class loader of a web application is collected.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rerun-if-changed=build.rs");
}
