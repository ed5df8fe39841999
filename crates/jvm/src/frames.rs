//! Frames: the byte arrays between Java and Rust. Numbers are big-endian, the default of `java.nio`.

/// The length that stands for a null text.
const NULL: u32 = u32::MAX;

/// The other side writes another format: the versions of jar and library differ.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the jar and its native library are of different versions")]
pub(crate) struct FrameError;

/// Reads a frame from the front.
pub(crate) struct FrameReader<'a> {
    rest: &'a [u8],
}

impl<'a> FrameReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        FrameReader { rest: bytes }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(FrameError)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        self.take(N)?.try_into().map_err(|_| FrameError)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, FrameError> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(FrameError),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn long(&mut self) -> Result<i64, FrameError> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let length = self.number()?;
        self.take(usize::try_from(length).map_err(|_| FrameError)?)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, FrameError> {
        core::str::from_utf8(self.bytes()?).map_err(|_| FrameError)
    }

    /// A nullable text.
    pub(crate) fn optional(&mut self) -> Result<Option<&'a str>, FrameError> {
        if self.rest.starts_with(&NULL.to_be_bytes()) {
            return self.number().map(|_| None);
        }
        self.text().map(Some)
    }

    /// A value after a presence flag.
    pub(crate) fn either<T, E: From<FrameError>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// Values after their count.
    pub(crate) fn list<T, E: From<FrameError>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    pub(crate) fn end(self) -> Result<(), FrameError> {
        if self.rest.is_empty() { Ok(()) } else { Err(FrameError) }
    }
}

/// Writes a frame.
#[derive(Default)]
pub(crate) struct FrameWriter {
    bytes: Vec<u8>,
}

impl FrameWriter {
    pub(crate) fn flag(&mut self, flag: bool) -> &mut Self {
        self.bytes.push(u8::from(flag));
        self
    }

    pub(crate) fn number(&mut self, number: usize) -> &mut Self {
        // Java's arrays are shorter than that.
        self.bytes.extend(u32::try_from(number).unwrap_or(NULL).to_be_bytes());
        self
    }

    pub(crate) fn long(&mut self, number: i64) -> &mut Self {
        self.bytes.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len());
        self.bytes.extend(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => {
                self.bytes.extend(NULL.to_be_bytes());
                self
            }
        }
    }

    pub(crate) fn finish(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }
}
