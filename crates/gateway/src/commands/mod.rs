//! The commands, one file per command, and helpers that they share.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod descriptors;
#[cfg(unix)]
mod hidden_typing;
pub(crate) mod import;
pub(crate) mod mcp;
pub(crate) mod overview;
pub(crate) mod password;
pub(crate) mod query;
pub(crate) mod revisions;
mod rights;
pub(crate) mod serve;
mod signals;
pub(crate) mod tree;
