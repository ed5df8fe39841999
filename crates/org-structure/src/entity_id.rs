//! `ClientId`, `RoleId`, `UserId`: the ids that a login consists of, apart from the organization's.

use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

#[cfg(feature = "serde")]
use crate::id::IdVisitor;
use crate::{InvalidId, OrgId};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// 1 to 32 bytes of UTF-8, compared byte for byte; `Copy`, without heap.
        ///
        /// # Examples
        /// ```
        #[doc = concat!("use org_structure::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id: ", stringify!($name), " = \"23C59575B9CF467C9620760EB255B389\".parse()?;")]
        /// assert_eq!(id, "23C59575B9CF467C9620760EB255B389");
        #[doc = concat!("assert!(", stringify!($name), "::new(\"\").is_err());")]
        /// # Ok::<(), org_structure::InvalidId>(())
        /// ```
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
                OrgId::from_text($kind, text).map($name)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The bytes of the text.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }

            /// Is this the id `0`?
            #[must_use]
            pub fn is_zero(&self) -> bool {
                self.0.is_zero()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == **other
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
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

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(IdVisitor { kind: $kind }).map($name)
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
        assert_eq!(RoleId::new("").unwrap_err().to_string(), "role id must not be empty");
        let long = UserId::new(&"u".repeat(1 << 20)).unwrap_err().to_string();
        assert!(long.starts_with("user id `u") && long.len() < 200, "{long}");
        assert_eq!(ClientId::new("0").unwrap(), ClientId::ZERO);
    }

    #[test]
    fn ids_are_found_and_compared_by_their_text() {
        let id = RoleId::try_from("A").unwrap();
        assert!(id == "A" && id == *"A" && id != "B" && id != *"B");
        assert!(RoleId::ZERO.is_zero() && !id.is_zero());
        assert_eq!(id.as_bytes(), b"A");
        let roles = std::collections::BTreeSet::from([id]);
        assert!(roles.contains("A") && !roles.contains("B"));
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        assert_eq!(hasher.hash_one(id), hasher.hash_one("A"));
    }
}
