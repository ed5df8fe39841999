//! `Permissions`: the operations that a user may perform on a model.

use serde::{Deserialize, Serialize};

use crate::shared_values::SharedValue;

/// An operation on the records of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Read records.
    Read,
    /// Change records.
    Write,
    /// Create records.
    Create,
    /// Delete records.
    Unlink,
}

impl Operation {
    /// All operations.
    pub const ALL: [Operation; 4] = [Operation::Read, Operation::Write, Operation::Create, Operation::Unlink];

    /// The operation's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Read => "read",
            Operation::Write => "write",
            Operation::Create => "create",
            Operation::Unlink => "unlink",
        }
    }
}

/// The operations that a user may perform on a model. Record rules may restrict single records further.
///
/// # Examples
/// ```
/// use model_metadata::{Operation, Permissions};
///
/// let permissions = Permissions { read: true, ..Permissions::default() };
/// assert!(permissions.allow(Operation::Read));
/// assert!(!permissions.allow(Operation::Unlink));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// May records be read?
    pub read: bool,
    /// May records be changed?
    pub write: bool,
    /// May records be created?
    pub create: bool,
    /// May records be deleted?
    pub unlink: bool,
}

impl Permissions {
    /// Is the operation allowed?
    #[must_use]
    pub fn allow(&self, operation: Operation) -> bool {
        match operation {
            Operation::Read => self.read,
            Operation::Write => self.write,
            Operation::Create => self.create,
            Operation::Unlink => self.unlink,
        }
    }
}

impl SharedValue for Permissions {
    fn heap_bytes(&self) -> usize {
        0
    }
}
