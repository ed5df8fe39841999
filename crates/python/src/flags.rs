//! `OrgFlags` as Python's `enum.IntFlag`.

use org_structure::OrgFlags;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Creates the class `orgcache.OrgFlags`, with the names and bits of [`OrgFlags`].
pub(crate) fn int_flag(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let members = PyDict::new(py);
    for (name, flag) in OrgFlags::all().iter_names() {
        members.set_item(name, flag.bits())?;
    }
    let options = PyDict::new(py);
    options.set_item("module", "orgcache")?;
    let class = py.import("enum")?.getattr("IntFlag")?.call(("OrgFlags", members), Some(&options))?;
    class.setattr("__doc__", "Facts about an organization, one bit each. Combine them with `|`.")?;
    Ok(class)
}
