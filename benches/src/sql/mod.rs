//! Asks a database one question at a time, like an application without a cached tree.
//!
//! [`Sql`] is a [`Structure`] that answers every call by one prepared statement, on an open connection and on
//! tables whose pages are in memory. Two ways to store a tree ([`RecursiveQueries`], [`AncestorTable`]) on
//! two products ([`Sqlite`], [`Postgres`]), and PostgreSQL's own, [`Ltree`].

mod engine;
mod tree;

use crate::agreement;
use crate::contender::{Contender, TimedCalls};
use crate::structure::{NoAnswer, Structure};

pub use engine::{Engine, Postgres, Sqlite, postgres_url};
pub use tree::{AncestorTable, KeptRelation, Ltree, RecursiveQueries, Sql, TreeQueries};

/// All that this machine can run: those on PostgreSQL only with a server.
#[must_use]
pub fn contenders() -> Vec<Contender> {
    let mut contenders =
        vec![contender::<Sql<Sqlite, RecursiveQueries>>(), contender::<Sql<Sqlite, AncestorTable>>()];
    if postgres_url().is_some() {
        contenders.push(contender::<Sql<Postgres, RecursiveQueries>>());
        contenders.push(contender::<Sql<Postgres, AncestorTable>>());
        contenders.push(contender::<Sql<Postgres, Ltree>>());
    }
    contenders
}

fn contender<S: Structure + 'static>() -> Contender {
    Contender {
        name: S::NAME,
        agree: agreement::check::<S>,
        load: |database| S::load(database).map(|structure| Box::new(structure) as Box<dyn TimedCalls>),
        // A session has a connection of a pool, which is shared.
        count: |_, _, _| Err(NoAnswer::NoSuchCall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_agree_with_orgcache() {
        // On PostgreSQL this is checked if there is a server, and in every timed run.
        agreement::check::<Sql<Sqlite, RecursiveQueries>>().unwrap();
        agreement::check::<Sql<Sqlite, AncestorTable>>().unwrap();
        if postgres_url().is_some() {
            agreement::check::<Sql<Postgres, AncestorTable>>().unwrap();
            agreement::check::<Sql<Postgres, Ltree>>().unwrap();
        }
    }
}
