//! `Configuration`: the file of `--mcp`, with the principals, their tokens and their Odoo settings.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use odoo::{ConfigError, OdooConfig};
use odoo_mcp::{Caches, HttpOptions, McpSettings};
use platform::settings::SettingError;
use platform::text::{NAME_BYTES, parse_hex, shorten};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// Settings that only a principal may have.
const PRINCIPAL_SETTINGS: [&str; 3] = ["ODOO_USER", "ODOO_PASSWORD", "ODOO_API_KEY"];
const THRESHOLD: &str = "ODOO_MCP_COMPRESSION_THRESHOLD";

/// The reason why `/mcp` cannot be served. It contains no secret.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// The file cannot be read.
    #[error("`{file}` cannot be read: {cause}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        cause: String,
    },
    /// The file is not JSON, or does not have the expected form.
    #[error("the principals are not written as expected, in line {line}, column {column}, at `{place}`")]
    Malformed {
        /// The JSON path of the error.
        place: String,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The file has no principals.
    #[error("it names no principal, so every request would be refused")]
    NoPrincipals,
    /// The hash of a token is malformed.
    #[error("`token_sha256` of principal `{principal}` is not 64 hexadecimal digits")]
    TokenHash {
        /// The principal.
        principal: String,
    },
    /// Two principals have the same name, or the same token.
    #[error("principal `{principal}` has the name or the token of another one")]
    Duplicate {
        /// The principal.
        principal: String,
    },
    /// A setting is unknown, or not allowed in this place.
    #[error("`{name}` cannot be set {place}")]
    Unknown {
        /// The setting.
        name: String,
        /// For which principals.
        place: String,
    },
    /// A setting has an invalid value.
    #[error("{place}: {cause}")]
    Setting {
        /// For which principals.
        place: String,
        /// The error.
        cause: ConfigError,
    },
}

type SettingValues = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allowed_hosts: Vec<String>,
    #[serde(default)]
    allowed_origins: Vec<String>,
    max_sessions: Option<usize>,
    session_idle_seconds: Option<u64>,
    max_body_bytes: Option<usize>,
    /// Settings for all principals, and for what they share.
    #[serde(default)]
    settings: SettingValues,
    principals: Vec<PrincipalEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrincipalEntry {
    name: String,
    token_sha256: String,
    #[serde(default)]
    settings: SettingValues,
}

/// The content of the file.
pub(super) struct Configuration {
    /// The settings of the shared caches and the compression.
    pub(super) shared: SettingValues,
    pub(super) caches: Caches,
    /// The minimum size of answers that are compressed, in bytes.
    pub(super) compress_from: Option<u64>,
    pub(super) options: HttpOptions,
    pub(super) definitions: Vec<Definition>,
}

/// A principal as the file defines it.
pub(super) struct Definition {
    /// The hash of its token.
    pub(super) token: Hash,
    /// The hash of all its settings. A reload keeps a principal if it is unchanged.
    pub(super) content: Hash,
    pub(super) name: String,
    pub(super) config: OdooConfig,
    pub(super) settings: McpSettings,
    pub(super) options: HttpOptions,
}

/// Records the settings that were read, with their values. Other names in the file are misspelt or misplaced.
#[derive(Default)]
struct SettingReads(RefCell<BTreeMap<String, Option<String>>>);

impl SettingReads {
    fn record(&self, name: &str, value: Option<String>) -> Option<String> {
        self.0.borrow_mut().insert(name.to_owned(), value.clone());
        value
    }

    /// The settings that were read and have a value.
    fn values(&self) -> SettingValues {
        let reads = self.0.borrow();
        reads.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
    }

    fn check(&self, given: &SettingValues, place: &str) -> Result<(), McpError> {
        let reads = self.0.borrow();
        match given.keys().find(|name| !reads.contains_key(*name)) {
            None => Ok(()),
            Some(name) => {
                Err(McpError::Unknown { name: shorten(name, NAME_BYTES).into(), place: place.to_owned() })
            }
        }
    }
}

impl Configuration {
    /// Parses the content of the file.
    pub(super) fn read(text: &str) -> Result<Self, McpError> {
        let file = parse(text)?;
        let for_all = "for all principals";
        let common_error = |cause| McpError::Setting { place: for_all.into(), cause };
        if let Some(name) = PRINCIPAL_SETTINGS.iter().find(|name| file.settings.contains_key(**name)) {
            return Err(McpError::Unknown { name: (*name).into(), place: for_all.into() });
        }
        let reads = SettingReads::default();
        let common = |name: &str| reads.record(name, file.settings.get(name).cloned());
        let caches = Caches::from_settings(common).map_err(common_error)?;
        let compress_from = threshold(common(THRESHOLD)).map_err(common_error)?;
        let shared = reads.values();
        let options = options(&file);

        let (mut definitions, mut tokens, mut names) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for principal in &file.principals {
            let reads = SettingReads::default();
            let setting = |name: &str| {
                let own = principal.settings.get(name).cloned();
                reads.record(
                    name,
                    if PRINCIPAL_SETTINGS.contains(&name) { own } else { own.or_else(|| common(name)) },
                )
            };
            let failed = |cause| McpError::Setting { place: place(&principal.name), cause };
            let config = OdooConfig::from_settings(setting).map_err(failed)?;
            if config.database.is_none() {
                // Principals share caches by database, so each must name its database.
                let reason = "principals say which database is theirs";
                return Err(failed(SettingError::Missing { name: "ODOO_DB", reason }.into()));
            }
            let settings = McpSettings::from_settings(setting).map_err(failed)?;
            reads.check(&principal.settings, &place(&principal.name))?;
            let token = hash(principal)?;
            if !names.insert(&principal.name) || !tokens.insert(token) {
                return Err(McpError::Duplicate { principal: principal.name.clone() });
            }
            let content = format!("{:?}", (&principal.name, reads.values(), &options));
            let content = Hash::from(Sha256::digest(content));
            let (name, options) = (principal.name.clone(), options.clone());
            definitions.push(Definition { token, content, name, config, settings, options });
        }
        if definitions.is_empty() {
            return Err(McpError::NoPrincipals);
        }
        reads.check(&file.settings, for_all)?;
        Ok(Configuration { shared, caches, compress_from, options, definitions })
    }
}

