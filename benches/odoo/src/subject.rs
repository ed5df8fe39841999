//! The measured servers: orgcache with its defaults or with one part off, and the Python server.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use odoo_double::OdooDouble;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::world;

/// The environment variable with an interpreter that has the Python server; `cargo xtask` sets it.
const PYTHON: &str = "ORGCACHE_TEST_PYTHON";

/// The release build of the program `orgcache`.
pub(crate) struct Program(PathBuf);

impl Program {
    /// Finds it next to this program.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("this program does not know where it is")?;
        let program = own.with_file_name(format!("orgcache{}", std::env::consts::EXE_SUFFIX));
        ensure!(
            program.is_file(),
            "there is no `{}`: build it by `cargo build --release -p orgcache`",
            program.display()
        );
        Ok(Program(program))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// A server that can be measured.
pub(crate) struct Contender {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
    settings: &'static [(&'static str, &'static str)],
}

impl Contender {
    /// orgcache with these settings.
    pub(crate) fn orgcache(program: &Program, settings: &'static [(&'static str, &'static str)]) -> Self {
        Contender { name: "orgcache", program: program.0.clone(), arguments: &["mcp"], settings }
    }

    /// The Python server, if its packages are installed.
    pub(crate) fn peer() -> Option<Self> {
        let program = std::env::var_os(PYTHON)?.into();
        let arguments = &["-m", "mcp_server_odoo"];
        Some(Contender { name: "mcp-server-odoo 0.9.0", program, arguments, settings: &[] })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The same server for another user.
    pub(crate) fn with_settings(&self, settings: &'static [(&'static str, &'static str)]) -> Self {
        Contender { settings, program: self.program.clone(), ..*self }
    }

    /// Starts it with its own Odoo, and with a delay added to each round trip.
    pub(crate) async fn start(&self, added: Duration) -> anyhow::Result<Subject<'_>> {
        self.start_before(world::start(added, 17).await?).await
    }

    /// Starts it with this Odoo.
    pub(crate) async fn start_before(&self, double: OdooDouble) -> anyhow::Result<Subject<'_>> {
        let (client, process) = self.connect(&double).await?;
        Ok(Subject { contender: self, double, client, process })
    }

    /// Starts the process and completes the protocol's handshake.
    async fn connect(&self, double: &OdooDouble) -> anyhow::Result<(Client, Option<u32>)> {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).env_clear().env("HOME", std::env::temp_dir());
        command.env("ODOO_URL", double.url()).env("ODOO_DB", "odoo").env("ODOO_YOLO", "true");
        command
            .env("ODOO_USER", "admin")
            .env("ODOO_PASSWORD", "<password>")
            .env("ODOO_MCP_ENABLE_STATS", "true");
        command.envs(self.settings.iter().copied());
        let (process, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn()?;
        let id = process.id();
        Ok((().serve(process).await.with_context(|| format!("{} does not start", self.name))?, id))
    }
}

type Client = RunningService<RoleClient, ()>;

/// A tool and its arguments.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) tool: &'static str,
    pub(crate) arguments: Value,
}

impl Call {
    pub(crate) fn new(tool: &'static str, arguments: Value) -> Self {
        Call { tool, arguments }
    }

    /// A call about contacts.
    pub(crate) fn of_partner(tool: &'static str, mut arguments: Value) -> Self {
        if let Value::Object(arguments) = &mut arguments {
            arguments.insert("model".into(), "res.partner".into());
        }
        Call { tool, arguments }
    }

    /// A search for a number of contacts.
    pub(crate) fn search(limit: usize) -> Self {
        Self::of_partner("search_records", json!({"limit": limit}))
    }

    /// One contact.
    pub(crate) fn record(id: usize) -> Self {
        Self::of_partner("get_record", json!({"record_id": id}))
    }
}

/// A running server, with its own Odoo.
pub(crate) struct Subject<'a> {
    contender: &'a Contender,
    pub(crate) double: OdooDouble,
    client: Client,
    process: Option<u32>,
}

impl<'a> Subject<'a> {
    pub(crate) fn name(&self) -> &'a str {
        self.contender.name
    }

    /// Ends the process.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.client.close().await?;
        Ok(())
    }

    /// Starts another process with the same Odoo, and completes the protocol's handshake.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        (self.client, self.process) = self.contender.connect(&self.double).await?;
        Ok(())
    }

    /// Makes a call, and returns the structured answer.
    pub(crate) async fn ask(&self, call: &Call) -> anyhow::Result<Value> {
        let tool = call.tool;
        let arguments = call.arguments.as_object().cloned().unwrap_or_default();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let answer = self.client.call_tool(request).await?;
        ensure!(answer.is_error != Some(true), "{tool} failed: {answer:?}");
        Ok(answer.structured_content.unwrap_or_default())
    }

    /// Makes all calls at once.
    pub(crate) async fn ask_together(&self, calls: &[Call]) -> anyhow::Result<()> {
        try_join_all(calls.iter().map(|call| self.ask(call))).await.map(drop)
    }

    /// How many requests its Odoo has received.
    pub(crate) fn requests(&self) -> usize {
        self.double.seen().len()
    }

    /// The resident memory of the process, if the system reveals it.
    pub(crate) fn resident(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process?)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kibibytes: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(f64::from(kibibytes) * 1024.0)
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.client.cancel().await?;
        Ok(())
    }
}
