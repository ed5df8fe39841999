//! `ClientId`, `RoleId`, `UserId`: the names of the other things that a login is made of.

use core::fmt;
use core::str::FromStr;

use org_structure::{InvalidId as InvalidOrgId, OrgId};

/// Why a text cannot be the id of a client, a role or a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("a {kind} id must not be empty")]
    Empty {
        /// What the id was to name.
        kind: &'static str,
    },
    /// The text is longer than 32 bytes.
    #[error("{kind} id `{id}` has {bytes} bytes; at most 32 are allowed")]
    TooLong {
        /// What the id was to name.
        kind: &'static str,
        /// The beginning of the text, enough to recognize it.
        id: String,
        /// The length of the whole text in bytes.
        bytes: usize,
    },
}

impl InvalidId {
    fn new(kind: &'static str, cause: InvalidOrgId) -> Self {
        match cause {
            InvalidOrgId::TooLong { id, bytes } => InvalidId::TooLong { kind, id, bytes },
            _ => InvalidId::Empty { kind },
        }
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// 1 to 32 bytes of UTF-8, compared byte for byte; `Copy`, without heap.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(OrgId);

        impl $name {
            /// The id `0`, which the product ships.
            pub const ZERO: $name = $name(OrgId::ZERO);

            /// Takes a text as an id.
            ///
            /// # Errors
            /// [`InvalidId`] if the text is empty or longer than 32 bytes.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                OrgId::new(text).map($name).map_err(|cause| InvalidId::new($kind, cause))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    };
}

id! {
    /// The id of a client, that is a tenant (`ad_client`).
    ClientId, "client"
}
id! {
    /// The id of a role (`ad_role`).
    RoleId, "role"
}
id! {
    /// The id of a user (`ad_user`).
    UserId, "user"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_kind() {
        assert_eq!(RoleId::new("").unwrap_err().to_string(), "a role id must not be empty");
        let long = UserId::new(&"u".repeat(1 << 20)).unwrap_err().to_string();
        assert!(long.starts_with("user id `u") && long.len() < 200, "{long}");
        assert_eq!(ClientId::new("0").unwrap(), ClientId::ZERO);
    }
}
