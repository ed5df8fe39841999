//! `OrgStructure::build`: from rows in any order to a tree, with errors and findings.

use platform::text::{NAME_BYTES, shorten};

use crate::column::NONE;
use crate::invariant::at;
use crate::numbering::{Numbering, parents_by_rank};
use crate::roster::{Roster, RosterFault};
use crate::side_table::SideTable;
use crate::{BuildError, Cycle, Finding, OrgFlags, OrgId, OrgIndex, OrgRow, OrgStructure};

/// The most organizations that a tree may have.
pub const MAX_ORGANIZATIONS: u32 = u32::MAX - 1;

/// A tree, and the oddities of the rows it was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildOutcome {
    /// The tree.
    pub structure: OrgStructure,
    /// Oddities of the rows, in a fixed order: dangling parents by id, then several roots, then no `0`.
    pub findings: Vec<Finding>,
}

impl OrgStructure {
    /// Builds a tree from rows in any order. The same rows in another order give the same tree.
    ///
    /// Accepted, and reported as [`Finding`]s: several roots, no organization `0`, and a parent that is not
    /// among the rows (that organization becomes a root).
    ///
    /// # Complexity
    /// O(n log n) time, O(n) memory; no recursion over the depth.
    ///
    /// # Errors
    /// [`BuildError`] with the ids in it: an empty or over-long id, an id that occurs twice, an organization
    /// that is its own parent, flags that are not in [`OrgFlags`], organizations that are each other's
    /// ancestors, more than [`MAX_ORGANIZATIONS`] rows.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let rows = [OrgRow::new("Madrid").under("Spain"), OrgRow::new("0"), OrgRow::new("Spain").under("0")];
    /// let built = OrgStructure::build(rows)?;
    /// assert!(built.findings.is_empty());
    ///
    /// let tree = built.structure;
    /// let madrid = tree.index_of("Madrid").unwrap();
    /// assert_eq!(tree.depth(madrid), Some(2));
    /// # Ok::<(), org_structure::BuildError>(())
    /// ```
    pub fn build<'a>(rows: impl IntoIterator<Item = OrgRow<'a>>) -> Result<BuildOutcome, BuildError> {
        Self::build_at_most(MAX_ORGANIZATIONS, rows)
    }

    /// Builds a tree of at most `limit` organizations; rows past the limit are not read.
    ///
    /// # Errors
    /// As [`build`](Self::build), and [`BuildError::TooMany`] past the limit.
    pub fn build_at_most<'a>(
        limit: u32,
        rows: impl IntoIterator<Item = OrgRow<'a>>,
    ) -> Result<BuildOutcome, BuildError> {
        let limit = limit.min(MAX_ORGANIZATIONS);
        let rows: Vec<OrgRow<'a>> = rows.into_iter().take((limit as usize).saturating_add(1)).collect();
        if rows.len() > limit as usize {
            return Err(BuildError::TooMany { limit });
        }
        build(&rows)
    }
}

fn build(rows: &[OrgRow<'_>]) -> Result<BuildOutcome, BuildError> {
    let roster = Roster::new(rows.iter().map(|row| (row.id, row.flags))).map_err(|fault| match fault {
        RosterFault::Id(error) => BuildError::Id(error),
        RosterFault::Duplicate(id) => BuildError::Duplicate { id },
    })?;
    check_flags(rows)?;
    let (parents, mut findings) = resolve_parents(rows, &roster)?;
    let id = |row: u32| at(rows, row).id.as_bytes();
    let numbering = Numbering::new(&parents, id).map_err(|cyclic| find_cycle(&parents, &cyclic, &roster))?;

    let time_zones = by_rank(rows, &numbering, |row| row.time_zone);
    let calendars = by_rank(rows, &numbering, |row| row.calendar);

    let structure = OrgStructure::assemble(
        &parents_by_rank(&numbering, &parents),
        roster.reorder(&numbering.order, &numbering.rank_of),
        SideTable::new(&time_zones),
        SideTable::new(&calendars),
    );
    findings.extend(odd_roots(&structure));
    Ok(BuildOutcome { structure, findings })
}

/// Returns an error for the smallest id whose row has unknown flags. All ids are valid at this point.
fn check_flags(rows: &[OrgRow<'_>]) -> Result<(), BuildError> {
    let unknown = |row: &OrgRow<'_>| row.flags.difference(OrgFlags::all());
    match rows.iter().filter(|row| !unknown(row).is_empty()).min_by_key(|row| row.id) {
        Some(row) => Err(BuildError::UnknownFlags { id: OrgId::new(row.id)?, bits: unknown(row).bits() }),
        None => Ok(()),
    }
}

/// The rows that have a given text, by rank.
fn by_rank<'a>(
    rows: &[OrgRow<'a>],
    numbering: &Numbering,
    text: impl Fn(&OrgRow<'a>) -> Option<&'a str>,
) -> Vec<(u32, &'a str)> {
    let ranked = rows.iter().zip(&numbering.rank_of);
    let mut texts: Vec<(u32, &str)> = ranked.filter_map(|(row, &rank)| Some((rank, text(row)?))).collect();
    texts.sort_unstable();
    texts
}

/// Each row's parent as a row number, or [`NONE`] for a root; and the parents that no row has.
fn resolve_parents(rows: &[OrgRow<'_>], roster: &Roster) -> Result<(Vec<u32>, Vec<Finding>), BuildError> {
    let mut parents = Vec::with_capacity(rows.len());
    let mut dangling: Vec<(OrgId, &str)> = Vec::new();
    let mut own_parent: Option<OrgId> = None;
    for (number, row) in (0..).zip(rows) {
        let parent = row.parent.map(|parent| roster.rank_of(parent).ok_or(parent));
        parents.push(match parent {
            None => NONE,
            Some(Ok(parent)) => {
                if parent == number {
                    own_parent = own_parent.into_iter().chain([roster.known_id(number)]).min();
                }
                parent
            }
            Some(Err(name)) => {
                dangling.push((roster.known_id(number), name));
                NONE
            }
        });
    }
    if let Some(id) = own_parent {
        return Err(BuildError::SelfParent { id });
    }
    dangling.sort_unstable();
    let finding = |(org, name)| Finding::DanglingParent { org, parent: shorten(name, NAME_BYTES).into() };
    Ok((parents, dangling.into_iter().map(finding).collect()))
}

/// The cycle with the smallest id, of those that these rows form.
fn find_cycle(parents: &[u32], rows: &[u32], roster: &Roster) -> BuildError {
    let first = rows.iter().copied().min_by_key(|&row| roster.known_id(row));
    let cycle = first.into_iter().flat_map(|first| around(parents, first));
    Cycle::new(cycle.map(|row| roster.known_id(row)).collect()).into()
}

/// The cycle through a row: each row followed by its parent, beginning with that row.
fn around(parents: &[u32], first: u32) -> impl Iterator<Item = u32> {
    core::iter::successors(Some(first), move |&row| Some(at(parents, row)).filter(|&parent| parent != first))
}

fn odd_roots(structure: &OrgStructure) -> impl Iterator<Item = Finding> {
    let roots: Vec<OrgIndex> = structure.roots().collect();
    let several = (roots.len() > 1).then(|| Finding::SeveralRoots { roots: structure.ids(roots).collect() });
    let no_zero =
        (!structure.is_empty() && structure.index_of("0").is_none()).then_some(Finding::NoOrganizationZero);
    several.into_iter().chain(no_zero)
}
