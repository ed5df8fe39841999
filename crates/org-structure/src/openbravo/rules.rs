//! Openbravo's rules that are asked by index: levels, the closest record, and lists for its SQL.

use crate::{OrgIndex, OrgStructure};

impl OrgStructure {
    /// **Openbravo's rule:** the level of an ancestor, which is 1 for the organization itself, 2 for its
    /// parent, and so on; `None` if `ancestor` is neither.
    ///
    /// The database function `AD_ISORGINCLUDED` counts like this; see [`openbravo`](crate::openbravo) for its
    /// rules about readiness.
    ///
    /// # Complexity
    /// O(log n), no allocation.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let tree = OrgStructure::build([OrgRow::new("0"), OrgRow::new("Spain").under("0")])?.structure;
    /// let [zero, spain] = ["0", "Spain"].map(|id| tree.index_of(id).unwrap());
    /// assert_eq!(tree.level(spain, spain), Some(1));
    /// assert_eq!(tree.level(spain, zero), Some(2));
    /// assert_eq!(tree.level(zero, spain), None);
    /// # Ok::<(), org_structure::BuildError>(())
    /// ```
    #[must_use]
    pub fn level(&self, org: OrgIndex, ancestor: OrgIndex) -> Option<u32> {
        if !self.is_self_or_below(org, ancestor) {
            return None;
        }
        Some(self.depth(org)? - self.depth(ancestor)? + 1)
    }

    /// **Openbravo's rule:** of records that belong to organizations, the one that is closest to `org`.
    ///
    /// Records of `org` and its ancestors come first, the nearest organization first; then records of any
    /// descendant, at any depth. The smallest record wins a tie. A record of another branch is never chosen.
    /// (`getBOBInClosestOrg`, as corrected in February 2023.)
    ///
    /// # Complexity
    /// O(records), no allocation.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let rows = [OrgRow::new("0"), OrgRow::new("Spain").under("0"), OrgRow::new("Madrid").under("Spain")];
    /// let tree = OrgStructure::build(rows)?.structure;
    /// let [zero, spain, madrid] = ["0", "Spain", "Madrid"].map(|id| tree.index_of(id).unwrap());
    ///
    /// let price_lists = [("base", zero), ("spanish", spain)];
    /// assert_eq!(tree.closest(madrid, price_lists), Some("spanish"));
    /// # Ok::<(), org_structure::BuildError>(())
    /// ```
    #[must_use]
    pub fn closest<R: Ord>(
        &self,
        org: OrgIndex,
        records: impl IntoIterator<Item = (R, OrgIndex)>,
    ) -> Option<R> {
        let mut above: Option<(OrgIndex, R)> = None;
        let mut below: Option<R> = None;
        for (record, owner) in records {
            if self.is_self_or_below(org, owner) {
                let better = above.as_ref().is_none_or(|(nearest, smallest)| {
                    owner > *nearest || owner == *nearest && record < *smallest
                });
                if better {
                    above = Some((owner, record));
                }
            } else if self.is_self_or_below(owner, org) && below.as_ref().is_none_or(|best| record < *best) {
                below = Some(record);
            }
        }
        above.map(|(_, record)| record).or(below)
    }

    /// **Openbravo's rule:** the ids of a set or of a view as its session variables hold them, quoted and
    /// comma separated, in tree order.
    ///
    /// A quote within an id is doubled, so the text is safe in an SQL statement for every id.
    /// If the database driver allows it, bind [`sql_ids`](Self::sql_ids) instead.
    #[must_use]
    pub fn quoted_list(&self, orgs: impl IntoIterator<Item = OrgIndex>) -> String {
        quoted_list(self.ids(orgs))
    }
}

/// **Openbravo's rule:** ids as its session variables hold them, quoted and comma separated, in the order
/// given.
///
/// A quote within an id is doubled, so the text is safe in an SQL statement for every id.
///
/// # Examples
/// ```
/// assert_eq!(org_structure::quoted_list(["0", "O'Hara"]), "'0','O''Hara'");
/// ```
#[must_use]
pub fn quoted_list(ids: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut list = String::new();
    for id in ids {
        list.push_str(if list.is_empty() { "'" } else { ",'" });
        for (position, part) in id.as_ref().split('\'').enumerate() {
            if position > 0 {
                list.push_str("''");
            }
            list.push_str(part);
        }
        list.push('\'');
    }
    list
}
