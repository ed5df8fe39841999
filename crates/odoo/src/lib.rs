//! A client for Odoo.
//!
//! ```no_run
//! use odoo::{Call, OdooClient, OdooConfig, Record};
//! use serde_json::json;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = OdooClient::new(OdooConfig::from_env()?)?; // ODOO_URL, ODOO_DB, ODOO_API_KEY
//! let companies = Call::search_read("res.partner", json!([["is_company", "=", true]]), &["name"]);
//! for company in client.call::<Vec<Record>>(companies.option("limit", 10)).await? {
//!     println!("{}", company["name"]);
//! }
//! # Ok(()) }
//! ```
//!
//! * [`OdooClient`] calls methods as one user of one database. It selects the transport, logs in on demand,
//!   and keeps a bounded pool of healthy connections.
//! * A [`Reader`] reads records. If no connection is free, it batches reads.
//! * A [`CachedReader`] answers from a [`RecordCache`] for callers that accept records of a bounded age, and
//!   prefetches frequently requested fields.
//! * Errors are typed: [`OdooError`].

mod addon;
mod authentication;
mod call;
mod client;
#[cfg(feature = "session")]
mod companies;
#[cfg(feature = "session")]
mod company_filter;
#[cfg(feature = "session")]
mod company_users;
mod config;
mod error;
mod key_owner;
mod metadata;
mod read;
mod records;
mod stats;
mod verify;

mod http;
mod login;
mod wire;

pub use addon::AddonRules;
pub use call::{Call, Effect};
pub use client::OdooClient;
#[cfg(feature = "session")]
pub use companies::{CompanyName, CompanySource, CompanyTreeError, company_context};
#[cfg(feature = "session")]
pub use company_filter::{CompanyFilter, can_read_shared};
#[cfg(feature = "session")]
pub use company_users::{ADMINISTRATORS, CompanyUser, LoaderError, UserRights};
pub use config::{CallLimits, ConfigError, OdooConfig, OdooCredential, Transport, TransportChoice};
pub use error::{Fault, OdooError};
pub use read::{Read, Reader, Record};
pub use records::{CachedReader, RecordCache, RecordPolicy};
pub use stats::{PoolStats, ReadStats, RecordStats};
pub use verify::Verdict;
