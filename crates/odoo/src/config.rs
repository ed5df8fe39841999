//! `OdooConfig`: the address of Odoo, the credential, and limits.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use platform::settings::{SettingError, SettingsReader, from_environment};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The address of Odoo, the credential, and limits.
///
/// # Examples
/// ```
/// use odoo::OdooConfig;
///
/// let settings = |name: &str| match name {
///     "ODOO_URL" => Some("https://erp.example.com".to_owned()),
///     "ODOO_DB" => Some("production".to_owned()),
///     "ODOO_API_KEY" => Some("0123456789abcdef".to_owned()),
///     _ => None,
/// };
/// let config = OdooConfig::from_settings(settings)?;
/// assert_eq!(config.pool_size, 5);
/// assert!(!format!("{config:?}").contains("0123456789abcdef"));
/// # Ok::<(), odoo::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OdooConfig {
    /// Odoo's address (`ODOO_URL`). A path is prepended to Odoo's routes.
    pub url: Url,
    /// The database (`ODOO_DB`). By default the only one on the server, or the one named `odoo`.
    pub database: Option<String>,
    /// The user's login (`ODOO_USER`). Optional with an API key on Odoo 19 and later. If the key belongs to
    /// another user, the login fails.
    pub login: Option<String>,
    /// The credential.
    pub credential: OdooCredential,
    /// Was the API key set as `ODOO_PASSWORD`, and recognized by its form?
    pub key_as_password: bool,
    /// The transport (`ODOO_RPC_TRANSPORT`, `auto`).
    pub transport: TransportChoice,
    /// The language of labels and texts (`ODOO_LOCALE`). By default the server chooses it.
    pub language: Option<String>,
    /// Maximum number of connections (`ODOO_MCP_POOL_SIZE`, 5).
    pub pool_size: usize,
    /// Are reads batched if no connection is free (`ODOO_MCP_ENABLE_BATCHING`, true)?
    pub batching: bool,
    /// Maximum number of ids in a batch, unless a single read has more (`ODOO_MCP_BATCH_SIZE`, 100).
    pub batch_size: usize,
    /// Timeouts and size limits.
    pub limits: CallLimits,
    /// Certificates of trusted authorities in addition to the system's, in DER.
    pub extra_roots: Vec<Vec<u8>>,
}

/// Timeouts and size limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Timeout for opening a connection: 10 seconds.
    pub connect: Duration,
    /// Timeout for an answer, from the request to the last byte: 60 seconds.
    pub answer: Duration,
    /// Timeout for waiting for a free connection: 30 seconds.
    pub wait: Duration,
    /// Maximum size of an answer, compressed and uncompressed: 64 MiB.
    pub answer_bytes: usize,
    /// Interval of the health checks of idle connections: 60 seconds.
    pub health_interval: Duration,
    /// Number of consecutive failures after which the circuit breaker opens: 5.
    pub breaker_failures: u32,
    /// How long the circuit breaker stays open: 5 seconds.
    pub breaker_rest: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            wait: Duration::from_secs(30),
            answer_bytes: 64 << 20,
            health_interval: Duration::from_secs(60),
            breaker_failures: 5,
            breaker_rest: Duration::from_secs(5),
        }
    }
}

/// The credential. `Debug` does not show it.
#[derive(Clone, Debug)]
pub enum OdooCredential {
    /// The user's password (`ODOO_PASSWORD`).
    Password(SecretString),
    /// An API key of the user (`ODOO_API_KEY`, or `ODOO_PASSWORD` with the form of a key).
    ApiKey(SecretString),
}

impl OdooCredential {
    /// An API key if the secret has the form of one (40 hexadecimal digits), else a password.
    #[must_use]
    pub fn from_secret(secret: SecretString) -> Self {
        if is_key(secret.expose_secret()) {
            OdooCredential::ApiKey(secret)
        } else {
            OdooCredential::Password(secret)
        }
    }
}

/// The protocol of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A session with a cookie: for passwords.
    Session,
    /// `/jsonrpc`, with the credential in each call: for API keys up to Odoo 18.
    JsonRpc,
    /// `/json/2/…`, with the API key as bearer token: for Odoo 19 and later.
    Json2,
}

/// The choice of the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransportChoice {
    /// By the credential and the server's version.
    #[default]
    Auto,
    /// Always this transport.
    Forced(Transport),
}

/// The configuration is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting is missing or invalid.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The trusted certificates are invalid.
    #[error("the trusted certificates cannot be used: {cause}")]
    Certificates {
        /// The message of the TLS library.
        cause: String,
    },
}

