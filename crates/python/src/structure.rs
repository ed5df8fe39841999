//! The class `orgcache.OrgStructure`.

use std::hash::{DefaultHasher, Hash, Hasher};

use org_structure::{OrgFlags, OrgIndex, OrgStructure as Tree, quoted_list};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString, PyTuple, PyType};

use crate::errors::{BuildError, DecodeError, UnknownOrganizationError, unknown};
use crate::numbers::{integer, type_name};
use crate::rows::Row;

/// One immutable organization tree. Share it between threads without a lock.
///
/// Create one with build() or decode(). Name an organization by its id (`str`) or by its index in tree order
/// (`int`). If it is not in the tree, yes-or-no questions answer False; all other methods raise
/// UnknownOrganizationError.
#[pyclass(frozen, module = "orgcache")]
pub(crate) struct OrgStructure {
    tree: Tree,
    findings: Vec<String>,
}

/// The index of an organization that Python names by `str` or `int`.
#[inline]
fn find(tree: &Tree, org: &Bound<'_, PyAny>) -> PyResult<Option<OrgIndex>> {
    if let Ok(id) = org.cast::<PyString>() {
        // A text with a lone surrogate is never an id.
        return Ok(id.to_str().ok().and_then(|id| tree.index_of(id)));
    }
    let refused = |kind: &str| {
        PyTypeError::new_err(format!("an organization is a str (its id) or an int (its index), not {kind}"))
    };
    let index = integer(org, refused)?.and_then(|index| u32::try_from(index).ok()).map(OrgIndex::new);
    // No tree has a negative or a huge index.
    Ok(index.filter(|index| (index.rank() as usize) < tree.len()))
}

impl OrgStructure {
    /// As [`find`], but raises an error for an organization that is not in the tree.
    fn known(&self, org: &Bound<'_, PyAny>) -> PyResult<OrgIndex> {
        find(&self.tree, org)?.ok_or_else(|| match org.cast::<PyString>() {
            Ok(id) => unknown(&id.to_string_lossy()),
            Err(_) => UnknownOrganizationError::new_err(match org.extract::<i64>() {
                Ok(index) => format!("no organization has the index {index}"),
                // Python refuses to format the largest integers.
                Err(_) => "no organization has an index that large".to_owned(),
            }),
        })
    }

    fn texts(&self, orgs: impl IntoIterator<Item = OrgIndex>) -> Vec<String> {
        self.tree.sql_ids(orgs)
    }

    fn text(&self, org: OrgIndex) -> Option<String> {
        self.tree.id(org).map(|id| id.as_str().to_owned())
    }
}

#[pymethods]
impl OrgStructure {
    /// Build a tree from rows in any order: tuples (id, parent, flags, time_zone, calendar), of which id and
    /// parent are required. Raises BuildError.
    #[staticmethod]
    fn build(py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rows = Row::all_from_python(rows)?;
        // Other Python threads run in the meantime, also while the rows are freed.
        let built = py.detach(move || Tree::build(rows.iter().map(Row::as_org_row)));
        let built = built.map_err(|error| BuildError::new_err(error.to_string()))?;
        let findings = built.findings.iter().map(ToString::to_string).collect();
        Ok(OrgStructure { tree: built.structure, findings })
    }

