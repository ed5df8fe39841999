//! `OrgChange`: one difference between two trees, and the comparison that finds them.

use core::fmt;

use crate::{OrgFlags, OrgId, OrgStructure};

/// One difference between an older and a newer tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "change"))]
#[non_exhaustive]
pub enum OrgChange<'t> {
    /// The organization is only in the older tree.
    Removed {
        /// The organization.
        id: OrgId,
        /// Its parent there.
        parent: Option<OrgId>,
    },
    /// The organization is only in the newer tree.
    Added {
        /// The organization.
        id: OrgId,
        /// Its parent there.
        parent: Option<OrgId>,
    },
    /// The organization has another parent.
    Moved {
        /// The organization.
        id: OrgId,
        /// The parent in the older tree.
        from: Option<OrgId>,
        /// The parent in the newer tree.
        to: Option<OrgId>,
    },
    /// The organization has other flags.
    Flags {
        /// The organization.
        id: OrgId,
        /// The flags in the older tree.
        from: OrgFlags,
        /// The flags in the newer tree.
        to: OrgFlags,
    },
    /// The organization has another time zone.
    TimeZone {
        /// The organization.
        id: OrgId,
        /// The time zone in the older tree.
        from: Option<&'t str>,
        /// The time zone in the newer tree.
        to: Option<&'t str>,
    },
    /// The organization has another calendar of its own.
    Calendar {
        /// The organization.
        id: OrgId,
        /// The calendar in the older tree.
        from: Option<&'t str>,
        /// The calendar in the newer tree.
        to: Option<&'t str>,
    },
}

impl OrgStructure {
    /// What changed from this tree to a newer one: the organizations that were removed, in the order of this
    /// tree, then all other changes in the order of the newer one.
    ///
    /// An organization that was added or removed has no further changes. Equal trees have no changes, and
    /// trees without changes are equal.
    ///
    /// # Complexity
    /// O(n) expected.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let tree = |above_b| [OrgRow::new("0"), OrgRow::new("A").under("0"), OrgRow::new("B").under(above_b)];
    /// let (older, newer) = (OrgStructure::build(tree("0"))?, OrgStructure::build(tree("A"))?);
    /// let changes = older.structure.diff(&newer.structure);
    /// assert_eq!(changes.len(), 1);
    /// assert_eq!(changes[0].to_string(), "`B` moved from below `0` to below `A`");
    /// # Ok::<(), org_structure::BuildError>(())
    /// ```
    #[must_use]
    pub fn diff<'t>(&'t self, newer: &'t OrgStructure) -> Vec<OrgChange<'t>> {
        let is_gone = |id: &OrgId| newer.index_of(id.as_str()).is_none();
        let gone = self.rows().filter(|row| is_gone(&row.id));
        let mut changes: Vec<OrgChange<'t>> =
            gone.map(|row| OrgChange::Removed { id: row.id, parent: row.parent }).collect();
        for new in newer.rows() {
            let id = new.id;
            let Some(old) = self.index_of(id.as_str()).and_then(|org| self.row(org)) else {
                changes.push(OrgChange::Added { id, parent: new.parent });
                continue;
            };
            if old.parent != new.parent {
                changes.push(OrgChange::Moved { id, from: old.parent, to: new.parent });
            }
            if old.flags != new.flags {
                changes.push(OrgChange::Flags { id, from: old.flags, to: new.flags });
            }
            if old.time_zone != new.time_zone {
                changes.push(OrgChange::TimeZone { id, from: old.time_zone, to: new.time_zone });
            }
            if old.calendar != new.calendar {
                changes.push(OrgChange::Calendar { id, from: old.calendar, to: new.calendar });
            }
        }
        changes
    }
}

impl fmt::Display for OrgChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrgChange::Removed { id, parent } => write!(f, "`{id}` was removed, {}", Place(parent)),
            OrgChange::Added { id, parent } => write!(f, "`{id}` was added, {}", Place(parent)),
            OrgChange::Moved { id, from, to } => {
                write!(f, "`{id}` moved from {} to {}", Place(from), Place(to))
            }
            OrgChange::Flags { id, from, to } => {
                write!(f, "flags of `{id}` changed:")?;
                let lost = from.difference(*to).iter_names().map(|(name, _)| ('-', name));
                let new = to.difference(*from).iter_names().map(|(name, _)| ('+', name));
                lost.chain(new).try_for_each(|(sign, name)| write!(f, " {sign}{name}"))
            }
            OrgChange::TimeZone { id, from, to } => {
                write!(f, "time zone of `{id}` changed from {} to {}", Text(*from), Text(*to))
            }
            OrgChange::Calendar { id, from, to } => {
                write!(f, "calendar of `{id}` changed from {} to {}", Text(*from), Text(*to))
            }
        }
    }
}

/// Where an organization is, given its parent.
struct Place<'a>(&'a Option<OrgId>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(parent) => write!(f, "below `{parent}`"),
            None => f.write_str("the top"),
        }
    }
}

struct Text<'a>(Option<&'a str>);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, "`{text}`"),
            None => f.write_str("none"),
        }
    }
}
