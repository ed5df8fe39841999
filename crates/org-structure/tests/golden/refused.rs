//! Input that every implementation must refuse.

use org_structure::BuildError;
use serde_json::{Value, json};

use crate::{Row, hex};

const ROOT: [u8; 2] = [0xff, 0xff];

/// A builder of bytes, part by part.
fn parts(sections: u32, count: u32, rest: &[&[u8]]) -> Vec<u8> {
    let header = [b"orgtre".as_slice(), &[2, 0], &sections.to_le_bytes(), &count.to_le_bytes()].concat();
    [header, rest.concat()].concat()
}

/// A tree of ids of one byte.
fn letters(parents: &[u16], ids: &str) -> Vec<u8> {
    let parents: Vec<u8> = parents.iter().flat_map(|parent| parent.to_le_bytes()).collect();
    let marks: Vec<u8> = ids.as_bytes().chunks(8).map(|ids| 0xff_u8 >> (8 - ids.len())).collect();
    let names: Vec<u8> = ids.bytes().flat_map(|id| [1, id]).collect();
    parts(1, ids.len() as u32, &[&parents, &vec![0; ids.len()], &marks, &names])
}

/// A tree of nine organizations, with the second byte of the marks as given.
fn nine_letters(marks: u8) -> Vec<u8> {
    let mut bytes = letters(&[u16::MAX, 0, 0, 0, 0, 0, 0, 0, 0], "0abcdefgh");
    let place = 16 + 9 * 3 + 1;
    assert_eq!(std::mem::replace(&mut bytes[place], marks), 1);
    bytes
}

/// A tree of one organization with a text id.
fn one_text(id: &[u8]) -> Vec<u8> {
    parts(1, 1, &[&ROOT, &[0], &[1], &[id.len() as u8], id])
}

/// A tree of two organizations, a packed one below another, with time zones.
fn table(texts: &[&[u8]], entries: &[[u32; 2]]) -> Vec<u8> {
    let number = |number: usize| (number as u32).to_le_bytes().to_vec();
    let texts_of = texts.iter().flat_map(|text| [number(text.len()), text.to_vec()].concat());
    let entries_of = entries.iter().flatten().flat_map(|number| number.to_le_bytes());
    let table =
        [number(texts.len()), texts_of.collect(), number(entries.len()), entries_of.collect()].concat();
    parts(4, 2, &[&ROOT, &[0, 0], &[0, 0], &[0; 16], &[1; 16], &table])
}

