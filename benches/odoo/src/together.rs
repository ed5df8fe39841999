//! Sixteen searches at once: the time of Odoo itself, and of the servers in front of it.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use odoo_double::OdooDouble;
use reqwest::Client;
use serde_json::{Value, json};

use crate::Samples;
use crate::rounds::{Measurement, rounds};
use crate::subject::{Call, Subject};
use crate::table::Table;
use crate::world;

pub(crate) const SEARCHES: &str = "16 × search_records at once";
pub(crate) const BARE: &str = "requests alone";

/// How many searches are made at once.
const MANY: usize = 16;

/// Sends the same requests directly, all at once; then through each server, orgcache first.
pub(crate) async fn measure(
    subjects: &[Subject<'_>],
    added: Duration,
    samples: Samples,
) -> anyhow::Result<Table> {
    let names: Vec<&str> = [BARE].into_iter().chain(subjects.iter().map(Subject::name)).collect();
    let mut table = Table::new("searches at once", Some(added), &names);
    let own = subjects.first().context("no subject is measured")?;
    own.ask(&Call::search(10)).await?;
    let sent = own.double.calls().pop().context("nothing was asked")?;
    let call = json!(["odoo", 2, "<key of admin>", sent.model, sent.method, [], sent.arguments]);
    let bare = bare(added, &call, samples.storms).await?;
    let searches = vec![Call::search(10); MANY];
    let figures = rounds(subjects, samples.storms, async |it, _| it.ask_together(&searches).await).await?;
    table.add(SEARCHES, [bare.figure()].into_iter().chain(figures).collect());
    Ok(table)
}

/// Sends a call many times at once, with a client without limits.
async fn bare(added: Duration, call: &Value, times: usize) -> anyhow::Result<Measurement> {
    let (double, http) = (world::start(added, 17).await?, Client::builder().no_proxy().build()?);
    let mut taken = Measurement::default();
    for _ in 0..times {
        let (before, began) = (double.seen().len(), Instant::now());
        try_join_all((0..MANY).map(|_| send(&http, &double, call))).await?;
        taken.add(began.elapsed(), double.seen().len() - before);
    }
    Ok(taken)
}

async fn send(http: &Client, double: &OdooDouble, call: &Value) -> anyhow::Result<()> {
    let params = json!({"service": "object", "method": "execute_kw", "args": call});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "call", "params": params});
    let answer = http.post(format!("{}/jsonrpc", double.url())).json(&message).send().await?;
    let answer: Value = answer.json().await?;
    ensure!(answer.pointer("/result/records/9").is_some(), "expected 10 rows: {answer}");
    Ok(())
}
