//! The tests of the tree, layer by layer: laws for every tree, bytes, memory, and the defects of those before
//! us.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "test code may fail loudly"
)]

mod canonical;
mod exports;
mod json;
mod lookups;
mod memory;
mod openbravo;
mod oracle;
mod properties;
mod refusals;
mod shapes;
mod views;
