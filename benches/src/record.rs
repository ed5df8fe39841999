//! Records of single figures.

use std::io::Write;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::structure::{Answer, NoAnswer};

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The structure.
    pub structure: &'static str,
    /// The metric.
    pub metric: &'static str,
    /// How many organizations the tree has below `0`.
    pub organizations: usize,
    /// The shape of the tree.
    pub shape: &'static str,
    /// How many sessions existed.
    pub sessions: usize,
    /// The value; `null` if the structure did not finish.
    pub value: Value,
    /// The unit.
    pub unit: &'static str,
}

/// A figure, or why it is missing.
#[derive(Clone, Copy, Debug)]
pub struct Value(pub Answer<f64>);

impl From<Answer<f64>> for Value {
    fn from(value: Answer<f64>) -> Self {
        Value(value)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.ok().serialize(serializer)
    }
}

impl Record {
    /// Does the structure have this figure?
    #[must_use]
    pub fn is_applicable(&self) -> bool {
        !matches!(self.value.0, Err(NoAnswer::NoSuchCall))
    }
}

/// One array of records.
///
/// # Errors
/// Never; the serializer's signature requires it.
pub fn to_json(records: &[Record]) -> serde_json::Result<String> {
    let applicable: Vec<&Record> = records.iter().filter(|record| record.is_applicable()).collect();
    serde_json::to_string_pretty(&applicable).map(|json| json + "\n")
}

/// Writes a file atomically: an interruption leaves the old one.
///
/// # Errors
/// Errors of the file system.
pub fn write(path: &Path, content: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are private, but results are for all users.
#[cfg(unix)]
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

/// A count as a floating-point number. Counts of bytes and nanoseconds stay far below 2^53, the limit of
/// exact integers.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: Answer<f64>) -> Record {
        let value = value.into();
        Record {
            structure: "s",
            metric: "m",
            organizations: 600,
            shape: "flat",
            sessions: 1,
            value,
            unit: "ns",
        }
    }

    #[test]
    fn records_have_the_expected_keys() {
        let stopped = record(Err(NoAnswer::DidNotFinish { ids: 5 }));
        let json = to_json(&[record(Ok(1.5)), stopped, record(Err(NoAnswer::NoSuchCall))]).unwrap();
        let parsed: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed.len(), 2, "{json}");
        let mut keys: Vec<&str> = parsed[0].keys().map(String::as_str).collect();
        // The feature `cedar` makes serde_json preserve insertion order.
        keys.sort_unstable();
        let mut expected = ["structure", "metric", "organizations", "shape", "sessions", "value", "unit"];
        expected.sort_unstable();
        assert_eq!(keys, expected);
        assert_eq!(parsed[0]["value"], 1.5);
        assert!(parsed[1]["value"].is_null());
    }

    #[test]
    fn files_are_replaced_atomically() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/results.json");
        for content in ["first and longer", "second"] {
            write(&path, content).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
