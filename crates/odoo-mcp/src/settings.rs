//! `McpSettings`: modes and limits of the server.

use odoo::ConfigError;
use platform::settings::{SettingError, SettingsReader, from_environment};

/// The operations that the server allows (`ODOO_YOLO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Operations that the rules of the add-on `mcp_server` allow, per model (`off`).
    #[default]
    Rules,
    /// Reads, on all models (`read`).
    Read,
    /// All operations that Odoo allows the user (`true`).
    Full,
}

impl Mode {
    /// The value of `ODOO_YOLO` for this mode.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Rules => "off",
            Mode::Read => "read",
            Mode::Full => "true",
        }
    }
}

/// Modes and limits of the server.
///
/// # Examples
/// ```
/// use odoo_mcp::{Mode, McpSettings};
///
/// let settings = McpSettings::from_settings(|name| (name == "ODOO_YOLO").then(|| "read".to_owned()))?;
/// assert_eq!(settings.mode, Mode::Read);
/// assert_eq!(settings.default_limit, 25);
/// # Ok::<(), odoo::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpSettings {
    /// The allowed operations (`ODOO_YOLO`, off).
    pub mode: Mode,
    /// Rows of a page if a call sets no limit (`ODOO_MCP_DEFAULT_LIMIT`, 25).
    pub default_limit: usize,
    /// Maximum rows of a page (`ODOO_MCP_MAX_LIMIT`, 100).
    pub max_limit: usize,
    /// Number of fields to read if a call names none (`ODOO_MCP_MAX_SMART_FIELDS`, 15).
    pub max_smart_fields: usize,
    /// Maximum size of a returned file, in bytes (`ODOO_MCP_MAX_BINARY_SIZE`, 50 MiB).
    pub max_binary_size: usize,
    /// Offers calls of methods by name (`ODOO_MCP_ENABLE_METHOD_CALLS`), if the mode is [`Mode::Full`].
    pub method_calls: bool,
    /// Offers the counters as a tool (`ODOO_MCP_ENABLE_STATS`). They are for operators, not for language
    /// models.
    pub stats: bool,
    /// The companies that calls may use, the active one first (`ODOO_ALLOWED_COMPANIES`). If empty, all of
    /// the user's companies.
    pub companies: Vec<i64>,
}

impl Default for McpSettings {
    fn default() -> Self {
        McpSettings {
            mode: Mode::Rules,
            default_limit: 25,
            max_limit: 100,
            max_smart_fields: 15,
            max_binary_size: 50 << 20,
            method_calls: false,
            stats: false,
            companies: Vec::new(),
        }
    }
}

impl McpSettings {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_settings(from_environment)
    }

    /// Reads settings with the names of environment variables. An empty setting counts as missing.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid setting.
    pub fn from_settings(settings: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let reader = SettingsReader::new(settings);
        let defaults = McpSettings::default();
        let settings = McpSettings {
            mode: mode(reader.text("ODOO_YOLO"))?,
            default_limit: reader.number("ODOO_MCP_DEFAULT_LIMIT", defaults.default_limit, 1..=usize::MAX)?,
            max_limit: reader.number("ODOO_MCP_MAX_LIMIT", defaults.max_limit, 1..=usize::MAX)?,
            max_smart_fields: reader.number(
                "ODOO_MCP_MAX_SMART_FIELDS",
                defaults.max_smart_fields,
                1..=usize::MAX,
            )?,
            max_binary_size: reader.number(
                "ODOO_MCP_MAX_BINARY_SIZE",
                defaults.max_binary_size,
                1..=usize::MAX,
            )?,
            method_calls: reader.flag("ODOO_MCP_ENABLE_METHOD_CALLS", defaults.method_calls)?,
            stats: reader.flag("ODOO_MCP_ENABLE_STATS", defaults.stats)?,
            companies: companies(reader.text("ODOO_ALLOWED_COMPANIES"))?,
        };
        if settings.default_limit > settings.max_limit {
            return Err(invalid(
                "ODOO_MCP_DEFAULT_LIMIT",
                &settings.default_limit.to_string(),
                "it must not be larger than ODOO_MCP_MAX_LIMIT",
            ));
        }
        Ok(settings)
    }
}

