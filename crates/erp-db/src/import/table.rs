//! The tables that can be imported: their columns, what those hold, and what they refer to.

/// A table of the ERP.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name, and that of its files.
    pub(super) name: &'static str,
    /// Creates it in SQLite.
    pub(super) sqlite: &'static str,
    /// Creates it in PostgreSQL.
    pub(super) postgres: &'static str,
    /// Its columns; the first one is the key. The statements above create those that are not late.
    pub(super) columns: &'static [Column],
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether every row must have a value.
    pub(super) required: bool,
    /// The table in which the value must be a key.
    pub(super) references: Option<&'static str>,
    /// Whether the ERP got it with a later version. An import adds such a column to a table that it creates
    /// only if a file has it: what a database lacks tells its version, and with it which rights its roles
    /// have.
    pub(super) late: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1 to 32 bytes.
    Id,
    /// At most so many characters.
    Text(usize),
    /// `Y` or `N`.
    Flag,
    /// A decimal.
    Number,
    /// A date, or a date and a time, in ISO 8601.
    Timestamp,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false, references: None, late: false }
}

const fn id(name: &'static str) -> Column {
    column(name, Kind::Id)
}

const fn text(name: &'static str, characters: usize) -> Column {
    column(name, Kind::Text(characters))
}

const fn flag(name: &'static str) -> Column {
    column(name, Kind::Flag)
}

const fn number(name: &'static str) -> Column {
    column(name, Kind::Number)
}

const fn timestamp(name: &'static str) -> Column {
    column(name, Kind::Timestamp)
}

impl Column {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// Its type in PostgreSQL; SQLite goes by the same name.
    pub(super) fn sql_type(&self) -> String {
        match self.kind {
            Kind::Id => "varchar(32)".to_owned(),
            Kind::Text(characters) => format!("varchar({characters})"),
            Kind::Flag => "char(1)".to_owned(),
            Kind::Number => "numeric".to_owned(),
            Kind::Timestamp => "timestamp".to_owned(),
        }
    }

    const fn to(mut self, table: &'static str) -> Self {
        self.references = Some(table);
        self
    }
}

/// The number of columns that every table ends with: who made and changed a row, and when.
///
/// They refer to users that need not be among the imported ones, so that is not checked. A real ERP fills
/// some of them in by itself, which a null would prevent: they are left out where no row of a file has a
/// value.
const AUDIT_COLUMNS: usize = 4;

macro_rules! table {
    ($name:literal, [$($column:expr),+ $(,)?]) => {
        Table {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/erp-sample/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/erp-sample/postgres/", $name, ".sql")),
            columns: const {
                &[$($column),+, timestamp("created"), id("createdby"), timestamp("updated"), id("updatedby")]
            },
        }
    };
}

