//! A synchronous standby server, and a pooler that is switched to it.

use std::process::Command;

use crate::server::{Bouncer, Cluster, folder, free_port, run, settings};

impl Cluster {
    /// Starts a synchronous standby: the server then acknowledges a commit only after the standby has it.
    pub(crate) fn standby(&self) -> Self {
        let standby = Cluster { folder: folder(), port: free_port() };
        run("pg_basebackup", &["-D", &standby.data(), "-d", &self.url(), "-R", "-c", "fast", "--no-sync"]);
        standby.start();
        let psql = ["-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url()];
        let statements = ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"];
        run("psql", &[&psql[..], &["-c", statements[0], "-c", statements[1]]].concat());
        standby
    }

    /// Promotes a standby to primary.
    pub(crate) fn promote(&self) {
        run("pg_ctl", &["promote", "-D", &self.data(), "-w", "-s"]);
    }
}

impl Bouncer {
    /// Reconfigures the pooler to use another server.
    pub(crate) fn switch_to(&self, url: &str) {
        let settings = settings("session", self.port, url);
        std::fs::write(self._folder.path().join("pgbouncer.ini"), settings).unwrap();
        let status = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "pgbouncer is not running");
    }
}
