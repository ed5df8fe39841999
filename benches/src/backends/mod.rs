//! The structures that a Rust backend would use instead, each used idiomatically.

#[cfg(feature = "cedar")]
mod cedar;
mod hash_sets;
mod indextree;
mod petgraph;
mod roaring;

#[cfg(feature = "cedar")]
pub use cedar::Cedar;
pub use hash_sets::HashSets;
pub use indextree::IndexTree;
pub use petgraph::PetGraph;
pub use roaring::RoaringPerOrg;
