//! `Entropy`: the source of random bytes for tokens. Tests can replace it, for example with one that fails.

use core::fmt::Debug;

/// A source of unpredictable random bytes.
pub trait Entropy: Debug + Send + Sync + 'static {
    /// Fills the bytes.
    ///
    /// # Errors
    /// [`NoEntropy`] if the source cannot provide random bytes.
    fn fill(&self, bytes: &mut [u8; 32]) -> Result<(), NoEntropy>;
}

/// The operating system has no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system has no random bytes")]
pub struct NoEntropy;

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8; 32]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}
