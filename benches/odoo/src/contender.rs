//! Who is measured: orgcache as it comes, with one part off each, and the Python server.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use odoo_double::OdooDouble;
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use tokio::process::Command;

pub(crate) type Client = RunningService<RoleClient, ()>;

/// The program `orgcache`, built as it is shipped.
pub(crate) struct Program(PathBuf);

impl Program {
    /// Finds it beside this program.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("this program does not know where it is")?;
        let program = own.with_file_name(format!("orgcache{}", std::env::consts::EXE_SUFFIX));
        ensure!(
            program.is_file(),
            "there is no `{}`: build it by `cargo build --release -p gateway`",
            program.display()
        );
        Ok(Program(program))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// A server that is measured.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
    settings: &'static [(&'static str, &'static str)],
    /// Does it have what only orgcache has?
    pub(crate) is_own: bool,
}

impl Contender {
    /// All that can be had, orgcache first.
    pub(crate) fn all(program: &Program, peer: Option<&PathBuf>) -> Vec<Self> {
        let own = |name, settings| Contender {
            name,
            program: program.0.clone(),
            arguments: &["mcp"],
            settings,
            is_own: true,
        };
        let mut all = vec![
            own("orgcache", &[]),
            own("batching off", &[("ODOO_MCP_ENABLE_BATCHING", "false")]),
            own("prefetch off", &[("ODOO_MCP_ENABLE_PREFETCH", "false")]),
            own("caches off", &[("ODOO_MCP_CACHE_TTL", "0"), ("ODOO_MCP_RECORD_TTL", "0")]),
        ];
        all.extend(peer.map(|python| Contender {
            name: "mcp-server-odoo 0.9.0",
            program: python.clone(),
            arguments: &["-m", "mcp_server_odoo"],
            settings: &[],
            is_own: false,
        }));
        all
    }

    /// Starts it before an Odoo, up to the end of the protocol's beginning; with the number of its process.
    pub(crate) async fn start(&self, double: &OdooDouble) -> anyhow::Result<(Client, Option<u32>)> {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).env_clear().env("HOME", std::env::temp_dir());
        command.env("ODOO_URL", double.url()).env("ODOO_DB", "odoo").env("ODOO_YOLO", "true");
        command.env("ODOO_USER", "admin").env("ODOO_PASSWORD", "<password>");
        command.envs(self.settings.iter().copied());
        let (process, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn()?;
        let id = process.id();
        Ok((().serve(process).await.with_context(|| format!("{} does not start", self.name))?, id))
    }
}

/// The bytes of memory that a process has in use; nothing where the system does not tell.
pub(crate) fn resident(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(f64::from(kibibytes) * 1024.0)
}