pub(crate) fn bytes() -> Value {
    const NONE: u16 = u16::MAX;
    let good = one_text(b"a");
    let changed = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        bytes
    };
    let packed = parts(0, 1, &[&ROOT, &[0], &[0xab; 16]]);
    let cases = [
        ("version 0", "older", changed(6, 0)),
        ("version 1", "older", b"orgtre\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
        ("version 3", "newer", changed(6, 3)),
        ("version 258", "newer", changed(7, 1)),
        ("section bit 4", "newer", changed(8, 0x11)),
        ("section bit 31", "newer", changed(11, 0x80)),
        ("flag bit 7", "newer", changed(18, 0x80)),
        ("flag bit 8", "newer", parts(2, 1, &[&ROOT, &[0], &[1], &[0xab; 16]])),
        ("flag bit 11 beside known ones", "newer", parts(2, 1, &[&ROOT, &[3], &[0x98], &[0xab; 16]])),
        ("a newer version and nothing else", "newer", b"orgtre\x03\0".to_vec()),
        ("a newer section and nothing else", "newer", b"orgtre\x02\0\x10\0\0\0".to_vec()),
        ("no bytes", "damaged", vec![]),
        ("another magic", "damaged", changed(0, b'O')),
        ("half a magic", "damaged", b"org".to_vec()),
        ("no version", "damaged", b"orgtre\x02".to_vec()),
        ("no count", "damaged", good[..14].to_vec()),
        ("no ids", "damaged", good[..20].to_vec()),
        ("a byte too few", "damaged", good[..good.len() - 1].to_vec()),
        ("a byte too many", "damaged", [good.as_slice(), &[0]].concat()),
        ("a count without organizations", "damaged", parts(0, 1_000_000, &[])),
        ("more organizations than a tree may have", "damaged", parts(0, u32::MAX, &[])),
        ("a parent of its own", "damaged", letters(&[0], "a")),
        ("a parent that comes later", "damaged", letters(&[NONE, 2, 0], "abc")),
        ("a parent outside the tree", "damaged", letters(&[NONE, 7], "ab")),
        ("a parent one below the mark of a root", "damaged", letters(&[NONE, NONE - 1], "ab")),
        ("subtrees that interleave", "damaged", letters(&[NONE, 0, 0, 1], "abcd")),
        ("siblings not by id", "damaged", letters(&[NONE, 0, 0], "acb")),
        ("siblings not by weight", "damaged", letters(&[NONE, 0, 0, 2], "abcd")),
        ("roots not by id", "damaged", letters(&[NONE, NONE], "ba")),
        ("roots not by weight", "damaged", letters(&[NONE, NONE, 1], "abc")),
        ("an id twice", "damaged", letters(&[NONE, 0, NONE], "aba")),
        ("an id twice, side by side", "damaged", letters(&[NONE, NONE], "aa")),
        ("a packed id twice", "damaged", parts(0, 2, &[&ROOT, &[0, 0], &[0, 0], &[7; 32]])),
        ("no text id marked", "damaged", parts(1, 1, &[&ROOT, &[0], &[0], &[0xab; 16]])),
        ("an unused mark", "damaged", changed(19, 3)),
        ("the last unused mark", "damaged", changed(19, 0x81)),
        ("an unused mark in a second byte", "damaged", nine_letters(0b11)),
        ("no high flag set", "damaged", parts(2, 1, &[&ROOT, &[0], &[0], &[0xab; 16]])),
        ("text marks of an empty tree", "damaged", parts(1, 0, &[])),
        ("high flags of an empty tree", "damaged", parts(2, 0, &[])),
        ("time zones of an empty tree", "damaged", parts(4, 0, &[&[0; 8]])),
        ("an empty id", "damaged", one_text(b"")),
        ("an id of 33 bytes", "damaged", one_text(&[b'x'; 33])),
        ("a packed id as text", "damaged", one_text(b"0123456789ABCDEF0123456789ABCDEF")),
        ("an id of a lone continuation byte", "damaged", one_text(b"\x80")),
        ("an id in overlong UTF-8", "damaged", one_text(b"\xc0\x80")),
        ("an id of a surrogate", "damaged", one_text(b"\xed\xa0\x80")),
        ("an id of two surrogates", "damaged", one_text(b"\xed\xa0\xbc\xed\xbc\xb3")),
        ("an id beyond Unicode", "damaged", one_text(b"\xf4\x90\x80\x80")),
        ("an id that ends within a character", "damaged", one_text(b"a\xc3")),
        ("an empty table of time zones", "damaged", table(&[], &[])),
        ("a text without an organization", "damaged", table(&[b"a"], &[])),
        ("a second text without an organization", "damaged", table(&[b"a", b"b"], &[[0, 0]])),
        ("texts that descend", "damaged", table(&[b"b", b"a"], &[[0, 0], [1, 1]])),
        ("a text twice", "damaged", table(&[b"a", b"a"], &[[0, 0], [1, 1]])),
        ("a text that is not UTF-8", "damaged", table(&[b"\xff"], &[[0, 0]])),
        ("an entry without its text", "damaged", table(&[b"a"], &[[0, 1]])),
        ("an entry outside the tree", "damaged", table(&[b"a"], &[[2, 0]])),
        ("an organization with two texts", "damaged", table(&[b"a", b"b"], &[[0, 0], [0, 1]])),
        ("entries that descend", "damaged", table(&[b"a"], &[[1, 0], [0, 0]])),
        ("a number of texts alone", "damaged", [&parts(4, 1, &[&packed[16..]])[..], &[0xff; 4]].concat()),
        (
            "a text of 4 GiB",
            "damaged",
            [&parts(4, 1, &[&packed[16..]])[..], &[1, 0, 0, 0], &[0xff; 4], &[b'a'; 20]].concat(),
        ),
        (
            "a number of entries alone",
            "damaged",
            [&parts(4, 1, &[&packed[16..]])[..], &[0; 4], &[0xff, 0xff, 0xff, 0x0f]].concat(),
        ),
    ];
    cases.iter().map(|(name, kind, bytes)| json!({"name": name, "kind": kind, "bytes": hex(bytes)})).collect()
}

fn row(id: &str, parent: Option<&str>, flags: u16) -> Row {
    Row { id: id.to_owned(), parent: parent.map(str::to_owned), flags, time_zone: None, calendar: None }
}

pub(crate) fn rows() -> Value {
    let long = "\u{e9}".repeat(17);
    let cases = [
        ("an empty id", vec![row("", None, 0)], "Id", vec![]),
        ("an id of 34 bytes in 17 characters", vec![row(&long, None, 0)], "Id", vec![]),
        (
            "two ids twice",
            vec![row("b", None, 0), row("a", None, 0), row("b", Some("a"), 0), row("a", Some("b"), 1)],
            "Duplicate",
            vec!["a"],
        ),
        ("its own parent", vec![row("b", Some("b"), 0), row("a", Some("a"), 0)], "SelfParent", vec!["a"]),
        (
            "two cycles, and organizations below them",
            vec![
                row("x", Some("y"), 0),
                row("y", Some("x"), 0),
                row("c", Some("b"), 0),
                row("b", Some("d"), 0),
                row("d", Some("c"), 0),
                row("a", Some("d"), 0),
            ],
            "Cycle",
            vec!["b", "d", "c"],
        ),
        ("flag bit 7", vec![row("b", None, 0x80), row("a", None, 0x83)], "UnknownFlags", vec!["a"]),
        ("flag bit 11", vec![row("a", None, 0x0800), row("0", None, 3)], "UnknownFlags", vec!["a"]),
    ];
    cases
        .into_iter()
        .map(|(name, rows, error, ids)| {
            let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
            json!({"name": name, "rows": rows, "error": error, "ids": ids})
        })
        .collect()
}

pub(crate) fn name_and_ids(error: &BuildError) -> (Value, Value) {
    match error {
        BuildError::Id(_) => (json!("Id"), json!([])),
        BuildError::Duplicate { id } => (json!("Duplicate"), json!([id])),
        BuildError::SelfParent { id } => (json!("SelfParent"), json!([id])),
        BuildError::Cycle(cycle) => (json!("Cycle"), json!(cycle.organizations())),
        BuildError::UnknownFlags { id, .. } => (json!("UnknownFlags"), json!([id])),
        other => panic!("{other}"),
    }
}