    /// Read the canonical bytes of a tree. Raises DecodeError.
    #[staticmethod]
    fn decode(py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<Self> {
        // Database drivers return a memoryview for a column of bytes. Copy mutable buffers: other threads may
        // change them.
        let is_mutable = bytes.is_instance_of::<PyByteArray>() || bytes.is_instance_of::<PyMemoryView>();
        let bytes = if is_mutable { &py.get_type::<PyBytes>().call1((bytes,))? } else { bytes };
        let bytes = bytes.cast::<PyBytes>().map_err(|_| {
            PyTypeError::new_err(format!(
                "`bytes` is a bytes, bytearray or memoryview, not {}",
                type_name(bytes)
            ))
        })?;
        let bytes = bytes.as_bytes();
        let tree =
            py.detach(|| Tree::decode(bytes)).map_err(|error| DecodeError::new_err(error.to_string()))?;
        Ok(OrgStructure { tree, findings: Vec::new() })
    }

    /// The canonical bytes: the same for the same organizations, on every machine and in every language.
    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.tree.encode()))
    }

    /// Oddities of the rows: dangling parents, several roots, no organization `0`. Empty after decode().
    #[getter]
    fn findings(&self) -> Vec<String> {
        self.findings.clone()
    }

    /// The hash of the canonical bytes, in hexadecimal: the name of this tree.
    #[getter]
    fn fingerprint(&self) -> String {
        self.tree.fingerprint().to_string()
    }

    /// Bytes of heap that the tree takes, exactly.
    #[getter]
    fn footprint(&self) -> usize {
        self.tree.footprint()
    }

    /// The index of an organization, or None if it is not in the tree.
    fn index_of(&self, id: &Bound<'_, PyString>) -> Option<u32> {
        id.to_str().ok().and_then(|id| self.tree.index_of(id)).map(OrgIndex::rank)
    }

    /// The id of an organization.
    fn id(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.text(self.known(org)?))
    }

    /// The flags of an organization.
    fn flags<'py>(&self, py: Python<'py>, org: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let bits = self.tree.flags(self.known(org)?).unwrap_or_default().bits();
        py.import("orgcache")?.getattr("OrgFlags")?.call1((bits,))
    }

    /// The organization's own time zone.
    fn time_zone(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.tree.time_zone(self.known(org)?).map(str::to_owned))
    }

    /// The organization's own calendar.
    fn calendar(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.tree.calendar(self.known(org)?).map(str::to_owned))
    }

    /// The organization directly above, or None for a root.
    fn parent(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.tree.parent(self.known(org)?).and_then(|parent| self.text(parent)))
    }

    /// The number of steps down from the root.
    fn depth(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        Ok(self.tree.depth(self.known(org)?))
    }

    /// May a record of one organization refer to a record of the other? True for itself, ancestors and
    /// descendants.
    fn is_in_natural_tree(&self, one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (one, other) = (find(&self.tree, one)?, find(&self.tree, other)?);
        Ok(one.zip(other).is_some_and(|(one, other)| self.tree.is_in_natural_tree(one, other)))
    }

    /// Is `org` the organization `ancestor` or one of its descendants?
    fn is_self_or_below(&self, org: &Bound<'_, PyAny>, ancestor: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (org, ancestor) = (find(&self.tree, org)?, find(&self.tree, ancestor)?);
        Ok(org.zip(ancestor).is_some_and(|(org, ancestor)| self.tree.is_self_or_below(org, ancestor)))
    }

    /// The nearest organization upwards, itself included, that has any of the flags.
    fn nearest(&self, org: &Bound<'_, PyAny>, flags: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let refused = |kind: &str| PyTypeError::new_err(format!("`flags` is OrgFlags or an int, not {kind}"));
        let bits = integer(flags, refused)?.and_then(|bits| u16::try_from(bits).ok());
        let bits = bits.and_then(OrgFlags::from_bits);
        let flags = bits.ok_or_else(|| PyValueError::new_err("`flags` has bits that are not in OrgFlags"))?;
        let nearest = self.tree.nearest(self.known(org)?, flags);
        Ok(nearest.and_then(|nearest| self.text(nearest)))
    }

    /// The nearest organization upwards, itself included, that has a calendar of its own.
    fn nearest_calendar_owner(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let owner = self.tree.nearest_calendar_owner(self.known(org)?);
        Ok(owner.and_then(|owner| self.text(owner)))
    }

    /// The organization, its ancestors and its descendants, in tree order.
    fn natural_tree(&self, org: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        Ok(self.texts(self.tree.natural_tree(self.known(org)?)))
    }

    /// The ancestors, root first.
    #[pyo3(signature = (org, *, include_self = false))]
    fn ancestors(&self, org: &Bound<'_, PyAny>, include_self: bool) -> PyResult<Vec<String>> {
        Ok(self.texts(self.tree.ancestors(self.known(org)?, include_self)))
    }

    /// The descendants, in tree order.
    #[pyo3(signature = (org, *, include_self = false))]
    fn descendants(&self, org: &Bound<'_, PyAny>, include_self: bool) -> PyResult<Vec<String>> {
        Ok(self.texts(self.tree.descendants(self.known(org)?, include_self)))
    }

    /// The organizations directly below, in tree order.
    fn children(&self, org: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        Ok(self.tree.children(self.known(org)?).filter_map(|child| self.text(child)).collect())
    }

    /// The organizations without a parent, in tree order.
    fn roots(&self) -> Vec<String> {
        self.tree.roots().filter_map(|root| self.text(root)).collect()
    }

    /// The organization, its parent, and so on up to the root.
    fn path_to_root(&self, org: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let org = self.known(org)?;
        Ok(self.tree.path_to_root(org).filter_map(|org| self.text(org)).collect())
    }

    /// Ids quoted and comma separated, as Openbravo's session variables hold them. Quotes within ids are
    /// doubled.
    #[staticmethod]
    fn quoted_list(ids: &Bound<'_, PyAny>) -> PyResult<String> {
        let fault = |what: &str| PyTypeError::new_err(format!("`ids` is an iterable of str, {what}"));
        if ids.is_instance_of::<PyString>() {
            // Its characters would pass for ids.
            return Err(fault("not a str"));
        }
        let text = |id: Bound<'_, PyAny>| {
            let text = id.cast::<PyString>().map_err(|_| fault(&format!("not of {}", type_name(&id))))?;
            Ok(text.to_str()?.to_owned())
        };
        let ids = ids.try_iter()?.map(|id| text(id?)).collect::<PyResult<Vec<String>>>()?;
        Ok(quoted_list(ids))
    }

    fn __len__(&self) -> usize {
        self.tree.len()
    }

    fn __contains__(&self, org: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(find(&self.tree, org)?.is_some())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let ids: Vec<String> = self.tree.indices().filter_map(|org| self.text(org)).collect();
        Ok(ids.into_pyobject(py)?.try_iter()?.into_any())
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.tree.fingerprint().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let fingerprint = self.fingerprint();
        let head = fingerprint.get(..12).unwrap_or(&fingerprint);
        format!("<OrgStructure of {} organizations, fingerprint {head}…>", self.tree.len())
    }

    /// A copy of an immutable value is the value itself.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// A copy of an immutable value is the value itself.
    #[pyo3(signature = (_memo, /))]
    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let decode = PyType::new::<Self>(py).getattr("decode")?;
        Ok((decode, PyTuple::new(py, [self.encode(py)])?))
    }
}
