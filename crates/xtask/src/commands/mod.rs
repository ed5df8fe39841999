//! One file per command: its arguments, and a `run` function that returns an exit code.

pub(crate) mod benchmarks;
pub(crate) mod ci;
pub(crate) mod deb;
pub(crate) mod harness;
pub(crate) mod jar;
pub(crate) mod jvm_speed;
pub(crate) mod mutants;
pub(crate) mod packages;
pub(crate) mod shuttle;
pub(crate) mod test;
pub(crate) mod wheel;
