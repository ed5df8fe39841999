//! The bytes that Odoo sends to orgcache, if a proxy in front of it compresses them.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::subject::{Call, Contender, Subject};
use crate::table::{Figure, Table};

const ENCODINGS: [&str; 3] = ["none", "gzip", "zstd"];

/// A search of 100 rows, and the field definitions, through a proxy that supports one encoding.
pub(crate) async fn measure(own: &Contender) -> anyhow::Result<Table> {
    let mut table = Table::new("answers of Odoo behind a proxy, by encoding", None, &ENCODINGS);
    let mut bytes = Vec::new();
    for encoding in ENCODINGS {
        let subject = own.start(Duration::ZERO).await?;
        subject.double.behave(|behaviour| behaviour.encodings = vec![encoding]);
        // The first call logs in.
        subject.ask(&Call::new("get_fields", json!({"model": "res.company"}))).await?;
        let fields = received(&subject, &Call::of_partner("get_fields", json!({}))).await?;
        bytes.push((fields, received(&subject, &Call::search(100)).await?));
        subject.end().await?;
    }
    let (fields, rows): (Vec<f64>, Vec<f64>) = bytes.into_iter().unzip();
    for (bytes_row, smaller_row, bytes) in [
        ("100 records: bytes", "100 records: smaller by", rows),
        ("definitions of a model: bytes", "definitions of a model: smaller by", fields),
    ] {
        let plain = bytes.first().copied().unwrap_or(f64::NAN);
        table.add(bytes_row, bytes.iter().copied().map(Figure::bytes).collect());
        table.add(smaller_row, bytes.iter().map(|it| Figure::percent((1.0 - it / plain) * 100.0)).collect());
    }
    Ok(table)
}

/// The bytes received from Odoo for one call.
async fn received(subject: &Subject<'_>, call: &Call) -> anyhow::Result<f64> {
    let before = counted(subject).await?;
    subject.ask(call).await?;
    Ok(counted(subject).await? - before)
}

async fn counted(subject: &Subject<'_>) -> anyhow::Result<f64> {
    let stats = subject.ask(&Call::new("get_stats", json!({}))).await?;
    stats.pointer("/pool/bytes_received").and_then(Value::as_f64).context("bytes are not counted")
}