/// The place of a principal's settings, for messages.
pub(super) fn place(principal: &str) -> String {
    format!("for principal `{principal}`")
}

/// The error has only the position, because the parser's message may repeat secrets in the text.
fn parse(text: &str) -> Result<File, McpError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let (line, column) = (error.inner().line(), error.inner().column());
        McpError::Malformed { place: shorten(&error.path().to_string(), 128).into(), line, column }
    })?;
    deserializer.end().map_err(|error| McpError::Malformed {
        place: ".".into(),
        line: error.line(),
        column: error.column(),
    })?;
    Ok(parsed)
}

fn options(file: &File) -> HttpOptions {
    let mut options = HttpOptions::default();
    options.allowed_hosts.clone_from(&file.allowed_hosts);
    options.allowed_origins.clone_from(&file.allowed_origins);
    options.max_sessions = file.max_sessions.unwrap_or(options.max_sessions);
    options.session_idle = file.session_idle_seconds.map_or(options.session_idle, Duration::from_secs);
    options.max_body_bytes = file.max_body_bytes.unwrap_or(options.max_body_bytes);
    options
}

fn threshold(value: Option<String>) -> Result<Option<u64>, ConfigError> {
    let Some(value) = value else { return Ok(None) };
    let parsed = value.trim().parse().map(Some);
    parsed.map_err(|_| SettingError::invalid(THRESHOLD, &value, "it must be a number of bytes").into())
}

fn hash(principal: &PrincipalEntry) -> Result<Hash, McpError> {
    let digits = principal.token_sha256.to_ascii_lowercase();
    parse_hex(&digits).ok_or_else(|| McpError::TokenHash { principal: principal.name.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HASH: &str = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";

    fn file() -> Value {
        json!({
            "settings": {"ODOO_URL": "http://127.0.0.1:1", "ODOO_DB": "odoo", "ODOO_MCP_CACHE_TTL": "60"},
            "principals": [{"name": "sales", "token_sha256": HASH, "settings": {"ODOO_API_KEY": "k3y"}}],
        })
    }

    fn error_message(change: impl FnOnce(&mut Value)) -> String {
        let mut file = file();
        change(&mut file);
        let error_message = Configuration::read(&file.to_string()).err().unwrap().to_string();
        assert!(!error_message.contains("k3y"), "{error_message}");
        error_message
    }

    #[test]
    fn errors_name_their_place() {
        assert!(Configuration::read(&file().to_string()).is_ok());
        let principal = "/principals/0";
        let cases: [(&str, Value, &str); 10] = [
            ("/principals", json!([]), "no principal"),
            ("/principals/0/token_sha256", json!("abc"), "64 hexadecimal digits"),
            ("/principals/0/token_sha256", json!("+1".repeat(32)), "64 hexadecimal digits"),
            ("/principals/0/settings", json!({}), "ODOO_PASSWORD is not set"),
            ("/settings", json!({"ODOO_URL": "http://a"}), "ODOO_DB is not set"),
            ("/principals/0/settings", json!({"ODOO_API_KEY": "k3y", "ODOO_YOLLO": "read"}), "`ODOO_YOLLO`"),
            ("/principals/0/settings", json!({"ODOO_API_KEY": "k3y", "ODOO_MCP_CACHE_TTL": "1"}), "`sales`"),
            (
                "/principals/0/settings",
                json!({"ODOO_API_KEY": "k3y", "ODOO_YOLO": "maybe"}),
                "ODOO_YOLO is `maybe`",
            ),
            (
                "/settings",
                json!({"ODOO_URL": "http://a", "ODOO_DB": "b", "ODOO_API_KEY": "k3y"}),
                "for all principals",
            ),
            (principal, json!({"name": "sales", "key": "k3y"}), "principals[0]"),
        ];
        for (place, value, expected) in cases {
            let error_message = error_message(|file| *file.pointer_mut(place).unwrap() = value.clone());
            assert!(error_message.contains(expected), "{place} {value}: {error_message}");
        }
        let twice = error_message(|file| {
            let first = file["principals"][0].clone();
            file["principals"].as_array_mut().unwrap().push(first);
        });
        assert!(twice.contains("another one"), "{twice}");
        assert!(Configuration::read("{} {}").is_err() && Configuration::read("").is_err());
    }
}
