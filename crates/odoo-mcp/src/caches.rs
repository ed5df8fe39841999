//! `Caches`: the caches that all servers of a process share.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheConfig, MetadataCache};
use odoo::{ConfigError, OdooError, RecordCache, RecordPolicy};
use platform::settings::{SettingsReader, from_environment};

/// Caches of field definitions, model lists and records.
///
/// All servers of a process should share one `Caches`. Each user gets only data that Odoo returned to that
/// user. Equal definitions share memory. A write by one user invalidates the cached records of all users.
/// Clones share their contents.
#[derive(Clone, Debug)]
pub struct Caches {
    pub(crate) metadata: Arc<MetadataCache<OdooError>>,
    pub(crate) records: Arc<RecordCache>,
}

impl Caches {
    /// Empty caches. The time to live is that of field definitions; for permissions and model lists it is at
    /// most five minutes.
    #[must_use]
    pub fn new(fields_time_to_live: Duration, records: RecordPolicy) -> Self {
        let mut config = CacheConfig::default();
        config.fields.time_to_live = fields_time_to_live;
        for table in [&mut config.permissions, &mut config.models] {
            table.time_to_live = table.time_to_live.min(fields_time_to_live);
        }
        Caches { metadata: Arc::new(MetadataCache::new(config)), records: RecordCache::new(records) }
    }

    /// Caches as configured by environment variables.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_settings(from_environment)
    }

    /// Caches as configured by settings with the names of environment variables. An empty setting counts as
    /// missing.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid setting.
    pub fn from_settings(settings: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let settings = SettingsReader::new(settings);
        let default = RecordPolicy::default();
        let records = RecordPolicy {
            time_to_live: settings.seconds("ODOO_MCP_RECORD_TTL", default.time_to_live)?,
            read_ahead: settings.flag("ODOO_MCP_ENABLE_PREFETCH", true)?,
            ..default
        };
        let hour = Duration::from_secs(3600);
        Ok(Self::new(settings.seconds("ODOO_MCP_CACHE_TTL", hour)?, records))
    }
}

impl Default for Caches {
    fn default() -> Self {
        Self::new(Duration::from_secs(3600), RecordPolicy::default())
    }
}

#[cfg(test)]
mod tests {
    use super::Caches;

    #[test]
    fn errors_name_the_invalid_setting() {
        let with = |name: &'static str, value: &'static str| {
            Caches::from_settings(|setting| (setting == name).then(|| value.to_owned()))
        };
        for (name, value) in [
            ("ODOO_MCP_CACHE_TTL", "1h"),
            ("ODOO_MCP_RECORD_TTL", "-1"),
            ("ODOO_MCP_ENABLE_PREFETCH", "perhaps"),
        ] {
            let message = with(name, value).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(value), "{message}");
        }
        assert!(with("ODOO_MCP_CACHE_TTL", "0").is_ok(), "0 disables the cache");
        assert!(with("ODOO_MCP_CACHE_TTL", " ").is_ok());
    }
}