/// All tables, each after those that it refers to as far as that is possible.
pub(super) static TABLES: &[Table] = &[
    table!(
        "ad_client",
        [
            id("ad_client_id").required(),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            text("value", 40).required(),
            text("name", 60).required(),
        ]
    ),
    table!(
        "ad_orgtype",
        [
            id("ad_orgtype_id").required(),
            id("ad_client_id").required().to("ad_client"),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            flag("isdefault"),
            text("name", 60).required(),
            text("description", 255),
            flag("islegalentity").required(),
            flag("isbusinessunit").required(),
            flag("istransactionsallowed").required(),
            flag("isacctlegalentity").required(),
        ]
    ),
    table!(
        "ad_tree",
        [
            id("ad_tree_id").required(),
            id("ad_client_id").required().to("ad_client"),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            text("name", 255).required(),
            text("treetype", 60),
            flag("isallnodes"),
            id("ad_table_id"),
        ]
    ),
    table!(
        "ad_clientinfo",
        [
            id("ad_client_id").required().to("ad_client"),
            flag("isactive").required(),
            id("ad_tree_org_id").to("ad_tree"),
        ]
    ),
    table!(
        "ad_org",
        [
            id("ad_org_id").required(),
            id("ad_client_id").required().to("ad_client"),
            flag("isactive").required(),
            text("value", 40).required(),
            text("name", 60).required(),
            flag("issummary").required(),
            id("ad_orgtype_id").required().to("ad_orgtype"),
            flag("isperiodcontrolallowed").required(),
            id("c_calendar_id"),
            flag("isready").required(),
            id("c_currency_id"),
            id("c_acctschema_id"),
            id("ad_periodcontrolallowed_org_id").to("ad_org").late(),
            id("ad_calendarowner_org_id").to("ad_org").late(),
            id("ad_legalentity_org_id").to("ad_org").late(),
            id("ad_inheritedcalendar_id").late(),
            id("ad_businessunit_org_id").to("ad_org").late(),
            id("ad_groupbusinessunit_org_id").to("ad_org").late(),
            text("timezone", 60).late(),
        ]
    ),
    table!(
        "ad_treenode",
        [
            id("ad_treenode_id").required(),
            id("ad_tree_id").required().to("ad_tree"),
            id("node_id").required(),
            id("ad_client_id").to("ad_client"),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            id("parent_id"),
            number("seqno"),
        ]
    ),
    table!(
        "ad_org_tree",
        [
            id("ad_org_tree_id").required(),
            id("ad_client_id").required().to("ad_client"),
            flag("isactive").required(),
            id("ad_org_id").required().to("ad_org"),
            id("ad_parent_org_id").required().to("ad_org"),
            number("levelno").required(),
        ]
    ),
    table!(
        "ad_role",
        [
            id("ad_role_id").required(),
            id("ad_client_id").required().to("ad_client"),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            text("name", 60).required(),
            text("userlevel", 60).required(),
            flag("ismanual"),
            flag("is_client_admin"),
            flag("istemplate"),
            flag("isrestrictbackend"),
            flag("isportal"),
        ]
    ),
    table!(
        "ad_role_orgaccess",
        [
            id("ad_role_orgaccess_id").required(),
            id("ad_role_id").required().to("ad_role"),
            id("ad_org_id").required().to("ad_org"),
            id("ad_client_id").required().to("ad_client"),
            flag("isactive").required(),
            flag("is_org_admin"),
            id("inherited_from").to("ad_role"),
        ]
    ),
    table!(
        "ad_user",
        [
            id("ad_user_id").required(),
            id("ad_client_id").required().to("ad_client"),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            text("username", 60),
            flag("islocked"),
            id("default_ad_client_id").to("ad_client"),
            id("default_ad_org_id").to("ad_org"),
            id("default_ad_role_id").to("ad_role"),
        ]
    ),
    table!(
        "ad_user_roles",
        [
            id("ad_user_roles_id").required(),
            id("ad_user_id").required().to("ad_user"),
            id("ad_role_id").required().to("ad_role"),
            id("ad_client_id").required().to("ad_client"),
            id("ad_org_id").to("ad_org"),
            flag("isactive").required(),
            flag("is_role_admin"),
        ]
    ),
];

impl Table {
    pub(super) fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The columns, each with whether it is one of the audit columns.
    pub(super) fn columns_and_audit(&self) -> impl Iterator<Item = (&'static Column, bool)> {
        let audit = self.columns.len().saturating_sub(AUDIT_COLUMNS);
        self.columns.iter().enumerate().map(move |(position, column)| (column, position >= audit))
    }

    /// The name of the key.
    pub(super) fn key(&self) -> &'static str {
        self.columns.first().map_or("", |column| column.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns that a statement creates: name, type, and whether they must have a value.
    fn created(sql: &str) -> Vec<(String, String, bool)> {
        let body = sql.split_once('(').unwrap().1.split_once(");").unwrap().0;
        let lines =
            body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("CONSTRAINT"));
        lines
            .map(|line| {
                let mut words = line.trim_end_matches(',').split_whitespace();
                let (name, kind) = (words.next().unwrap(), words.next().unwrap());
                (name.to_owned(), kind.to_owned(), line.contains("NOT NULL"))
            })
            .collect()
    }

    #[test]
    fn tables_are_created_as_they_are_described() {
        for table in TABLES {
            let described = |name_of: fn(&Column) -> String| -> Vec<(String, String, bool)> {
                let columns = table.columns.iter().filter(|column| !column.late);
                columns.map(|column| (column.name.to_owned(), name_of(column), column.required)).collect()
            };
            let sqlite = described(|column| match column.kind {
                Kind::Number => "NUMERIC".to_owned(),
                _ => "TEXT".to_owned(),
            });
            let postgres = described(Column::sql_type);
            assert_eq!(created(table.sqlite), sqlite, "{}", table.name);
            assert_eq!(created(table.postgres), postgres, "{}", table.name);
            assert!(table.sqlite.starts_with(&format!("CREATE TABLE IF NOT EXISTS {} (", table.name)));
            assert!(table.postgres.starts_with(&format!("CREATE TABLE IF NOT EXISTS {} (", table.name)));
        }
    }

    #[test]
    fn every_table_ends_with_the_audit_columns() {
        for table in TABLES {
            let audit: Vec<_> = table
                .columns_and_audit()
                .filter(|(_, audit)| *audit)
                .map(|(column, _)| column.name)
                .collect();
            assert_eq!(audit, ["created", "createdby", "updated", "updatedby"], "{}", table.name);
        }
    }

    #[test]
    fn references_name_tables_and_keys_are_required() {
        for table in TABLES {
            assert!(table.columns.first().is_some_and(|key| key.required), "{}", table.name);
            for target in table.columns.iter().filter_map(|column| column.references) {
                assert!(Table::named(target).is_some(), "{target}");
            }
        }
    }
}
