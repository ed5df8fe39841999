//! A cluster for measurements, in a scratch directory of its own.

use std::env;
use std::process::Command;

use anyhow::Result;

use super::{Account, Cluster, Durability, Programs, is_client_setting};
use crate::scratch::Scratch;

/// The environment variable that tells a bench program the URL of the server's superuser.
pub(crate) const URL: &str = "ORGCACHE_BENCH_POSTGRES_URL";

/// A running server that keeps what it commits, as one in use does. Dropped, it goes with all that is in it.
pub(crate) struct Server {
    scratch: Scratch,
    cluster: Cluster,
    version: String,
}

impl Server {
    /// Starts one.
    pub(crate) fn start(programs: &Programs) -> Result<Self> {
        Scratch::remove_leftovers(programs)?;
        let scratch = Scratch::create(programs)?;
        let cluster = Cluster::start(programs, &scratch, Account::for_servers()?, Durability::Full)?;
        Ok(Self { version: programs.version()?, scratch, cluster })
    }

    /// Tells a program where the server is, and where to leave files that go with it.
    pub(crate) fn lend_to(&self, command: &mut Command) {
        // A setting of the user's own databases must not lead a program there.
        for (name, _) in env::vars_os().filter(|(name, _)| is_client_setting(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.env(URL, self.cluster.url()).env("TMPDIR", self.scratch.temporary());
    }

    /// Name and version of the product.
    pub(crate) fn version(&self) -> String {
        self.version.replace("postgres (PostgreSQL)", "PostgreSQL")
    }
}
