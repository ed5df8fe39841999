//! Untrusted texts.

use platform::text::{NAME_BYTES, shorten};

/// The first 64 bytes of a text (cut at a character), for messages that must stay short.
pub(crate) fn abbreviate(text: &str) -> String {
    shorten(text, NAME_BYTES).into_owned()
}
