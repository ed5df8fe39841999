//! A tree in serde: rows in human-readable formats, canonical bytes in binary ones.

use core::fmt;
use std::borrow::Cow;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{BuildOutcome, Finding, OrgFlags, OrgRow, OrgStructure};

impl Serialize for OrgStructure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.rows())
        } else {
            serializer.serialize_bytes(&self.encode())
        }
    }
}

/// A row as deserialized.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    parent: Option<Cow<'a, str>>,
    #[serde(default)]
    flags: OrgFlags,
    #[serde(borrow, default)]
    time_zone: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    calendar: Option<Cow<'a, str>>,
}

impl<'de> Deserialize<'de> for OrgStructure {
    /// Refuses rows that do not build a tree, and rows with a missing parent: serialization never writes such
    /// rows.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return deserializer.deserialize_bytes(Canonical);
        }
        let rows = Vec::<Row<'de>>::deserialize(deserializer)?;
        let rows = rows.iter().map(|row| OrgRow {
            id: &row.id,
            parent: row.parent.as_deref(),
            flags: row.flags,
            time_zone: row.time_zone.as_deref(),
            calendar: row.calendar.as_deref(),
        });
        let BuildOutcome { structure, findings } = OrgStructure::build(rows).map_err(D::Error::custom)?;
        match findings.into_iter().find(|finding| matches!(finding, Finding::DanglingParent { .. })) {
            Some(finding) => Err(D::Error::custom(finding)),
            None => Ok(structure),
        }
    }
}

/// Canonical bytes, borrowed, owned or as a sequence, as the format provides them.
struct Canonical;

impl<'de> Visitor<'de> for Canonical {
    type Value = OrgStructure;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the canonical bytes of an organization tree")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<OrgStructure, E> {
        OrgStructure::decode(bytes).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<OrgStructure, A::Error> {
        let mut canonical = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            canonical.push(byte);
        }
        self.visit_bytes(&canonical)
    }
}
