//! Records that were read a moment ago, for callers who accept them; and fields that are read ahead.

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
