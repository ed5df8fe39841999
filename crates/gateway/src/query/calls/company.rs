//! Calls about the companies of an Odoo user, by each of Odoo's two rules.

use org_structure::{OrgId, OrgSet};
use serde_json::{Value, json};
use session::UserId;

use crate::backend::BackendError;
use crate::query::arguments::{Arguments, Id};
use crate::query::erp::{Erp, Tree};
use crate::query::problem::QueryProblem;

/// A question about a user's current companies.
pub(super) struct UserQuestion<'a> {
    user: Id<'a>,
    /// Whether the rule is `parent_of company_ids` instead of `in company_ids`.
    is_shared: bool,
}

/// Whether a call asks about the rights of a user.
pub(super) fn takes_a_user(call: &str) -> bool {
    matches!(call, "own_companies" | "shared_companies")
}

/// Parses the question, if the call is one of these.
pub(super) fn take<'a>(
    call: &str,
    from: &mut Arguments<'a>,
) -> Result<Option<UserQuestion<'a>>, QueryProblem> {
    if !takes_a_user(call) {
        return Ok(None);
    }
    Ok(Some(UserQuestion { user: from.id("user")?, is_shared: call == "shared_companies" }))
}

impl UserQuestion<'_> {
    pub(super) async fn answer(&self, erp: &impl Erp, tree: &Tree) -> Result<Value, QueryProblem> {
        let structure = &tree.structure;
        let companies = companies(erp, self.user.as_deref()).await?;
        let own = companies.iter().filter_map(|company| structure.index_of(company.as_str()));
        let found: OrgSet = match self.is_shared {
            false => own.collect(),
            true => own.flat_map(|company| structure.path_to_root(company).chain([company])).collect(),
        };
        Ok(json!(structure.ids(&found).collect::<Vec<_>>()))
    }
}

/// The companies of an Odoo user. Fails if the user may not log in.
async fn companies(erp: &impl Erp, user: Option<&str>) -> Result<Vec<OrgId>, QueryProblem> {
    let odoo = erp.odoo().ok_or_else(QueryProblem::not_in_database)?;
    // An invalid id is an unknown user.
    let found = match user.and_then(|user| UserId::new(user).ok()) {
        Some(id) => odoo.users(&[id]).await.map_err(BackendError::from)?.remove(&id),
        None => None,
    };
    let user = found.filter(|found| found.is_admitted).ok_or_else(|| QueryProblem::unknown_user(user))?;
    Ok(user.companies().copied().collect())
}
