//! What a Rust backend would pick instead, each as its users write it.

mod hash_sets;
mod indextree;
mod petgraph;
mod roaring;

pub use hash_sets::HashSets;
pub use indextree::IndexTree;
pub use petgraph::PetGraph;
pub use roaring::RoaringPerOrg;
