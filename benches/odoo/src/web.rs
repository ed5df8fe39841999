//! `/mcp`: bytes and time of large answers with each encoding.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::rounds::median;
use crate::subject::{Call, Program};
use crate::table::{Figure, Table};
use crate::world;

pub(crate) const TITLE: &str = "answers over HTTP, by encoding";
pub(crate) const SMALLER: &str = "search_records, 100 rows: smaller by";

const TOKEN: &str = "the token of this measurement";
const ENCODINGS: [&str; 4] = ["identity", "gzip", "br", "zstd"];

/// A search of 100 rows, and all field definitions of a model, with each encoding.
pub(crate) async fn measure(program: &Program, samples: usize) -> anyhow::Result<Table> {
    let double = world::start(Duration::ZERO, 17).await?;
    let folder = tempfile::tempdir()?;
    let hash: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let configuration = json!({
        "max_sessions": 0,
        "settings": {"ODOO_URL": double.url(), "ODOO_DB": "odoo", "ODOO_YOLO": "read"},
        "principals": [{"name": "bench", "token_sha256": hash,
                        "settings": {"ODOO_USER": "admin", "ODOO_PASSWORD": "<password>"}}],
    });
    let file = folder.path().join("mcp.json");
    std::fs::write(&file, configuration.to_string())?;
    let (mut server, url) = serve(program.path(), folder.path(), &file).await?;
    let table = compare(&url, samples).await;
    server.kill().await?;
    table
}

/// Starts the service on a free port, and returns the URL of `/mcp`.
async fn serve(program: &Path, home: &Path, file: &Path) -> anyhow::Result<(Child, String)> {
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--mcp"]).arg(file).env_clear().env("HOME", home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut server = command.spawn()?;
    let mut lines = BufReader::new(server.stdout.take().context("no standard output")?).lines();
    let line = lines.next_line().await?.context("the service does not start")?;
    let (_, address) = line.rsplit_once(' ').context("the service does not say where it listens")?;
    Ok((server, format!("{address}/mcp")))
}

/// The size of encoded bodies, the savings over plain ones, and the time.
async fn compare(url: &str, samples: usize) -> anyhow::Result<Table> {
    let http = Client::builder().no_proxy().build()?;
    let mut table = Table::new(TITLE, None, &ENCODINGS);
    let all_fields = json!({"field_names": ["__all__"]});
    for ([bytes_row, smaller_row, time_row], call) in [
        (["search_records, 100 rows: bytes", SMALLER, "search_records, 100 rows: ms"], Call::search(100)),
        (
            [
                "get_fields, all fields: bytes",
                "get_fields, all fields: smaller by",
                "get_fields, all fields: ms",
            ],
            Call::of_partner("get_fields", all_fields),
        ),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                             "params": {"name": call.tool, "arguments": call.arguments}});
        send(&http, url, &message, "identity").await?;
        let mut bytes = Vec::new();
        let mut times: Vec<Vec<Duration>> = ENCODINGS.map(|_| Vec::new()).to_vec();
        for _ in 0..samples {
            bytes.clear();
            for (encoding, times) in ENCODINGS.iter().zip(&mut times) {
                let began = Instant::now();
                bytes.push(f64::from(u32::try_from(send(&http, url, &message, encoding).await?)?));
                times.push(began.elapsed());
            }
        }
        let plain = bytes.first().copied().unwrap_or(f64::NAN);
        let smaller = |bytes: &f64| Figure::percent((1.0 - bytes / plain) * 100.0);
        table.add(bytes_row, bytes.iter().copied().map(Figure::bytes).collect());
        table.add(smaller_row, bytes.iter().map(smaller).collect());
        table.add(time_row, times.into_iter().map(|it| Figure::milliseconds(median(it))).collect());
    }
    Ok(table)
}

/// The size of an answer's body.
async fn send(http: &Client, url: &str, message: &Value, encoding: &str) -> anyhow::Result<usize> {
    let request = http.post(url).bearer_auth(TOKEN).header("accept-encoding", encoding);
    let request = request.header("accept", "application/json, text/event-stream").json(message);
    let answer = request.send().await?;
    ensure!(answer.status().is_success(), "over http: {}", answer.status());
    let chosen = answer.headers().get("content-encoding").and_then(|it| it.to_str().ok());
    ensure!(chosen.unwrap_or("identity") == encoding, "requested {encoding}, got {chosen:?}");
    Ok(answer.bytes().await?.len())
}
