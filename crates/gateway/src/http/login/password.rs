//! `Passwords`: hashes and verifies passwords. That is slow by design, so the number of verifications is
//! bounded.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::http::login::erp_hash::ErpHash;

/// The maximum length of a password, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// The number of verifications that may wait per running one. That many complete before requests time out.
const MAX_WAITING: usize = 512;

/// A hash that no password matches. Verification against it takes the same time as against any other.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$b3JnY2FjaGU6IG5vYm9keQ$\
                      JkRdH2CJsQzRsTvQ8nSRPZlMlRzWbVEn9r9jWxNZ9gM";

/// Verifies passwords on blocking threads, with bounded concurrency and a bounded queue.
#[derive(Debug)]
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Semaphore,
    /// The working memory of verifications, 19 MiB each. It is reused, because allocators keep such blocks
    /// per thread, which would add up over the pool of blocking threads.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

/// The queue is full, so another verification would wait too long.
#[derive(Debug)]
pub(crate) struct TooBusy;

impl Passwords {
    pub(crate) fn new() -> Self {
        let threads = available_parallelism().map_or(1, usize::from);
        Passwords {
            running: Arc::new(Semaphore::new(threads)),
            admitted: Semaphore::new(threads * MAX_WAITING),
            memory: Arc::default(),
        }
    }

    /// Whether the password matches its hash, or the ERP's hash if there is no other. `false` without any
    /// hash. All cases take the same time.
    pub(crate) async fn check(
        &self,
        hash: Option<String>,
        erp_hash: Option<ErpHash>,
        password: String,
    ) -> Result<bool, TooBusy> {
        let _admitted = self.admitted.try_acquire().map_err(|_| TooBusy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| TooBusy)?;
        let memory = Arc::clone(&self.memory);
        let check = tokio::task::spawn_blocking(move || {
            // Hold the permit until the work is done, even if the client disconnects.
            let _running = running;
            let mut blocks = memory.lock().pop().unwrap_or_default();
            let matches = verify(hash.as_deref().unwrap_or(DUMMY_HASH), &password, &mut blocks);
            if blocks.len() <= Params::default().block_count() {
                memory.lock().push(blocks);
            }
            let matches_erp = ErpHash::matches(erp_hash.as_ref(), &password);
            (matches & hash.is_some()) | (matches_erp & hash.is_none())
        });
        check.await.map_err(|_| TooBusy)
    }
}

fn verify(hash: &str, password: &str, memory: &mut Vec<Block>) -> bool {
    match recompute(hash, password, memory) {
        // `Output` compares in constant time.
        Ok((expected, computed)) => expected == computed,
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

/// The expected output of a hash, and the output for the password with the same parameters and salt.
fn recompute(
    hash: &str,
    password: &str,
    memory: &mut Vec<Block>,
) -> Result<(Output, Output), Box<dyn std::error::Error>> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (&hash.salt, hash.hash) else {
        return Err("it has no salt or no output".into());
    };
    let params = Params::try_from(&hash)?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from)?;
    memory.resize(params.block_count(), Block::default());
    let mut computed = vec![0; expected.len()];
    let argon2 = Argon2::new(algorithm, version, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut computed, memory.as_mut_slice())?;
    Ok((expected, Output::new(&computed)?))
}

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(#[from] argon2::password_hash::Error);

/// Hashes a password with Argon2id, the parameters that OWASP recommends, and a random salt. Returns a PHC
/// string.
///
/// # Errors
/// [`HashError`], for example if the system provides no random bytes.
pub fn hash_password(password: &str) -> Result<String, HashError> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_correct_password_matches() {
        let hash = hash_password("correct horse").unwrap();
        assert_ne!(hash, hash_password("correct horse").unwrap(), "salted");
        let memory = &mut Vec::new();
        assert!(verify(&hash, "correct horse", memory));
        assert!(!verify(&hash, "correct horse ", memory));
        assert!(!verify("not a hash", "correct horse", memory));
        assert!(!verify("$argon2id$v=19$m=19456,t=2,p=1", "correct horse", memory));
    }

    #[test]
    fn the_dummy_hash_costs_as_much_as_any_other() {
        let cost = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            let lengths = (hash.hash.unwrap().len(), hash.salt.unwrap().len());
            (hash.algorithm.to_string(), hash.version, hash.params.to_string(), lengths)
        };
        assert_eq!(cost(DUMMY_HASH), cost(&hash_password("x").unwrap()));
    }

    #[test]
    fn verification_agrees_with_the_library() {
        use argon2::password_hash::PasswordVerifier;
        let params = Params::new(64, 3, 2, Some(24)).unwrap();
        for algorithm in [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id] {
            let argon2 = Argon2::new(algorithm, Version::V0x13, params.clone());
            let hash: PasswordHash = argon2.hash_password(b"correct horse").unwrap();
            assert!(argon2.verify_password(b"correct horse", &hash).is_ok());
            // Larger memory with leftover contents from another verification must not matter.
            let mut memory = vec![Block::default(); 4_096];
            assert!(verify(&hash.to_string(), "correct horse", &mut memory));
            assert!(!verify(&hash.to_string(), "wrong", &mut memory));
            assert!(verify(&hash.to_string(), "correct horse", &mut memory));
        }
    }

    #[tokio::test]
    async fn memory_is_kept_only_for_concurrent_verifications() {
        let passwords = Passwords::new();
        for _ in 0..4 {
            assert!(!passwords.check(None, None, "x".into()).await.unwrap());
        }
        assert_eq!(passwords.memory.lock().len(), 1, "sequential verifications need one block of memory");
        let params = Params::new(2 * Params::DEFAULT_M_COST, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let expensive: PasswordHash = argon2.hash_password(b"x").unwrap();
        assert!(passwords.check(Some(expensive.to_string()), None, "x".into()).await.unwrap());
        assert!(passwords.memory.lock().iter().all(|blocks| blocks.len() <= Params::default().block_count()));
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let passwords = Passwords::new();
        let all = u32::try_from(passwords.admitted.available_permits()).unwrap();
        let waiting = passwords.admitted.acquire_many(all).await.unwrap();
        assert!(passwords.check(None, None, "x".into()).await.is_err());
        drop(waiting);
        assert!(!passwords.check(None, None, "x".into()).await.unwrap());
    }

    #[tokio::test]
    async fn without_a_hash_no_password_matches() {
        assert!(!Passwords::new().check(None, None, String::new()).await.unwrap());
    }
}
