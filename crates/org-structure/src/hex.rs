//! Ids of 32 upper-case hexadecimal digits, packed into 16 bytes.

const ONES: u64 = 0x0101_0101_0101_0101;

/// The 16 bytes that 32 upper-case hexadecimal digits stand for, or `None` for any other text.
///
/// Eight digits are taken at a time, side by side in one 64-bit word: the look-up of an id is mostly this.
#[inline]
pub(crate) fn pack(text: &[u8]) -> Option<[u8; 16]> {
    let digits: &[u8; 32] = text.try_into().ok()?;
    let (words, _) = digits.as_chunks::<8>();
    let &[a, b, c, d] = words else { return None };
    let (a, bad_a) = pack_eight(a);
    let (b, bad_b) = pack_eight(b);
    let (c, bad_c) = pack_eight(c);
    let (d, bad_d) = pack_eight(d);
    if bad_a | bad_b | bad_c | bad_d != 0 {
        return None;
    }
    let low = u64::from(a) | u64::from(b) << 32;
    let high = u64::from(c) | u64::from(d) << 32;
    Some((u128::from(low) | u128::from(high) << 64).to_le_bytes())
}

/// Four bytes, little-endian, and zero; or anything and a value other than zero if a digit was none.
#[inline]
fn pack_eight(digits: [u8; 8]) -> (u32, u64) {
    let word = u64::from_le_bytes(digits);
    // Bit 6 tells letters from decimal digits; a letter's low nibble counts from 1.
    let letters = (word >> 6) & ONES;
    let values = (word & (0x0f * ONES)) + letters * 9;
    // Written back as text, right values give the word that came in. At most 24 a byte: nothing carries over.
    let above_nine = ((values + 6 * ONES) >> 4) & ONES;
    let bad = (values & (0xf0 * ONES)) | ((values + 0x30 * ONES + above_nine * 7) ^ word);
    let pairs = (values << 4 | values >> 8) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    let [a, b, c, d, ..] = (quads | quads >> 16).to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]), bad)
}

/// The digits of 16 bytes.
pub(crate) fn unpack(bytes: [u8; 16]) -> [u8; 32] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble };
    let mut digits = [0; 32];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 0x0f)];
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
            &unpack(*b"\x19\x40\x4e\xad\x14\x4c\x49\xa0\xaf\x37\xd5\x43\x77\xcf\x45\x2d"),
            b"19404EAD144C49A0AF37D54377CF452D"
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
