//! `Server`: a measured process.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

/// The address of a server.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

/// A TCP or Unix connection: the indirection costs both the same.
pub(crate) type Stream = Box<dyn ReadWrite>;

pub(crate) trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

impl Place {
    pub(crate) async fn connect(&self) -> Result<Stream> {
        Ok(match self {
            Place::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            #[cfg(unix)]
            Place::Unix(socket) => Box::new(tokio::net::UnixStream::connect(socket).await?),
        })
    }
}

/// A running process that listens. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    /// Keeps the pipe open, so that the process can write to it.
    _output: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a program that prints its address on the first line.
    pub(crate) async fn start(program: &Path, arguments: &[&OsStr]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot run `{}`", program.display()))?;
        let output = child.stdout.take().context("a process without output")?;
        let mut output = BufReader::new(output).lines();
        while let Some(line) = output.next_line().await? {
            if let Some((_, address)) = line.split_once("listens on http://") {
                let address = address.trim().parse()?;
                return Ok(Server { child, _output: output, address });
            }
        }
        bail!("`{}` ended before it listened", program.display())
    }

    /// The resident memory, if the system reveals it.
    pub(crate) fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// The processor time so far in seconds, if the system reveals it.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
        // The name may contain blanks, but the fields after it do not. Times are in hundredths of a second.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace().skip(11);
        let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some((user + system) / 100.0)
    }
}

/// The release build of the service, next to this program.
pub(crate) fn orgcache() -> Result<PathBuf> {
    let program =
        std::env::current_exe()?.with_file_name(format!("orgcache{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        bail!("there is no `{}`: build it by `cargo build --release -p orgcache`", program.display());
    }
    Ok(program)
}
