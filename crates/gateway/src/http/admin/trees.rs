//! `GET /v1/admin/trees`: the trees that cached sessions use, and the number of sessions of each.

use axum::Json;
use axum::extract::State;
use erp_db::{ReadError, StatementError};
use schemars::JsonSchema;
use serde::Serialize;
use session::{ClientId, Findings, PortError, TreeInUse};
use session_axum::Problem;

use crate::http::gateway::Gateway;
use crate::http::openapi::Hex;
use crate::http::session::administrator::Administrator;
use crate::http::wire::problem::database_unavailable;
use crate::http::wire::query_string::QueryParameters;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Trees {
    trees: Vec<TreeView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct TreeView {
    #[schemars(with = "Hex")]
    fingerprint: String,
    client: String,
    client_name: Option<String>,
    organizations: usize,
    bytes: usize,
    sessions: usize,
    /// Whether it is the client's current tree. Null if the client's current rows do not form a tree, or if
    /// the ERP does not answer within a second.
    current: Option<bool>,
    /// Why the client's current rows do not form a tree.
    damage: Option<String>,
    /// Findings in the rows of the tree, such as parents that are not in it. Null for an older tree that this
    /// instance has loaded from the session store.
    findings: Option<FindingsView>,
}

/// The number of findings, and texts of the first ones.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct FindingsView {
    total: usize,
    first: Vec<String>,
}

impl From<&Findings> for FindingsView {
    fn from(findings: &Findings) -> Self {
        FindingsView { total: findings.total(), first: findings.first().map(str::to_owned).collect() }
    }
}

pub(crate) async fn list(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    mut parameters: QueryParameters,
) -> Result<Json<Trees>, Problem> {
    let mut trees = Vec::new();
    let client = administrator.client_filter(parameters.id("client")?)?;
    parameters.done()?;
    let visible = visible_trees(&gateway, &administrator, client);
    let states = gateway.inner.freshness.states(visible.iter().map(|held| held.client).collect()).await;
    for held in visible {
        // A client's damage must hide neither its own trees nor those of others.
        let (now, damage) = match states.get(&held.client) {
            Some(Ok(state)) => (state.clone(), None),
            Some(Err(error)) => (None, Some(damage(error).ok_or_else(|| database_unavailable(error))?)),
            None => (None, None),
        };
        let is_current = now.as_ref().map(|state| state.fingerprint == held.fingerprint);
        let of_now = now.filter(|_| is_current == Some(true)).map(|state| state.findings);
        trees.push(TreeView {
            fingerprint: held.fingerprint.to_string(),
            client: held.client.to_string(),
            client_name: gateway.inner.names.client(held.client).await,
            organizations: held.structure.len(),
            bytes: held.bytes,
            sessions: held.sessions,
            current: is_current,
            damage,
            findings: held.findings.or(of_now).as_deref().map(FindingsView::from),
        });
    }
    Ok(Json(Trees { trees }))
}

/// The damage in a client's rows, without the location of the database. `None` for other errors.
fn damage(error: &PortError) -> Option<String> {
    match error.cause().downcast_ref::<ReadError>()? {
        ReadError::Tree { cause, .. } => Some(cause.to_string()),
        ReadError::InvalidId { table, column, cause, .. } => {
            Some(format!("column `{column}` of table `{table}`: {cause}"))
        }
        ReadError::Database(StatementError::Value { column, .. }) => {
            Some(format!("column `{column}` has a value that cannot be read"))
        }
        _ => None,
    }
}

/// The trees that an administrator may see, of one client or of all, ordered by client and fingerprint.
pub(super) fn visible_trees(
    gateway: &Gateway,
    administrator: &Administrator,
    client: Option<ClientId>,
) -> Vec<TreeInUse> {
    let mut held = gateway.manager().trees_in_use();
    held.retain(|tree| administrator.may_see(tree.client) && client.is_none_or(|one| one == tree.client));
    held
}
