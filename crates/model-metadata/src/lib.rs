//! A cache of what servers say of their models: field definitions, permissions, model lists.
//!
//! ERP clients over RPC ask for the same metadata again and again, once for every form, search and check.
//! This crate keeps it **per principal**, since what a user may see and do differs, and **once**, since most
//! users are told the same. It knows nothing of any server's wire: a [`MetadataLoader`] asks, the
//! [`MetadataCache`] remembers.
//!
//! # Examples
//! ```
//! use std::convert::Infallible;
//! use std::sync::Arc;
//! use model_metadata::*;
//!
//! struct Server;
//!
//! impl MetadataLoader for Server {
//!     type Error = Infallible;
//!     async fn load_fields(&self, _: &Scope, model: &str) -> Result<Option<FieldDefinitions>, Infallible> {
//!         let answer = r#"{"name": {"type": "char", "string": "Name"}, "active": {"type": "boolean"}}"#;
//!         Ok((model == "res.partner").then(|| serde_json::from_str(answer).unwrap()))
//!     }
//!     async fn load_permissions(&self, _: &Scope, _: &str) -> Result<Option<Permissions>, Infallible> {
//!         Ok(Some(Permissions { read: true, ..Permissions::default() }))
//!     }
//!     async fn load_models(&self, _: &Scope) -> Result<ModelList, Infallible> {
//!         Ok([("res.partner", "Contact")].into_iter().collect())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Arc<Infallible>> {
//! let cache = MetadataCache::new(CacheConfig::default());
//! let scope = Scope::new(Principal::new("production", 7), "en_US");
//! let server = Arc::new(Server);
//!
//! let fields = cache.fields(&server, &scope, "res.partner").await?.unwrap();
//! let again = cache.fields(&server, &scope, "res.partner").await?.unwrap();
//! assert!(Arc::ptr_eq(&fields, &again));
//! assert_eq!(cache.stats().fields.loads, 1);
//!
//! let types = Projection::new(&fields, None, Some(&["type"]));
//! assert_eq!(serde_json::to_string(&types).unwrap(), r#"{"active":{"type":"boolean"},"name":{"type":"char"}}"#);
//! # Ok(())
//! # }
//! ```

mod cache;
mod config;
mod loader;
mod scope;
mod stats;

mod fields;
mod models;
mod permissions;
mod projection;

mod content;
mod entry;
mod epochs;
mod table;

#[cfg(all(test, shuttle))]
mod shuttle_tests;

pub use cache::MetadataCache;
pub use config::{CacheConfig, TablePolicy};
pub use fields::{FieldDefinition, FieldDefinitions};
pub use loader::MetadataLoader;
pub use models::ModelList;
pub use permissions::{Operation, Permissions};
pub use platform::{Clock, ManualClock, SystemClock};
pub use projection::Projection;
pub use scope::{Principal, Scope};
pub use stats::{CacheStats, TableStats};
