//! A question at a time, asked of a database: what an application does that keeps no tree.
//!
//! [`Sql`] is a [`Structure`] whose every answer is one prepared statement, on a connection that is open and
//! on tables whose pages are in memory. Two ways of keeping a tree ([`Recursive`], [`AncestorTable`]) on two
//! products ([`Sqlite`], [`Postgres`]), and PostgreSQL's own, [`Ltree`].

mod engine;
mod tree;

use crate::agreement;
use crate::contender::{Contender, Timed};
use crate::structure::{Structure, Unanswered};

pub use engine::{Engine, Postgres, Sqlite, postgres_url};
pub use tree::{AncestorTable, Keeps, Ltree, Recursive, Sql, Way};

/// All that this machine can run: those on PostgreSQL where there is a server.
#[must_use]
pub fn contenders() -> Vec<Contender> {
    let mut contenders =
        vec![contender::<Sql<Sqlite, Recursive>>(), contender::<Sql<Sqlite, AncestorTable>>()];
    if postgres_url().is_some() {
        contenders.push(contender::<Sql<Postgres, Recursive>>());
        contenders.push(contender::<Sql<Postgres, AncestorTable>>());
        contenders.push(contender::<Sql<Postgres, Ltree>>());
    }
    contenders
}

fn contender<S: Structure + 'static>() -> Contender {
    Contender {
        name: S::NAME,
        agree: agreement::check::<S>,
        load: |database| S::load(database).map(|structure| Box::new(structure) as Box<dyn Timed>),
        // What a session holds is a connection of a pool, and that is shared.
        count: |_, _, _| Err(Unanswered::NoSuchCall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_answers_as_orgcache_does() {
        // On PostgreSQL this is checked where there is a server, and by every run that times it.
        agreement::check::<Sql<Sqlite, Recursive>>().unwrap();
        agreement::check::<Sql<Sqlite, AncestorTable>>().unwrap();
        if postgres_url().is_some() {
            agreement::check::<Sql<Postgres, AncestorTable>>().unwrap();
            agreement::check::<Sql<Postgres, Ltree>>().unwrap();
        }
    }
}
