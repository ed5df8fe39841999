//! Logins by a signed assertion: a trusted front end, which has authenticated a user by its own means, names
//! the user in a short-lived JSON web token.
//!
//! In the order to read: [`AssertionKey`], `claims` with the rules for time, and `signature`.

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

/// The longest assertion, in bytes.
pub(crate) const MAX_ASSERTION_BYTES: usize = 8 << 10;

/// For how long a used assertion is remembered, on the clock by which assertions expire: a store whose clock
/// is ahead forgets none early. It is far longer than one lives, so that instances whose clocks differ by
/// minutes accept none twice.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// Each so many uses take some expired ones along.
const USES_BETWEEN_SWEEPS: u64 = 100;
/// So many of them: more than were added, so they do not pile up.
const SWEPT: usize = 1_000;

/// Verifies assertions of one issuer, and records which were used.
pub struct Assertions {
    key: AssertionKey,
    issuer: String,
    validation: Validation,
    used: Arc<dyn SqlStore>,
    clock: Arc<dyn WallClock>,
    uses: AtomicU64,
    /// An unsigned assertion. It is checked in place of a text that is no assertion, so that both take the
    /// same time.
    decoy: String,
}

impl Assertions {
    /// Accepts assertions of one issuer for one audience, signed by one key. The store, shared by all
    /// instances, remembers which were used.
    #[must_use]
    pub fn new(key: AssertionKey, issuer: &str, audience: &str, used: Arc<dyn SqlStore>) -> Self {
        Self::with_clock(key, issuer, audience, used, Arc::new(SystemWallClock))
    }

    /// The same with another clock, for tests.
    #[must_use]
    pub fn with_clock(
        key: AssertionKey,
        issuer: &str,
        audience: &str,
        used: Arc<dyn SqlStore>,
        clock: Arc<dyn WallClock>,
    ) -> Self {
        signature::install();
        let mut validation = Validation::new(key.algorithm.of_tokens());
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time has rules of its own, in `claims`.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let decoy = key.decoy();
        Assertions { key, issuer: issuer.to_owned(), validation, used, clock, uses: AtomicU64::new(0), decoy }
    }

    /// Whom an assertion is about, if everything about it is right but that it may have been used before.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, AssertionRefusal> {
        let header = match decode_header(token) {
            Ok(header) if header.alg == self.key.algorithm.of_tokens() => header,
            // What has no signature to check takes as long as what has.
            Ok(_) => return Err(self.take_time(AssertionRefusal::Algorithm)),
            Err(_) => return Err(self.take_time(AssertionRefusal::Malformed)),
        };
        let mut refused = AssertionRefusal::Signature;
        for key in &self.key.keys {
            match decode::<Claims>(token, key, &self.validation) {
                // Extensions that must be understood are not.
                Ok(_) if header.crit.is_some() => return Err(AssertionRefusal::Malformed),
                Ok(token) => return token.claims.at(self.clock.now()),
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

    fn take_time(&self, refused: AssertionRefusal) -> AssertionRefusal {
        for key in &self.key.keys {
            // It is not signed.
            drop(decode::<Claims>(&self.decoy, key, &self.validation));
        }
        refused
    }

    /// Uses an assertion up: `false` if it was used before, on any node.
    pub(crate) async fn use_up(&self, claims: &Claims) -> Result<bool, PortError> {
        let now = self.clock.now();
        let is_first = self.used.use_once(&claims.name(&self.issuer), now + REMEMBERED).await?;
        if is_first && self.uses.fetch_add(1, Ordering::Relaxed).is_multiple_of(USES_BETWEEN_SWEEPS) {
            // What stays goes another time.
            if let Err(error) = self.used.forget_used(now, SWEPT).await {
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
