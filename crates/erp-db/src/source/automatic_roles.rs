//! `AutomaticRolesPolicy`: which rule for automatic roles the ERP behind a reader follows.

use session::openbravo::AutomaticRoles;

use crate::erp::ErpReader;

/// How to choose the rule for automatic roles (`ad_role.ismanual = 'N'`).
///
/// Openbravo gives such a role all organizations of its client since October 2023. Etendo and earlier
/// versions of Openbravo give it those of its access rows. Nothing in the rows of the role tells which of
/// them wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutomaticRolesPolicy {
    /// All organizations if the database has a column that came with that rule (`ad_org.timezone`), else
    /// access rows only.
    #[default]
    Detect,
    /// Access rows only.
    ByRows,
    /// All organizations of the client, less those that an inactive access row denies.
    All,
}

/// The rule for automatic roles, and why it was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DetectedAutomaticRoles {
    /// The rule, for [`session::Options`] and [`session::openbravo::AccessOptions`].
    pub rule: AutomaticRoles,
    /// Why, as a sentence without a full stop for a log or a page.
    pub reason: &'static str,
}

impl ErpReader {
    /// Chooses the rule for automatic roles. With [`AutomaticRolesPolicy::Detect`] the tables decide as they
    /// were when this reader was opened; a view or table without the column is no proof, so only access rows
    /// count.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(erp: &erp_db::ErpReader) {
    /// use erp_db::AutomaticRolesPolicy;
    ///
    /// let automatic_roles = erp.automatic_roles(AutomaticRolesPolicy::Detect).rule;
    /// let options = session::Options::default().with(|options| options.automatic_roles = automatic_roles);
    /// # }
    /// ```
    #[must_use]
    pub fn automatic_roles(&self, policy: AutomaticRolesPolicy) -> DetectedAutomaticRoles {
        let (rule, reason) = match policy {
            AutomaticRolesPolicy::ByRows => (AutomaticRoles::ByRows, "it was configured"),
            AutomaticRolesPolicy::All => (AutomaticRoles::OfClient, "it was configured"),
            AutomaticRolesPolicy::Detect if self.has_time_zones() => (
                AutomaticRoles::OfClient,
                "the database has the column `ad_org.timezone`, as Openbravo has since 2023",
            ),
            AutomaticRolesPolicy::Detect => (
                AutomaticRoles::ByRows,
                "the database has no column `ad_org.timezone`, so nothing shows that automatic roles get more",
            ),
        };
        DetectedAutomaticRoles { rule, reason }
    }
}
