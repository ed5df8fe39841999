//! `Token`, the secret that opens a session, and `SessionId`, which only names it.

use core::fmt;
use core::ops::BitOr;

use platform::{Entropy, NoEntropy};

/// Domain separation: keeps the hash of a token apart from any other hash of the same bytes.
const PURPOSE: &[u8; 32] = b"orgcache session token version 1";

/// The credential of a client: 256 random bits, returned once at login and stored nowhere.
///
/// # Memory
/// 32 bytes.
///
/// # Examples
/// ```
/// use session::Token;
///
/// let text = "0123456789abcdef".repeat(4);
/// let token = Token::parse(&text).unwrap();
/// assert_eq!(token.expose(), text);
/// // What may be logged.
/// assert_eq!(format!("{token:?}"), "Token(…)");
/// assert_eq!(token.id().to_string().parse(), Ok(token.id()));
///
/// assert!(Token::parse("0123").is_none());
/// ```
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Token(bytes))
    }

    /// The token of these bytes, which the caller has read from a client's text.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Token(bytes)
    }

    /// Reads a token that a client sent: 64 lower-case hexadecimal digits. `None` for anything else, however
    /// long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 64] = text.as_bytes().try_into().ok()?;
        // All digits at once, without a branch for each: every request brings a token.
        let values = digits.map(value);
        if values.into_iter().fold(0, BitOr::bitor) == NO_DIGIT {
            return None;
        }
        let mut bytes = [0; 32];
        let (pairs, _) = values.as_chunks();
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = high << 4 | low;
        }
        Some(Token(bytes))
    }

    /// The token as text, to be sent to the client: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn expose(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The name of the session that this token opens.
    #[must_use]
    pub fn id(&self) -> SessionId {
        SessionId(*blake3::keyed_hash(PURPOSE, &self.0).as_bytes())
    }
}

/// The value of a character that is not a digit: all bits are set, so `|` with any other value keeps them.
const NO_DIGIT: u8 = u8::MAX;

/// The value of a lower-case hexadecimal digit.
fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The name of a session: the hash of its token. It may be listed, logged and stored; it opens nothing.
///
/// Comparison is not constant-time: its timing may reveal a hash, but a hash does not reveal its token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// A name from its stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        SessionId(bytes)
    }

    /// The bytes of the name.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first bytes as a number. The name is a hash already, so tables need no other.
    pub(crate) fn hash(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl core::hash::Hash for SessionId {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(SessionId::hash(self));
    }
}

impl PartialOrd for SessionId {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SessionId {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl core::str::FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        // The same 64 digits as a token, but of a name.
        Token::parse(text).map(|token| SessionId(token.0)).ok_or(InvalidSessionId)
    }
}

/// The text is not the name of a session. (The error does not repeat it: it may be a token.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a session, which has 64 lower-case hexadecimal digits")]
pub struct InvalidSessionId;

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::OsEntropy;

    #[test]
    fn a_token_round_trips_through_text() {
        let token = Token::new(&OsEntropy).unwrap();
        assert_eq!(Token::parse(&token.expose()).unwrap().id(), token.id());
        assert_ne!(token.expose(), token.id().to_string());
        assert_eq!(token.id().to_string().parse(), Ok(token.id()));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn an_id_is_its_own_hash() {
        let id = SessionId::from_bytes(core::array::from_fn(|place| u8::try_from(place).unwrap()));
        assert_eq!(id.hash(), 0x0706_0504_0302_0100);
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        assert_ne!(hasher.hash_one(id), hasher.hash_one(SessionId::from_bytes([0; 32])));
        assert_eq!(format!("{id:?}"), format!("SessionId({id})"));
    }

    #[test]
    fn other_texts_are_not_tokens() {
        let text = Token::new(&OsEntropy).unwrap().expose();
        let wrong = [
            "",
            "0",
            &text[1..],
            &format!("{text}0"),
            &"A".repeat(64),
            &text.replace(|digit: char| digit.is_ascii_digit(), "/"),
            &text.replace(|digit: char| digit.is_ascii_digit(), ":"),
            &format!("{}g", &text[1..]),
            &format!("`{}", &text[1..]),
            &"é".repeat(32),
            &"a".repeat(1 << 20),
        ];
        for wrong in wrong {
            assert!(Token::parse(wrong).is_none(), "{wrong:.80}");
        }
    }
}
