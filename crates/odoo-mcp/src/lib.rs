//! Odoo for language models: the tools and resources of an MCP server over a client of Odoo.
//!
//! * [`OdooServer`] serves one user of one database, with the tools, limits and modes that users of
//!   mcp-server-odoo know. What it may do is set by [`Settings`].
//! * [`Caches`] is what all servers of a process share; [`HttpService`] answers by streamable HTTP.
//! * Every tool is a file in `tools`; `access` decides what they may do; `protocol` is the only module that
//!   knows the protocol's SDK.

mod caches;
mod error;
mod server;
mod settings;

mod protocol;
mod resource;
mod resource_text;
mod tool;
mod tools;

mod access;
mod arguments;
mod context;
mod domain;
mod file;
mod read;
mod schema;
mod secrecy;
mod selection;
mod service;
mod shape;
mod text;
mod unreadable;
mod uri;
mod value;

pub use caches::Caches;
pub use error::{ServeError, ToolError};
pub use protocol::{HttpOptions, HttpService};
pub use server::OdooServer;
pub use settings::{Mode, Settings, StreamOptions};
