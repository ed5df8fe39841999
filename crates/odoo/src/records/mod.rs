//! Records that were read a moment ago, for callers who accept them; and fields that are read ahead.

mod cache;
mod entry;
mod reader;
mod state;
mod usage;

mod shim;

#[cfg(test)]
mod checked;
#[cfg(test)]
mod memory;

pub use cache::{RecordCache, RecordPolicy};
pub use reader::CachedReader;
