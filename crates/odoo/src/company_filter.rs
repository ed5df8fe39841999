//! `CompanyFilter`: whose records a session may read, by each of the two rules that Odoo has for companies.

use serde_json::{Value, json};
use session::Session;

/// The companies whose records a session may read, as a condition for SQL or for a search in Odoo.
///
/// Odoo's record rules ask one of two questions, and the model decides which:
///
/// | rule | of | here |
/// | --- | --- | --- |
/// | `company_id in company_ids` | orders, invoices, leads, projects, employees … | [`own`](Self::own) |
/// | `company_id parent_of company_ids` | products, pricelists, contacts, taxes, accounts, journals … | [`shared`](Self::shared) |
///
/// Most rules also let through records without a company: [`or_without_company`](Self::or_without_company).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyFilter {
    // Ascending.
    ids: Vec<i64>,
    or_without_company: bool,
}

impl CompanyFilter {
    /// The user's companies.
    #[must_use]
    pub fn own(session: &Session) -> Self {
        let tree = session.tree();
        Self::from_ids(session.access().readable().ids(tree).map(|id| id.to_string()))
    }

    /// The user's companies and all companies above them, in the tree that the session is pinned to.
    #[must_use]
    pub fn shared(session: &Session) -> Self {
        let (tree, own) = (session.tree(), session.access().readable());
        let above = own.known().iter().flat_map(|company| tree.path_to_root(company).chain([company]));
        let above = above.filter_map(|company| tree.id(company));
        Self::from_ids(above.chain(own.outside().iter().copied()).map(|id| id.to_string()))
    }

    fn from_ids(ids: impl Iterator<Item = String>) -> Self {
        let mut ids: Vec<i64> = ids.filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        CompanyFilter { ids, or_without_company: false }
    }

    /// Lets through records without a company too.
    #[must_use]
    pub fn or_without_company(self) -> Self {
        CompanyFilter { or_without_company: true, ..self }
    }

    /// The companies, ascending.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// A condition for SQL. `column` is taken as it is: it must not come from a user.
    #[must_use]
    pub fn sql(&self, column: &str) -> String {
        let ids: Vec<String> = self.ids.iter().map(ToString::to_string).collect();
        let among = match ids.as_slice() {
            [] => "FALSE".to_owned(),
            ids => format!("{column} IN ({})", ids.join(", ")),
        };
        if self.or_without_company { format!("({among} OR {column} IS NULL)") } else { among }
    }

    /// A domain for searches in Odoo.
    #[must_use]
    pub fn domain(&self, field: &str) -> Value {
        let among = json!([field, "in", self.ids]);
        if self.or_without_company { json!(["|", [field, "=", false], among]) } else { json!([among]) }
    }
}

/// May records of the company be read where companies share with those below them, as Odoo's rules with
/// `parent_of` have it: is it one of the user's companies, or above one of them?
///
/// # Complexity
/// O(companies of the user), no allocation.
#[must_use]
pub fn can_read_shared(session: &Session, company: &str) -> bool {
    let (tree, own) = (session.tree(), session.access().readable());
    match tree.index_of(company) {
        Some(company) => own.known().iter().any(|own| tree.is_self_or_below(own, company)),
        None => session.can_read(company),
    }
}
