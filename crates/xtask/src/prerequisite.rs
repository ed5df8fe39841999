//! External programs and libraries that the tests use, found or installed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::geteuid;

use crate::locate::file;
use crate::workspace::succeed;
use crate::{java, postgres, python};

/// A prerequisite of the tests.
pub(crate) struct Prerequisite {
    /// Its name in messages.
    name: &'static str,
    /// The environment variable with its path, for the tests.
    variable: &'static str,
    /// Looks for it. Fails if the user's own choice is wrong.
    locate: fn() -> Result<Option<PathBuf>>,
    /// The Debian package that contains it.
    package: &'static str,
    /// Advice for other systems.
    otherwise: &'static str,
}

/// All prerequisites besides Rust.
const PREREQUISITES: &[Prerequisite] = &[
    Prerequisite {
        name: "the PostgreSQL server",
        // For tests that run their own clusters.
        variable: "ORGCACHE_TEST_POSTGRES_BIN",
        locate: postgres::locate,
        package: "postgresql",
        otherwise: "install initdb, postgres and pg_ctl, and name their directory in ORGCACHE_PG_BIN",
    },
    Prerequisite {
        name: "Chromium",
        variable: "ORGCACHE_TEST_CHROMIUM",
        locate: || {
            let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
            file("ORGCACHE_CHROMIUM", &names)
        },
        package: "chromium",
        otherwise: "install Chromium or Chrome, and name the program in ORGCACHE_CHROMIUM",
    },
    Prerequisite {
        name: "chromedriver",
        variable: "ORGCACHE_TEST_CHROMEDRIVER",
        locate: || file("ORGCACHE_CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"]),
        package: "chromium-driver",
        otherwise: "install chromedriver of the browser's version, and name the program in ORGCACHE_CHROMEDRIVER",
    },
    Prerequisite {
        name: "the connection pooler pgbouncer",
        variable: "ORGCACHE_TEST_PGBOUNCER",
        locate: || file("ORGCACHE_PGBOUNCER", &["pgbouncer"]),
        package: "pgbouncer",
        otherwise: "install pgbouncer, and name the program in ORGCACHE_PGBOUNCER",
    },
    Prerequisite {
        name: "nginx",
        variable: "ORGCACHE_TEST_NGINX",
        locate: || file("ORGCACHE_NGINX", &["nginx"]),
        package: "nginx",
        otherwise: "install nginx, and name the program in ORGCACHE_NGINX",
    },
    Prerequisite {
        name: "Python 3",
        variable: python::VARIABLE,
        locate: python::locate,
        package: "python3-venv",
        otherwise: "install Python 3 with its module venv, and name the program in ORGCACHE_PYTHON",
    },
    Prerequisite {
        name: "a Java development kit",
        variable: "ORGCACHE_TEST_JAVA",
        locate: java::locate,
        package: "default-jdk-headless",
        otherwise: "install a JDK, and name its program java in ORGCACHE_JAVA",
    },
    Prerequisite {
        name: "JUnit 5",
        variable: "ORGCACHE_TEST_JUNIT",
        locate: || file("ORGCACHE_JUNIT", &["junit-platform-console-standalone.jar"]),
        package: "junit5",
        otherwise: "download junit-platform-console-standalone, and name the jar in ORGCACHE_JUNIT",
    },
    Prerequisite {
        name: "PostgreSQL's JDBC driver",
        variable: "ORGCACHE_TEST_JDBC",
        locate: || file("ORGCACHE_JDBC", &["postgresql.jar"]),
        package: "libpostgresql-jdbc-java",
        otherwise: "download PostgreSQL's JDBC driver, and name the jar in ORGCACHE_JDBC",
    },
];

/// Finds all prerequisites, after installing missing ones if possible. Returns each path with its environment
/// variable.
pub(crate) fn prepare() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut missing = Vec::new();
    for prerequisite in PREREQUISITES {
        if (prerequisite.locate)()?.is_none() {
            missing.push(prerequisite);
        }
    }
    if !missing.is_empty() {
        let can_install = geteuid().is_root() && Path::new("/usr/bin/apt-get").is_file();
        ensure!(can_install, "{}", advice(&missing));
        install(&missing).with_context(|| advice(&missing))?;
    }
    let find = |prerequisite: &Prerequisite| {
        let path = match prerequisite.variable {
            python::VARIABLE => Some(python::interpreter()?),
            _ => (prerequisite.locate)()?,
        };
        let path =
            path.with_context(|| format!("{} was installed but is still not found", prerequisite.name))?;
        Ok((prerequisite.variable, path))
    };
    PREREQUISITES.iter().map(find).collect()
}

/// Instructions for the user, to copy and paste.
fn advice(missing: &[&Prerequisite]) -> String {
    let names: Vec<_> = missing.iter().map(|prerequisite| prerequisite.name).collect();
    let packages: Vec<_> = missing.iter().map(|prerequisite| prerequisite.package).collect();
    let mut advice = format!(
        "the tests need {}; on Debian, run\n    sudo apt-get update && sudo apt-get install --yes {}",
        names.join(" and "),
        packages.join(" ")
    );
    for prerequisite in missing {
        advice.push_str("\nelsewhere, ");
        advice.push_str(prerequisite.otherwise);
    }
    advice
}

fn install(missing: &[&Prerequisite]) -> Result<()> {
    let packages: Vec<_> = missing.iter().map(|prerequisite| prerequisite.package).collect();
    eprintln!("apt-get install {}", packages.join(" "));
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").stdout(io::stderr());
        command
    };
    succeed(apt_get().arg("update"))?;
    succeed(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

#[cfg(test)]
mod tests {
    use super::{PREREQUISITES, advice};

    #[test]
    fn the_advice_installs_everything_missing_in_one_command() {
        let missing: Vec<_> = PREREQUISITES.iter().take(2).collect();
        assert_eq!(
            advice(&missing),
            "the tests need the PostgreSQL server and Chromium; on Debian, run\n    \
             sudo apt-get update && sudo apt-get install --yes postgresql chromium\n\
             elsewhere, install initdb, postgres and pg_ctl, and name their directory in ORGCACHE_PG_BIN\n\
             elsewhere, install Chromium or Chrome, and name the program in ORGCACHE_CHROMIUM"
        );
    }
}
