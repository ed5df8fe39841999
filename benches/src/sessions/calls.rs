//! The time of logins and of session lookups, with everything in memory.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use session::{MemoryStore, Options, Session, SessionManager};
use tokio::runtime::Runtime;

use super::{Access, Erp, ORGANIZATIONS, SHAPE, record};
use crate::record::Record;
use crate::record::float;
use crate::trees::{rows, sequence};

/// The metrics.
pub const METRICS: [&str; 4] = ["login_in_memory", "token_lookup", "is_readable", "is_writable"];

/// A manager with sessions on one tree, and the organizations to ask about.
struct QuestionedManager {
    runtime: Runtime,
    manager: SessionManager,
    tokens: Vec<session::Token>,
    sessions: Vec<Session>,
    ids: Vec<String>,
}

/// The shortest time of some rounds, per call, in nanoseconds.
fn best(rounds: usize, calls: usize, mut round: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut least = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        round()?;
        least = least.min(start.elapsed());
    }
    Ok(least.as_secs_f64() * 1e9 / float(calls as u64))
}

impl QuestionedManager {
    fn new(sessions: usize, access: Access) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let erp = Arc::new(Erp::new(ORGANIZATIONS));
        let store = Arc::new(MemoryStore::default());
        let manager = SessionManager::new(erp, store, Options::default());
        let (mut tokens, mut held) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for user in 0..sessions {
                let login = manager.login(Erp::principal(user, 1, access)?).await?;
                tokens.push(login.token);
                held.push(login.session);
            }
            anyhow::Ok(())
        })?;
        let rows = rows(SHAPE, ORGANIZATIONS);
        let id = |position: usize| rows.get(position).map(|row| row.id.clone());
        let ids = sequence(rows.len(), 4_096, 1).filter_map(id).collect();
        Ok(QuestionedManager { runtime, manager, tokens, sessions: held, ids })
    }
}

/// Times the calls, for a role with little access and one with full access.
///
/// # Errors
/// A call fails.
pub fn run(quick: bool) -> anyhow::Result<Vec<Record>> {
    if quick { rounds_of(5, 1_000) } else { rounds_of(25, 10_000) }
}

fn rounds_of(rounds: usize, sessions: usize) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    let roles = [("orgcache", Access::Few), ("orgcache-role-with-all", Access::All)];
    let asked: Vec<(&'static str, Access, QuestionedManager)> = roles
        .into_iter()
        .map(|(structure, access)| Ok((structure, access, QuestionedManager::new(sessions, access)?)))
        .collect::<anyhow::Result<_>>()?;
    let mut take = |metric, figure: &dyn Fn(Access, &QuestionedManager) -> anyhow::Result<f64>| {
        for (structure, access, asked) in &asked {
            records.push(record(structure, metric, sessions, Ok(figure(*access, asked)?), "ns"));
        }
        anyhow::Ok(())
    };
    take("login_in_memory", &|access, asked| {
        best(rounds.min(5), sessions, || {
            asked.runtime.block_on(async {
                for user in 0..sessions {
                    let login = asked.manager.login(Erp::principal(user, 1, access)?).await?;
                    asked.manager.logout(&login.token).await?;
                }
                Ok(())
            })
        })
    })?;
    take("token_lookup", &|_, asked| {
        best(rounds, asked.tokens.len(), || {
            asked.runtime.block_on(async {
                for token in &asked.tokens {
                    black_box(asked.manager.session(token).await?);
                }
                Ok(())
            })
        })
    })?;
    type Call = fn(&Session, &str) -> bool;
    let calls: [(&'static str, Call); 2] = [
        ("is_readable", |session, org| session.can_read(org)),
        ("is_writable", |session, org| session.can_write(org)),
    ];
    for (metric, call) in calls {
        take(metric, &|_, asked| {
            let Some(session) = asked.sessions.first() else { anyhow::bail!("no session") };
            best(rounds, asked.ids.len(), || {
                for org in &asked.ids {
                    black_box(call(session, org));
                }
                Ok(())
            })
        })?;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::super::STRUCTURES;
    use super::*;

    #[test]
    fn every_call_is_timed_for_every_role() {
        let records = rounds_of(1, 10).unwrap();
        assert_eq!(records.len(), METRICS.len() * 2);
        for record in records {
            assert!(record.value.0.unwrap() > 0.0, "{record:?}");
            assert!(METRICS.contains(&record.metric) && STRUCTURES.contains(&record.structure), "{record:?}");
        }
    }
}
