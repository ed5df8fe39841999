//! Odoo for language models: an MCP server with tools and resources for an Odoo database.
//!
//! ```no_run
//! use odoo::OdooConfig;
//! use odoo_mcp::{Caches, McpSettings, OdooServer, StreamOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Reads ODOO_URL, ODOO_DB, ODOO_API_KEY and the settings of mcp-server-odoo.
//! let (config, settings) = (OdooConfig::from_env()?, McpSettings::from_env()?);
//! let server = OdooServer::new(config, settings, &Caches::from_env()?)?;
//! server.serve_stdio(StreamOptions::from_env()?).await?; // until the client closes the connection
//! # Ok(()) }
//! ```
//!
//! * [`OdooServer`] serves one user of one database, with the tools, limits and modes of mcp-server-odoo.
//!   [`McpSettings`] configure them.
//! * All servers of a process share [`Caches`]. [`HttpService`] serves streamable HTTP.
//! * Each tool has a file in `tools`. `access` enforces the mode and the rules. Only `protocol` uses the
//!   protocol's SDK.

mod caches;
mod error;
mod server;
mod settings;

mod protocol;
mod resource;
mod resource_templates;
mod resource_text;
mod tool;
mod tools;

mod access;
mod arguments;
mod commands;
mod context;
mod credential_fields;
mod domain;
mod file;
mod presentation;
mod read;
mod read_refusal;
mod schema;
mod selection;
mod service;
mod text;
mod unreadable_fields;
mod uri;
mod value;

pub use caches::Caches;
pub use error::{ServeError, ToolError};
pub use protocol::{HttpOptions, HttpService};
pub use server::OdooServer;
pub use settings::{McpSettings, Mode, StreamOptions};
