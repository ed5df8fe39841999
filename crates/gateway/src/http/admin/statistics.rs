//! `GET /v1/admin/statistics`: what this instance holds and did.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use session::openbravo::AutomaticRoles;
use session::{ManagerFootprint, Stats};

use super::openbravo::Estimate;
use super::trees::visible;
use crate::http::gateway::Gateway;
use crate::http::session::administrator::Administrator;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Statistics {
    sessions: usize,
    footprint: Bytes,
    pool: Pool,
    lookups: Lookups,
    compression: Compression,
    openbravo_would_take: Estimate,
    automatic_roles: AutomaticRolesRule,
}

/// Which organizations logins give to automatic roles, and why: all of the client, less those that an
/// inactive access row denies (Openbravo since October 2023), or only those of access rows.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct AutomaticRolesRule {
    #[schemars(extend("enum" = ["all", "by-rows"]))]
    rule: &'static str,
    reason: &'static str,
}

/// Bytes of the heap: of the whole instance, or for a client administrator of its client's sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Bytes {
    sessions: usize,
    trees: usize,
    accesses: usize,
    total: usize,
}

impl From<ManagerFootprint> for Bytes {
    fn from(footprint: ManagerFootprint) -> Self {
        let ManagerFootprint { sessions, trees, accesses, .. } = footprint;
        Bytes { sessions, trees, accesses, total: footprint.total() }
    }
}

/// Where the trees of logins came from.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Pool {
    hits: u64,
    joined: u64,
    loads: u64,
    failed_loads: u64,
    already_held: u64,
}

/// How tokens were answered.
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
    /// Bytes in for each byte out; null as long as nothing was compressed.
    ratio: Option<f64>,
}

pub(crate) async fn statistics(
    State(gateway): State<Gateway>,
    administrator: Administrator,
) -> Json<Statistics> {
    let stats: Stats = gateway.manager().stats();
    let trees = visible(&gateway, &administrator);
    let sessions = trees.iter().map(|tree| tree.sessions).sum();
    let footprint = if administrator.of_instance {
        gateway.manager().footprint()
    } else {
        gateway.manager().footprint_of_client(administrator.session.client())
    };
    let (bytes_in, bytes_out) = gateway.inner.metrics.compressed();
    Json(Statistics {
        sessions,
        footprint: footprint.into(),
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
        openbravo_would_take: Estimate::of(&trees),
        automatic_roles: AutomaticRolesRule {
            rule: match gateway.manager().options().automatic_roles {
                AutomaticRoles::OfClient => "all",
                AutomaticRoles::ByRows => "by-rows",
            },
            reason: gateway.settings().automatic_roles_reason,
        },
    })
}

fn ratio(bytes_in: u64, bytes_out: u64) -> Option<f64> {
    // Counts of bytes that a float cannot hold exactly are shown near enough.
    let float = |count: u64| count.to_string().parse::<f64>().ok();
    (bytes_out > 0).then(|| Some(float(bytes_in)? / float(bytes_out)?)).flatten()
}