/// The name of the setting for [`StreamOptions::max_message_bytes`].
pub(crate) const MAX_MESSAGE_SIZE: &str = "ODOO_MCP_MAX_MESSAGE_SIZE";

/// Limits of a client on a pair of streams, such as standard input and output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// Maximum size of a message, in bytes (`ODOO_MCP_MAX_MESSAGE_SIZE`, 16 MiB).
    pub max_message_bytes: usize,
}

impl Default for StreamOptions {
    fn default() -> Self {
        StreamOptions { max_message_bytes: 16 << 20 }
    }
}

impl StreamOptions {
    /// Reads the options from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        let default = StreamOptions::default().max_message_bytes;
        let environment = SettingsReader::new(from_environment);
        Ok(StreamOptions {
            max_message_bytes: environment.number(MAX_MESSAGE_SIZE, default, 1..=usize::MAX)?,
        })
    }
}

fn mode(value: Option<String>) -> Result<Mode, ConfigError> {
    let Some(value) = value else { return Ok(Mode::Rules) };
    match value.to_ascii_lowercase().as_str() {
        "off" | "false" | "0" | "no" => Ok(Mode::Rules),
        "read" | "readonly" | "read-only" => Ok(Mode::Read),
        "true" | "1" | "yes" | "full" => Ok(Mode::Full),
        _ => Err(invalid("ODOO_YOLO", &value, "it must be off, read or true")),
    }
}

fn companies(value: Option<String>) -> Result<Vec<i64>, ConfigError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let ids = value.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids: Result<Vec<i64>, _> = ids.map(str::parse).collect();
    ids.ok().filter(|ids| ids.iter().all(|id| *id > 0)).ok_or_else(|| {
        invalid("ODOO_ALLOWED_COMPANIES", &value, "it must be ids of companies, separated by commas")
    })
}

fn invalid(name: &'static str, value: &str, expected: &'static str) -> ConfigError {
    SettingError::invalid(name, value, expected).into()
}

#[cfg(test)]
mod tests {
    use super::{McpSettings, Mode};

    fn with(name: &'static str, value: &'static str) -> Result<McpSettings, String> {
        McpSettings::from_settings(|setting| (setting == name).then(|| value.to_owned()))
            .map_err(|it| it.to_string())
    }

    #[test]
    fn the_rules_apply_unless_another_mode_is_set() {
        assert_eq!(McpSettings::from_settings(|_| None).unwrap(), McpSettings::default());
        assert_eq!(with("ODOO_YOLO", " ").unwrap().mode, Mode::Rules);
        assert_eq!(with("ODOO_YOLO", "READ").unwrap().mode, Mode::Read);
        assert_eq!(with("ODOO_YOLO", "true").unwrap().mode, Mode::Full);
        assert_eq!(
            with("ODOO_YOLO", "maybe").unwrap_err(),
            "ODOO_YOLO is `maybe`; it must be off, read or true"
        );
    }

    #[test]
    fn numbers_and_companies_are_checked() {
        assert_eq!(with("ODOO_ALLOWED_COMPANIES", "3, 1,").unwrap().companies, [3, 1]);
        assert!(with("ODOO_ALLOWED_COMPANIES", "3,x").is_err());
        assert!(with("ODOO_ALLOWED_COMPANIES", "-3").is_err());
        assert!(with("ODOO_MCP_MAX_LIMIT", "0").is_err());
        assert!(with("ODOO_MCP_MAX_LIMIT", "10").unwrap_err().contains("ODOO_MCP_DEFAULT_LIMIT"));
    }
}
