//! A cache of model metadata: field definitions, permissions, model lists.
//!
//! RPC clients of an ERP request the same metadata for every form, search and check. This crate caches it
//! **per user**, because users have different permissions, and stores equal values **once**, because most
//! users get the same. It is independent of the wire format: a [`MetadataLoader`] asks the server, and the
//! [`MetadataCache`] caches the answers.
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
//!     async fn load_fields(
//!         &self,
//!         _: &CacheScope,
//!         model: &str,
//!     ) -> Result<Option<FieldDefinitions>, Infallible> {
//!         let answer = r#"{"name": {"type": "char"}, "active": {"type": "boolean"}}"#;
//!         Ok((model == "res.partner").then(|| serde_json::from_str(answer).unwrap()))
//!     }
//!     async fn load_permissions(
//!         &self,
//!         _: &CacheScope,
//!         _: &str,
//!     ) -> Result<Option<Permissions>, Infallible> {
//!         Ok(Some(Permissions { read: true, ..Permissions::default() }))
//!     }
//!     async fn load_models(&self, _: &CacheScope) -> Result<ModelList, Infallible> {
//!         Ok([("res.partner", "Contact")].into_iter().collect())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Arc<Infallible>> {
//! let cache = MetadataCache::new(CacheConfig::default());
//! let scope = CacheScope::new(DatabaseUser::new("production", 7), "en_US");
//! let server = Arc::new(Server);
//!
//! let fields = cache.fields(&server, &scope, "res.partner").await?.unwrap();
//! let again = cache.fields(&server, &scope, "res.partner").await?.unwrap();
//! assert!(Arc::ptr_eq(&fields, &again));
//! assert_eq!(cache.stats().fields.loads, 1);
//!
//! let types = Projection::new(&fields, Some(&["name"]), Some(&["type"]));
//! assert_eq!(serde_json::to_string(&types).unwrap(), r#"{"name":{"type":"char"}}"#);
//! # Ok(())
//! # }
//! ```
//!
//! # Compatibility
//!
//! Structs with public fields are `#[non_exhaustive]`, except [`Permissions`]: if a new kind of permission is
//! added, each loader must be changed to set it.

mod cache;
mod cache_scope;
mod config;
mod loader;
mod stats;

mod fields;
mod models;
mod permissions;
mod projection;

mod cached_answer;
mod epochs;
mod shared_values;
mod table;

#[cfg(all(test, shuttle))]
mod shuttle_tests;

pub use cache::MetadataCache;
pub use cache_scope::{CacheScope, DatabaseUser};
pub use config::{CacheConfig, TablePolicy};
pub use fields::{FieldDefinition, FieldDefinitions};
pub use loader::MetadataLoader;
pub use models::ModelList;
pub use permissions::{Operation, Permissions};
pub use platform::{Clock, ManualClock, SystemClock};
pub use projection::Projection;
pub use stats::{CacheStats, TableStats};
