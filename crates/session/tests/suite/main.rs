//! The tests of sessions by layer: the access rule and its bytes, logins, pinning, expiry and revocation,
//! limits, memory.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "test code may fail loudly"
)]

mod access;
mod access_bytes;
mod cluster;
mod companies;
mod contract;
mod erp;
mod inspection;
mod legacy;
mod lifetime;
mod limits;
mod logins;
mod memory;
mod outage;
mod pinned;
mod races;
mod security;
mod storms;
