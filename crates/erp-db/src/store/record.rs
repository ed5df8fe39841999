//! Sessions between rows and records.

use std::collections::HashMap;
use std::time::Duration;

use org_structure::{Fingerprint, OrgId};
use session::{
    AccessHash, ClientId, Lifetime, RoleId, Scope, Seen, SessionId, SessionRecord, StoredSession, UserId,
};

use crate::database::{Row, StatementError};
use crate::hex;

/// A time or span in milliseconds, rounded down and cut where a sum of several would not fit.
pub(super) fn span(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).min(1 << 60)
}

/// A span of a lifetime, exactly: it is at most `i64::MAX` milliseconds.
pub(super) fn exact_span(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The latest use of every session, ordered by name, so that several nodes lock rows in the same order.
pub(super) fn latest(seen: &[Seen]) -> Vec<(SessionId, i64)> {
    let mut latest: HashMap<SessionId, Duration> = HashMap::with_capacity(seen.len());
    for Seen { id, ago } in seen {
        latest.entry(*id).and_modify(|earlier| *earlier = (*earlier).min(*ago)).or_insert(*ago);
    }
    let mut latest: Vec<_> = latest.into_iter().map(|(id, ago)| (id, span(ago))).collect();
    latest.sort_unstable_by_key(|(id, _)| *id);
    latest
}

/// The ids that a scope compares: with the session's name in hexadecimal digits, the client, the user, the
/// role.
#[derive(Default)]
pub(super) struct ScopeIds {
    pub(super) session: Option<String>,
    pub(super) client: Option<String>,
    pub(super) user: Option<String>,
    pub(super) role: Option<String>,
}

impl ScopeIds {
    pub(super) fn new(scope: &Scope) -> Self {
        let none = ScopeIds::default();
        match scope {
            Scope::Session(id) => ScopeIds { session: Some(hex::encode(id.as_bytes())), ..none },
            Scope::Client(client) => ScopeIds { client: Some(client.to_string()), ..none },
            Scope::User(client, user) => {
                ScopeIds { client: Some(client.to_string()), user: Some(user.to_string()), ..none }
            }
            Scope::Role(client, role) => {
                ScopeIds { client: Some(client.to_string()), role: Some(role.to_string()), ..none }
            }
        }
    }
}

/// A session as a row has it: name, client, user, role, organization, tree, access, idle, absolute, age, time
/// since use. Bytes come as hexadecimal digits.
pub(super) fn stored(row: Row<'_>) -> Result<StoredSession, StatementError> {
    let lifetime = Lifetime::new(duration(row, 7)?, duration(row, 8)?);
    Ok(StoredSession {
        record: SessionRecord {
            id: session_id(row, 0)?,
            client: id(row, 1, ClientId::new)?,
            user: id(row, 2, UserId::new)?,
            role: id(row, 3, RoleId::new)?,
            org: id(row, 4, OrgId::new)?,
            tree: Fingerprint::from_bytes(name(row, 5)?),
            access: AccessHash::from_bytes(name(row, 6)?),
            lifetime,
        },
        age: duration(row, 9)?,
        idle: duration(row, 10)?,
    })
}

/// A row of a list of sessions: one that is damaged has nothing but its name.
pub(super) struct ListedSession {
    pub(super) id: SessionId,
    pub(super) session: Result<StoredSession, StatementError>,
}

pub(super) fn listed(row: Row<'_>) -> Result<ListedSession, StatementError> {
    Ok(ListedSession { id: session_id(row, 0)?, session: stored(row) })
}

/// The name of a session.
pub(super) fn session_id(row: Row<'_>, column: usize) -> Result<SessionId, StatementError> {
    name(row, column).map(SessionId::from_bytes)
}

/// Bytes that may be missing.
pub(super) fn bytes(row: Row<'_>, column: usize) -> Result<Option<Vec<u8>>, StatementError> {
    let Some(text) = row.text(column)? else { return Ok(None) };
    hex::decode(text).map(Some).ok_or_else(|| row.invalid(column, "not hexadecimal digits"))
}

fn name(row: Row<'_>, column: usize) -> Result<[u8; 32], StatementError> {
    let text = row.text_or_empty(column)?;
    hex::decode_name(text).ok_or_else(|| row.invalid(column, "not 32 bytes"))
}

fn id<T, E: std::error::Error + Send + Sync + 'static>(
    row: Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, StatementError> {
    read(row.text_or_empty(column)?).map_err(|error| row.invalid(column, error))
}

/// A span; a clock that was set back makes none negative.
fn duration(row: Row<'_>, column: usize) -> Result<Duration, StatementError> {
    let milliseconds = row.integer(column)?.unwrap_or_default();
    Ok(Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()))
}
