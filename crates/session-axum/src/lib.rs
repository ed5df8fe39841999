//! Sessions for axum: a layer finds the session of a request, an extractor passes it to the handler, and a
//! request without one is answered with a 401 and a machine-readable body.
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
//! The manager is one of the crate `session`: over an ERP's own tables, and with sessions that survive the
//! process, by the crate `erp-db`. `examples/orders.rs` is a whole service of that kind, from the login to
//! orders that each sees as it may:
//!
//! ```console
//! $ cargo run -p orgcache-session-axum --example orders
//! ```
//!
//! A request shows its token as `Authorization: Bearer TOKEN`, or in the cookie [`COOKIE`]. What comes by
//! cookie may have been sent by another site's page, so a method that changes something must also carry the
//! header [`CSRF_HEADER`] with the [`csrf_value`] of that token, which a foreign page cannot read.
//!
//! The rooms, in the order to read: [`SessionLayer`], [`Credential`], [`CurrentSession`], [`Problem`].

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
