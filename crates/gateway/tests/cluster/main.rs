//! Several instances of the real program on one PostgreSQL: revocation, outages, failover, killed instances.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod database_locks;
mod garbage_collection;
mod network;
mod node;
mod outage;
mod pending;
mod pgbouncer;
mod pinned;
mod revocation;
mod round_robin;
#[path = "../../../erp-db/tests/contract/server.rs"]
mod server;
mod standby;
mod tampering;
mod waiting;
mod world;
