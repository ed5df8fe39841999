//! `MissingRights`: the privileges that a database user lacks, found before a statement fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::backend::{Database, DatabaseKind, Row, StatementError};
use crate::erp::tables::Table;

/// What a program does with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Answer logins and questions.
    Service {
        /// Are the ERP's own password hashes read?
        erp_passwords: bool,
    },
    /// Set the password of a user.
    Passwords,
}

/// The privileges that a PostgreSQL user lacks. On SQLite there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingRights {
    place: String,
    user: String,
    /// Privileges, and the object of each.
    rights: Vec<(String, String)>,
}

impl MissingRights {
    pub(crate) fn new(database: &Database) -> Self {
        MissingRights { place: database.place().to_owned(), ..MissingRights::default() }
    }

    /// Is nothing missing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rights.is_empty()
    }

    /// The database whose user lacks privileges.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The GRANT statements for the missing privileges, for the owner to run.
    pub fn grants(&self) -> impl Iterator<Item = String> {
        self.rights.iter().map(|(privileges, on)| format!("GRANT {privileges} ON {on} TO {};", self.user))
    }

    pub(crate) fn add(&mut self, user: &str, privileges: impl Into<String>, on: impl Into<String>) {
        user.clone_into(&mut self.user);
        self.rights.push((privileges.into(), on.into()));
    }
}

impl fmt::Display for MissingRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the user {} lacks rights in {}: ", self.user, self.place)?;
        let rights: Vec<String> = self.rights.iter().map(|(all, on)| format!("{all} on {on}")).collect();
        f.write_str(&rights.join("; "))
    }
}

/// Does the service, or the command that sets passwords, read this column?
fn is_read(purpose: Purpose, table: &str, column: &str) -> bool {
    if let Purpose::Service { erp_passwords: true } = purpose
        && (table, column) == ("ad_user", "password")
    {
        return true;
    }
    let service = matches!(purpose, Purpose::Service { .. });
    let columns = Table::named(table).map_or(&[][..], |table| table.columns);
    (service || table == "ad_user") && columns.iter().any(|read| read.is_read && read.name == column)
}

/// The ERP's tables on the search path, with the user's privileges. Includes schemas that the user may not
/// use: PostgreSQL ignores them on the path, so their tables would seem to be missing.
const ERP: &str = "WITH path AS ( \
       SELECT n.oid, n.nspname, p.place, pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable \
       FROM pg_catalog.regexp_matches(pg_catalog.current_setting('search_path'), \
         '\"((?:[^\"]|\"\")+)\"|([^\",[:space:]]+)', 'g') WITH ORDINALITY AS p (name, place) \
       JOIN pg_catalog.pg_namespace n ON n.nspname = CASE WHEN '$user' IN (p.name[1], p.name[2]) THEN current_user \
         ELSE coalesce(replace(p.name[1], '\"\"', '\"'), lower(p.name[2])) END), \
     found AS ( \
       SELECT DISTINCT ON (c.relname) c.oid, c.relname, path.nspname, path.usable FROM path \
       JOIN pg_catalog.pg_class c ON c.relnamespace = path.oid \
       WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relname LIKE 'ad@_%' ESCAPE '@' \
       ORDER BY c.relname, path.usable DESC, path.place) \
     SELECT pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(f.nspname), \
       CASE WHEN f.usable THEN 'Y' ELSE 'N' END, f.relname, a.attname, \
       CASE WHEN pg_catalog.has_column_privilege(f.oid, a.attnum, 'SELECT') THEN 'Y' ELSE 'N' END \
     FROM found f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped \
     ORDER BY f.relname, a.attnum";

