//! Rows of a tree, as from a database driver.

use org_structure::{OrgFlags, OrgRow};

/// An organization as a row of a database driver, with owned strings.
#[derive(Clone, Debug)]
pub struct Row {
    /// The organization's id.
    pub id: String,
    /// The id of the organization directly above.
    pub parent: Option<String>,
    /// Its flags.
    pub flags: OrgFlags,
}

impl Row {
    /// The same row, borrowed.
    #[must_use]
    pub fn as_row(&self) -> OrgRow<'_> {
        let row = OrgRow::new(&self.id).with_flags(self.flags);
        OrgRow { parent: self.parent.as_deref(), ..row }
    }
}
