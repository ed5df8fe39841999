//! `/mcp`: bytes and time of a large answer with each encoding.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::contender::Program;
use crate::report::{Record, median};
use crate::tools::{Call, of_partner};
use crate::world;

const TOKEN: &str = "the token of whoever measures here";

/// A search of 100 rows, and all definitions of a model, with each encoding.
pub(crate) async fn measure(program: &Program, samples: usize) -> anyhow::Result<Vec<Record>> {
    let double = world::start(Duration::ZERO).await?;
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
    let records = compare(&url, samples).await;
    server.kill().await?;
    records
}

/// Starts the service on a free port; where `/mcp` is.
async fn serve(program: &Path, home: &Path, file: &Path) -> anyhow::Result<(Child, String)> {
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--mcp"]).arg(file).env_clear().env("HOME", home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut server = command.spawn()?;
    let mut lines = BufReader::new(server.stdout.take().context("no output")?).lines();
    let line = lines.next_line().await?.context("the service does not start")?;
    let (_, address) = line.rsplit_once(' ').context("the service does not say where it listens")?;
    Ok((server, format!("{address}/mcp")))
}

async fn compare(url: &str, samples: usize) -> anyhow::Result<Vec<Record>> {
    let calls: [(&'static str, &'static str, Call); 2] = [
        (
            "search_records of 100 rows over /mcp",
            "search_records of 100 rows over /mcp, bytes",
            of_partner("search_records", json!({"limit": 100})),
        ),
        (
            "get_fields of all fields over /mcp",
            "get_fields of all fields over /mcp, bytes",
            of_partner("get_fields", json!({"field_names": ["__all__"]})),
        ),
    ];
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut records = Vec::new();
    for (metric, bytes_metric, (tool, arguments)) in &calls {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                             "params": {"name": tool, "arguments": arguments}});
        for encoding in ["identity", "gzip", "br", "zstd"] {
            let (mut bytes, mut took) = (0, Vec::new());
            for _ in 0..samples {
                let began = Instant::now();
                let request = http.post(url).bearer_auth(TOKEN).header("accept-encoding", encoding);
                let request = request.header("accept", "application/json, text/event-stream").json(&message);
                let answer = request.send().await?;
                ensure!(answer.status().is_success(), "{tool} over http: {}", answer.status());
                let chosen = answer.headers().get("content-encoding").and_then(|it| it.to_str().ok());
                ensure!(
                    chosen.unwrap_or("identity") == encoding,
                    "{encoding} was asked for, {chosen:?} came"
                );
                bytes = answer.bytes().await?.len();
                took.push(began.elapsed());
            }
            let figure = |metric, value, unit| Record::of(encoding, metric, Duration::ZERO, value, unit);
            records.push(figure(bytes_metric, f64::from(u32::try_from(bytes)?), "bytes"));
            records.push(figure(metric, median(took), "ms"));
        }
    }
    Ok(records)
}
