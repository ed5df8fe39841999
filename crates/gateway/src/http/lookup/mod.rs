//! What the ERP is asked beside what a session pins: names, and whether its tree is current.

pub(crate) mod freshness;
pub(crate) mod names;
pub(crate) mod ttl_cache;
