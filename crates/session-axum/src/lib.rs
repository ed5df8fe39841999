//! Sessions for axum: a layer looks up the session of each request, and an extractor passes it to the
//! handler. The layer answers requests without a session with a 401 and a machine-readable body.
//!
//! ```
//! use axum::{Router, routing::get};
//! use session_axum::{CurrentSession, SessionLayer};
//!
//! async fn may_write(CurrentSession(session): CurrentSession) -> &'static str {
//!     if session.can_write("E443A31992CB4635AFCAEABE7183CE85") { "yes" } else { "no" }
//! }
//!
//! fn routes(manager: session::SessionManager) -> Router {
//!     Router::new().route("/may-write", get(may_write)).route_layer(SessionLayer::new(manager))
//! }
//! ```
//!
//! The manager comes from the crate `session`. With the crate `erp-db`, it reads the ERP's tables and stores
//! sessions durably. `examples/orders.rs` is a complete service, from the login to lists of orders that
//! depend on the session:
//!
//! ```console
//! $ cargo run -p orgcache-session-axum --example orders
//! ```
//!
//! Clients send the token as `Authorization: Bearer TOKEN`, or in the cookie [`COOKIE`]. A page of another
//! site can cause a request with the cookie. So a request with a cookie and an unsafe method also needs the
//! header [`CSRF_HEADER`] with the [`csrf_value`] of the token, which a page of another site cannot read.
//!
//! Read the types in this order: [`SessionLayer`], [`Credential`], [`CurrentSession`], [`Problem`].

mod credential;
mod csrf;
mod current;
mod layer;
mod problem;

pub use credential::{COOKIE, Credential, SECURE_COOKIE};
pub use csrf::{CSRF_HEADER, csrf_value};
pub use current::CurrentSession;
pub use layer::{BACKGROUND_HEADER, SessionLayer, SessionService, refusal};
pub use problem::Problem;
