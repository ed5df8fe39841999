//! `ClientId`, `RoleId`, `UserId`: the ids beside an organization's that a login consists of.

use core::fmt;
use core::str::FromStr;

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
        /// assert_eq!(id.as_str(), "23C59575B9CF467C9620760EB255B389");
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

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
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
}
