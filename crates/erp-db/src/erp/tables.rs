//! The ERP's tables: columns, types, references, and which columns are read.
//!
//! The rest of the crate derives from this list: the query of the catalog, the requirements of a statement,
//! the privileges of a reader, and the tables and files of an import.
//!
//! ```
//! use erp_db::tables::TABLES;
//!
//! for table in TABLES {
//!     let read = table.columns.iter().filter(|column| column.is_read);
//!     let names: Vec<&str> = read.map(|column| column.name).collect();
//!     println!("{}: {}", table.name, names.join(", "));
//! }
//! ```

/// A table of the ERP.
#[derive(Debug)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; the first one is the key.
    pub columns: &'static [Column],
    /// The columns whose combined values are unique, besides the key; empty if there are none.
    pub unique: &'static [&'static str],
    /// A column to index; empty if there is none.
    pub index: &'static str,
}

/// A column of a table.
#[derive(Debug)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// Whether every row must have a value.
    pub required: bool,
    /// The table whose keys its values refer to.
    pub references: Option<&'static str>,
    /// Did a later version of the ERP add it? The columns that a database lacks reveal its version, and with
    /// it the access rules of its roles.
    pub late: bool,
    /// Is the column read for answers?
    pub is_read: bool,
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// 1 to 32 bytes.
    Id,
    /// A text with a maximum number of characters.
    Text(usize),
    /// `Y` or `N`.
    Flag,
    /// A decimal.
    Number,
    /// A date, or a date and a time, in ISO 8601.
    Timestamp,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false, references: None, late: false, is_read: false }
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

    const fn read(mut self) -> Self {
        self.is_read = true;
        self
    }

    const fn late(mut self) -> Self {
        self.late = true;
        self
    }

    const fn references(mut self, table: &'static str) -> Self {
        self.references = Some(table);
        self
    }
}

/// Every table ends with the audit columns: who created and changed a row, and when.
macro_rules! table {
    ($name:literal, [$($column:expr),+ $(,)?]) => {
        Table {
            name: $name,
            columns: const {
                &[$($column),+, timestamp("created"), id("createdby"), timestamp("updated"), id("updatedby")]
            },
            unique: &[],
            index: "",
        }
    };
}

/// All tables, each after those that it refers to, as far as possible.
pub static TABLES: &[Table] = &[
    table!(
        "ad_client",
        [
            id("ad_client_id").read().required(),
            id("ad_org_id").references("ad_org"),
            flag("isactive").read().required(),
            text("value", 40).read().required(),
            text("name", 60).read().required(),
        ]
    ),
    table!(
        "ad_orgtype",
        [
            id("ad_orgtype_id").read().required(),
            id("ad_client_id").required().references("ad_client"),
            id("ad_org_id").references("ad_org"),
            flag("isactive").required(),
            flag("isdefault"),
            text("name", 60).read().required(),
            text("description", 255),
            flag("islegalentity").read().required(),
            flag("isbusinessunit").read().required(),
            flag("istransactionsallowed").read().required(),
            flag("isacctlegalentity").read().required(),
        ]
    ),
    table!(
        "ad_tree",
        [
            id("ad_tree_id").read().required(),
            id("ad_client_id").read().required().references("ad_client"),
            id("ad_org_id").references("ad_org"),
            flag("isactive").required(),
            text("name", 255).required(),
            text("treetype", 60),
            flag("isallnodes"),
            id("ad_table_id").read(),
        ]
    )
    .indexed("ad_client_id"),
    table!(
        "ad_clientinfo",
        [
            id("ad_client_id").read().required().references("ad_client"),
            flag("isactive").required(),
            id("ad_tree_org_id").read().references("ad_tree"),
        ]
    ),
    table!(
        "ad_org",
        [
            id("ad_org_id").read().required(),
            id("ad_client_id").read().required().references("ad_client"),
            flag("isactive").read().required(),
            text("value", 40).read().required(),
            text("name", 60).read().required(),
            flag("issummary").read().required(),
            id("ad_orgtype_id").read().required().references("ad_orgtype"),
            flag("isperiodcontrolallowed").read().required(),
            id("c_calendar_id").read(),
            flag("isready").read().required(),
            id("c_currency_id"),
            id("c_acctschema_id"),
            id("ad_periodcontrolallowed_org_id").read().references("ad_org").late(),
            id("ad_calendarowner_org_id").read().references("ad_org").late(),
            id("ad_legalentity_org_id").read().references("ad_org").late(),
            id("ad_inheritedcalendar_id").read().late(),
            id("ad_businessunit_org_id").read().references("ad_org").late(),
            id("ad_groupbusinessunit_org_id").references("ad_org").late(),
            text("timezone", 60).read().late(),
        ]
    )
    .indexed("ad_client_id"),
    table!(
        "ad_treenode",
        [
            id("ad_treenode_id").required(),
            id("ad_tree_id").read().required().references("ad_tree"),
            id("node_id").read().required(),
            id("ad_client_id").references("ad_client"),
            id("ad_org_id").references("ad_org"),
            flag("isactive").required(),
            id("parent_id").read(),
            number("seqno").read(),
        ]
    )
    .unique(&["ad_tree_id", "node_id"]),
    table!(
        "ad_org_tree",
        [
            id("ad_org_tree_id").required(),
            id("ad_client_id").read().required().references("ad_client"),
            flag("isactive").required(),
            id("ad_org_id").read().required().references("ad_org"),
            id("ad_parent_org_id").read().required().references("ad_org"),
            number("levelno").read().required(),
        ]
    )
    .unique(&["ad_org_id", "ad_parent_org_id", "ad_client_id", "levelno"])
    .indexed("ad_client_id"),
    table!(
        "ad_role",
        [
            id("ad_role_id").read().required(),
            id("ad_client_id").read().required().references("ad_client"),
            id("ad_org_id").references("ad_org"),
            flag("isactive").read().required(),
            text("name", 60).read().required(),
            text("userlevel", 60).read().required(),
            flag("ismanual").read(),
            flag("is_client_admin").read(),
            flag("istemplate"),
            flag("isrestrictbackend"),
            flag("isportal"),
        ]
    ),
    table!(
        "ad_role_orgaccess",
        [
            id("ad_role_orgaccess_id").required(),
            id("ad_role_id").read().required().references("ad_role"),
            id("ad_org_id").read().required().references("ad_org"),
            id("ad_client_id").read().required().references("ad_client"),
            flag("isactive").read().required(),
            flag("is_org_admin"),
            id("inherited_from").references("ad_role"),
        ]
    )
    .unique(&["ad_role_id", "ad_org_id"]),
    table!(
        "ad_user",
        [
            id("ad_user_id").read().required(),
            id("ad_client_id").read().required().references("ad_client"),
            id("ad_org_id").references("ad_org"),
            flag("isactive").read().required(),
            text("username", 60).read(),
            flag("islocked").read(),
            id("default_ad_client_id").read().references("ad_client"),
            id("default_ad_org_id").read().references("ad_org"),
            id("default_ad_role_id").read().references("ad_role"),
        ]
    )
    .indexed("username"),
    table!(
        "ad_user_roles",
        [
            id("ad_user_roles_id").required(),
            id("ad_user_id").read().required().references("ad_user"),
            id("ad_role_id").read().required().references("ad_role"),
            id("ad_client_id").required().references("ad_client"),
            id("ad_org_id").references("ad_org"),
            flag("isactive").read().required(),
            flag("is_role_admin"),
        ]
    )
    .unique(&["ad_user_id", "ad_role_id"]),
];

