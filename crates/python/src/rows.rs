//! Conversion of Python rows: tuples of two to five values.

use org_structure::{OrgFlags, OrgRow};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::numbers::{integer, type_name};

/// The number of rows after which other Python threads may run, and signals such as Ctrl-C are handled.
const TURN: usize = 1024;

/// One row with owned texts.
pub(crate) struct Row {
    id: String,
    parent: Option<String>,
    flags: OrgFlags,
    time_zone: Option<String>,
    calendar: Option<String>,
}

impl Row {
    /// Reads all rows of an iterable.
    pub(crate) fn all_from_python(rows: &Bound<'_, PyAny>) -> PyResult<Vec<Self>> {
        let mut read = Vec::new();
        for row in rows.try_iter()? {
            let number = read.len();
            if number % TURN == TURN - 1 {
                rows.py().detach(|| ());
                rows.py().check_signals()?;
            }
            read.push(Self::from_python(number, &row?)?);
        }
        Ok(read)
    }

    /// Converts `(id, parent, flags=0, time_zone=None, calendar=None)`. `number` counts from 0 and is for
    /// messages.
    fn from_python(number: usize, row: &Bound<'_, PyAny>) -> PyResult<Self> {
        let fault = |what: &str| PyTypeError::new_err(format!("row {number}: {what}"));
        let row: &Bound<'_, PyTuple> = row.cast().map_err(|_| {
            fault(&format!(
                "expected a tuple (id, parent, flags, time_zone, calendar), not {}",
                type_name(row)
            ))
        })?;
        if !(2..=5).contains(&row.len()) {
            return Err(fault(&format!("expected 2 to 5 values, not {}", row.len())));
        }
        let text = |place: usize, name: &str| match row.get_item(place) {
            Err(_) => Ok(None),
            Ok(value) if value.is_none() => Ok(None),
            Ok(value) => {
                let text = value.cast::<PyString>();
                let text = text.map_err(|_| fault(&format!("`{name}` is neither a str nor None")))?;
                let no_unicode =
                    || PyValueError::new_err(format!("row {number}: `{name}` has a lone surrogate"));
                text.to_str().map(|text| Some(text.to_owned())).map_err(|_| no_unicode())
            }
        };
        let id = text(0, "id")?.ok_or_else(|| fault("`id` is None"))?;
        // The builder refuses unknown bits, and names the organizations.
        let flags = match row.get_item(2) {
            Err(_) => OrgFlags::empty(),
            Ok(value) => {
                let refused = |kind: &str| fault(&format!("`flags` is OrgFlags or an int, not {kind}"));
                let bits = integer(&value, refused)?.and_then(|bits| u16::try_from(bits).ok());
                let too_large =
                    || PyValueError::new_err(format!("row {number}: `flags` is not an int of 16 bits"));
                OrgFlags::from_bits_retain(bits.ok_or_else(too_large)?)
            }
        };
        Ok(Row {
            id,
            parent: text(1, "parent")?,
            flags,
            time_zone: text(3, "time_zone")?,
            calendar: text(4, "calendar")?,
        })
    }

    /// The row in the form that the tree builder takes.
    pub(crate) fn as_org_row(&self) -> OrgRow<'_> {
        let mut row = OrgRow::new(&self.id).with_flags(self.flags);
        row.parent = self.parent.as_deref();
        row.time_zone = self.time_zone.as_deref();
        row.calendar = self.calendar.as_deref();
        row
    }
}
