//! `Mcp`: the principals of `/mcp`, each with its own service.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use odoo_mcp::{Caches, HttpOptions, HttpService, OdooServer};
use parking_lot::{Mutex, RwLock};
use sha2::{Digest, Sha256};

use super::configuration::{Configuration, Definition, Hash, McpError, place};

/// The minimum length of a token, in bytes. A shorter one could be guessed.
const MIN_TOKEN_BYTES: usize = 32;

/// A user of an Odoo database, and the service that acts as this user.
#[derive(Clone)]
struct McpPrincipal {
    /// The hash of the definition.
    content: Hash,
    service: Arc<HttpService>,
}

impl McpPrincipal {
    /// Creates the service. Sends nothing to Odoo yet.
    fn new(definition: &Definition, caches: &Caches) -> Result<Self, McpError> {
        let Definition { name, content, config, settings, options, .. } = definition;
        let server = OdooServer::new(config.clone(), settings.clone(), caches)
            .map_err(|cause| McpError::Setting { place: place(name), cause })?;
        Ok(McpPrincipal { content: *content, service: Arc::new(server.http(options)) })
    }
}

/// Serves Odoo databases to language models. Each token identifies one user of one database.
///
/// Principals share the caches, but not MCP sessions: a session is unknown to other principals. Clones share
/// all state.
#[derive(Clone)]
pub struct Mcp {
    inner: Arc<Inner>,
}

struct Inner {
    file: Option<PathBuf>,
    /// The settings of the shared state, which is not changed by a reload.
    shared: BTreeMap<String, String>,
    caches: Caches,
    compress_from: Option<u64>,
    /// The HTTP options of all principals.
    options: RwLock<HttpOptions>,
    /// By the hash of the token.
    principals: RwLock<HashMap<Hash, McpPrincipal>>,
    /// Held during a reload, so that reloads do not overlap.
    reloading: Mutex<()>,
}

/// The changes since the file was last read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadOutcome {
    /// Principals that are new or whose settings have changed.
    pub begun: usize,
    /// Principals that were removed or whose settings have changed.
    pub ended: usize,
    /// Changed settings that take effect only at the next start.
    pub later: Vec<String>,
}

impl Mcp {
    /// Reads the principals from a file. Nothing is sent to Odoo yet.
    ///
    /// # Errors
    /// [`McpError`] if the file cannot be read or is invalid.
    pub fn open(file: &Path) -> Result<Self, McpError> {
        Self::new(&read(file)?, Some(file.to_owned()))
    }

    /// Reads the principals from the content of such a file.
    ///
    /// # Errors
    /// [`McpError`] if it is invalid.
    pub fn from_json(text: &str) -> Result<Self, McpError> {
        Self::new(text, None)
    }

    fn new(text: &str, file: Option<PathBuf>) -> Result<Self, McpError> {
        let Configuration { shared, caches, compress_from, options, definitions } =
            Configuration::read(text)?;
        let principals = definitions.iter().map(|it| Ok((it.token, McpPrincipal::new(it, &caches)?)));
        let principals = RwLock::new(principals.collect::<Result<_, McpError>>()?);
        let (options, reloading) = (RwLock::new(options), Mutex::default());
        let inner = Inner { file, shared, caches, compress_from, options, principals, reloading };
        Ok(Mcp { inner: Arc::new(inner) })
    }

    /// Reads the file again. Tokens of removed principals stop working, and sessions of removed or changed
    /// principals end. The others continue.
    ///
    /// Without a file nothing changes.
    ///
    /// # Errors
    /// [`McpError`] if the file cannot be read or is invalid. Then nothing changes.
    pub fn reload(&self) -> Result<ReloadOutcome, McpError> {
        let inner = &*self.inner;
        let Some(file) = &inner.file else { return Ok(ReloadOutcome::default()) };
        let _alone = inner.reloading.lock();
        let configuration = Configuration::read(&read(file)?)?;
        let previous = inner.principals.read().clone();
        let mut principals = HashMap::new();
        for definition in &configuration.definitions {
            let same = previous.get(&definition.token).filter(|it| it.content == definition.content);
            let principal = match same {
                Some(principal) => principal.clone(),
                None => McpPrincipal::new(definition, &inner.caches)?,
            };
            principals.insert(definition.token, principal);
        }
        let is_in = |others: &HashMap<Hash, McpPrincipal>, (token, it): &(&Hash, &McpPrincipal)| {
            others.get(*token).is_some_and(|other| other.content == it.content)
        };
        let begun = principals.iter().filter(|it| !is_in(&previous, it)).count();
        let ended: Vec<_> = previous.iter().filter(|it| !is_in(&principals, it)).collect();
        let later = changed_settings(&inner.shared, &configuration.shared);
        *inner.options.write() = configuration.options;
        *inner.principals.write() = principals.clone();
        ended.iter().for_each(|(_, principal)| principal.service.close());
        Ok(ReloadOutcome { begun, ended: ended.len(), later })
    }

    /// Ends all MCP sessions and streams.
    pub fn close(&self) {
        self.inner.principals.read().values().for_each(|principal| principal.service.close());
    }

    pub(crate) fn compress_from(&self) -> Option<u64> {
        self.inner.compress_from
    }

    /// Whether web pages of this origin may send requests.
    pub(super) fn allows_origin(&self, origin: &str) -> bool {
        self.inner.options.read().allows_origin(origin)
    }

    /// The service of the principal with the token in the headers.
    pub(super) fn service_for(&self, headers: &HeaderMap) -> Option<Arc<HttpService>> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(credential), None) = (given.next(), given.next()) else { return None };
        let (scheme, token) = credential.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.len() < MIN_TOKEN_BYTES {
            return None;
        }
        // Looking up a hash takes a time that reveals nothing about tokens.
        let token = Hash::from(Sha256::digest(token));
        self.inner.principals.read().get(&token).map(|principal| Arc::clone(&principal.service))
    }
}

fn read(file: &Path) -> Result<String, McpError> {
    std::fs::read_to_string(file)
        .map_err(|error| McpError::Unreadable { file: file.display().to_string(), cause: error.to_string() })
}

/// The names of settings whose values differ.
fn changed_settings(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(|name| before.get(*name) != now.get(*name)).cloned().collect()
}

impl fmt::Debug for Mcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let principals = self.inner.principals.read().len();
        f.debug_struct("Mcp").field("principals", &principals).finish_non_exhaustive()
    }
}
