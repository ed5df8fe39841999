//! `Mcp`: who may ask, and the service of each.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use odoo_mcp::HttpService;
use sha2::{Digest, Sha256};

use super::configuration::{self, McpError};

/// The shortest token that opens anything: whoever makes up a short one makes up one that can be guessed.
const SHORTEST_TOKEN: usize = 32;

/// The SHA-256 of a token.
pub(super) type TokenHash = [u8; 32];

/// Odoo databases for language models: each token stands for one user of one database.
///
/// Everything that is remembered of Odoo is shared by all of them; sessions of the protocol are not: a session of one
/// does not exist for another. Clones share everything.
#[derive(Clone)]
pub struct Mcp {
    services: Arc<HashMap<TokenHash, HttpService>>,
    compress_from: Option<u64>,
}

impl Mcp {
    /// Reads who may ask from a file. Nothing is sent to Odoo yet.
    ///
    /// # Errors
    /// [`McpError`] if the file cannot be read, or says what makes no sense.
    pub fn open(file: &Path) -> Result<Self, McpError> {
        let text = std::fs::read_to_string(file).map_err(|error| McpError::Unreadable {
            file: file.display().to_string(),
            cause: error.to_string(),
        })?;
        Self::from_json(&text)
    }

    /// Reads who may ask from the content of such a file.
    ///
    /// # Errors
    /// [`McpError`] if it says what makes no sense.
    pub fn from_json(text: &str) -> Result<Self, McpError> {
        let (services, compress_from) = configuration::services(text)?;
        Ok(Mcp { services: Arc::new(services), compress_from })
    }

    /// Ends all sessions of the protocol and all streams.
    pub fn close(&self) {
        self.services.values().for_each(HttpService::close);
    }

    pub(super) fn compress_from(&self) -> Option<u64> {
        self.compress_from
    }

    /// The service for whoever sent these headers.
    pub(super) fn service_for(&self, headers: &HeaderMap) -> Option<&HttpService> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(credential), None) = (given.next(), given.next()) else { return None };
        let (scheme, token) = credential.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") && token.len() >= SHORTEST_TOKEN;
        // Looking up a hash tells whoever measures the time nothing about tokens.
        is_bearer.then(|| self.services.get(&TokenHash::from(Sha256::digest(token))))?
    }
}

impl fmt::Debug for Mcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mcp").field("principals", &self.services.len()).finish_non_exhaustive()
    }
}
