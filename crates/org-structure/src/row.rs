//! `OrgRow`: one organization as a row of a database.

use crate::OrgFlags;

/// One organization as a database, a file or a test delivers it. A tree is built from rows in any order.
///
/// The texts are borrowed. Building a tree copies them, in packed form.
///
/// # Examples
/// ```
/// use org_structure::{OrgFlags, OrgRow};
///
/// let row = OrgRow::new("A").under("0").with_flags(OrgFlags::READY | OrgFlags::LEGAL_ENTITY);
/// assert_eq!(row.parent, Some("0"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OrgRow<'a> {
    /// The organization's id.
    pub id: &'a str,
    /// The id of the organization directly above, or `None` for a root.
    pub parent: Option<&'a str>,
    /// The yes-or-no facts.
    pub flags: OrgFlags,
    /// The IANA time zone, if set (`ad_org.timezone`).
    pub time_zone: Option<&'a str>,
    /// The organization's own calendar, if it has one (`ad_org.c_calendar_id`).
    pub calendar: Option<&'a str>,
}

impl<'a> OrgRow<'a> {
    /// A root without any flag.
    #[must_use]
    pub const fn new(id: &'a str) -> Self {
        OrgRow { id, parent: None, flags: OrgFlags::empty(), time_zone: None, calendar: None }
    }

    /// The same organization below another one.
    #[must_use]
    pub const fn under(mut self, parent: &'a str) -> Self {
        self.parent = Some(parent);
        self
    }

    /// The same organization with these flags and no others.
    #[must_use]
    pub const fn with_flags(mut self, flags: OrgFlags) -> Self {
        self.flags = flags;
        self
    }

    /// The same organization in a time zone.
    #[must_use]
    pub const fn in_time_zone(mut self, time_zone: &'a str) -> Self {
        self.time_zone = Some(time_zone);
        self
    }

    /// The same organization with a calendar of its own.
    #[must_use]
    pub const fn with_calendar(mut self, calendar: &'a str) -> Self {
        self.calendar = Some(calendar);
        self
    }
}
