//! `McpSettings`: modes and limits of the server.

use odoo::ConfigError;
use platform::settings::{SettingError, SettingsReader, from_environment};

/// Which operations the server lets through (`ODOO_YOLO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What the rules of the add-on "mcp_server" allow, model by model (`off`).
    #[default]
    Rules,
    /// Reading, on every model (`read`).
    Read,
    /// Everything that Odoo lets the user do (`true`).
    Full,
}

impl Mode {
    /// The value of `ODOO_YOLO` that chooses it.
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
    /// Which operations are let through (`ODOO_YOLO`, off).
    pub mode: Mode,
    /// The rows of a page if a call sets no limit (`ODOO_MCP_DEFAULT_LIMIT`, 25).
    pub default_limit: usize,
    /// The rows of a page at most (`ODOO_MCP_MAX_LIMIT`, 100).
    pub max_limit: usize,
    /// The fields that are read if a call names none (`ODOO_MCP_MAX_SMART_FIELDS`, 15).
    pub max_smart_fields: usize,
    /// The largest file that is returned, in bytes (`ODOO_MCP_MAX_BINARY_SIZE`, 50 MiB).
    pub max_binary_size: usize,
    /// May methods be called by name (`ODOO_MCP_ENABLE_METHOD_CALLS`)? It takes effect with [`Mode::Full`].
    pub method_calls: bool,
    /// May clients read the counters (`ODOO_MCP_ENABLE_STATS`)? They are for operators, not for models.
    pub stats: bool,
    /// The companies that calls are confined to, the active one first (`ODOO_ALLOWED_COMPANIES`); the user's
    /// own if there are none.
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

    /// Reads settings that have the names of environment variables. Empty ones count as missing.
    ///
    /// # Errors
    /// [`ConfigError`] that names the invalid setting.
    pub fn from_settings(settings: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let given = SettingsReader::new(settings);
        let usual = McpSettings::default();
        let settings = McpSettings {
            mode: mode(given.text("ODOO_YOLO"))?,
            default_limit: given.number("ODOO_MCP_DEFAULT_LIMIT", usual.default_limit, 1..=usize::MAX)?,
            max_limit: given.number("ODOO_MCP_MAX_LIMIT", usual.max_limit, 1..=usize::MAX)?,
            max_smart_fields: given.number(
                "ODOO_MCP_MAX_SMART_FIELDS",
                usual.max_smart_fields,
                1..=usize::MAX,
            )?,
            max_binary_size: given.number(
                "ODOO_MCP_MAX_BINARY_SIZE",
                usual.max_binary_size,
                1..=usize::MAX,
            )?,
            method_calls: given.flag("ODOO_MCP_ENABLE_METHOD_CALLS", usual.method_calls)?,
            stats: given.flag("ODOO_MCP_ENABLE_STATS", usual.stats)?,
            companies: companies(given.text("ODOO_ALLOWED_COMPANIES"))?,
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

/// The setting of [`StreamOptions::max_message_bytes`].
pub(crate) const MAX_MESSAGE_SIZE: &str = "ODOO_MCP_MAX_MESSAGE_SIZE";

/// Limits of a client on a pair of streams, such as standard input and output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// How many bytes a message may have (`ODOO_MCP_MAX_MESSAGE_SIZE`, 16 MiB).
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
        let usual = StreamOptions::default().max_message_bytes;
        let environment = SettingsReader::new(from_environment);
        Ok(StreamOptions { max_message_bytes: environment.number(MAX_MESSAGE_SIZE, usual, 1..=usize::MAX)? })
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
        invalid("ODOO_ALLOWED_COMPANIES", &value, "it must be ids of companies with commas between them")
    })
}

fn invalid(name: &'static str, value: &str, expected: &'static str) -> ConfigError {
    SettingError::invalid(name, value, expected).into()
}

#[cfg(test)]
mod tests {
    use super::{McpSettings, Mode};

    fn with(name: &'static str, value: &'static str) -> Result<McpSettings, String> {
        McpSettings::from_settings(|asked| (asked == name).then(|| value.to_owned()))
            .map_err(|it| it.to_string())
    }

    #[test]
    fn nothing_is_allowed_beyond_the_rules_unless_it_is_said() {
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
