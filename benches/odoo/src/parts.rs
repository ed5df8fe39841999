//! Each part of orgcache on and off.

use std::time::Duration;

use serde_json::json;

use crate::Samples;
use crate::rounds::{end_all, rounds, start_all};
use crate::subject::{Call, Contender, Program, Subject};
use crate::table::{Figure, Table};

pub(crate) const RECORDS: &str = "batching: 16 × get_record at once";
pub(crate) const ON: &str = "on";
pub(crate) const OFF: &str = "off";

type Settings = &'static [(&'static str, &'static str)];

const NO_DEFINITIONS: Settings = &[("ODOO_MCP_CACHE_TTL", "0")];
const NO_RECORDS: Settings = &[("ODOO_MCP_RECORD_TTL", "0")];
const NO_PREFETCH: Settings = &[("ODOO_MCP_ENABLE_PREFETCH", "false")];
const NO_POOL: Settings = &[("ODOO_MCP_POOL_SIZE", "1")];
pub(crate) const NO_BATCHING: Settings = &[("ODOO_MCP_ENABLE_BATCHING", "false")];

/// The number of records after which the usual fields are known.
const UNTIL_IT_IS_A_HABIT: usize = 6;

/// A row for each operation that a part speeds up.
pub(crate) async fn measure(program: &Program, added: Duration, samples: Samples) -> anyhow::Result<Table> {
    let mut table = Table::new("parts", Some(added), &[ON, OFF]).with_ratio();
    let (calls, storms) = (samples.calls, samples.storms);
    let pair = Pair { program, added };
    for (what, call) in [
        ("metadata cache: list_models", Call::new("list_models", json!({}))),
        ("metadata cache: get_fields", Call::of_partner("get_fields", json!({}))),
        ("metadata cache: search_records, 10 rows", Call::search(10)),
    ] {
        table.add(what, pair.measure(NO_DEFINITIONS, 1, calls, async |it, _| it.ask(&call).await).await?);
    }
    let recent = recent(1, &["name", "email"]);
    let figures = pair.measure(NO_RECORDS, 1, calls, async |it, _| it.ask(&recent).await);
    table.add("record cache: get_record, 5 s of age accepted", figures.await?);
    let figures = pair.measure(NO_PREFETCH, UNTIL_IT_IS_A_HABIT, calls, habit);
    table.add("prefetch: 3 × get_record of a new record", figures.await?);
    let records: Vec<Call> = (1..=16).map(Call::record).collect();
    let figures = pair.measure(NO_BATCHING, 1, storms, async |it, _| it.ask_together(&records).await);
    table.add(RECORDS, figures.await?);
    let searches = vec![Call::search(10); 16];
    let figures = pair.measure(NO_POOL, 1, storms, async |it, _| it.ask_together(&searches).await);
    table.add("pool: 16 × search_records at once", figures.await?);
    Ok(table)
}

/// orgcache with its defaults, and orgcache with one part off.
struct Pair<'a> {
    program: &'a Program,
    added: Duration,
}

impl Pair<'_> {
    /// The figures of `times` calls of `thing`, after `first` warm-up calls.
    async fn measure<T>(
        &self,
        off: Settings,
        first: usize,
        times: usize,
        thing: impl AsyncFn(&Subject<'_>, usize) -> anyhow::Result<T>,
    ) -> anyhow::Result<Vec<Figure>> {
        let (on, off) = (Contender::orgcache(self.program, &[]), Contender::orgcache(self.program, off));
        let subjects = start_all(&[&on, &off], self.added).await?;
        for subject in &subjects {
            for time in 0..first {
                thing(subject, time).await?;
            }
        }
        let figures = rounds(&subjects, times, async |it, time| thing(it, first + time).await).await?;
        end_all(subjects).await?;
        Ok(figures)
    }
}

/// Reads two of three fields of a record, three times, accepting answers that are a few seconds old. Each
/// `time` uses another record, which has not been read.
async fn habit(subject: &Subject<'_>, time: usize) -> anyhow::Result<()> {
    for fields in [["name", "email"], ["email", "phone"], ["phone", "name"]] {
        subject.ask(&recent(1 + time, &fields)).await?;
    }
    Ok(())
}

fn recent(id: usize, fields: &[&str]) -> Call {
    Call::of_partner("get_record", json!({"record_id": id, "fields": fields, "max_age": 5}))
}
