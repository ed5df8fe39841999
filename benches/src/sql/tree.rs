//! The tree as tables, and each question as one statement.

use core::marker::PhantomData;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::Engine;
use crate::structure::{Answer, Database, Effort, NoAnswer, Structure, ancestor_pairs};
use org_structure::OrgFlags;

/// How the tree is stored and queried.
pub trait TreeQueries {
    /// What is stored besides the parents.
    const KEEPS: KeptRelation;
    /// One row if `$1` is in the natural tree of `$2`.
    const NATURAL_TREE_TEST: &'static str;
    /// The natural tree of `$1`.
    const NATURAL_TREE: &'static str;
    /// All organizations below `$1`.
    const DESCENDANTS: &'static str;
    /// The organizations above `$1`, nearest first.
    const ANCESTORS: &'static str;
    /// The nearest legal entity of `$1`.
    const LEGAL_ENTITY: &'static str;
}

/// What is stored besides the parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptRelation {
    /// Nothing more.
    Parents,
    /// A row for each organization and each of its ancestors.
    Ancestors,
    /// A path for each organization.
    Paths,
}

/// Only parents, with recursive queries.
#[derive(Debug)]
pub struct RecursiveQueries;

/// The path of an organization upwards, itself included.
macro_rules! path {
    ($name:literal, $of:literal) => {
        concat!(
            $name,
            " (id, parent, legal_entity, level) AS (SELECT id, parent, legal_entity, 0 FROM org WHERE id = ",
            $of,
            " UNION ALL SELECT org.id, org.parent, org.legal_entity, level + 1 FROM ",
            $name,
            " JOIN org ON org.id = ",
            $name,
            ".parent)"
        )
    };
}

/// All descendants of an organization.
macro_rules! down {
    () => {
        "down (id) AS (SELECT id FROM org WHERE parent = $1 \
         UNION ALL SELECT org.id FROM down JOIN org ON org.parent = down.id)"
    };
}

impl TreeQueries for RecursiveQueries {
    const KEEPS: KeptRelation = KeptRelation::Parents;
    const NATURAL_TREE_TEST: &'static str = concat!(
        "WITH RECURSIVE ",
        path!("up", "$1"),
        ", ",
        path!("other", "$2"),
        " SELECT 'yes' WHERE EXISTS (SELECT 1 FROM up WHERE id = $2) OR EXISTS (SELECT 1 FROM other WHERE id = $1)"
    );
    const NATURAL_TREE: &'static str = concat!(
        "WITH RECURSIVE ",
        path!("up", "$1"),
        ", ",
        down!(),
        " SELECT id FROM up UNION ALL SELECT id FROM down"
    );
    const DESCENDANTS: &'static str = concat!("WITH RECURSIVE ", down!(), " SELECT id FROM down");
    const ANCESTORS: &'static str =
        concat!("WITH RECURSIVE ", path!("up", "$1"), " SELECT id FROM up WHERE level > 0 ORDER BY level");
    const LEGAL_ENTITY: &'static str = concat!(
        "WITH RECURSIVE ",
        path!("up", "$1"),
        " SELECT id FROM up WHERE legal_entity = 1 ORDER BY level LIMIT 1"
    );
}

/// A row for each organization and each of its ancestors, itself included, like Openbravo's `ad_org_tree`,
/// with an index for either direction.
#[derive(Debug)]
pub struct AncestorTable;

