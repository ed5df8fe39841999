//! Current data of the ERP that sessions do not pin: names, and whether a tree is current. Both are cached.

pub(crate) mod freshness;
pub(crate) mod names;
pub(crate) mod ttl_cache;
