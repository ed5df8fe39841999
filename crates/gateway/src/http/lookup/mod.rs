//! What answers are looked up beside what is pinned: names, and which tree is current.

pub(crate) mod freshness;
pub(crate) mod names;
pub(crate) mod ttl_cache;
