//! `Directory`: names and sibling order of organizations, which are not part of a tree.

use core::cmp::Ordering;
use std::collections::BTreeMap;

use org_structure::{ClientId, OrgId};

use super::{ErpReader, ReadError};
use crate::backend::Value;

/// The current names of a client's organizations, and their order among siblings.
///
/// It contains the organizations of the client and those of its tree. It is read separately from a tree and
/// may be newer or older.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    entries: BTreeMap<OrgId, DirectoryEntry>,
}

/// The display data of an organization.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct DirectoryEntry {
    /// Its name.
    pub name: String,
    /// Its search key (`value`).
    pub search_key: String,
    /// The name of its type; `None` if the type has no row.
    pub type_name: Option<String>,
    /// Does the user interface let it have children? No question about a tree uses this.
    pub summary: bool,
    /// Its position among its siblings (`ad_treenode.seqno`, a decimal); `None` if that is null or the
    /// organization is not in the tree.
    pub sequence_number: Option<f64>,
}

impl DirectoryEntry {
    /// An organization of an ERP that only has names and an order.
    #[must_use]
    pub fn named(name: String, sequence_number: f64) -> Self {
        let (search_key, sequence_number) = (String::new(), Some(sequence_number));
        DirectoryEntry { name, search_key, type_name: None, summary: false, sequence_number }
    }
}

impl Directory {
    /// The entry of an organization.
    #[must_use]
    pub fn get(&self, org: &str) -> Option<&DirectoryEntry> {
        self.entries.get(org)
    }

    /// All organizations, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = (&OrgId, &DirectoryEntry)> {
        self.entries.iter()
    }

    /// The number of organizations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is the directory empty?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The display order of two siblings: by sequence number, those without one last, then by id.
    #[must_use]
    pub fn sibling_order(&self, a: &str, b: &str) -> Ordering {
        let place = |org: &str| self.get(org).and_then(|entry| entry.sequence_number);
        let by_number = match (place(a), place(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_number.then_with(|| a.as_bytes().cmp(b.as_bytes()))
    }
}

impl FromIterator<(OrgId, DirectoryEntry)> for Directory {
    fn from_iter<I: IntoIterator<Item = (OrgId, DirectoryEntry)>>(entries: I) -> Self {
        Directory { entries: entries.into_iter().collect() }
    }
}

impl ErpReader {
    /// Reads the directory of a client, with two statements.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(erp: erp_db::ErpReader) -> Result<(), Box<dyn std::error::Error>> {
    /// let directory = erp.directory("23C59575B9CF467C9620760EB255B389".parse()?).await?;
    /// for (org, entry) in directory.iter() {
    ///     println!("{org}: {}", entry.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ReadError::UnknownClient`]; [`ReadError`] if a column is missing, an id is over-long or the database
    /// does not answer.
    pub async fn directory(&self, client: ClientId) -> Result<Directory, ReadError> {
        let statement = "SELECT o.ad_org_id, o.name, o.value, y.name, o.issummary, \
             CAST(n.seqno AS double precision) AS seqno FROM ad_org o \
             LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id \
             LEFT JOIN ad_treenode n ON n.ad_tree_id = $2 AND n.node_id = o.ad_org_id \
             WHERE o.ad_client_id = $1 OR n.node_id IS NOT NULL";
        self.require_for(statement)?;
        let tree = self.tree_of(client).await?;
        let entries = self
            .database
            .list(statement, &[Value::Text(client.as_str()), tree.as_deref().into()], |row| {
                let id = self.org_id("ad_org", "ad_org_id", row.text_or_empty(0)?)?;
                let entry = DirectoryEntry {
                    name: row.text_or_empty(1)?.to_owned(),
                    search_key: row.text_or_empty(2)?.to_owned(),
                    type_name: row.text(3)?.map(str::to_owned),
                    summary: row.flag(4)?,
                    sequence_number: row.number(5)?,
                };
                Ok::<_, ReadError>((id, entry))
            })
            .await?;
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_ordered_by_number_then_id_and_null_is_last() {
        let numbers = [("a", None), ("b", Some(10.5)), ("c", Some(10.0)), ("D", None), ("e", Some(10.5))];
        let directory: Directory = numbers
            .iter()
            .map(|(id, sequence_number)| {
                let entry = DirectoryEntry {
                    name: String::new(),
                    search_key: String::new(),
                    type_name: None,
                    summary: false,
                    sequence_number: *sequence_number,
                };
                (id.parse().unwrap(), entry)
            })
            .collect();
        let mut ids = ["unknown", "e", "a", "b", "D", "c"];
        ids.sort_by(|a, b| directory.sibling_order(a, b));
        assert_eq!(ids, ["c", "b", "e", "D", "a", "unknown"]);
    }
}