/// The names of the tables as a list in SQL.
pub(crate) fn names() -> String {
    let names: Vec<String> = TABLES.iter().map(|table| format!("'{}'", table.name)).collect();
    names.join(", ")
}

/// The columns that a statement reads, each with its table, as far as its text shows: `o.name` if it contains
/// `ad_org o`, and in a statement of one table every column of that. In table order.
pub(crate) fn columns_of(statement: &str) -> Vec<(&'static str, &'static str)> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    let words: Vec<&str> = statement.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect();
    let mut tables: Vec<(&'static Table, &str)> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        if let Some(table) = Table::named(word) {
            tables.push((table, words.get(place + 1).copied().unwrap_or_default()));
        }
    }
    let is_one =
        tables.iter().all(|(table, _)| tables.first().is_some_and(|(one, _)| one.name == table.name));
    let mut found = Vec::new();
    for (table, known) in &tables {
        for word in &words {
            let (alias, name) = word.split_once('.').unwrap_or(("", word));
            let is_its = if alias.is_empty() { is_one } else { *known == alias };
            if let Some(column) = table.columns.iter().find(|column| is_its && column.name == name) {
                found.push((table.name, column.name));
            }
        }
    }
    found
}

impl Table {
    const fn unique(mut self, columns: &'static [&'static str]) -> Self {
        self.unique = columns;
        self
    }

    const fn indexed(mut self, column: &'static str) -> Self {
        self.index = column;
        self
    }

    /// The table with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The name of the key.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.columns.first().map_or("", |column| column.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_shows_the_columns_that_it_reads() {
        let joined = "SELECT o.name, COUNT(y.islegalentity) FROM ad_org o \
             LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id WHERE name = 'x'";
        let expected = [
            ("ad_org", "name"),
            ("ad_org", "ad_orgtype_id"),
            ("ad_orgtype", "islegalentity"),
            ("ad_orgtype", "ad_orgtype_id"),
        ];
        assert_eq!(columns_of(joined), expected);
        let one = "SELECT ad_user_id, NULL FROM ad_user WHERE username = $1";
        assert_eq!(columns_of(one), [("ad_user", "ad_user_id"), ("ad_user", "username")]);
        assert_eq!(columns_of("SELECT 1"), []);
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
