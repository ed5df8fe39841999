//! A tree for people: indented, as a graph for Graphviz, as a graph for Mermaid.

use core::fmt;

use crate::invariant::narrow;
use crate::{OrgIndex, OrgStructure};

/// How many organizations are shown by default.
const SHOWN: usize = 100;

/// The deepest level that is indented.
const INDENTED: u32 = 40;

/// An indented tree with flags, one line per organization. Shows 100 organizations, or as many as the
/// precision says (`{:.20}`), and then how many it omits. Below level 40, a line begins with its depth.
///
/// # Examples
/// ```
/// use org_structure::{OrgFlags, OrgRow, OrgStructure};
///
/// let tree = OrgStructure::build([
///     OrgRow::new("0"),
///     OrgRow::new("Spain").under("0").with_flags(OrgFlags::READY | OrgFlags::LEGAL_ENTITY),
///     OrgRow::new("Madrid").under("Spain"),
///     OrgRow::new("USA").under("0"),
/// ])?
/// .structure;
/// assert_eq!(tree.to_string(), "0\n  Spain  READY | LEGAL_ENTITY\n    Madrid\n  USA");
/// assert_eq!(format!("{tree:.2}"), "0\n  Spain  READY | LEGAL_ENTITY\n… and 2 more organizations");
/// # Ok::<(), org_structure::BuildError>(())
/// ```
impl fmt::Display for OrgStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = f.precision().unwrap_or(SHOWN);
        // The ends of the subtrees that are open.
        let mut open: Vec<u32> = Vec::new();
        for (org, row) in self.indices().zip(self.rows()).take(shown) {
            if org.rank() > 0 {
                f.write_str("\n")?;
            }
            while open.pop_if(|end| *end <= org.rank()).is_some() {}
            let depth = narrow(open.len());
            open.push(self.subtree(org).end);
            for _ in 0..depth.min(INDENTED) {
                f.write_str("  ")?;
            }
            if depth > INDENTED {
                write!(f, "{depth}: ")?;
            }
            write!(f, "{}", row.id.as_str().escape_debug())?;
            if !row.flags.is_empty() {
                f.write_str("  ")?;
                bitflags::parser::to_writer(&row.flags, &mut *f)?;
            }
        }
        match self.len().checked_sub(shown) {
            None | Some(0) => Ok(()),
            Some(_) if shown == 0 => write!(f, "{} organizations", self.len()),
            Some(1) => f.write_str("\n… and 1 more organization"),
            Some(more) => write!(f, "\n… and {more} more organizations"),
        }
    }
}

/// A one-line summary: the number of organizations and the beginning of the fingerprint.
impl fmt::Debug for OrgStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrgStructure")
            .field("organizations", &self.len())
            .field("fingerprint", &format_args!("{:.8}…", self.fingerprint()))
            .finish_non_exhaustive()
    }
}

/// A tree in the DOT language of Graphviz. See [`OrgStructure::dot`].
#[derive(Clone, Copy, Debug)]
pub struct Dot<'t>(&'t OrgStructure);

/// A tree as a flowchart of Mermaid. See [`OrgStructure::mermaid`].
#[derive(Clone, Copy, Debug)]
pub struct Mermaid<'t>(&'t OrgStructure);

impl OrgStructure {
    /// The whole tree in the DOT language of Graphviz.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let tree = OrgStructure::build([OrgRow::new("0"), OrgRow::new("A").under("0")])?.structure;
    /// let dot = "digraph organizations {\n  n0 [label=\"0\"];\n  n1 [label=\"A\"];\n  n0 -> n1;\n}\n";
    /// assert_eq!(tree.dot().to_string(), dot);
    /// # Ok::<(), org_structure::BuildError>(())
    /// ```
    #[must_use]
    pub fn dot(&self) -> Dot<'_> {
        Dot(self)
    }

    /// The whole tree as a flowchart of Mermaid.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let tree = OrgStructure::build([OrgRow::new("0"), OrgRow::new("A").under("0")])?.structure;
    /// let mermaid = "flowchart TD\n  n0[\"0\"]\n  n1[\"A\"]\n  n0 --> n1\n";
    /// assert_eq!(tree.mermaid().to_string(), mermaid);
    /// # Ok::<(), org_structure::BuildError>(())
    /// ```
    #[must_use]
    pub fn mermaid(&self) -> Mermaid<'_> {
        Mermaid(self)
    }
}

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dot(tree) = self;
        f.write_str("digraph organizations {\n")?;
        for (org, row) in tree.indices().zip(tree.rows()) {
            write!(f, "  n{org} [label=\"")?;
            for character in row.id.as_str().chars() {
                match character {
                    '"' | '\\' => write!(f, "\\{character}")?,
                    character if character.is_control() => write!(f, "\\{}", character.escape_unicode())?,
                    character => write!(f, "{character}")?,
                }
            }
            f.write_str("\"];\n")?;
        }
        for (parent, org) in edges(tree) {
            writeln!(f, "  n{parent} -> n{org};")?;
        }
        f.write_str("}\n")
    }
}

impl fmt::Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mermaid(tree) = self;
        f.write_str("flowchart TD\n")?;
        for (org, row) in tree.indices().zip(tree.rows()) {
            write!(f, "  n{org}[\"")?;
            for character in row.id.as_str().chars() {
                // Mermaid accepts any character by its number.
                if character.is_alphanumeric() || " -_.".contains(character) {
                    write!(f, "{character}")?;
                } else {
                    write!(f, "#{};", u32::from(character))?;
                }
            }
            f.write_str("\"]\n")?;
        }
        for (parent, org) in edges(tree) {
            writeln!(f, "  n{parent} --> n{org}")?;
        }
        Ok(())
    }
}

/// All (parent, child) pairs.
fn edges(tree: &OrgStructure) -> impl Iterator<Item = (OrgIndex, OrgIndex)> {
    tree.indices().filter_map(|org| Some((tree.parent(org)?, org)))
}
