//! Text for messages: hexadecimal digits, and untrusted text shortened to a bounded length.

use std::borrow::Cow;

/// Maximum bytes of a name or an id in a message: enough to recognize it.
pub const NAME_BYTES: usize = 64;

/// Shortens a text to a number of bytes, at a character boundary. `…` marks that text was cut off.
///
/// # Examples
/// ```
/// use platform::text::{NAME_BYTES, shorten};
///
/// assert_eq!(shorten("Madrid", NAME_BYTES), "Madrid");
/// assert_eq!(shorten("Madrid", 3), "Mad…");
/// assert_eq!(shorten("né", 2), "n…");
/// ```
#[must_use]
pub fn shorten(text: &str, bytes: usize) -> Cow<'_, str> {
    // `str::floor_char_boundary` needs a newer Rust than the rest of this crate.
    let end = (0..=bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    match text.get(..end.unwrap_or_default()) {
        Some(head) if head.len() < text.len() => Cow::Owned(format!("{head}…")),
        _ => Cow::Borrowed(text),
    }
}

/// Formats bytes as lower-case hexadecimal digits.
///
/// # Examples
/// ```
/// assert_eq!(platform::text::hex(&[0x5a, 0xf6]), "5af6");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

/// Parses exactly `2 * N` lower-case hexadecimal digits.
///
/// # Examples
/// ```
/// use platform::text::parse_hex;
///
/// assert_eq!(parse_hex("5af6"), Some([0x5a, 0xf6]));
/// assert_eq!(parse_hex::<2>("5AF6"), None);
/// assert_eq!(parse_hex::<2>("5af"), None);
/// ```
#[must_use]
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (digits, []) = text.as_bytes().as_chunks() else { return None };
    let mut bytes = [0; N];
    if digits.len() != N {
        return None;
    }
    for (byte, &[high, low]) in bytes.iter_mut().zip(digits) {
        *byte = value(high)? << 4 | value(low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_round_trip() {
        let bytes: [u8; 256] = core::array::from_fn(|byte| u8::try_from(byte).unwrap());
        assert_eq!(parse_hex(&hex(&bytes)), Some(bytes));
        for text in ["", "0", "000", "0g", "G0", "0:", "é"] {
            assert_eq!(parse_hex::<1>(text), None, "{text}");
        }
    }

    #[test]
    fn texts_are_cut_at_a_character_boundary() {
        assert_eq!(shorten(&"é".repeat(40), 64), format!("{}…", "é".repeat(32)));
        assert_eq!(shorten(&format!("a{}", "é".repeat(40)), 64), format!("a{}…", "é".repeat(31)));
        assert_eq!(shorten("", 0), "");
        assert_eq!(shorten("x", 0), "…");
    }
}
