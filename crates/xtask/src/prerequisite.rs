//! Programs and libraries from outside the workspace that the tests use, found or installed.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
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

/// Everything that the tests need beside Rust.
const PREREQUISITES: &[Prerequisite] = &[
    Prerequisite {
        name: "the PostgreSQL server",
        // For tests that run clusters of their own.
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

/// Where Debian keeps daemons, the parts of Chromium, and jars.
const DEBIAN: [&str; 3] = ["/usr/sbin", "/usr/lib/chromium", "/usr/share/java"];

/// Finds a file that works: the one that a variable names, else the first in `PATH` or where Debian keeps it,
/// by the first of its names.
pub(crate) fn locate(
    variable: &str,
    names: &[&str],
    what: &str,
    works: fn(&Path) -> bool,
) -> Result<Option<PathBuf>> {
    if let Some(chosen) = env::var_os(variable).map(PathBuf::from) {
        ensure!(works(&chosen), "`{}`, named by {variable}, is not {what}", chosen.display());
        return Ok(Some(chosen));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).chain(DEBIAN.map(PathBuf::from)).collect();
    Ok(find(&folders, names, works))
}

/// Finds a file of which it is enough that it is there.
pub(crate) fn file(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    locate(variable, names, "a file", Path::is_file)
}

fn find(folders: &[PathBuf], names: &[&str], works: fn(&Path) -> bool) -> Option<PathBuf> {
    let mut candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.find(|candidate| candidate.is_file() && works(candidate))
}

/// Finds all prerequisites, after installing those that are missing if that is possible. Each has the
/// variable that tells the tests.
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
        let path = path.with_context(|| format!("{} is installed and still not found", prerequisite.name))?;
        Ok((prerequisite.variable, path))
    };
    PREREQUISITES.iter().map(find).collect()
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
    use std::path::Path;

    use super::{PREREQUISITES, advice, find};

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
    fn the_first_name_wins_in_any_folder() {
        let root = tempfile::tempdir().unwrap();
        for (folder, program) in [("a", "second"), ("b", "first"), ("b", "second")] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(program), "").unwrap();
        }
        fs::create_dir(root.path().join("a/first")).unwrap();
        let folders = ["absent", "a", "b"].map(|name| root.path().join(name));
        let found = |names: &[&str]| find(&folders, names, Path::is_file);
        assert_eq!(found(&["first", "second"]), Some(root.path().join("b/first")));
        assert_eq!(found(&["third", "second"]), Some(root.path().join("a/second")));
        assert_eq!(found(&["no such program"]), None);
        assert_eq!(
            find(&folders, &["second"], |file| file.parent().is_some_and(|it| it.ends_with("b"))),
            Some(root.path().join("b/second")),
            "one that does not work is passed over"
        );
    }
}
