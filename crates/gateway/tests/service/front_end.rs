//! `FrontEnd`: a trusted portal that signs assertions of its users' identities.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use erp_db::SqlStore;
use gateway::http::{AssertionAlgorithm, AssertionKey, Assertions, SystemWallClock, WallClock};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://portal.example.org";
pub(crate) const AUDIENCE: &str = "orgcache";

/// The DER prefix of a public Ed25519 key, before its 32 bytes.
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The seed of the front end's key.
const SEED: [u8; 32] = [7; 32];

/// The service's wall clock, which tests set. 0 selects the machine's clock.
#[derive(Debug)]
struct TestWallClock(AtomicU64);

impl WallClock for TestWallClock {
    fn now(&self) -> Duration {
        match self.0.load(Ordering::SeqCst) {
            0 => SystemWallClock.now(),
            seconds => Duration::from_secs(seconds),
        }
    }
}

/// A front end, and the wall clock of the service that trusts it. The default key is the same for all.
#[derive(Debug)]
pub(crate) struct FrontEnd {
    time: Arc<TestWallClock>,
    key: AssertionKey,
}

impl Default for FrontEnd {
    fn default() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
        let encoded = STANDARD.encode([ED25519, pair.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n");
        Self::with_key(AssertionKey::new(AssertionAlgorithm::EdDSA).with(pem.as_bytes()).unwrap())
    }
}

impl FrontEnd {
    pub(crate) fn with_key(key: AssertionKey) -> Self {
        FrontEnd { time: Arc::new(TestWallClock(AtomicU64::new(1_800_000_000))), key }
    }

    /// The settings with which a service trusts this front end.
    pub(crate) fn assertions(&self, store: Arc<dyn SqlStore>) -> Assertions {
        Assertions::with_clock(self.key.clone(), ISSUER, AUDIENCE, store, Arc::clone(&self.time) as _)
    }

    pub(crate) fn now(&self) -> u64 {
        self.time.now().as_secs()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.time.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets the service's wall clock.
    pub(crate) fn set(&self, now: u64) {
        self.time.0.store(now, Ordering::SeqCst);
    }

    /// Uses the machine's clock, for programs that sign with it.
    pub(crate) fn use_the_time_of_day(&self) {
        self.set(0);
    }

    /// Valid claims with a new `jti`.
    pub(crate) fn claims(&self, user: &str) -> Value {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let now = self.now();
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now, "exp": now + 60, "jti": name})
    }

    /// A valid assertion with a new `jti`.
    pub(crate) fn assertion(&self, user: &str) -> String {
        sign(&json!({"alg": "EdDSA", "typ": "JWT"}), &self.claims(user))
    }
}

/// Signs a token with the front end's key.
pub(crate) fn sign(header: &Value, claims: &Value) -> String {
    sign_with(&SEED, header, claims)
}

/// Signs a token with the key of the given seed.
pub(crate) fn sign_with(seed: &[u8; 32], header: &Value, claims: &Value) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    assemble(header, claims, |message| pair.sign(message).as_ref().to_vec())
}

/// Assembles a token with an arbitrary signature.
pub(crate) fn assemble(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}
