//! The service: JSON over HTTP under `/v1`, described by `/v1/openapi.json`.
//!
//! In the order to read: `server` takes connections, `routes` says which request goes where, and `middleware`
//! is what every request goes through. `wire` reads bodies and queries, and writes answers. The routes are in
//! `session`, `admin`, `operations`, and `mcp`, which is there only if it is configured. `login` proves who a
//! user is, `lookup` reads what a session does not pin. [`Gateway`] is what the routes share, [`Settings`]
//! how it behaves.
//!
//! # Invariant
//! A file uses only files further down in this list, or of its own line: `server`; `routes`; `admin`;
//! `session`, `operations`; `gateway`; `settings`; `mcp`, `login`, `lookup`; `wire`; `middleware`, `openapi`.
//! So middleware does not know the `Gateway`: it takes its parts by `FromRef`.

mod admin;
mod gateway;
mod login;
mod lookup;
mod mcp;
mod middleware;
mod openapi;
mod operations;
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
pub use mcp::{Mcp, McpError, Reloaded};
pub use routes::{OPENAPI, ROUTES, router};
pub use server::{ListenAddress, ListenAddressError, ListenError, Server};
pub use settings::{Demonstration, DemonstrationUser, Settings};

pub(crate) use middleware::request_id::RequestId;
pub(crate) use middleware::respond::REQUEST_SPAN;
