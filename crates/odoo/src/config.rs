//! How to reach Odoo, and as which user.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use platform::settings::{SettingError, SettingsReader, from_environment};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// How to reach Odoo, and as which user.
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
    /// Where Odoo is; a path in it goes before Odoo's own (`ODOO_URL`).
    pub url: Url,
    /// The database (`ODOO_DB`); if nothing, the only one that the server has, or of several the one named
    /// `odoo`.
    pub database: Option<String>,
    /// The user's login (`ODOO_USER`). An API key on Odoo 19 and later can do without; if it is another
    /// user's, the login fails.
    pub login: Option<String>,
    /// The credential.
    pub credential: OdooCredential,
    /// Was the API key given as the password (`ODOO_PASSWORD`), and known by its form?
    pub key_as_password: bool,
    /// The transport (`ODOO_RPC_TRANSPORT`, `auto`).
    pub transport: TransportChoice,
    /// The language of labels and texts (`ODOO_LOCALE`); the server's choice if nothing.
    pub language: Option<String>,
    /// How many connections there may be at a time (`ODOO_MCP_POOL_SIZE`, 5).
    pub pool_size: usize,
    /// Are reads batched if no connection is free (`ODOO_MCP_ENABLE_BATCHING`, true)?
    pub batching: bool,
    /// How many ids a batch has at most, unless one caller asks for more (`ODOO_MCP_BATCH_SIZE`, 100).
    pub batch_size: usize,
    /// The limits of time and size.
    pub limits: CallLimits,
    /// Certificates of authorities that are trusted besides the system's, in DER.
    pub extra_roots: Vec<Vec<u8>>,
}

/// Limits of time and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// How long a connection may take to be made: 10 seconds.
    pub connect: Duration,
    /// How long an answer may take, from the request to its last byte: 60 seconds.
    pub answer: Duration,
    /// How long a call may wait for a free connection: 30 seconds.
    pub wait: Duration,
    /// How large an answer may be, packed or unpacked: 64 MiB.
    pub answer_bytes: usize,
    /// How often idle connections are checked: every 60 seconds.
    pub health_interval: Duration,
    /// After how many failures in a row the circuit breaker opens: 5.
    pub breaker_failures: u32,
    /// For how long it stays open: 5 seconds.
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
    /// An API key of the user's (`ODOO_API_KEY`, or `ODOO_PASSWORD` if that has the form of a key).
    ApiKey(SecretString),
}

impl OdooCredential {
    /// An API key if the secret has the form of one, else a password. Odoo makes keys of 40 hexadecimal
    /// digits.
    #[must_use]
    pub fn from_secret(secret: SecretString) -> Self {
        if is_key(secret.expose_secret()) {
            OdooCredential::ApiKey(secret)
        } else {
            OdooCredential::Password(secret)
        }
    }
}

/// How calls are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A session that is opened once and kept by a cookie: for passwords.
    Session,
    /// `/jsonrpc`, which takes the credential with each call: for API keys up to Odoo 18.
    JsonRpc,
    /// `/json/2/…` with the API key as bearer: from Odoo 19 on.
    Json2,
}

/// Which transport to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransportChoice {
    /// The one that fits the credential and the server's version.
    #[default]
    Auto,
    /// This one.
    Forced(Transport),
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting is missing, or its value does not have the form that it needs.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The trusted certificates cannot be used.
    #[error("the trusted certificates cannot be used: {cause}")]
    Certificates {
        /// What the TLS library says.
        cause: String,
    },
}

impl OdooConfig {
    /// A configuration with the usual settings. An empty name of the database, or login, is none.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL cannot be used.
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
    /// [`ConfigError`] that names the variable which is missing or cannot be understood.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_settings(from_environment)
    }

    /// Reads the configuration from settings that have the names of environment variables. Empty ones count
    /// as missing.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting which is missing or cannot be understood.
    pub fn from_settings(settings: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let settings = SettingsReader::new(settings);
        let url = settings.required("ODOO_URL", "it says where odoo is")?;
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
                let reason = "a password or an api key (ODOO_API_KEY) is needed";
                return Err(SettingError::Missing { name: "ODOO_PASSWORD", reason }.into());
            }
        };
        if login.is_none() && matches!(credential, OdooCredential::Password(_)) {
            let reason = "a password belongs to a user";
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

    /// The name under which a cache knows the database: a database of the same name elsewhere is another one,
    /// and so is one without a configured name.
    #[must_use]
    pub fn database_key(&self) -> String {
        format!("{}#{}", self.url, self.database_name())
    }

    /// The name of the database; nothing until it is known.
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

    /// `xmlrpc` is what other clients call the stateless transport; it is carried by JSON here.
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

/// Does it have the form of an API key? Odoo makes them of 40 hexadecimal digits.
fn is_key(secret: &str) -> bool {
    secret.len() == 40 && secret.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Errors do not repeat the value: it may contain a password.
fn parse_url(text: &str) -> Result<Url, ConfigError> {
    let invalid = |expected: &'static str| SettingError::invalid("ODOO_URL", "…", expected).into();
    let url = Url::parse(text).map_err(|_| invalid("it must be a url such as https://erp.example.com"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(invalid("it must begin with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the user and the password have settings of their own"));
    }
    let is_route = |segment: &str| matches!(segment, "web" | "jsonrpc" | "xmlrpc" | "json");
    if url.path_segments().into_iter().flatten().any(is_route) {
        return Err(invalid(
            "it must be odoo's address alone, without `/web`, `/jsonrpc`, `/xmlrpc` or `/json` and what follows",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must end with a host or a path"));
    }
    Ok(url)
}
