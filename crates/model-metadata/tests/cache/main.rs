//! Tests of the public interface of the cache, with a server in memory and a manual clock.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod answers;
mod definitions;
mod memory;
mod support;
mod trace;