impl OdooConfig {
    /// A configuration with default settings. An empty database or login counts as missing.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL is invalid.
    pub fn new(
        url: &str,
        database: &str,
        login: &str,
        credential: OdooCredential,
    ) -> Result<Self, ConfigError> {
        Ok(OdooConfig {
            url: parse_url(url)?,
            database: (!database.is_empty()).then(|| database.into()),
            login: (!login.is_empty()).then(|| login.into()),
            credential,
            key_as_password: false,
            transport: TransportChoice::Auto,
            language: None,
            pool_size: 5,
            batching: true,
            batch_size: 100,
            limits: CallLimits::default(),
            extra_roots: Vec::new(),
        })
    }

    /// Reads the configuration from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] that names the missing or invalid variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_settings(from_environment)
    }

    /// Reads the configuration from settings with the names of environment variables. An empty setting counts
    /// as missing.
    ///
    /// # Errors
    /// [`ConfigError`] that names the missing or invalid setting.
    pub fn from_settings(settings: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let settings = SettingsReader::new(settings);
        let url = settings.required("ODOO_URL", "it must be the address of odoo")?;
        let database = settings.text("ODOO_DB").unwrap_or_default();
        let login = settings.text("ODOO_USER");
        let secret = |name| settings.text(name).map(SecretString::from);
        let mut key_as_password = false;
        let credential = match (secret("ODOO_API_KEY"), secret("ODOO_PASSWORD")) {
            (Some(key), _) => OdooCredential::ApiKey(key),
            (None, Some(password)) if is_key(password.expose_secret()) => {
                key_as_password = true;
                OdooCredential::ApiKey(password)
            }
            (None, Some(password)) => OdooCredential::Password(password),
            (None, None) => {
                let reason = "set a password, or an api key in ODOO_API_KEY";
                return Err(SettingError::Missing { name: "ODOO_PASSWORD", reason }.into());
            }
        };
        if login.is_none() && matches!(credential, OdooCredential::Password(_)) {
            let reason = "a password needs the login of its user";
            return Err(SettingError::Missing { name: "ODOO_USER", reason }.into());
        }
        let transport =
            settings.text("ODOO_RPC_TRANSPORT").map_or(Ok(TransportChoice::Auto), |name| name.parse())?;
        Ok(OdooConfig {
            transport,
            key_as_password,
            language: settings.text("ODOO_LOCALE"),
            pool_size: settings.number("ODOO_MCP_POOL_SIZE", 5, 1..=1_000_000)?,
            batching: settings.flag("ODOO_MCP_ENABLE_BATCHING", true)?,
            batch_size: settings.number("ODOO_MCP_BATCH_SIZE", 100, 1..=1_000_000)?,
            ..Self::new(&url, &database, login.as_deref().unwrap_or_default(), credential)?
        })
    }

    /// The key of the database for caches: URL and name, so that databases of the same name on different
    /// servers have different keys. A database without a configured name has a separate key too.
    #[must_use]
    pub fn database_key(&self) -> String {
        format!("{}#{}", self.url, self.database_name())
    }

    /// The name of the database; empty until it is known.
    pub(crate) fn database_name(&self) -> &str {
        self.database.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Session => "session",
            Transport::JsonRpc => "jsonrpc",
            Transport::Json2 => "json2",
        })
    }
}

impl FromStr for TransportChoice {
    type Err = ConfigError;

    /// Also accepts `xmlrpc`, the name of the stateless transport in other clients, and uses JSON-RPC.
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        match name.to_ascii_lowercase().as_str() {
            "auto" => Ok(TransportChoice::Auto),
            "session" => Ok(TransportChoice::Forced(Transport::Session)),
            "jsonrpc" | "xmlrpc" => Ok(TransportChoice::Forced(Transport::JsonRpc)),
            "json2" => Ok(TransportChoice::Forced(Transport::Json2)),
            _ => {
                let expected = "it must be auto, session, jsonrpc or json2";
                Err(SettingError::invalid("ODOO_RPC_TRANSPORT", name, expected).into())
            }
        }
    }
}

/// Does the secret have the form of an API key, 40 hexadecimal digits?
fn is_key(secret: &str) -> bool {
    secret.len() == 40 && secret.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Parses the URL. Errors do not repeat the value, because it may contain a password.
fn parse_url(text: &str) -> Result<Url, ConfigError> {
    let invalid = |expected: &'static str| SettingError::invalid("ODOO_URL", "…", expected).into();
    let url = Url::parse(text).map_err(|_| invalid("it must be a url such as https://erp.example.com"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(invalid("it must start with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not contain a user or password: set ODOO_USER and ODOO_PASSWORD"));
    }
    let is_route = |segment: &str| matches!(segment, "web" | "jsonrpc" | "xmlrpc" | "json");
    if url.path_segments().into_iter().flatten().any(is_route) {
        return Err(invalid(
            "it must be odoo's address without the path from `/web`, `/jsonrpc`, `/xmlrpc` or `/json` on",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must end with a host or a path"));
    }
    Ok(url)
}
