//! `LoginError` and `SessionError`: why there is no session.

use org_structure::{DecodeError, OrgId};

use crate::openbravo::Refusal;
use crate::{AccessDecodeError, ClientId, PortError, SessionId, UserId};
use platform::NoEntropy;

/// Why a token gave no session.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The token has no live session: it never had one, or the session has ended. The error does not say
    /// which.
    #[error("no live session has this token: log in again")]
    NotLive,
    /// The stored bytes do not match the hashes that the session is pinned to. The session was ended.
    #[error("session `{id}` was ended: its stored {what} does not match its hash")]
    Damaged {
        /// The session.
        id: SessionId,
        /// The tree or the access.
        what: &'static str,
    },
    /// An older version of this program stored the tree, in a format that is no longer read. The session has
    /// been ended.
    #[error("session `{id}` was ended: its tree was made by an older version: log in again")]
    Outdated {
        /// The session.
        id: SessionId,
    },
    /// The stored bytes cannot be read here. The session was not ended: another node may be able to.
    #[error("session `{id}` cannot be read on this node: {cause}")]
    Unreadable {
        /// The session.
        id: SessionId,
        /// Why not.
        #[source]
        cause: UnreadableCause,
    },
    /// The store did not answer.
    #[error("the session store does not answer: {0}")]
    Unavailable(#[source] PortError),
}

impl SessionError {
    /// May the same token give its session later?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            SessionError::Unavailable(error) => error.is_transient(),
            SessionError::Unreadable { cause, .. } => cause.is_transient(),
            _ => false,
        }
    }
}

/// Why stored bytes cannot be read, although their digest is right or unknown.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableCause {
    /// The bytes were not found.
    #[error("its {what} is not in the store")]
    Missing {
        /// The tree or the access.
        what: &'static str,
    },
    /// The tree does not decode.
    #[error(transparent)]
    Tree(#[from] DecodeError),
    /// The access does not decode.
    #[error(transparent)]
    Access(#[from] AccessDecodeError),
}

impl UnreadableCause {
    /// May the bytes be read later, or by a newer node?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            UnreadableCause::Missing { .. } => true,
            UnreadableCause::Tree(error) => error.is_newer(),
            UnreadableCause::Access(error) => error.is_newer(),
        }
    }
}

/// Why a login, a refresh or a switch failed. Nothing was changed, unless the variant says otherwise.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The login is not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The user has no companies, or may not log in.
    #[error("user `{user}` may not log in")]
    NotAllowed {
        /// The user.
        user: UserId,
    },
    /// An organization that was to become writable is not in the client's tree.
    #[error("organization `{org}` is not in the tree of client `{client}`")]
    UnknownOrg {
        /// The organization.
        org: OrgId,
        /// The client of the session.
        client: ClientId,
    },
    /// This node has reached its session limit.
    #[error("the limit of {limit} sessions is reached")]
    TooManySessions {
        /// The limit.
        limit: usize,
    },
    /// The user has reached the session limit.
    #[error("user `{user}` has reached the limit of {limit} sessions")]
    TooManySessionsOfUser {
        /// The user.
        user: UserId,
        /// The limit.
        limit: usize,
    },
    /// The ERP could not be read.
    #[error("the login could not be checked: {0}")]
    Source(#[source] PortError),
    /// The session could not be stored. If the response was lost, it may be stored, but no client has its
    /// token.
    #[error("the session could not be stored: {0}")]
    Store(#[source] PortError),
    /// The session to be replaced cannot be used, or was ended in the meantime.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The new session was revoked before the login returned.
    #[error("the session was revoked during the login")]
    EndedMeanwhile,
    /// The system provides no random bytes for a token.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// This process is shutting down.
    #[error("no more logins: this process is shutting down")]
    ShuttingDown,
}

impl LoginError {
    /// May the same login succeed later, without a change of data?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            LoginError::Source(error) | LoginError::Store(error) => error.is_transient(),
            LoginError::Session(error) => error.is_transient(),
            LoginError::TooManySessions { .. }
            | LoginError::TooManySessionsOfUser { .. }
            | LoginError::EndedMeanwhile
            | LoginError::NoEntropy(_)
            | LoginError::ShuttingDown => true,
            LoginError::Refused(_) | LoginError::NotAllowed { .. } | LoginError::UnknownOrg { .. } => false,
        }
    }
}
