//! `Passwords`: hashing and checking, slow on purpose and bounded.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::http::login::erp_hash::ErpHash;

/// The longest password, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// How many checks may wait for each that runs: as many as are answered within the time for an answer.
const WAITING: usize = 512;

/// A hash that no password matches. Checking against it takes the time of any other check.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$b3JnY2FjaGU6IG5vYm9keQ$\
                      JkRdH2CJsQzRsTvQ8nSRPZlMlRzWbVEn9r9jWxNZ9gM";

/// Checks passwords: a few at a time, on threads that may block, and no more waiting than could be answered
/// in time.
#[derive(Debug)]
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Semaphore,
    /// What checks work in, 19 MiB for each that runs. It is kept: an allocator that gives it to one thread
    /// after another holds it for all of them.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

/// So many checks wait already that another one would wait too long.
#[derive(Debug)]
pub(crate) struct TooBusy;

impl Passwords {
    pub(crate) fn new() -> Self {
        let threads = available_parallelism().map_or(1, usize::from);
        Passwords {
            running: Arc::new(Semaphore::new(threads)),
            admitted: Semaphore::new(threads * WAITING),
            memory: Arc::default(),
        }
    }

    /// Does the password fit the hash, or that of the ERP where there is none here? Without any the answer is
    /// no. Each takes the same time.
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
            // Held until the work is done: a client that goes away does not make room for another one's work.
            let _running = running;
            let mut blocks = memory.lock().pop().unwrap_or_default();
            let fits = verify(hash.as_deref().unwrap_or(NOBODY), &password, &mut blocks);
            if blocks.len() <= Params::default().block_count() {
                memory.lock().push(blocks);
            }
            let fits_erp = ErpHash::fits(erp_hash.as_ref(), &password);
            (fits & hash.is_some()) | (fits_erp & hash.is_none())
        });
        check.await.map_err(|_| TooBusy)
    }
}

fn verify(hash: &str, password: &str, memory: &mut Vec<Block>) -> bool {
    match recompute(hash, password, memory) {
        // Outputs are compared in constant time.
        Ok((expected, computed)) => expected == computed,
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

/// What a hash says, and what comes out for a password with its parameters and salt.
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

/// The hash of a password, by Argon2id with the parameters that OWASP recommends and a random salt, as a PHC
/// string.
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
        let memory = &mut Vec::new();
        assert!(verify(&hash, "correct horse", memory));
        assert!(!verify(&hash, "correct horse ", memory));
        assert!(!verify("not a hash", "correct horse", memory));
        assert!(!verify("$argon2id$v=19$m=19456,t=2,p=1", "correct horse", memory));
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

    #[test]
    fn checks_agree_with_the_library() {
        use argon2::password_hash::PasswordVerifier;
        let params = Params::new(64, 3, 2, Some(24)).unwrap();
        for algorithm in [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id] {
            let argon2 = Argon2::new(algorithm, Version::V0x13, params.clone());
            let hash: PasswordHash = argon2.hash_password(b"correct horse").unwrap();
            assert!(argon2.verify_password(b"correct horse", &hash).is_ok());
            // Memory that a dearer check has left behind, and what is in it, change nothing.
            let mut memory = vec![Block::default(); 4_096];
            assert!(verify(&hash.to_string(), "correct horse", &mut memory));
            assert!(!verify(&hash.to_string(), "wrong", &mut memory));
            assert!(verify(&hash.to_string(), "correct horse", &mut memory));
        }
    }

    #[tokio::test]
    async fn memory_is_kept_for_the_checks_that_run_and_no_more() {
        let passwords = Passwords::new();
        for _ in 0..4 {
            assert!(!passwords.check(None, None, "x".into()).await.unwrap());
        }
        assert_eq!(passwords.memory.lock().len(), 1, "one at a time needs one");
        let params = Params::new(2 * Params::DEFAULT_M_COST, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dear: PasswordHash = argon2.hash_password(b"x").unwrap();
        assert!(passwords.check(Some(dear.to_string()), None, "x".into()).await.unwrap());
        assert!(passwords.memory.lock().iter().all(|blocks| blocks.len() <= Params::default().block_count()));
    }

    #[tokio::test]
    async fn no_more_wait_than_could_be_answered_in_time() {
        let passwords = Passwords::new();
        let all = u32::try_from(passwords.admitted.available_permits()).unwrap();
        let waiting = passwords.admitted.acquire_many(all).await.unwrap();
        assert!(passwords.check(None, None, "x".into()).await.is_err());
        drop(waiting);
        assert!(!passwords.check(None, None, "x".into()).await.unwrap());
    }

    #[tokio::test]
    async fn without_a_hash_nothing_fits() {
        assert!(!Passwords::new().check(None, None, String::new()).await.unwrap());
    }
}
