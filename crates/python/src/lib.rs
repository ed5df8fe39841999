//! The Python module `orgcache`: [`OrgStructure`](org_structure::OrgStructure) for Python programs.
//!
//! The module is a thin layer: it converts arguments and errors, and leaves every rule to the crate
//! `org-structure`. The types that Python sees are described in `orgcache.pyi`.

mod errors;
mod flags;
mod numbers;
mod rows;
mod structure;

use pyo3::prelude::*;

/// An ERP's organization tree, stored once and queried in nanoseconds.
///
/// Build an OrgStructure from rows and share it between threads without a lock: it never changes.
#[pymodule(gil_used = false)]
fn orgcache(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("OrgFlags", flags::int_flag(module.py())?)?;
    module.add("BuildError", module.py().get_type::<errors::BuildError>())?;
    module.add("DecodeError", module.py().get_type::<errors::DecodeError>())?;
    module.add("UnknownOrganizationError", module.py().get_type::<errors::UnknownOrganizationError>())?;
    module.add_class::<structure::OrgStructure>()
}
