//! The trees of the golden vectors.

use org_structure::BuildOutcome;
use serde_json::{Value, json};

use crate::naive::Walk;
use crate::{Row, build, hex};

/// One file.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    about: &'static str,
    content: Content,
}

enum Content {
    Rows(Vec<Row>),
    Rule { count: u32, fan_out: u32 },
}

impl Case {
    pub(crate) fn rows(&self) -> Vec<Row> {
        match &self.content {
            Content::Rows(rows) => rows.clone(),
            &Content::Rule { count, fan_out } => by_rule(count, fan_out),
        }
    }

    /// The ranks for which the file has answers.
    pub(crate) fn ranks(&self, len: usize) -> Vec<usize> {
        match self.content {
            Content::Rows(_) => (0..len).collect(),
            Content::Rule { .. } => vec![0, 1, 2, len / 2, len - 1],
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let rows = self.rows();
        let BuildOutcome { structure: tree, findings, .. } = build(&rows);
        let bytes = tree.encode();
        let walk = Walk::new(&rows, &tree);
        let mut file = json!({
            "about": self.about,
            "findings": findings,
            "size": bytes.len(),
            "fingerprint": tree.fingerprint(),
            "organizations": self.ranks(tree.len()).into_iter().map(|rank| walk.answer(rank)).collect::<Vec<_>>(),
        });
        match self.content {
            Content::Rows(_) => {
                file["rows"] = rows.iter().map(Row::to_json).collect();
                file["canonical"] = json!(hex(&bytes));
            }
            Content::Rule { count, fan_out } => file["rule"] = json!({"count": count, "fan_out": fan_out}),
        }
        file
    }
}

fn row(id: &str, parent: Option<&str>, flags: u16) -> Row {
    Row { id: id.to_owned(), parent: parent.map(str::to_owned), flags, time_zone: None, calendar: None }
}

/// The rows that a file's rule generates.
pub(crate) fn by_rule(count: u32, fan_out: u32) -> Vec<Row> {
    let id = |number: u32| format!("{number:032X}");
    (0..count)
        .map(|number| {
            let parent = number.checked_sub(1).map(|before| id(before / fan_out));
            row(&id(number), parent.as_deref(), (number % 128) as u16)
        })
        .collect()
}

/// A pseudo-random number that is the same on every run.
fn scramble(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// 600 organizations, including `0`, in pseudo-random order.
fn shape(parent: impl Fn(usize) -> usize) -> Vec<Row> {
    let id = |place: usize| match place as u64 {
        0 => "0".to_owned(),
        place => format!("{:016X}{:016X}", scramble(place), scramble(!place)),
    };
    let flags = |place: usize| match place % 20 {
        5 => 0b111_0111,
        10 => 0b001_1011,
        15 => 0b101_0111,
        _ => 0b001_0011,
    };
    let mut rows: Vec<Row> = (0..600)
        .map(|place| row(&id(place), (place > 0).then(|| id(parent(place))).as_deref(), flags(place)))
        .collect();
    rows.sort_by_key(|row| scramble(row.id.bytes().map(u64::from).sum()));
    rows
}

fn with_calendar(mut row: Row, calendar: &str) -> Row {
    row.calendar = Some(calendar.to_owned());
    row
}

fn with_time_zone(mut row: Row, time_zone: &str) -> Row {
    row.time_zone = Some(time_zone.to_owned());
    row
}

fn sample_fb() -> Vec<Row> {
    let group = "19404EAD144C49A0AF37D54377CF452D";
    let (spain, usa) = ("B843C30461EA4501935CB1D125C9C25A", "2E60544D37534C0B89E765FE29BC0B43");
    vec![
        row("0", None, 3),
        row(group, Some("0"), 3),
        with_calendar(row(spain, Some(group), 119), "33713ADA2916460A8EA4129836CB0730"),
        with_calendar(row(usa, Some(group), 119), "2EDC8590A1AA42169A2E1AA22BCD2F6E"),
        row("7BABA5FF80494CAFA54DEBD22EC46F01", Some(usa), 19),
        row("BAE22373FEBE4CCCA24517E23F0C8A48", Some(usa), 19),
        row("E443A31992CB4635AFCAEABE7183CE85", Some(spain), 19),
        row("DC206C91AA6A4897B44DA897936E0EC3", Some(spain), 19),
    ]
}

fn sample_qa() -> Vec<Row> {
    let main = "43D590B4814049C6B85C6545E8264E37";
    let calendar = "F827204279974213BD0D91164A648C49";
    vec![
        row("0", None, 3),
        row(main, Some("0"), 3),
        with_calendar(row("357947E87C284935AD1D783CF6F099A1", Some(main), 119), calendar),
        with_calendar(row("5EFF95EB540740A3B10510D9814EFAD5", Some(main), 119), calendar),
    ]
}

fn odd_ids() -> Vec<Row> {
    let ids = [
        "a",
        "A",
        "00",
        "19404ead144c49a0af37d54377cf452d",
        "19404EAD144C49A0AF37D54377CF452d",
        "19404EAD144C49A0AF37D54377CF452G",
        "19404EAD144C49A0AF37D54377CF452",
        "19404EAD144C49A0AF37D54377CF452D",
        "00000000000000000000000000000000",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "\u{e9}",
        "e\u{301}",
        "\u{ffff}",
        "\u{1f333}",
        "\u{10ffff}",
        "\0",
        "\0\0",
        "a\0",
        " ",
        " a",
        "it's \"quoted\" \\ here",
        "fifteen bytes..",
        "sixteen bytes...",
        "thirty-two bytes of a text id...",
        "\u{1f333}\u{1f333}\u{1f333}\u{1f333}\u{1f333}\u{1f333}\u{1f333}\u{1f333}",
    ];
    let mut rows: Vec<Row> = ids.iter().map(|id| row(id, Some("0"), 3)).collect();
    rows.push(row("0", None, 3));
    rows.push(row("below the tree", Some("\u{1f333}"), 3));
    rows.push(row("below an accent", Some("\u{e9}"), 3));
    rows
}

fn zones_calendars_flags() -> Vec<Row> {
    let mut rows = vec![with_time_zone(row("0", None, 0), "UTC")];
    for bit in (0..7).chain(12..16) {
        let parent = rows.last().map(|row| row.id.clone());
        rows.push(row(&format!("bit {bit}"), parent.as_deref(), 1 << bit));
    }
    let all = with_time_zone(row("all", Some("0"), 0xf07f), "Europe/Madrid");
    rows.push(with_calendar(all, "33713ADA2916460A8EA4129836CB0730"));
    rows.push(with_calendar(with_time_zone(row("empty texts", Some("bit 3"), 0), ""), ""));
    rows.push(with_time_zone(row("same zone", Some("all"), 0), "Europe/Madrid"));
    rows.push(with_calendar(row("calendar \u{1f4c5}", Some("all"), 0), "\u{1f4c5} \u{e9}"));
    rows
}

pub(crate) fn all() -> Vec<Case> {
    let rows = |name, about, rows| Case { name, about, content: Content::Rows(rows) };
    let rule = |name, about, count, fan_out| Case { name, about, content: Content::Rule { count, fan_out } };
    vec![
        rows("empty", "no organization", vec![]),
        rows("sample-fb", "Openbravo's sample client F&B International Group", sample_fb()),
        rows("sample-qa", "Openbravo's sample client QA Testing", sample_qa()),
        rows("flat", "600 organizations, all but one directly below `0`", shape(|_| 0)),
        rows("fan-out-5", "600 organizations, five below each", shape(|place| (place - 1) / 5)),
        rows("chain", "600 organizations, each below the one before", shape(|place| place - 1)),
        rows(
            "odd-ids",
            "ids that are short, lower case, not hexadecimal, not ASCII, beyond the BMP, with NUL",
            odd_ids(),
        ),
        rows("zones-calendars-flags", "time zones, calendars, and every flag", zones_calendars_flags()),
        rows(
            "several-roots",
            "roots of different weights, some of the same, and no organization `0`",
            vec![
                row("C", None, 1),
                row("B", None, 1),
                row("A", None, 1),
                row("A1", Some("A"), 1),
                row("D", None, 5),
                row("D1", Some("D"), 1),
                row("D2", Some("D"), 1),
            ],
        ),
        rows(
            "dangling-parents",
            "parents that are not there: an unknown id, the empty text, a text longer than an id",
            vec![
                row("0", None, 3),
                row("A", Some("gone"), 1),
                row("B", Some(""), 1),
                row("B1", Some("B"), 1),
                row("C", Some("0"), 1),
                row(
                    "D",
                    Some("a parent whose name has more than sixty-four bytes, and which is cut after 64"),
                    1,
                ),
            ],
        ),
        rule("narrow-65535", "the most organizations with parents of 2 bytes", 65_535, 5),
        rule("wide-65536", "the fewest organizations with parents of 4 bytes", 65_536, 5),
    ]
}
