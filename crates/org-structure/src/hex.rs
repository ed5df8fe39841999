//! How ids of 32 hexadecimal digits are packed.
//!
//! Ids of 32 upper-case hexadecimal digits are folded into 16 bytes: each byte holds one digit of the first
//! half of the id in its upper four bits, and the digit 16 places further in its lower four.
//!
//! Folding the halves, instead of pairing neighbours as usual, takes two shifts of the whole id.

/// The 16 bytes that 32 upper-case hexadecimal digits fold into, or `None` for any other text.
///
/// A lookup by id spends most of its time here. Every step is the same for all digits and has no branch, so
/// that the compiler vectorizes it.
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

/// Folded digits with neighbours paired, as in the canonical bytes: byte `i` is the digits `2i` and `2i + 1`.
pub(crate) fn pairs(folded: [u8; 16]) -> [u8; 16] {
    let mut digits = [0; 32];
    let (high, low) = digits.split_at_mut(16);
    for ((high, low), byte) in high.iter_mut().zip(low).zip(folded) {
        (*high, *low) = (byte >> 4, byte & 0x0f);
    }
    let mut pairs = [0; 16];
    for (pair, &[first, second]) in pairs.iter_mut().zip(digits.as_chunks().0) {
        *pair = first << 4 | second;
    }
    pairs
}

/// The reverse of [`pairs`].
pub(crate) fn fold(pairs: [u8; 16]) -> [u8; 16] {
    let mut digits = [0; 32];
    for ([first, second], pair) in digits.as_chunks_mut().0.iter_mut().zip(pairs) {
        (*first, *second) = (pair >> 4, pair & 0x0f);
    }
    let mut folded = [0; 16];
    let (high, low) = digits.split_at(16);
    for ((byte, high), low) in folded.iter_mut().zip(high).zip(low) {
        *byte = high << 4 | low;
    }
    folded
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
            assert_eq!(fold(pairs(bytes)), bytes);
        }
        let pairs_of = |text: &[u8; 32]| pairs(pack(text).unwrap());
        assert_eq!(
            pairs_of(b"19404EAD144C49A0AF37D54377CF452D"),
            *b"\x19\x40\x4e\xad\x14\x4c\x49\xa0\xaf\x37\xd5\x43\x77\xcf\x45\x2d"
        );
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
        assert_eq!(pack(&[b'g'; 32]), None);
        assert_eq!(pack(b"0123456789ABCDEF0123456789ABCDE"), None);
        assert_eq!(pack(b"0123456789ABCDEF0123456789ABCDEF0"), None);
    }
}
