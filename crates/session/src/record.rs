//! `SessionRecord`: the row of a session, as a node and a store keep it.

use core::time::Duration;

use org_structure::{Fingerprint, OrgId};

use crate::{AccessHash, ClientId, RoleId, SessionId, UserId};

/// A session as created by a login. It never changes: another role, organization or tree is another session.
///
/// # Memory
/// 248 bytes, none on the heap. A manager stores a session in less, see [the crate's page](crate#memory).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its name.
    pub id: SessionId,
    /// The client in which it works.
    pub client: ClientId,
    /// The user that logged in.
    pub user: UserId,
    /// The role of the session.
    pub role: RoleId,
    /// The organization in which it works.
    pub org: OrgId,
    /// The tree to which it is pinned.
    pub tree: Fingerprint,
    /// The access to which it is pinned.
    pub access: AccessHash,
    /// When it expires.
    pub lifetime: Lifetime,
}

/// When a session expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    idle: u64,
    absolute: u64,
}

impl Lifetime {
    /// Expires after a time without use, and after a total time, each rounded down to milliseconds.
    #[must_use]
    pub fn new(idle: Duration, absolute: Duration) -> Self {
        // Stores keep signed numbers.
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(u64::MAX >> 1);
        Lifetime { idle: millis(idle), absolute: millis(absolute) }
    }

    /// The time without use.
    #[must_use]
    pub const fn idle(&self) -> Duration {
        Duration::from_millis(self.idle)
    }

    /// The total time.
    #[must_use]
    pub const fn absolute(&self) -> Duration {
        Duration::from_millis(self.absolute)
    }
}

/// A session as a store has it. Times are on the store's own clock and cross the port as durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub record: SessionRecord,
    /// How long ago it was made.
    pub age: Duration,
    /// How long ago it was last used, according to the store.
    pub idle: Duration,
}

/// A set of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One session.
    Session(SessionId),
    /// All of a user in a client.
    User(ClientId, UserId),
    /// All in a role of a client.
    Role(ClientId, RoleId),
    /// All of a client.
    Client(ClientId),
}

impl Scope {
    /// Is a session among them?
    #[must_use]
    pub fn covers(&self, record: &SessionRecord) -> bool {
        self.covers_session(&record.id, &record.client, &record.user, &record.role)
    }

    pub(crate) fn covers_session(
        &self,
        id: &SessionId,
        client: &ClientId,
        user: &UserId,
        role: &RoleId,
    ) -> bool {
        match self {
            Scope::Session(one) => id == one,
            Scope::User(of, one) => client == of && user == one,
            Scope::Role(of, one) => client == of && role == one,
            Scope::Client(one) => client == one,
        }
    }
}
