//! `CompanyFilter`: the companies whose records a session may read, by Odoo's two kinds of company rules.

use serde_json::{Value, json};
use session::Session;

/// The companies whose records a session may read, as a condition for SQL or for searches in Odoo.
///
/// The record rules of a model have one of two forms:
///
/// | rule | models | filter |
/// | --- | --- | --- |
/// | `company_id in company_ids` | orders, invoices, leads, projects, employees … | [`own`](Self::own) |
/// | `company_id parent_of company_ids` | products, pricelists, contacts, taxes, accounts, journals … | [`shared`](Self::shared) |
///
/// Most rules also allow records without a company: see [`or_without_company`](Self::or_without_company).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyFilter {
    // Sorted.
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

    /// The user's companies and their ancestors in the tree that the session is pinned to.
    #[must_use]
    pub fn shared(session: &Session) -> Self {
        let (tree, readable) = (session.tree(), session.access().readable());
        let paths = readable.known().iter().flat_map(|company| tree.path_to_root(company).chain([company]));
        let ids = paths.filter_map(|company| tree.id(company));
        Self::from_ids(ids.chain(readable.outside().iter().copied()).map(|id| id.to_string()))
    }

    fn from_ids(ids: impl Iterator<Item = String>) -> Self {
        let mut ids: Vec<i64> = ids.filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        CompanyFilter { ids, or_without_company: false }
    }

    /// Also includes records without a company.
    #[must_use]
    pub fn or_without_company(self) -> Self {
        CompanyFilter { or_without_company: true, ..self }
    }

    /// The ids of the companies, in ascending order.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// A condition for SQL. `column` is inserted verbatim, so it must not be user input.
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

/// May the session read records of the company under a rule with `parent_of`? That is so if the company is
/// one of the user's companies or an ancestor of one.
///
/// # Complexity
/// O(companies of the user), no allocation.
#[must_use]
pub fn can_read_shared(session: &Session, company: &str) -> bool {
    let (tree, readable) = (session.tree(), session.access().readable());
    match tree.index_of(company) {
        Some(company) => readable.known().iter().any(|readable| tree.is_self_or_below(readable, company)),
        None => session.can_read(company),
    }
}
