//! The tests of the tree by layer: laws for every tree, bytes, memory, and the defects of Openbravo's class.
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
