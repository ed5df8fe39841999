//! A second server, and a pooler that is led to it.

use std::process::Command;

use crate::server::{Bouncer, Cluster, folder, free_port, run, settings};

impl Cluster {
    /// A standby that follows this server, which acknowledges no commit from now on before the standby has
    /// it.
    pub(crate) fn standby(&self) -> Self {
        let standby = Cluster { folder: folder(), port: free_port() };
        run("pg_basebackup", &["-D", &standby.data(), "-d", &self.url(), "-R", "-c", "fast", "--no-sync"]);
        standby.start();
        let psql = ["-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url()];
        let statements = ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"];
        run("psql", &[&psql[..], &["-c", statements[0], "-c", statements[1]]].concat());
        standby
    }

    /// Makes a server of a standby that takes changes.
    pub(crate) fn promote(&self) {
        run("pg_ctl", &["promote", "-D", &self.data(), "-w", "-s"]);
    }
}

impl Bouncer {
    /// Leads sessions to another server from now on.
    pub(crate) fn lead_to(&self, url: &str) {
        let settings = settings("session", self.port, url);
        std::fs::write(self._folder.path().join("pgbouncer.ini"), settings).unwrap();
        let status = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "pgbouncer has ended");
    }
}
