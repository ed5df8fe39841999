//! `UserLevel`: on which levels of data a role works.

use core::fmt;

/// The longest user level, in bytes. The column holds 60 characters.
const MAX_BYTES: usize = 240;

/// A role's user level exactly as stored, position blanks included: `S`, ` C`, ` CO` or `  O`
/// (system, client, organization).
///
/// # Memory
/// 16 bytes, and the text.
///
/// # Examples
/// ```
/// use session::UserLevel;
///
/// let level = UserLevel::new(" CO")?;
/// assert_eq!((level.as_stored(), level.trim()), (" CO", "CO"));
/// assert!(level.writes_zero() && !level.is_organization() && !level.is_system());
/// # Ok::<(), session::InvalidUserLevel>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserLevel(Box<str>);

/// A text is too long to be a user level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user level of {bytes} bytes; at most {MAX_BYTES} are allowed")]
pub struct InvalidUserLevel {
    bytes: usize,
}

impl UserLevel {
    /// Takes a text as a user level. Any text within the length is one; the product ships four.
    ///
    /// # Errors
    /// [`InvalidUserLevel`] if it is over-long.
    pub fn new(text: &str) -> Result<Self, InvalidUserLevel> {
        if text.len() > MAX_BYTES {
            return Err(InvalidUserLevel { bytes: text.len() });
        }
        Ok(UserLevel(text.into()))
    }

    /// The text as stored, blanks included (`#User_Level`).
    #[must_use]
    pub fn as_stored(&self) -> &str {
        &self.0
    }

    /// The text without blanks.
    #[must_use]
    pub fn trim(&self) -> &str {
        self.0.trim_matches(' ')
    }

    /// Does the level include the system or the client, so that organization `0` is writable?
    #[must_use]
    pub fn writes_zero(&self) -> bool {
        self.0.contains(['S', 'C'])
    }

    /// Is it exactly the organization level, to which organization `0` is never writable?
    #[must_use]
    pub fn is_organization(&self) -> bool {
        self.trim() == "O"
    }

    /// Is it exactly the system level?
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.trim() == "S"
    }

    /// The heap bytes.
    #[must_use]
    pub fn footprint(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for UserLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
