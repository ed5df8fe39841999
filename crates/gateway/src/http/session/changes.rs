//! `GET /v1/session/changes`: the differences between the session's pinned tree and the client's current
//! tree.

use axum::Json;
use axum::extract::State;
use erp_db::Directory;
use org_structure::{OrgChange, OrgId};
use schemars::JsonSchema;
use serde::Serialize;
use session_axum::{CurrentSession, Problem};

use super::tree::flag_names;
use crate::http::gateway::Gateway;
use crate::http::wire::problem::OrUnavailable;

/// The maximum number of listed changes. The counts include all.
const MAX_LISTED: usize = 200;

#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Changes {
    /// Whether the pinned tree is the client's current tree. Null if the ERP does not answer in time.
    current: Option<bool>,
    counts: Counts,
    /// The first 200 changes.
    changes: Vec<Change>,
}

#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct Counts {
    added: usize,
    removed: usize,
    moved: usize,
    flags: usize,
    /// Other time zones and calendars.
    other: usize,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Change {
    /// `added`, `removed`, `moved`, `flags`, `time_zone` or `calendar`.
    change: &'static str,
    #[schemars(with = "String")]
    org: OrgId,
    /// Its current name, or its id if the organization no longer exists.
    name: String,
    /// The parent, time zone or calendar in the pinned tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The current parent, time zone or calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Flags that it has gained.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gained: Vec<&'static str>,
    /// Flags that it has lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<&'static str>,
}

pub(crate) async fn changes(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
) -> Result<Json<Changes>, Problem> {
    let inner = &gateway.inner;
    let now = inner.freshness.tree(session.client()).await.or_unavailable()?;
    let Some(now) = now else { return Ok(Json(Changes::default())) };
    let directory = inner.names.directory(session.client()).await;
    let all = session.tree().diff(&now);
    let mut counts = Counts::default();
    for change in &all {
        *counts.counter_for(change) += 1;
    }
    let listed = all.iter().take(MAX_LISTED).filter_map(|change| Change::from_change(change, &directory));
    Ok(Json(Changes { current: Some(all.is_empty()), counts, changes: listed.collect() }))
}

impl Counts {
    fn counter_for(&mut self, change: &OrgChange<'_>) -> &mut usize {
        match change {
            OrgChange::Added { .. } => &mut self.added,
            OrgChange::Removed { .. } => &mut self.removed,
            OrgChange::Moved { .. } => &mut self.moved,
            OrgChange::Flags { .. } => &mut self.flags,
            _ => &mut self.other,
        }
    }
}

impl Change {
    /// Describes a change with current names, or the id of an organization that no longer exists.
    fn from_change(change: &OrgChange<'_>, directory: &Directory) -> Option<Self> {
        let name = |id: &OrgId| {
            let entry = directory.get(id.as_str());
            entry.map_or_else(|| id.as_str().to_owned(), |entry| entry.name.clone())
        };
        let new = |change, org: OrgId| Change {
            change,
            org,
            name: name(&org),
            from: None,
            to: None,
            gained: Vec::new(),
            lost: Vec::new(),
        };
        let parent = |parent: &Option<OrgId>| parent.as_ref().map(name);
        let text = |text: Option<&str>| text.map(str::to_owned);
        Some(match change {
            OrgChange::Added { id, parent: to } => Change { to: parent(to), ..new("added", *id) },
            OrgChange::Removed { id, parent: from } => Change { from: parent(from), ..new("removed", *id) },
            OrgChange::Moved { id, from, to } => {
                Change { from: parent(from), to: parent(to), ..new("moved", *id) }
            }
            OrgChange::Flags { id, from, to } => {
                Change { gained: flag_names(*to - *from), lost: flag_names(*from - *to), ..new("flags", *id) }
            }
            OrgChange::TimeZone { id, from, to } => {
                Change { from: text(*from), to: text(*to), ..new("time_zone", *id) }
            }
            OrgChange::Calendar { id, from, to } => {
                Change { from: text(*from), to: text(*to), ..new("calendar", *id) }
            }
            _ => return None,
        })
    }
}
