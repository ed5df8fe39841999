//! `AutomaticRolesPolicy`: which rule for automatic roles an ERP follows.

use session::openbravo::AutomaticRoles;

use crate::erp::ErpReader;

/// How to choose the rule for automatic roles (`ad_role.ismanual = 'N'`).
///
/// Since October 2023, Openbravo gives such a role all organizations of its client. Etendo and earlier
/// versions of Openbravo give it those of its access rows. The rows of the role do not reveal which product
/// wrote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutomaticRolesPolicy {
    /// All organizations if the database has a column that came with that rule (`ad_org.timezone`), else only
    /// access rows.
    #[default]
    Detect,
    /// Only access rows.
    ByRows,
    /// All organizations of the client, less those that an inactive access row denies.
    All,
}

/// The chosen rule for automatic roles, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DetectedAutomaticRoles {
    /// The rule, for [`session::Options`] and [`session::openbravo::AccessOptions`].
    pub rule: AutomaticRoles,
    /// The reason, as a sentence without a full stop for a log or a page.
    pub reason: &'static str,
}

impl ErpReader {
    /// Chooses the rule for automatic roles. [`AutomaticRolesPolicy::Detect`] decides by the tables at the
    /// time when this reader was opened. A view or table without the column proves nothing, so only access
    /// rows count.
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
                "the database has no column `ad_org.timezone`, so it does not show that automatic roles get more",
            ),
        };
        DetectedAutomaticRoles { rule, reason }
    }
}
