//! The service: JSON over HTTP under `/v1`, described by `/v1/openapi.json`.
//!
//! In reading order: `server` accepts connections, `routes` maps requests to handlers, and `middleware` wraps
//! every handler. `wire` reads bodies and queries, and writes answers. The handlers are in `session`,
//! `admin`, `operations`, and, if configured, `mcp`. `login` authenticates users, `lookup` reads data that a
//! session does not pin. [`Gateway`] is the state that handlers share, [`Settings`] its configuration.
//!
//! # Invariant
//! A file uses only files of later groups in this list, or of its own group: `server`; `routes`; `admin`;
//! `session`, `operations`; `gateway`; `settings`; `mcp`, `login`, `lookup`; `wire`; `path_service`;
//! `middleware`, `openapi`.
//! So middleware does not know the `Gateway`: it takes its parts by `FromRef`.

mod admin;
mod gateway;
mod login;
mod lookup;
mod mcp;
mod middleware;
mod openapi;
mod operations;
mod path_service;
mod routes;
mod server;
mod session;
mod settings;
mod wire;

pub use crate::backend::{Backend, BackendError};
pub use gateway::{Gateway, Parts};
pub use login::assertion::{
    AssertionAlgorithm, AssertionKey, AssertionKeyError, Assertions, SystemWallClock, WallClock,
};
pub use login::credentials::{Credentials, MemoryCredentials};
pub use login::limiter::Allowance;
pub use login::password::{HashError, MAX_PASSWORD_BYTES, hash_password};
pub use mcp::{Mcp, McpError, ReloadOutcome};
pub use routes::{OPENAPI, ROUTES, Routes};
pub use server::{ListenAddress, ListenAddressError, ListenError, Server};
pub use settings::{Demonstration, DemonstrationUser, Settings};

pub(crate) use middleware::request_id::RequestId;
pub(crate) use middleware::respond::{REQUEST_SPAN, RespondLayer};
pub(crate) use path_service::{PathService, endpoint};
