//! The canonical bytes of a tree: what is stored, sent between nodes, and hashed. `docs/format.md` specifies
//! them.
//!
//! Equal trees have equal bytes, and bytes that decode are the bytes of exactly one tree: the decoder refuses
//! anything that is not in tree order, not in its shortest form, or left over.

mod decode;
mod encode;
mod error;
mod reader;

pub use error::DecodeError;

const MAGIC: &[u8; 6] = b"orgtre";

/// The version of the canonical bytes that this crate writes and reads.
pub const FORMAT_VERSION: u16 = 2;

bitflags::bitflags! {
    /// The parts that only some trees have. A part is present exactly if it is not empty.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Sections: u32 {
        /// One bit per organization: its id is written as text.
        const TEXT_IDS = 1;
        /// A second byte of flags per organization.
        const HIGH_FLAGS = 1 << 1;
        const TIME_ZONES = 1 << 2;
        const CALENDARS = 1 << 3;
    }
}
