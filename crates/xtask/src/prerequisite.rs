//! Programs and libraries from outside the workspace that the tests use, found or installed.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::process::geteuid;

use crate::workspace::succeed;
use crate::{java, postgres, python};

/// Something that has to be on the machine before the tests can run.
pub(crate) struct Prerequisite {
    /// What it is, in a sentence on what is missing.
    name: &'static str,
    /// The environment variable that tells the tests where it is.
    variable: &'static str,
    /// Looks for it; an error if the user's own choice is wrong.
    locate: fn() -> Result<Option<PathBuf>>,
    /// The package of Debian that brings it.
    package: &'static str,
    /// What to do on other systems.
    otherwise: &'static str,
}

/// Directory of PostgreSQL's server programs, for tests that run clusters of their own.
pub(crate) const POSTGRES_PROGRAMS: &str = "ORGCACHE_TEST_POSTGRES_BIN";

/// Everything that the tests need beside Rust.
const PREREQUISITES: &[Prerequisite] = &[
    Prerequisite {
        name: "the PostgreSQL server",
        variable: POSTGRES_PROGRAMS,
        locate: postgres::locate,
        package: "postgresql",
        otherwise: "install initdb, postgres and pg_ctl, and name their directory in ORGCACHE_PG_BIN",
    },
    Prerequisite {
        name: "Chromium",
        variable: "ORGCACHE_TEST_CHROMIUM",
        locate: || {
            let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
            locate("ORGCACHE_CHROMIUM", &names)
        },
        package: "chromium",
        otherwise: "install Chromium or Chrome, and name the program in ORGCACHE_CHROMIUM",
    },
    Prerequisite {
        name: "chromedriver",
        variable: "ORGCACHE_TEST_CHROMEDRIVER",
        locate: || locate("ORGCACHE_CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"]),
        package: "chromium-driver",
        otherwise: "install chromedriver of the browser's version, and name the program in ORGCACHE_CHROMEDRIVER",
    },
    Prerequisite {
        name: "the connection pooler pgbouncer",
        variable: "ORGCACHE_TEST_PGBOUNCER",
        locate: || locate("ORGCACHE_PGBOUNCER", &["pgbouncer"]),
        package: "pgbouncer",
        otherwise: "install pgbouncer, and name the program in ORGCACHE_PGBOUNCER",
    },
    Prerequisite {
        name: "nginx",
        variable: "ORGCACHE_TEST_NGINX",
        locate: || locate("ORGCACHE_NGINX", &["nginx"]),
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
        locate: || locate("ORGCACHE_JUNIT", &["junit-platform-console-standalone.jar"]),
        package: "junit5",
        otherwise: "download junit-platform-console-standalone, and name the jar in ORGCACHE_JUNIT",
    },
    Prerequisite {
        name: "PostgreSQL's JDBC driver",
        variable: "ORGCACHE_TEST_JDBC",
        locate: || locate("ORGCACHE_JDBC", &["postgresql.jar"]),
        package: "libpostgresql-jdbc-java",
        otherwise: "download PostgreSQL's JDBC driver, and name the jar in ORGCACHE_JDBC",
    },
];

/// Where Debian keeps daemons, the parts of Chromium, and jars.
const DEBIAN: [&str; 3] = ["/usr/sbin", "/usr/lib/chromium", "/usr/share/java"];

/// Finds a file: the one that a variable names, else by the first of its names in `PATH` or where Debian
/// keeps it.
fn locate(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    let Some(chosen) = env::var_os(variable).map(PathBuf::from) else {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain(DEBIAN.map(PathBuf::from));
        return Ok(find(folders, names));
    };
    if !chosen.is_file() {
        bail!("`{}`, named by {variable}, is not a file", chosen.display());
    }
    Ok(Some(chosen))
}

/// The first of the names that is a file in one of the folders.
fn find(folders: impl Iterator<Item = PathBuf>, names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<_> = folders.collect();
    let mut candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.find(|candidate| candidate.is_file())
}

/// Finds all prerequisites, after installing those that are missing if that is possible. Each has the
/// variable that tells the tests.
pub(crate) fn prepare() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut found = prepare_these(PREREQUISITES)?;
    for (variable, path) in &mut found {
        if *variable == python::VARIABLE {
            *path = python::environment(path)?;
        }
    }
    Ok(found)
}

/// Finds PostgreSQL's programs alone, likewise.
pub(crate) fn prepare_postgres() -> Result<PathBuf> {
    let postgres = PREREQUISITES.split_at(1).0;
    let found = prepare_these(postgres)?.into_iter().next();
    Ok(found.context("PostgreSQL is no prerequisite")?.1)
}

fn prepare_these(prerequisites: &'static [Prerequisite]) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut missing = Vec::new();
    for prerequisite in prerequisites {
        if (prerequisite.locate)()?.is_none() {
            missing.push(prerequisite);
        }
    }
    if !missing.is_empty() {
        let has_apt = Path::new("/usr/bin/apt-get").is_file();
        if !geteuid().is_root() || !has_apt {
            bail!("{}", advice(&missing));
        }
        install(&missing).with_context(|| advice(&missing))?;
    }
    let find = |prerequisite: &Prerequisite| {
        let path = (prerequisite.locate)()?;
        let path = path.with_context(|| format!("{} is installed and still not found", prerequisite.name))?;
        Ok((prerequisite.variable, path))
    };
    prerequisites.iter().map(find).collect()
}

/// What to install, for a person to read and paste.
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
    use std::fs;

    use super::{POSTGRES_PROGRAMS, PREREQUISITES, advice, find};

    #[test]
    fn the_advice_names_everything_that_is_missing_in_one_command() {
        let missing: Vec<_> = PREREQUISITES.iter().take(2).collect();
        assert_eq!(
            advice(&missing),
            "the tests need the PostgreSQL server and Chromium; on Debian, run\n    \
             sudo apt-get update && sudo apt-get install --yes postgresql chromium\n\
             elsewhere, install initdb, postgres and pg_ctl, and name their directory in ORGCACHE_PG_BIN\n\
             elsewhere, install Chromium or Chrome, and name the program in ORGCACHE_CHROMIUM"
        );
    }

    #[test]
    fn postgresql_is_the_first() {
        assert_eq!(PREREQUISITES[0].variable, POSTGRES_PROGRAMS);
    }

    #[test]
    fn the_first_name_wins_in_any_folder() {
        let root = tempfile::tempdir().unwrap();
        for (folder, program) in [("a", "second"), ("b", "first"), ("b", "second")] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(program), "").unwrap();
        }
        fs::create_dir(root.path().join("a/first")).unwrap();
        let found =
            |names: &[&str]| find(["absent", "a", "b"].iter().map(|name| root.path().join(name)), names);
        assert_eq!(found(&["first", "second"]), Some(root.path().join("b/first")));
        assert_eq!(found(&["third", "second"]), Some(root.path().join("a/second")));
        assert_eq!(found(&["no such program"]), None);
    }
}