impl TreeQueries for AncestorTable {
    const KEEPS: KeptRelation = KeptRelation::Ancestors;
    const NATURAL_TREE_TEST: &'static str = "SELECT 'yes' WHERE \
        EXISTS (SELECT 1 FROM org_tree WHERE org = $1 AND ancestor = $2) \
        OR EXISTS (SELECT 1 FROM org_tree WHERE org = $2 AND ancestor = $1)";
    const NATURAL_TREE: &'static str = "SELECT ancestor FROM org_tree WHERE org = $1 \
        UNION ALL SELECT org FROM org_tree WHERE ancestor = $1 AND level > 0";
    const DESCENDANTS: &'static str = "SELECT org FROM org_tree WHERE ancestor = $1 AND level > 0";
    const ANCESTORS: &'static str =
        "SELECT ancestor FROM org_tree WHERE org = $1 AND level > 0 ORDER BY level";
    const LEGAL_ENTITY: &'static str = "SELECT ancestor FROM org_tree JOIN org ON org.id = ancestor \
        WHERE org_tree.org = $1 AND legal_entity = 1 ORDER BY level LIMIT 1";
}

/// A path from the root for each organization, in PostgreSQL's extension `ltree`, with a GiST index. The
/// index cannot store a chain of 600, see [`NoAnswer::TooDeep`].
///
/// Labels are the organizations' numbers, since a label allows fewer characters than an id.
#[derive(Debug)]
pub struct Ltree;

impl TreeQueries for Ltree {
    const KEEPS: KeptRelation = KeptRelation::Paths;
    const NATURAL_TREE_TEST: &'static str = "SELECT 'yes' FROM org_path one, org_path other \
        WHERE one.id = $1 AND other.id = $2 AND (one.path <@ other.path OR one.path @> other.path)";
    const NATURAL_TREE: &'static str = "SELECT id FROM org_path \
        WHERE path @> (SELECT path FROM org_path WHERE id = $1) \
        UNION SELECT id FROM org_path WHERE path <@ (SELECT path FROM org_path WHERE id = $1)";
    const DESCENDANTS: &'static str = "SELECT id FROM org_path \
        WHERE path <@ (SELECT path FROM org_path WHERE id = $1) AND id <> $1";
    const ANCESTORS: &'static str = "SELECT id FROM org_path \
        WHERE path @> (SELECT path FROM org_path WHERE id = $1) AND id <> $1 ORDER BY nlevel(path) DESC";
    const LEGAL_ENTITY: &'static str = "SELECT id FROM org_path \
        WHERE path @> (SELECT path FROM org_path WHERE id = $1) AND legal_entity = 1 \
        ORDER BY nlevel(path) DESC LIMIT 1";
}

/// A database with one statement per question.
#[derive(Debug)]
pub struct Sql<E, W> {
    engine: E,
    way: PhantomData<W>,
}

impl<E: Engine, W: TreeQueries> Sql<E, W> {
    fn ask(&self, statement: &'static str, arguments: &[&str]) -> Answer<Vec<String>> {
        self.engine.ask(statement, arguments).map_err(failed)
    }

    fn fill(&self, rows: &str) -> sqlx::Result<()> {
        self.engine.run(
            "CREATE TABLE org (id text PRIMARY KEY, parent text, legal_entity int NOT NULL, allowed int NOT NULL)",
        )?;
        self.engine.ask(E::FILL, &[rows])?;
        self.engine.run("CREATE INDEX org_parent ON org (parent)")?;
        if W::KEEPS == KeptRelation::Paths {
            self.engine.run(
                "CREATE EXTENSION IF NOT EXISTS ltree SCHEMA public; \
                 CREATE TABLE org_path (id text PRIMARY KEY, legal_entity int NOT NULL, path ltree NOT NULL); \
                 INSERT INTO org_path WITH RECURSIVE label (id, label) AS MATERIALIZED \
                 (SELECT id, row_number() OVER (ORDER BY id)::text FROM org), \
                 down (id, legal_entity, path) AS (SELECT id, legal_entity, label::ltree FROM org JOIN label USING (id) \
                 WHERE parent IS NULL UNION ALL SELECT org.id, org.legal_entity, down.path || label \
                 FROM down JOIN org ON org.parent = down.id JOIN label ON label.id = org.id) SELECT * FROM down; \
                 CREATE INDEX org_path_path ON org_path USING gist (path)",
            )?;
        }
        if W::KEEPS == KeptRelation::Ancestors {
            self.engine.run(
                "CREATE TABLE org_tree \
                 (org text NOT NULL, ancestor text NOT NULL, level int NOT NULL, PRIMARY KEY (org, ancestor)); \
                 INSERT INTO org_tree WITH RECURSIVE path (org, ancestor, level) AS (\
                 SELECT id, id, 0 FROM org UNION ALL SELECT path.org, org.parent, level + 1 \
                 FROM path JOIN org ON org.id = path.ancestor WHERE org.parent IS NOT NULL) SELECT * FROM path; \
                 CREATE INDEX org_tree_ancestor ON org_tree (ancestor, org)",
            )?;
        }
        self.engine.run("ANALYZE")
    }
}

