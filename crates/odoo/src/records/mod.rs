//! The cache of recently read records, and prefetch.

mod cache;
mod entry;
mod policy;
mod reader;
mod state;
mod usage;

#[cfg(test)]
mod memory;
#[cfg(all(test, shuttle))]
mod shuttle_tests;

pub use cache::RecordCache;
pub use policy::RecordPolicy;
pub use reader::CachedReader;
