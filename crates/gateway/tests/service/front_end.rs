//! A front end that the service trusts: it signs assertions of users' identities.

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

/// What comes before the 32 bytes of an Ed25519 key in its standard encoding.
const ENCODING: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The seed of the front end's key.
const SEED: [u8; 32] = [7; 32];

/// The time of day, which tests set; 0 stands for the machine's clock.
#[derive(Debug)]
struct TimeOfDay(AtomicU64);

impl WallClock for TimeOfDay {
    fn now(&self) -> Duration {
        match self.0.load(Ordering::SeqCst) {
            0 => SystemWallClock.now(),
            seconds => Duration::from_secs(seconds),
        }
    }
}

/// The front end, and the service's clock. All front ends have the same key, unless they are given another.
#[derive(Debug)]
pub(crate) struct FrontEnd {
    time: Arc<TimeOfDay>,
    key: AssertionKey,
}

impl Default for FrontEnd {
    fn default() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
        let encoded = STANDARD.encode([ENCODING, pair.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n");
        Self::with_key(AssertionKey::new(AssertionAlgorithm::EdDSA).with(pem.as_bytes()).unwrap())
    }
}

impl FrontEnd {
    pub(crate) fn with_key(key: AssertionKey) -> Self {
        FrontEnd { time: Arc::new(TimeOfDay(AtomicU64::new(1_800_000_000))), key }
    }

    /// What a service is configured with to trust this front end.
    pub(crate) fn trusted(&self, store: Arc<dyn SqlStore>) -> Assertions {
        Assertions::with_clock(self.key.clone(), ISSUER, AUDIENCE, store, Arc::clone(&self.time) as _)
    }

    pub(crate) fn now(&self) -> u64 {
        self.time.now().as_secs()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.time.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets the service's clock by that of the front end.
    pub(crate) fn set(&self, now: u64) {
        self.time.0.store(now, Ordering::SeqCst);
    }

    /// Leaves the service's clock to the machine, whose time a program of its own goes by.
    pub(crate) fn use_the_time_of_day(&self) {
        self.set(0);
    }

    /// Claims that are accepted, once.
    pub(crate) fn claims(&self, user: &str) -> Value {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let now = self.now();
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now, "exp": now + 60, "jti": name})
    }

    /// An assertion that is accepted, once.
    pub(crate) fn assertion(&self, user: &str) -> String {
        signed(&json!({"alg": "EdDSA", "typ": "JWT"}), &self.claims(user))
    }
}

/// A token signed with the front end's key.
pub(crate) fn signed(header: &Value, claims: &Value) -> String {
    signed_by(&SEED, header, claims)
}

/// A token signed with the key of a seed.
pub(crate) fn signed_by(seed: &[u8; 32], header: &Value, claims: &Value) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    token(header, claims, |message| pair.sign(message).as_ref().to_vec())
}

/// A token with a signature of the test's own.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}
