//! The golden vectors: what every implementation of the format must answer. `docs/format.md` describes the
//! files.
//!
//! Run with `WRITE_GOLDEN=1` to write them anew. They are written from a naive walk over the rows, and
//! checked against the answers of the tree.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "test code may fail loudly"
)]

mod answers;
mod cases;
mod naive;
mod refused;

use std::fs;
use std::path::PathBuf;

use org_structure::{BuildOutcome, Fingerprint, OrgFlags, OrgRow, OrgStructure};
use serde_json::{Value, json};

/// A row of a file.
#[derive(Clone, Debug, serde::Deserialize)]
struct Row {
    id: String,
    parent: Option<String>,
    #[serde(default)]
    flags: u16,
    time_zone: Option<String>,
    calendar: Option<String>,
}

impl Row {
    fn as_row(&self) -> OrgRow<'_> {
        let row = OrgRow::new(&self.id).with_flags(OrgFlags::from_bits_retain(self.flags));
        OrgRow {
            parent: self.parent.as_deref(),
            time_zone: self.time_zone.as_deref(),
            calendar: self.calendar.as_deref(),
            ..row
        }
    }

    fn to_json(&self) -> Value {
        let mut row = json!({"id": self.id});
        let optional =
            [("parent", &self.parent), ("time_zone", &self.time_zone), ("calendar", &self.calendar)];
        for (key, text) in optional.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))) {
            row[key] = json!(text);
        }
        if self.flags != 0 {
            row["flags"] = json!(self.flags);
        }
        row
    }
}

fn build(rows: &[Row]) -> BuildOutcome {
    OrgStructure::build(rows.iter().map(Row::as_row)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|place| u8::from_str_radix(&text[place..place + 2], 16).unwrap()).collect()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"))
}

fn is_writing() -> bool {
    std::env::var_os("WRITE_GOLDEN").is_some()
}

/// Writes a file if it is asked for, one line an element of each list, and reads it.
fn file(name: &str, make: impl FnOnce() -> Value) -> Value {
    if is_writing() {
        fs::write(path(name), lines(&make())).unwrap();
    }
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn lines(value: &Value) -> String {
    let list = |items: &Vec<Value>, indent: &str| {
        let items: Vec<String> = items.iter().map(|item| format!("\n{indent}  {item}")).collect();
        if items.is_empty() { "[]".to_owned() } else { format!("[{}\n{indent}]", items.join(",")) }
    };
    match value {
        Value::Array(items) => list(items, "") + "\n",
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| match value {
                Value::Array(items) => format!("  {key:?}: {}", list(items, "  ")),
                value => format!("  {key:?}: {value}"),
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{\n{}\n}}\n", members.join(",\n"))
        }
        value => format!("{value}\n"),
    }
}

#[test]
fn every_case_has_its_file_and_every_file_its_case() {
    if is_writing() {
        return;
    }
    let mut expected: Vec<String> = cases::all().into_iter().map(|case| case.name.to_owned()).collect();
    expected.extend(["refused", "refused-rows"].map(str::to_owned));
    expected.sort_unstable();
    let names = fs::read_dir(path("x").parent().unwrap())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".json").map(str::to_owned));
    let mut found: Vec<String> = names.collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn trees_have_the_bytes_and_the_answers_of_their_files() {
    for case in cases::all() {
        let file = file(case.name, || case.to_json());
        let rows: Vec<Row> = match file.get("rule") {
            Some(rule) => {
                let number = |key: &str| rule[key].as_u64().unwrap() as u32;
                cases::by_rule(number("count"), number("fan_out"))
            }
            None => serde_json::from_value(file["rows"].clone()).unwrap(),
        };
        let BuildOutcome { structure: tree, findings, .. } = build(&rows);
        assert_eq!(json!(findings), file["findings"], "{}", case.name);

        let bytes = tree.encode();
        assert_eq!(bytes.len() as u64, file["size"].as_u64().unwrap(), "{}", case.name);
        if let Some(canonical) = file.get("canonical") {
            assert_eq!(hex(&bytes), canonical.as_str().unwrap(), "{}", case.name);
            assert_eq!(OrgStructure::decode(&from_hex(canonical.as_str().unwrap())).unwrap(), tree);
        }
        let fingerprint: Fingerprint = file["fingerprint"].as_str().unwrap().parse().unwrap();
        assert_eq!(tree.fingerprint(), fingerprint, "{}", case.name);
        assert_eq!(OrgStructure::decode(&bytes).unwrap(), tree, "{}", case.name);

        let organizations = file["organizations"].as_array().unwrap();
        assert_eq!(organizations.len(), case.ranks(tree.len()).len(), "{}", case.name);
        for organization in organizations {
            let rank = organization["rank"].as_u64().unwrap() as u32;
            assert_eq!(&answers::of_tree(&tree, rank), organization, "{}", case.name);
        }
    }
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    for case in cases::all() {
        let mut rows = case.rows();
        let tree = build(&rows).structure;
        rows.reverse();
        assert_eq!(build(&rows).structure.encode(), tree.encode(), "{}", case.name);
    }
}

#[test]
fn refused_bytes_are_refused_for_their_kind() {
    let file = file("refused", refused::bytes);
    for case in file.as_array().unwrap() {
        let error = OrgStructure::decode(&from_hex(case["bytes"].as_str().unwrap())).unwrap_err();
        let kind = if error.is_older() {
            "older"
        } else if error.is_newer() {
            "newer"
        } else {
            "damaged"
        };
        assert_eq!(kind, case["kind"], "{}: {error}", case["name"]);
    }
}

#[test]
fn refused_rows_are_refused_with_the_ids_at_fault() {
    let file = file("refused-rows", refused::rows);
    for case in file.as_array().unwrap() {
        let rows: Vec<Row> = serde_json::from_value(case["rows"].clone()).unwrap();
        for rows in [rows.clone(), rows.into_iter().rev().collect()] {
            let error = OrgStructure::build(rows.iter().map(Row::as_row)).unwrap_err();
            assert_eq!(
                refused::name_and_ids(&error),
                (case["error"].clone(), case["ids"].clone()),
                "{error}"
            );
        }
    }
}
