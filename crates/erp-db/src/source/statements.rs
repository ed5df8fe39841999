//! The statements that a login sends to the ERP.
//!
//! They are built here, once for both products. `backend/sqlite/login.sql` and `backend/postgres/login.sql`
//! document them as sent; a test compares.

use crate::backend::{Dialect, Select};

/// A user with the roles that it may take: one row per role, or one row if there is none.
pub(super) static USER: Select = Select {
    columns: &[
        "u.ad_client_id",
        "u.isactive",
        "u.islocked",
        "u.default_ad_role_id",
        "u.default_ad_org_id",
        "l.ad_role_id",
        "l.isactive",
        "r.ad_client_id",
        "r.isactive",
        "c.isactive",
    ],
    from: "ad_user u LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id \
         LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id \
         LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id WHERE u.ad_user_id = $1",
};

/// The role $2, or the one that user $1 takes if none is requested, in client $3 if one is requested: the
/// same choice as [`session::openbravo::UserFacts::role_to_take`] makes among usable roles. Also the client
/// whose organizations the role's access depends on.
///
/// There is always one row; each `LIMIT 1` keeps PostgreSQL from repeating the subquery for each use.
const TAKEN: &str = "SELECT chosen.role_id, (SELECT r.ad_client_id FROM ad_role r WHERE r.ad_role_id = chosen.role_id \
       AND ({manual} = 'N' OR EXISTS (SELECT 1 FROM ad_role_orgaccess a \
         WHERE a.ad_role_id = r.ad_role_id AND a.ad_org_id = '0'))) AS client_id \
     FROM (SELECT COALESCE($2, (SELECT l.ad_role_id FROM ad_user u \
       JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id JOIN ad_role r ON r.ad_role_id = l.ad_role_id \
       JOIN ad_client c ON c.ad_client_id = r.ad_client_id \
       WHERE u.ad_user_id = $1 AND l.isactive = 'Y' AND r.isactive = 'Y' AND c.isactive = 'Y' \
       AND (r.ad_client_id = u.ad_client_id OR u.ad_user_id = '100' AND u.ad_client_id = '0') \
       AND r.ad_client_id = COALESCE($3, r.ad_client_id) \
       ORDER BY CASE WHEN l.ad_role_id = u.default_ad_role_id THEN 0 ELSE 1 END, l.ad_role_id{by_bytes} LIMIT 1)) \
       AS role_id LIMIT 1) chosen LIMIT 1";

/// A role with its client and its access rows: one row per access row, or one row if there is none.
macro_rules! role_statement {
    ($manual:literal) => {
        Select {
            columns: &[
                "r.ad_client_id",
                "r.userlevel",
                "r.isactive",
                $manual,
                "c.ad_client_id",
                "c.isactive",
                "a.ad_org_id",
                "a.ad_client_id",
                "a.isactive",
                "o.ad_org_id",
                "o.ad_client_id",
                "o.isactive",
            ],
            from: "ad_role r LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id \
                 LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id \
                 LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id WHERE r.ad_role_id = $1",
        }
    };
}
static ROLE: Select = role_statement!("r.ismanual");
static ROLE_WITHOUT_MANUAL: Select = role_statement!("NULL");

/// All organizations of a client.
pub(super) static ORGANIZATIONS: Select =
    Select { columns: &["ad_org_id", "isactive"], from: "ad_org WHERE ad_client_id = $1" };

/// A role. Older versions lack its column `ismanual`.
pub(super) fn role(has_manual: bool) -> &'static Select {
    if has_manual { &ROLE } else { &ROLE_WITHOUT_MANUAL }
}

/// For user $1, role $2 and client $3: one row with the packed rows of the user, of the role and of the
/// organizations, the role's id, and whether the organizations were read.
pub(super) fn facts(dialect: &Dialect, has_manual: bool) -> String {
    let manual = if has_manual { "r.ismanual" } else { "NULL" };
    let taken = TAKEN.replace("{manual}", manual).replace("{by_bytes}", dialect.by_bytes);
    format!(
        "SELECT ({}), ({}), ({}), taken.role_id, CASE WHEN taken.client_id IS NULL THEN 'N' ELSE 'Y' END \
         FROM ({taken}) taken",
        (dialect.packed)(&USER),
        (dialect.packed)(role(has_manual)).replace("$1", "taken.role_id"),
        (dialect.packed)(&ORGANIZATIONS).replace("$1", "taken.client_id"),
    )
}

/// For client $1: the digest of its tree's rows, and whether counters exist.
pub(super) fn digest(dialect: &Dialect, tree: &Select) -> String {
    let (digest, counters_exist) =
        ((dialect.digest)(&(dialect.packed)(tree)), dialect.revisions.counters_exist);
    format!("SELECT {digest}, CASE WHEN EXISTS ({counters_exist}) THEN 'Y' ELSE 'N' END")
}

/// For client $1: the packed rows of its tree.
pub(super) fn rows(dialect: &Dialect, tree: &Select) -> String {
    format!("({})", (dialect.packed)(tree))
}

#[cfg(all(test, feature = "sqlite", feature = "postgres"))]
mod tests {
    use super::*;
    use crate::backend::{postgres, sqlite};
    use crate::erp::tree_statement;

    /// The statements as sent, each with its name.
    fn sent(dialect: &Dialect, store: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
        let tree = tree_statement(true);
        let erp = [
            ("facts", facts(dialect, true)),
            ("counters", dialect.revisions.with_state("NULL")),
            ("digest", digest(dialect, tree)),
            ("tree", format!("SELECT {}", rows(dialect, tree))),
        ];
        erp.into_iter().chain(store.iter().cloned()).collect()
    }

    /// The statements of a file, without comments and blanks.
    fn written(file: &str) -> Vec<(String, String)> {
        let sections = file.split("-- ## ").skip(1);
        let section = |section: &str| {
            let (name, sql) = section.split_once('\n').unwrap_or((section, ""));
            let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
            (name.trim().to_owned(), bare(&lines.collect::<String>()))
        };
        sections.map(section).collect()
    }

    fn bare(sql: &str) -> String {
        sql.split_ascii_whitespace().collect()
    }

    fn compare(dialect: &Dialect, store: &[(&'static str, String)], file: &str) {
        let sent = sent(dialect, store);
        let written = written(file);
        let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, sent.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for ((name, sql), (_, written)) in sent.iter().zip(&written) {
            assert_eq!(*written, bare(sql), "{name}: {sql}");
        }
    }

    #[test]
    fn the_login_files_match_the_sent_statements() {
        let file = include_str!("../backend/sqlite/login.sql");
        compare(&sqlite::SQLITE, &sqlite::store::login_statements(), file);
        let file = include_str!("../backend/postgres/login.sql");
        compare(&postgres::POSTGRES, &postgres::store::login_statements(), file);
    }
}
