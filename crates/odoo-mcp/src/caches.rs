//! `Caches`: shared by all servers of a process.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheConfig, MetadataCache};
use odoo::{ConfigError, OdooError, RecordCache, RecordPolicy};
use platform::settings::{SettingsReader, from_environment};

/// Caches of definitions, model lists and records.
///
/// All servers of a process share one. Each user only gets what Odoo told that user, equal definitions share
/// memory, and a write by one user invalidates the records of all. Clones share everything.
#[derive(Clone, Debug)]
pub struct Caches {
    pub(crate) metadata: Arc<MetadataCache<OdooError>>,
    pub(crate) records: Arc<RecordCache>,
}

impl Caches {
    /// Empty caches with this time to live of field definitions. Permissions and model lists live for five
    /// minutes, or as long as field definitions if that is shorter.
    #[must_use]
    pub fn new(fields_time_to_live: Duration, records: RecordPolicy) -> Self {
        let mut config = CacheConfig::default();
        config.fields.time_to_live = fields_time_to_live;
        for table in [&mut config.permissions, &mut config.models] {
            table.time_to_live = table.time_to_live.min(fields_time_to_live);
        }
        Caches { metadata: Arc::new(MetadataCache::new(config)), records: RecordCache::new(records) }
    }

    /// Caches as configured by the environment.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_settings(from_environment)
    }

    /// Caches as configured by settings with the names of environment variables. Empty ones count as missing.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid setting.
    pub fn from_settings(settings: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let settings = SettingsReader::new(settings);
        let usual = RecordPolicy::default();
        let records = RecordPolicy {
            time_to_live: settings.seconds("ODOO_MCP_RECORD_TTL", usual.time_to_live)?,
            read_ahead: settings.flag("ODOO_MCP_ENABLE_PREFETCH", true)?,
            ..usual
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
    fn what_cannot_be_understood_is_named() {
        let with = |name: &'static str, value: &'static str| {
            Caches::from_settings(|asked| (asked == name).then(|| value.to_owned()))
        };
        for (name, value) in [
            ("ODOO_MCP_CACHE_TTL", "1h"),
            ("ODOO_MCP_RECORD_TTL", "-1"),
            ("ODOO_MCP_ENABLE_PREFETCH", "perhaps"),
        ] {
            let told = with(name, value).unwrap_err().to_string();
            assert!(told.contains(name) && told.contains(value), "{told}");
        }
        assert!(with("ODOO_MCP_CACHE_TTL", "0").is_ok(), "nothing is kept");
        assert!(with("ODOO_MCP_CACHE_TTL", " ").is_ok());
    }
}
