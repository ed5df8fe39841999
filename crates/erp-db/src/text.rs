//! Texts that come from outside.

use org_structure::MAX_ID_BYTES;
use platform::text::{NAME_BYTES, shorten};

/// Whether a text can be the id of anything: what cannot need not be asked for, and PostgreSQL would refuse
/// NUL.
pub(crate) fn can_be_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len()) && !text.contains('\0')
}

/// The first 64 bytes of a text (cut at a character), for messages that must stay short.
pub(crate) fn abbreviate(text: &str) -> String {
    shorten(text, NAME_BYTES).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_cannot_be_ids_are_told_apart() {
        for id in ["0", "19404EAD144C49A0AF37D54377CF452D", "é"] {
            assert!(can_be_id(id), "{id}");
        }
        for id in ["", "\0", "0\0", "19404EAD144C49A0AF37D54377CF452DX", &"x".repeat(1 << 20)] {
            assert!(!can_be_id(id), "{}", abbreviate(id));
        }
    }
}
