//! `Credentials`: where the hashes of passwords are.

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use erp_db::PasswordTable;
use session::{PortError, UserId};

/// Stores a password hash for each user who has a password.
#[async_trait]
pub trait Credentials: Debug + Send + Sync + 'static {
    /// The hash of a user's password, as a PHC string; `None` if the user has none.
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
    /// The same hash for each of the users.
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
