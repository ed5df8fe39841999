//! A front end that the service trusts.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

pub(crate) const ISSUER: &str = "bench";

/// The prefix of the 32 bytes of an Ed25519 key in its standard encoding.
const ENCODING: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Signs login assertions.
#[derive(Clone)]
pub(crate) struct FrontEnd {
    key: Arc<Ed25519KeyPair>,
    assertions: Arc<AtomicU64>,
}

impl FrontEnd {
    /// Creates a front end with a new key, and writes the public key to a file.
    pub(crate) fn new(public: &Path) -> Result<Self> {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .and_then(|encoded| {
                Ed25519KeyPair::from_pkcs8(encoded.as_ref()).map_err(|_| ring::error::Unspecified)
            })
            .map_err(|_| anyhow!("cannot create a key"))?;
        let encoded = STANDARD.encode([ENCODING, key.public_key().as_ref()].concat());
        std::fs::write(public, format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n"))?;
        Ok(FrontEnd { key: Arc::new(key), assertions: Arc::new(AtomicU64::new(0)) })
    }

    /// A new assertion about a user.
    pub(crate) fn assertion(&self, user: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let name = self.assertions.fetch_add(1, Ordering::Relaxed).to_string();
        let claims =
            json!({"iss": ISSUER, "aud": ISSUER, "sub": user, "iat": now, "exp": now + 60, "jti": name});
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()));
        Ok(format!("{message}.{signature}"))
    }
}
