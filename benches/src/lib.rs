//! The bundled bench harness: orgcache beside what people use today, on the same trees.

pub mod trees;
