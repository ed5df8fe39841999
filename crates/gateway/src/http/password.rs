//! `Passwords`: hashing and checking, slow on purpose and bounded.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// The longest password, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// How many checks may wait for each that runs.
const WAITING: usize = 64;

/// A hash of nobody's password. Checking against it takes the time of any other check.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$b3JnY2FjaGU6IG5vYm9keQ$\
                      JkRdH2CJsQzRsTvQ8nSRPZlMlRzWbVEn9r9jWxNZ9gM";

/// Checks passwords: a few at a time, on threads that may block, and no more waiting than could be answered soon.
#[derive(Debug)]
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Semaphore,
}

/// So many checks wait already that another one would wait too long.
#[derive(Debug)]
pub(crate) struct TooBusy;

impl Passwords {
    pub(crate) fn new() -> Self {
        let threads = available_parallelism().map_or(1, usize::from);
        Passwords { running: Arc::new(Semaphore::new(threads)), admitted: Semaphore::new(threads * WAITING) }
    }

    /// Does the password fit the hash? Without a hash the answer is no, after the same time.
    pub(crate) async fn check(&self, hash: Option<String>, password: String) -> Result<bool, TooBusy> {
        let _admitted = self.admitted.try_acquire().map_err(|_| TooBusy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| TooBusy)?;
        let check = tokio::task::spawn_blocking(move || {
            // Held until the work is done: a client that goes away does not make room for another one's work.
            let _running = running;
            let fits = verify(hash.as_deref().unwrap_or(NOBODY), &password);
            fits && hash.is_some()
        });
        check.await.map_err(|_| TooBusy)
    }
}

fn verify(hash: &str, password: &str) -> bool {
    match PasswordHash::new(hash) {
        Ok(hash) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(#[from] argon2::password_hash::Error);

/// The hash of a password, by Argon2id with the parameters that OWASP recommends and a random salt, as a PHC string.
///
/// # Errors
/// [`HashError`], as when there are no random bytes.
pub fn hash_password(password: &str) -> Result<String, HashError> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let hash = hash_password("correct horse").unwrap();
        assert_ne!(hash, hash_password("correct horse").unwrap(), "salted");
        assert!(verify(&hash, "correct horse"));
        assert!(!verify(&hash, "correct horse "));
        assert!(!verify("not a hash", "correct horse"));
    }

    #[test]
    fn nobodys_hash_costs_what_any_other_does() {
        let cost = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            let lengths = (hash.hash.unwrap().len(), hash.salt.unwrap().len());
            (hash.algorithm.to_string(), hash.version, hash.params.to_string(), lengths)
        };
        assert_eq!(cost(NOBODY), cost(&hash_password("x").unwrap()));
    }

    #[tokio::test]
    async fn without_a_hash_nothing_fits() {
        assert!(!Passwords::new().check(None, String::new()).await.unwrap());
    }
}
