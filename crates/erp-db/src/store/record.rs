//! Conversion of sessions between rows and records, for both products.

use std::collections::HashMap;
use std::time::Duration;

use org_structure::{Fingerprint, OrgId};
use session::{
    AccessHash, ClientId, LastUse, Lifetime, PortError, RoleId, Scope, SessionId, SessionRecord,
    StoredSession, UserId,
};
use sqlx::AssertSqlSafe;

use crate::backend::{Database, Row, StatementError, Value};

/// A time or duration in milliseconds, rounded down and capped so that a sum of several does not overflow.
pub(crate) fn span(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).min(1 << 60)
}

/// A duration of a lifetime, exactly: it is at most `i64::MAX` milliseconds.
pub(crate) fn exact_span(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A number of rows.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The latest use of every session, ordered by name, so that several nodes lock rows in the same order.
pub(crate) fn latest(seen: &[LastUse]) -> Vec<(SessionId, i64)> {
    let mut latest: HashMap<SessionId, Duration> = HashMap::with_capacity(seen.len());
    for LastUse { id, ago } in seen {
        latest.entry(*id).and_modify(|earlier| *earlier = (*earlier).min(*ago)).or_insert(*ago);
    }
    let mut latest: Vec<_> = latest.into_iter().map(|(id, ago)| (id, span(ago))).collect();
    latest.sort_unstable_by_key(|(id, _)| *id);
    latest
}

/// The condition that a session is in a scope, and the values of its placeholders `$3` and `$4`.
pub(crate) fn condition(scope: &Scope) -> (&'static str, Vec<Value<'_>>) {
    match scope {
        Scope::Session(id) => ("id = $3", vec![Value::Bytes(id.as_bytes())]),
        Scope::Client(client) => ("client_id = $3", vec![Value::Text(client.as_str())]),
        Scope::User(client, user) => (
            "client_id = $3 AND user_id = $4",
            vec![Value::Text(client.as_str()), Value::Text(user.as_str())],
        ),
        Scope::Role(client, role) => (
            "client_id = $3 AND role_id = $4",
            vec![Value::Text(client.as_str()), Value::Text(role.as_str())],
        ),
    }
}

/// Lists the sessions of a scope, ordered by name. `sessions` is a statement for the columns of [`stored`]
/// that lacks its condition.
pub(crate) async fn list(
    database: &Database,
    sessions: &str,
    scope: &Scope,
    after: Option<&SessionId>,
    at_most: usize,
) -> Result<Vec<StoredSession>, PortError> {
    let (condition, values) = condition(scope);
    let statement = format!("{sessions}id > $1 AND {condition} ORDER BY id LIMIT $2");
    let mut sessions = Vec::new();
    let mut after = after.copied();
    loop {
        let wanted = at_most.saturating_sub(sessions.len());
        let name = after.as_ref().map_or(&[][..], |id| id.as_bytes());
        let mut arguments = vec![Value::Bytes(name), Value::Integer(limit(wanted))];
        arguments.extend(&values);
        let read = |row: Row<'_>| Ok::<_, StatementError>((session_id(row, 0)?, stored(row)));
        let listed = database.list(AssertSqlSafe(statement.clone()), &arguments, read).await?;
        let is_last = listed.len() < wanted;
        for (id, session) in listed {
            after = Some(id);
            // A damaged row does not hide others, and further rows are read in its place.
            match session {
                Ok(session) => sessions.push(session),
                Err(error) => {
                    tracing::warn!(session = %id, %error, "a stored session cannot be read and is not listed");
                }
            }
        }
        if is_last || sessions.len() >= at_most {
            return Ok(sessions);
        }
    }
}

/// Reads a session from a row: name, client, user, role, organization, tree, access, idle, absolute, age,
/// time since use.
pub(crate) fn stored(row: Row<'_>) -> Result<StoredSession, StatementError> {
    let lifetime = Lifetime::new(duration(row, 7)?, duration(row, 8)?);
    Ok(StoredSession {
        record: SessionRecord {
            id: session_id(row, 0)?,
            client: row.id(1, ClientId::new)?,
            user: row.id(2, UserId::new)?,
            role: row.id(3, RoleId::new)?,
            org: row.id(4, OrgId::new)?,
            tree: Fingerprint::from_bytes(name(row, 5)?),
            access: AccessHash::from_bytes(name(row, 6)?),
            lifetime,
        },
        age: duration(row, 9)?,
        idle: duration(row, 10)?,
    })
}

/// The name of a session.
pub(crate) fn session_id(row: Row<'_>, column: usize) -> Result<SessionId, StatementError> {
    name(row, column).map(SessionId::from_bytes)
}

fn name(row: Row<'_>, column: usize) -> Result<[u8; 32], StatementError> {
    let bytes = row.bytes(column)?.unwrap_or_default();
    bytes.try_into().map_err(|_| row.invalid(column, "not 32 bytes"))
}

/// A duration. Never negative, even if the clock was set back.
fn duration(row: Row<'_>, column: usize) -> Result<Duration, StatementError> {
    let milliseconds = row.integer(column)?.unwrap_or_default();
    Ok(Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()))
}
