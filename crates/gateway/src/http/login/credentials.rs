//! `Credentials`: the source of password hashes.

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use erp_db::PasswordTable;
use session::{PortError, UserId};

/// Stores the password hashes of users.
#[async_trait]
pub trait Credentials: Debug + Send + Sync + 'static {
    /// The hash of a user's password as a PHC string, or `None` if the user has no password.
    async fn password_hash(&self, user: &UserId) -> Result<Option<String>, PortError>;
}

#[async_trait]
impl Credentials for PasswordTable {
    async fn password_hash(&self, user: &UserId) -> Result<Option<String>, PortError> {
        self.get(*user).await.map_err(|error| {
            if error.is_transient() { PortError::transient(error) } else { PortError::permanent(error) }
        })
    }
}

/// Hashes in memory, for the demonstration.
#[derive(Debug, Default)]
pub struct MemoryCredentials {
    hashes: HashMap<UserId, String>,
}

impl MemoryCredentials {
    /// Gives all users the same hash.
    #[must_use]
    pub fn shared(users: impl IntoIterator<Item = UserId>, hash: &str) -> Self {
        MemoryCredentials { hashes: users.into_iter().map(|user| (user, hash.to_owned())).collect() }
    }
}

#[async_trait]
impl Credentials for MemoryCredentials {
    async fn password_hash(&self, user: &UserId) -> Result<Option<String>, PortError> {
        Ok(self.hashes.get(user).cloned())
    }
}