/// Did PostgreSQL exceed its stack? It does when it splits a page of a GiST index that cannot store two
/// paths: about 300 levels suffice.
fn is_too_deep(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "54001")
}

fn failed(error: impl core::fmt::Display) -> NoAnswer {
    // The run ends with it.
    eprintln!("error: {error:#}");
    NoAnswer::DatabaseFailed
}

impl<E: Engine, W: TreeQueries> Structure for Sql<E, W> {
    const NAME: &'static str = match W::KEEPS {
        KeptRelation::Parents => E::RECURSIVE,
        KeptRelation::Ancestors => E::ANCESTOR_TABLE,
        KeptRelation::Paths => E::PATH_COLUMN,
    };
    type Set<'a>
        = Vec<String>
    where
        Self: 'a;
    type Path<'a>
        = Vec<String>
    where
        Self: 'a;
    type Org = String;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        // There are as many labels on paths as rows of ancestors.
        if W::KEEPS != KeptRelation::Parents {
            Effort::of_storing().spend(ancestor_pairs(database))?;
        }
        let engine = E::open().map_err(failed)?;
        let sql = Sql { engine, way: PhantomData };
        let needed = OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED;
        let row = |row: &crate::trees::Row| {
            let flag = |flags| u8::from(row.flags.contains(flags));
            (row.id.clone(), row.parent.clone(), flag(OrgFlags::LEGAL_ENTITY), flag(needed))
        };
        let rows: Vec<_> = database.rows().iter().map(row).collect();
        let rows = serde_json::to_string(&rows).map_err(failed)?;
        sql.fill(&rows)
            .map_err(|error| if is_too_deep(&error) { NoAnswer::TooDeep } else { failed(error) })?;
        Ok(sql)
    }

    fn build(_: &Arc<Database>) -> Answer<Self> {
        // The tables exist; none is filled per session.
        Err(NoAnswer::NoSuchCall)
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        self.ask(W::NATURAL_TREE_TEST, &[one, other]).map(|found| !found.is_empty())
    }

    fn natural_tree(&self, org: &str) -> Answer<Vec<String>> {
        self.ask(W::NATURAL_TREE, &[org])
    }

    fn descendants(&self, org: &str) -> Answer<Vec<String>> {
        self.ask(W::DESCENDANTS, &[org])
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<String>> {
        self.ask(W::ANCESTORS, &[org])
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<String>> {
        self.ask(W::LEGAL_ENTITY, &[org]).map(|found| found.into_iter().next())
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        let asked: Vec<&str> = orgs.split(',').map(|quoted| quoted.trim_matches('\'')).collect();
        let json = serde_json::to_string(&asked).map_err(failed)?;
        let allowed: HashSet<String> = self.ask(E::ALLOWED, &[&json])?.into_iter().collect();
        let allowed = asked.into_iter().filter(|org| allowed.contains(*org)).map(|org| format!("'{org}'"));
        Ok(allowed.collect::<Vec<String>>().join(","))
    }

    fn texts(&self, set: &Vec<String>) -> BTreeSet<String> {
        set.iter().cloned().collect()
    }

    fn text(&self, org: &String) -> String {
        org.clone()
    }
}
