//! The class `orgcache.OrgStructure`.

use std::hash::{DefaultHasher, Hash, Hasher};

use org_structure::{OrgFlags, OrgIndex, OrgStructure as Tree, quoted_list};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString, PyTuple, PyType};

use crate::errors::{BuildError, DecodeError, UnknownOrganizationError, unknown};
use crate::rows::Row;

/// One immutable organization tree.
#[pyclass(frozen, module = "orgcache")]
pub(crate) struct OrgStructure {
    tree: Tree,
    findings: Vec<String>,
}

/// Where a Python argument, `str` or `int`, is in the tree.
#[inline]
fn find(tree: &Tree, org: &Bound<'_, PyAny>) -> PyResult<Option<OrgIndex>> {
    if let Ok(id) = org.cast::<PyString>() {
        // A text with a lone surrogate is the id of no organization.
        return Ok(id.to_str().ok().and_then(|id| tree.index_of(id)));
    }
    let index = org.cast::<PyInt>().map_err(|_| {
        let name = org.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("an organization is a str (its id) or an int (its index), not {name}"))
    })?;
    // No tree has an organization at a negative or a huge index.
    let index = index.extract().ok().map(OrgIndex::new);
    Ok(index.filter(|index| (index.rank() as usize) < tree.len()))
}

impl OrgStructure {
    /// As [`find`], where an organization that is not in the tree is an error.
    fn known(&self, org: &Bound<'_, PyAny>) -> PyResult<OrgIndex> {
        find(&self.tree, org)?.ok_or_else(|| match org.cast::<PyString>() {
            Ok(id) => unknown(&id.to_string_lossy()),
            Err(_) => UnknownOrganizationError::new_err(format!("no organization has the index {org}")),
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
    #[staticmethod]
    fn build(py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rows = rows.try_iter()?.enumerate().map(|(number, row)| Row::from_python(number, &row?));
        let rows = rows.collect::<PyResult<Vec<Row>>>()?;
        // Other threads of Python run meanwhile.
        let built = py.detach(|| Tree::build(rows.iter().map(Row::as_org_row)));
        let built = built.map_err(|error| BuildError::new_err(error.to_string()))?;
        let findings = built.findings.iter().map(ToString::to_string).collect();
        Ok(OrgStructure { tree: built.structure, findings })
    }

    #[staticmethod]
    fn decode(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let tree =
            py.detach(|| Tree::decode(bytes)).map_err(|error| DecodeError::new_err(error.to_string()))?;
        Ok(OrgStructure { tree, findings: Vec::new() })
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.tree.encode())
    }

    #[getter]
    fn findings(&self) -> Vec<String> {
        self.findings.clone()
    }

    #[getter]
    fn fingerprint(&self) -> String {
        self.tree.fingerprint().to_string()
    }

    #[getter]
    fn footprint(&self) -> usize {
        self.tree.footprint()
    }

    fn index_of(&self, id: &Bound<'_, PyString>) -> Option<u32> {
        id.to_str().ok().and_then(|id| self.tree.index_of(id)).map(OrgIndex::rank)
    }

    fn id(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.text(self.known(org)?))
    }

    fn flags<'py>(&self, py: Python<'py>, org: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let bits = self.tree.flags(self.known(org)?).unwrap_or_default().bits();
        py.import("orgcache")?.getattr("OrgFlags")?.call1((bits,))
    }

    fn time_zone(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.tree.time_zone(self.known(org)?).map(str::to_owned))
    }

    fn calendar(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.tree.calendar(self.known(org)?).map(str::to_owned))
    }

    fn parent(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(self.tree.parent(self.known(org)?).and_then(|parent| self.text(parent)))
    }

    fn depth(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        Ok(self.tree.depth(self.known(org)?))
    }

    fn is_in_natural_tree(&self, one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (one, other) = (find(&self.tree, one)?, find(&self.tree, other)?);
        Ok(one.zip(other).is_some_and(|(one, other)| self.tree.is_in_natural_tree(one, other)))
    }

    fn is_self_or_below(&self, org: &Bound<'_, PyAny>, ancestor: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (org, ancestor) = (find(&self.tree, org)?, find(&self.tree, ancestor)?);
        Ok(org.zip(ancestor).is_some_and(|(org, ancestor)| self.tree.is_self_or_below(org, ancestor)))
    }

    fn nearest(&self, org: &Bound<'_, PyAny>, flags: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let flags =
            flags.cast::<PyInt>().map_err(|_| PyTypeError::new_err("`flags` is not OrgFlags or an int"))?;
        let bits = flags.extract().ok().and_then(OrgFlags::from_bits);
        let flags = bits.ok_or_else(|| PyValueError::new_err("`flags` has bits that are not in OrgFlags"))?;
        let nearest = self.tree.nearest(self.known(org)?, flags);
        Ok(nearest.and_then(|nearest| self.text(nearest)))
    }

    fn nearest_calendar_owner(&self, org: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let owner = self.tree.nearest_calendar_owner(self.known(org)?);
        Ok(owner.and_then(|owner| self.text(owner)))
    }

    fn natural_tree(&self, org: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        Ok(self.texts(self.tree.natural_tree(self.known(org)?)))
    }

    #[pyo3(signature = (org, *, include_self = false))]
    fn ancestors(&self, org: &Bound<'_, PyAny>, include_self: bool) -> PyResult<Vec<String>> {
        Ok(self.texts(self.tree.ancestors(self.known(org)?, include_self)))
    }

    #[pyo3(signature = (org, *, include_self = false))]
    fn descendants(&self, org: &Bound<'_, PyAny>, include_self: bool) -> PyResult<Vec<String>> {
        Ok(self.texts(self.tree.descendants(self.known(org)?, include_self)))
    }

    fn children(&self, org: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        Ok(self.tree.children(self.known(org)?).filter_map(|child| self.text(child)).collect())
    }

    fn roots(&self) -> Vec<String> {
        self.tree.roots().filter_map(|root| self.text(root)).collect()
    }

    fn path_to_root(&self, org: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let org = self.known(org)?;
        Ok(self.tree.path_to_root(org).filter_map(|org| self.text(org)).collect())
    }

    #[staticmethod]
    fn quoted_list(ids: &Bound<'_, PyAny>) -> PyResult<String> {
        let ids = ids.try_iter()?.map(|id| id?.extract()).collect::<PyResult<Vec<String>>>()?;
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

    #[pyo3(signature = (_memo, /))]
    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let decode = PyType::new::<Self>(py).getattr("decode")?;
        Ok((decode, PyTuple::new(py, [self.encode(py)])?))
    }
}
