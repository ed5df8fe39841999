//! Bytes as hexadecimal digits: the form in which they travel to a database and back.

/// The digits, in lower case.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push(&mut text, bytes);
    text
}

/// Appends the digits.
pub(crate) fn push(text: &mut String, bytes: &[u8]) {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + (value - 10) });
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

/// The bytes that the digits, of either case, stand for.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

/// Exactly 32 bytes.
pub(crate) fn decode_name(text: &str) -> Option<[u8; 32]> {
    decode(text)?.try_into().ok()
}

/// Names, separated by commas.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a [u8; 32]>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push(',');
        }
        push(&mut text, name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all.clone()));
        assert_eq!(decode(&encode(&all).to_uppercase()), Some(all));
        assert_eq!(encode(&[0, 0xAF]), "00af");
        assert_eq!(list([&[1; 32], &[0xFF; 32]]), format!("{},{}", "01".repeat(32), "ff".repeat(32)));
    }

    #[test]
    fn other_texts_are_no_bytes() {
        for text in ["0", "0g", "0x", "é", " 0", "+1"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode_name(&"00".repeat(31)), None);
        assert_eq!(decode_name(&"00".repeat(33)), None);
    }
}
