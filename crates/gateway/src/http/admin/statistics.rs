//! `GET /v1/admin/statistics`: figures of this instance.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use session::openbravo::AutomaticRoles;
use session::{ManagerFootprint, Stats};
use session_axum::Problem;

use super::openbravo::Estimate;
use super::trees::visible_trees;
use crate::http::gateway::Gateway;
use crate::http::login::login_history::MINUTES;
use crate::http::session::administrator::Administrator;
use crate::http::wire::query_string::QueryParameters;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Statistics {
    sessions: usize,
    trees: usize,
    footprint: Bytes,
    /// Logins per minute in the last fifteen minutes, the current minute last.
    logins_by_minute: [u64; MINUTES],
    pool: Pool,
    lookups: Lookups,
    compression: Compression,
    openbravo_would_take: Estimate,
    automatic_roles: AutomaticRolesRule,
}

/// The organizations that automatic roles get at login, and why: all of the client except those that an
/// inactive access row denies (Openbravo since October 2023), or only those of access rows.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct AutomaticRolesRule {
    #[schemars(extend("enum" = ["all", "by-rows"]))]
    rule: &'static str,
    reason: &'static str,
}

/// Heap bytes of the sessions that the administrator sees. The total covers organizations, as Openbravo's
/// caches do. The other members are not part of it.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Bytes {
    /// The trees, each counted once.
    trees: usize,
    /// The accesses of roles, each counted once.
    accesses: usize,
    /// The parts of sessions that concern organizations.
    organizations: usize,
    /// The sum of trees, accesses and organizations.
    total: usize,
    /// The other parts of sessions: user, role, lifetime, id.
    sessions: usize,
    /// The capacity of the tables, and trees that no session uses any more. Null unless the administrator
    /// sees the whole instance.
    tables: Option<usize>,
}

impl Bytes {
    /// Splits the footprint of sessions into the parts above.
    fn from_footprint(
        held: ManagerFootprint,
        organizations: usize,
        instance: Option<ManagerFootprint>,
    ) -> Self {
        let ManagerFootprint { sessions, trees, accesses, .. } = held;
        Bytes {
            trees,
            accesses,
            organizations,
            total: trees + accesses + organizations,
            sessions: sessions.saturating_sub(organizations),
            tables: instance.map(|instance| instance.total().saturating_sub(held.total())),
        }
    }
}

/// The sources of the trees at login.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Pool {
    hits: u64,
    joined: u64,
    loads: u64,
    failed_loads: u64,
    already_held: u64,
}

/// The sources of sessions at requests.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Lookups {
    hits: u64,
    store_reads: u64,
    reopened: u64,
    unknown: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Compression {
    bytes_in: u64,
    bytes_out: u64,
    /// Bytes before compression per byte after. Null until something is compressed.
    ratio: Option<f64>,
}

pub(crate) async fn statistics(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    mut parameters: QueryParameters,
) -> Result<Json<Statistics>, Problem> {
    let client = administrator.client_filter(parameters.id("client")?)?;
    parameters.done()?;
    let stats: Stats = gateway.manager().stats();
    let trees = visible_trees(&gateway, &administrator, client);
    let sessions: usize = trees.iter().map(|tree| tree.sessions).sum();
    let held = gateway.manager().footprint_of_sessions(client);
    let organizations = sessions * administrator.session.footprint().organizations;
    let instance = client.is_none().then(|| gateway.manager().footprint());
    let distinct: BTreeSet<_> = trees.iter().map(|tree| *tree.fingerprint.as_bytes()).collect();
    let (bytes_in, bytes_out) = gateway.inner.metrics.compression().bytes();
    Ok(Json(Statistics {
        sessions,
        trees: distinct.len(),
        footprint: Bytes::from_footprint(held, organizations, instance),
        logins_by_minute: gateway.inner.login_history.logins(client),
        pool: Pool {
            hits: stats.trees_by_revision,
            joined: stats.joined_loads,
            loads: stats.loads,
            failed_loads: stats.failed_loads,
            already_held: stats.trees_by_fingerprint,
        },
        lookups: Lookups {
            hits: stats.hits,
            store_reads: stats.store_reads,
            reopened: stats.reopened,
            unknown: stats.unknown_tokens,
        },
        compression: Compression { bytes_in, bytes_out, ratio: ratio(bytes_in, bytes_out) },
        openbravo_would_take: Estimate::for_trees(&trees),
        automatic_roles: AutomaticRolesRule {
            rule: match gateway.manager().options().automatic_roles {
                AutomaticRoles::OfClient => "all",
                AutomaticRoles::ByRows => "by-rows",
            },
            reason: gateway.settings().automatic_roles_reason,
        },
    }))
}

fn ratio(bytes_in: u64, bytes_out: u64) -> Option<f64> {
    // Above 2^53 the floats are approximate, which is precise enough for a ratio.
    let float = |count: u64| count.to_string().parse::<f64>().ok();
    (bytes_out > 0).then(|| Some(float(bytes_in)? / float(bytes_out)?)).flatten()
}