/// The privileges that the reader of an ERP's tables lacks, by one statement.
pub(crate) async fn missing_from_erp(
    database: &Database,
    purpose: Purpose,
) -> Result<MissingRights, StatementError> {
    let mut missing = MissingRights::new(database);
    if database.kind() == DatabaseKind::Sqlite {
        return Ok(missing);
    }
    let (mut user, mut schemas) = (String::new(), BTreeSet::new());
    // For each table, the columns to read that the user may read, and those that the user may not.
    let mut tables: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    database
        .each(ERP, &[], |row: Row<'_>| {
            let (table, column) = (row.text_or_empty(3)?, row.text_or_empty(4)?);
            if is_read(purpose, table, column) {
                row.text_or_empty(0)?.clone_into(&mut user);
                let schema = row.text_or_empty(1)?;
                if !row.flag(2)? {
                    schemas.insert(schema.to_owned());
                }
                let (readable, unreadable) = tables.entry(format!("{schema}.{table}")).or_default();
                if row.flag(5)? { *readable += 1 } else { unreadable.push(column.to_owned()) }
            }
            Ok::<_, StatementError>(())
        })
        .await?;
    for schema in schemas {
        missing.add(&user, "USAGE", format!("SCHEMA {schema}"));
    }
    for (table, (readable, unreadable)) in tables {
        if unreadable.is_empty() {
            continue;
        }
        // The column of password hashes has its own privilege.
        let whole = readable == 0 && !table.ends_with(".ad_user");
        let privileges =
            if whole { "SELECT".to_owned() } else { format!("SELECT ({})", unreadable.join(", ")) };
        missing.add(&user, privileges, table);
    }
    Ok(missing)
}

/// The schema and tables of the store, with the user's privileges.
#[cfg(feature = "session")]
const STORE: &str = "SELECT pg_catalog.quote_ident(current_user), \
       pg_catalog.quote_ident(pg_catalog.current_database()), CASE WHEN n.oid IS NULL THEN 'N' ELSE 'Y' END, \
       CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN 'Y' ELSE 'N' END, \
       CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'Y' ELSE 'N' END, \
       CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'CREATE') THEN 'Y' ELSE 'N' END, c.relname, \
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN 'Y' ELSE 'N' END, \
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'INSERT') THEN 'Y' ELSE 'N' END, \
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'UPDATE') THEN 'Y' ELSE 'N' END, \
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'DELETE') THEN 'Y' ELSE 'N' END \
     FROM (SELECT CAST(pg_catalog.to_regnamespace('orgcache') AS pg_catalog.oid) AS oid) n \
     LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' ORDER BY c.relname";

/// The privileges that the user of a session store lacks to use its tables, and to create them if `migrates`.
#[cfg(feature = "session")]
pub(crate) async fn missing_from_store(
    database: &Database,
    purpose: Purpose,
    migrates: bool,
    works: bool,
) -> Result<MissingRights, StatementError> {
    const PRIVILEGES: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    let mut missing = MissingRights::new(database);
    if database.kind() == DatabaseKind::Sqlite {
        return Ok(missing);
    }
    let mut is_first = true;
    database
        .each(STORE, &[], |row: Row<'_>| {
            let user = row.text_or_empty(0)?;
            let has_schema = row.flag(2)?;
            if std::mem::take(&mut is_first) {
                if migrates && !has_schema && !row.flag(3)? {
                    missing.add(user, "CREATE", format!("DATABASE {}", row.text_or_empty(1)?));
                }
                let mut lacks = Vec::new();
                if has_schema && !row.flag(4)? {
                    lacks.push("USAGE");
                }
                if has_schema && migrates && !row.flag(5)? {
                    lacks.push("CREATE");
                }
                if !lacks.is_empty() {
                    missing.add(user, lacks.join(", "), "SCHEMA orgcache");
                }
            }
            let table = row.text(6)?.unwrap_or_default();
            let needed = needed_in_store(purpose, table, migrates, works);
            let mut lacks = Vec::new();
            for (column, privilege) in (7..).zip(PRIVILEGES) {
                if needed.contains(&privilege) && !row.flag(column)? {
                    lacks.push(privilege);
                }
            }
            if !lacks.is_empty() {
                missing.add(user, lacks.join(", "), format!("orgcache.{table}"));
            }
            Ok::<_, StatementError>(())
        })
        .await?;
    Ok(missing)
}

#[cfg(feature = "session")]
fn needed_in_store(purpose: Purpose, table: &str, migrates: bool, works: bool) -> &'static [&'static str] {
    match (table, purpose) {
        ("orgcache_migration", _) if migrates || works => &["SELECT"],
        _ if !works => &[],
        ("orgcache_password", Purpose::Service { .. }) => &["SELECT"],
        ("orgcache_session", Purpose::Passwords) => &["SELECT", "DELETE"],
        ("orgcache_password", _)
        | (
            "orgcache_session" | "orgcache_tree" | "orgcache_access" | "orgcache_assertion",
            Purpose::Service { .. },
        ) => &["SELECT", "INSERT", "UPDATE", "DELETE"],
        _ => &[],
    }
}
