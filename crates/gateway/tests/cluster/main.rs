//! Several instances of the real program on one PostgreSQL, each a process of its own, and what may befall
//! them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod collecting;
mod ends;
mod locked;
mod network;
mod node;
mod outage;
mod pending;
mod pinned;
mod pooled;
mod round_robin;
#[path = "../../../erp-db/tests/contract/server.rs"]
mod server;
mod standby;
mod tampering;
mod waiting;
mod world;
