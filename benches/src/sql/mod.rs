//! A question at a time, asked of a database: what an application does that keeps no tree.
//!
//! [`Sql`] is a [`Structure`] whose every answer is one prepared statement, on a connection that is open and
//! on tables whose pages are in memory. Two ways of keeping a tree ([`RecursiveQueries`], [`AncestorTable`])
//! on two products ([`Sqlite`], [`Postgres`]), and PostgreSQL's own, [`Ltree`].

mod engine;
mod tree;

use crate::agreement;
use crate::contender::{Contender, TimedCalls};
use crate::structure::{NoAnswer, Structure};

pub use engine::{Engine, Postgres, Sqlite, postgres_url};
pub use tree::{AncestorTable, KeptRelation, Ltree, RecursiveQueries, Sql, TreeQueries};

/// All that this machine can run: those on PostgreSQL where there is a server.
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
        // What a session holds is a connection of a pool, and that is shared.
        count: |_, _, _| Err(NoAnswer::NoSuchCall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_answers_as_orgcache_does() {
        // On PostgreSQL this is checked where there is a server, and by every run that times it.
        agreement::check::<Sql<Sqlite, RecursiveQueries>>().unwrap();
        agreement::check::<Sql<Sqlite, AncestorTable>>().unwrap();
        if postgres_url().is_some() {
            agreement::check::<Sql<Postgres, AncestorTable>>().unwrap();
            agreement::check::<Sql<Postgres, Ltree>>().unwrap();
        }
    }
}
