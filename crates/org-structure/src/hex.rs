//! Ids of 32 upper-case hexadecimal digits, folded into 16 bytes: each byte holds one digit of the first half of the
//! id in its upper four bits, and the digit 16 places further in its lower four.
//!
//! Folding, where pairing neighbours would be more usual, is two shifts of the whole id.

/// The 16 bytes that 32 upper-case hexadecimal digits fold into, or `None` for any other text.
///
/// The look-up of an id is mostly this. Every step is the same for all digits and has no branch, so that the compiler
/// takes 16 of them at a time.
#[inline]
pub(crate) fn pack(text: &[u8]) -> Option<[u8; 16]> {
    let digits: &[u8; 32] = text.try_into().ok()?;
    let mut values = [0; 32];
    let mut bad = 0;
    for (value, &digit) in values.iter_mut().zip(digits) {
        let (decimal, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'A'));
        bad |= u8::from(decimal > 9 && letter > 5);
        *value = if decimal > 9 { letter.wrapping_add(10) } else { decimal };
    }
    if bad != 0 {
        return None;
    }
    let (halves, _) = values.as_chunks::<16>();
    let &[high, low] = halves else { return None };
    Some((u128::from_le_bytes(high) << 4 | u128::from_le_bytes(low)).to_le_bytes())
}

/// The digits of 16 bytes.
pub(crate) fn unpack(bytes: [u8; 16]) -> [u8; 32] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble };
    let mut digits = [0; 32];
    let (halves, _) = digits.as_chunks_mut::<16>();
    if let [high, low] = halves {
        *high = bytes.map(|byte| digit(byte >> 4));
        *low = bytes.map(|byte| digit(byte & 0x0f));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for bytes in
            [[0; 16], [0xff; 16], *b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"]
        {
            assert_eq!(pack(&unpack(bytes)), Some(bytes));
        }
        assert_eq!(
            pack(b"19404EAD144C49A0AF37D54377CF452D"),
            Some(*b"\x1a\x9f\x43\x07\x4d\xe5\xa4\xd3\x17\x47\x4c\xcf\x44\x95\xa2\x0d")
        );
    }

    #[test]
    fn takes_no_byte_but_upper_case_digits_at_any_place() {
        for place in 0..32 {
            for byte in 0..=255_u8 {
                let mut text = *b"0123456789ABCDEF0123456789ABCDEF";
                text[place] = byte;
                let is_digit = matches!(byte, b'0'..=b'9' | b'A'..=b'F');
                assert_eq!(pack(&text).is_some(), is_digit, "{byte:#x} at {place}");
                if let Some(bytes) = pack(&text) {
                    assert_eq!(unpack(bytes), text);
                }
            }
        }
        assert_eq!(pack(b"0123456789ABCDEF0123456789ABCDE"), None);
        assert_eq!(pack(b"0123456789ABCDEF0123456789ABCDEF0"), None);
    }
}
