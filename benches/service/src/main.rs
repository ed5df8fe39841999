//! Load on the service: the release build of `orgcache serve` compared with a bare axum, each in its own
//! process on loopback.
//!
//! In reading order: `world` (a database with 600 organizations and 10,000 users), `server` (a measured
//! process), `client` (persistent connections), `repeater` (one repeated request), `load` (requests for a
//! while), `measure` (the measurements), `record`.

mod client;
mod front_end;
mod load;
mod measure;
mod record;
mod repeater;
mod server;
mod world;

use std::net::SocketAddr;

use anyhow::Result;
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use serde::{Deserialize, Serialize};

/// Measures requests, logins, memory and compression of the service, compared with a bare axum in the same
/// run.
#[derive(Parser)]
#[command(name = "bench-service")]
pub(crate) struct Options {
    /// Print one JSON array of records instead of tables
    #[arg(long)]
    json: bool,
    /// Shorter and fewer measurements: under a minute
    #[arg(long)]
    quick: bool,
    /// Run only the bare axum, for internal use by the measurement
    #[arg(long, hide = true)]
    hello: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.hello {
        // As many threads as the service.
        return tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(hello());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let records = runtime.block_on(measure::all(&options))?;
    record::show(&records, options.json)
}

/// A question as parsed by the bare axum.
#[derive(Deserialize)]
struct Question {
    #[serde(rename = "call")]
    _call: String,
    #[serde(rename = "args")]
    _args: Pair,
}

#[derive(Deserialize)]
struct Pair {
    #[serde(rename = "org1")]
    _org1: String,
    #[serde(rename = "org2")]
    _org2: String,
}

#[derive(Serialize)]
struct Answer {
    result: bool,
}

/// A bare axum without layers: it answers five bytes; or it parses a question's JSON and writes an answer's,
/// with nothing in between.
async fn hello() -> Result<()> {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("hello listens on http://{}", listener.local_addr()?);
    let answer = post(|Json(_): Json<Question>| async { Json(Answer { result: true }) });
    let routes = Router::new().route("/", get(|| async { "hello" })).route("/json", answer);
    axum::serve(listener, routes).await?;
    Ok(())
}
