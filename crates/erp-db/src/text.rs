//! Texts that come from outside.

use org_structure::MAX_ID_BYTES;

/// Whether a text can be the id of anything: what cannot need not be asked for, and PostgreSQL would refuse
/// NUL.
pub(crate) fn can_be_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len()) && !text.contains('\0')
}

/// The first 64 bytes of a text (cut at a character), for messages that must stay short.
pub(crate) fn abbreviate(text: &str) -> String {
    match text.get(..text.floor_char_boundary(64)) {
        Some(head) if head.len() < text.len() => format!("{head}…"),
        _ => text.to_owned(),
    }
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

    #[test]
    fn long_texts_are_cut_at_a_character() {
        assert_eq!(abbreviate(&"é".repeat(40)), format!("{}…", "é".repeat(32)));
        assert_eq!(abbreviate(&format!("a{}", "é".repeat(40))), format!("a{}…", "é".repeat(31)));
        assert_eq!(abbreviate("short"), "short");
    }
}
