//! The cache as its users see it: on a real lock, with a server in memory and a clock that tests move.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod answers;
mod definitions;
mod memory;
mod support;
mod trace;
