//! Counts tree loads when all users log in right after a change.

use std::sync::Arc;

use session::{MemoryStore, Options, SessionManager};

use super::{Access, Erp};

/// Does the ERP count changes?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revisions {
    /// Yes: an unchanged tree is recognized without reading it.
    Kept,
    /// No: the tree must be read to find out.
    NotKept,
}

/// Logs in the given number of users at once, right after a change, and counts the loads.
///
/// # Errors
/// A login fails.
pub fn loads(logins: usize, organizations: usize, revisions: Revisions) -> anyhow::Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let erp = Arc::new(Erp::new(organizations));
    if revisions == Revisions::NotKept {
        erp.forget_revisions();
    }
    let store = Arc::new(MemoryStore::default());
    let manager = SessionManager::new(erp.clone(), store, Options::default());
    runtime.block_on(async {
        manager.login(Erp::principal(0, 1, Access::Few)?).await?;
        let before = manager.stats().loads;
        erp.change(logins);
        let mut running = Vec::with_capacity(logins);
        for user in 0..logins {
            let principal = Erp::principal(user, 1, Access::Few)?;
            let manager = manager.clone();
            running.push(tokio::spawn(async move { manager.login(principal).await.map(drop) }));
        }
        for login in running {
            login.await??;
        }
        Ok(manager.stats().loads - before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_loads_once_or_twice() {
        assert_eq!(loads(200, 30, Revisions::Kept).unwrap(), 1);
        assert!((1..=2).contains(&loads(200, 30, Revisions::NotKept).unwrap()));
    }
}
