//! Logins by signed assertion: a trusted front end authenticates a user and names the user in a short-lived
//! JSON web token.
//!
//! Read [`AssertionKey`] first, then `claims` with the rules for lifetimes, then `signature`.

mod claims;
mod key;
mod signature;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use erp_db::SqlStore;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use session::PortError;

pub(crate) use self::claims::{AssertionRefusal, Claims};
pub use self::key::{AssertionAlgorithm, AssertionKey, AssertionKeyError};

/// The maximum length of an assertion, in bytes.
pub(crate) const MAX_ASSERTION_BYTES: usize = 8 << 10;

/// How long a used assertion is remembered, by the instances' clocks, so that a store whose clock is ahead
/// does not forget it early. Far longer than an assertion is valid, so that instances whose clocks differ by
/// minutes do not accept it twice.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// Expired assertions are swept once per so many uses.
const USES_BETWEEN_SWEEPS: u64 = 100;
/// The maximum number that a sweep deletes: more than are added between sweeps, so they cannot accumulate.
const MAX_SWEPT: usize = 1_000;

/// Verifies assertions of one issuer, and records their use.
pub struct Assertions {
    key: AssertionKey,
    issuer: String,
    validation: Validation,
    used: Arc<dyn SqlStore>,
    clock: Arc<dyn WallClock>,
    uses: AtomicU64,
    /// An assertion with an invalid signature. It is verified in place of a malformed one, so that both take
    /// the same time.
    decoy: String,
}

impl Assertions {
    /// Accepts assertions of one issuer for one audience, signed with `key`. The store, which all instances
    /// share, records used assertions.
    #[must_use]
    pub fn new(key: AssertionKey, issuer: &str, audience: &str, used: Arc<dyn SqlStore>) -> Self {
        Self::with_clock(key, issuer, audience, used, Arc::new(SystemWallClock))
    }

    /// Does the same with another clock, for tests.
    #[must_use]
    pub fn with_clock(
        key: AssertionKey,
        issuer: &str,
        audience: &str,
        used: Arc<dyn SqlStore>,
        clock: Arc<dyn WallClock>,
    ) -> Self {
        signature::install();
        let mut validation = Validation::new(key.algorithm.as_jwt());
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // `claims` has our own rules for lifetimes.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let decoy = key.decoy();
        Assertions { key, issuer: issuer.to_owned(), validation, used, clock, uses: AtomicU64::new(0), decoy }
    }

    /// Verifies an assertion and returns its claims. Does not check whether it was used before.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, AssertionRefusal> {
        let header = match decode_header(token) {
            Ok(header) if header.alg == self.key.algorithm.as_jwt() => header,
            // Verify the decoy, so that this takes as long as a signature check.
            Ok(_) => return Err(self.verify_decoy(AssertionRefusal::Algorithm)),
            Err(_) => return Err(self.verify_decoy(AssertionRefusal::Malformed)),
        };
        let mut refused = AssertionRefusal::Signature;
        for key in &self.key.keys {
            match decode::<Claims>(token, key, &self.validation) {
                // `crit` names extensions that the recipient must understand. We support none.
                Ok(_) if header.crit.is_some() => return Err(AssertionRefusal::Malformed),
                Ok(token) => return token.claims.verify_at(self.clock.now()),
                Err(error) => match error.kind() {
                    ErrorKind::InvalidSignature => {}
                    ErrorKind::InvalidIssuer => refused = AssertionRefusal::Issuer,
                    ErrorKind::InvalidAudience => refused = AssertionRefusal::Audience,
                    _ => refused = AssertionRefusal::Malformed,
                },
            }
        }
        Err(refused)
    }

    fn verify_decoy(&self, refused: AssertionRefusal) -> AssertionRefusal {
        for key in &self.key.keys {
            // Fails by design.
            drop(decode::<Claims>(&self.decoy, key, &self.validation));
        }
        refused
    }

    /// Records the use of an assertion. `false` if it was used before, on any instance.
    pub(crate) async fn use_up(&self, claims: &Claims) -> Result<bool, PortError> {
        let now = self.clock.now();
        let is_first = self.used.use_once(&claims.name(&self.issuer), now + REMEMBERED).await?;
        if is_first && self.uses.fetch_add(1, Ordering::Relaxed).is_multiple_of(USES_BETWEEN_SWEEPS) {
            // A later sweep deletes the rest.
            if let Err(error) = self.used.forget_used(now, MAX_SWEPT).await {
                tracing::warn!(%error, "used assertions could not be swept");
            }
        }
        Ok(is_first)
    }
}

impl Debug for Assertions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertions").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The time of day, for the expiry of assertions.
pub trait WallClock: Debug + Send + Sync + 'static {
    /// The time since 1970-01-01 00:00 UTC.
    fn now(&self) -> Duration;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWallClock;

impl WallClock for SystemWallClock {
    fn now(&self) -> Duration {
        // A clock before 1970 lets nothing in: every assertion comes too early.
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}
