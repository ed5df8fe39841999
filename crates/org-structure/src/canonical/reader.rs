//! `Reader`: reads bytes from the front, with bounds checks.

use super::DecodeError;

/// The unread bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes, length: bytes.len() }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.truncated(what))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let (&taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.truncated(what))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// Reads an item count. Refuses a count for which the remaining bytes are too few, at `each` bytes per
    /// item.
    pub(super) fn count(&mut self, each: usize, what: &'static str) -> Result<u32, DecodeError> {
        let count = self.number(what)?;
        if self.rest.len() / each < count as usize {
            return Err(self.truncated(what));
        }
        Ok(count)
    }

    pub(super) fn text(
        &mut self,
        length: usize,
        place: u32,
        what: &'static str,
    ) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.take(length, what)?)
            .map_err(|_| DecodeError::NotCanonical { place, rule: "a text is UTF-8" })
    }

    fn truncated(&self, what: &'static str) -> DecodeError {
        DecodeError::Truncated { what, bytes: self.length }
    }
}
