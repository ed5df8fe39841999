//! The service: JSON over HTTP under `/v1`, described by `/v1/openapi.json`.
//!
//! The rooms, in the order to read: [`Server`] takes connections; `finish` is what every request goes
//! through, with `request_id`, `headers` and `compression`; `routes` says which request goes where; `input`
//! and `output` are their bodies, `search` is the query of their addresses. Then one file a noun: `login`,
//! `assertion`, `session`, `switch`, `organizations`, `tree`, `questions`, `admin`, `metrics`, `health`,
//! `openapi`, and `mcp` where it is configured. [`Gateway`] is what they share, [`Settings`] how it behaves.

mod admin;
mod gateway;
mod health;
mod listen;
mod login;
mod lookup;
mod mcp;
mod middleware;
mod openapi;
mod routes;
mod server;
mod session;
mod settings;
#[cfg(unix)]
mod unix_socket;
mod wire;

pub use gateway::{Gateway, Parts};
pub use listen::{ListenAddress, ListenAddressError};
pub use login::assertion::{
    AssertionAlgorithm, AssertionKey, AssertionKeyError, Assertions, SystemWallClock, WallClock,
};
pub use login::credentials::{Credentials, MemoryCredentials};
pub use login::limiter::Allowance;
pub use login::password::{HashError, MAX_PASSWORD_BYTES, hash_password};
pub use mcp::{Mcp, McpError, Reloaded};
pub use routes::router;
pub use server::{ListenError, Server};
pub use settings::Settings;

pub(crate) use middleware::request_id::RequestId;
pub(crate) use middleware::respond::REQUEST_SPAN;
