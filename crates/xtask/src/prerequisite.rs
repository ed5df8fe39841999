//! Programs from outside the workspace that the tests run, found or installed.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::geteuid;

use crate::{browser, java, postgres, python};

/// Something that has to be on the machine before the tests can run.
pub(crate) struct Prerequisite {
    /// What it is, in a sentence on what is missing.
    name: &'static str,
    /// The environment variable that tells the tests where it is.
    variable: &'static str,
    /// Looks for it; an error where the user's own choice is wrong.
    locate: fn() -> Result<Option<PathBuf>>,
    /// Makes of what was found what the tests use, where that is something else.
    prepare: Option<fn(&Path) -> Result<PathBuf>>,
    /// The packages of Debian that bring it.
    packages: &'static [&'static str],
    /// A file that has to be there while the packages are installed, and its content.
    while_installing: Option<(&'static str, &'static str)>,
    /// What to do where there is no Debian package.
    otherwise: &'static str,
}

/// Directory of PostgreSQL's server programs, for tests that run clusters of their own.
pub(crate) const POSTGRES_PROGRAMS: &str = "ORGCACHE_TEST_POSTGRES_BIN";

/// The program pgbouncer, for tests that put it in front of a cluster.
const PGBOUNCER: &str = "ORGCACHE_TEST_PGBOUNCER";

/// The program nginx, for the test that puts it in front of the service.
const NGINX: &str = "ORGCACHE_TEST_NGINX";

/// Everything that the tests need beside Rust.
const PREREQUISITES: &[Prerequisite] = &[
    Prerequisite {
        name: "the PostgreSQL server",
        variable: POSTGRES_PROGRAMS,
        locate: postgres::locate,
        prepare: None,
        packages: &["postgresql"],
        // The tests start a cluster of their own: the package need not leave one running on the machine.
        while_installing: Some((
            "/etc/postgresql-common/createcluster.d/orgcache-test.conf",
            "create_main_cluster = false\n",
        )),
        otherwise: "install initdb, postgres and pg_ctl, and name their directory in ORGCACHE_PG_BIN",
    },
    Prerequisite {
        name: "Chromium",
        variable: "ORGCACHE_TEST_CHROMIUM",
        locate: browser::locate_chromium,
        prepare: None,
        packages: &["chromium"],
        while_installing: None,
        otherwise: "install Chromium or Chrome, and name the program in ORGCACHE_CHROMIUM",
    },
    Prerequisite {
        name: "chromedriver",
        variable: "ORGCACHE_TEST_CHROMEDRIVER",
        locate: browser::locate_driver,
        prepare: None,
        packages: &["chromium-driver"],
        while_installing: None,
        otherwise: "install chromedriver of the browser's version, and name the program in ORGCACHE_CHROMEDRIVER",
    },
    Prerequisite {
        name: "the connection pooler pgbouncer",
        variable: PGBOUNCER,
        locate: || locate_daemon("pgbouncer"),
        prepare: None,
        packages: &["pgbouncer"],
        while_installing: None,
        otherwise: "install pgbouncer where PATH leads",
    },
    Prerequisite {
        name: "nginx",
        variable: NGINX,
        locate: || locate_daemon("nginx"),
        prepare: None,
        packages: &["nginx"],
        while_installing: None,
        otherwise: "install nginx where PATH leads",
    },
    Prerequisite {
        name: "Python 3",
        variable: python::VARIABLE,
        locate: python::locate,
        prepare: Some(python::environment),
        packages: &["python3-venv"],
        while_installing: None,
        otherwise: "install Python 3 with its module venv, and name the program in ORGCACHE_PYTHON",
    },
    Prerequisite {
        name: "a Java development kit",
        variable: "ORGCACHE_TEST_JAVA",
        locate: java::locate,
        prepare: None,
        packages: &["default-jdk-headless"],
        while_installing: None,
        otherwise: "install a JDK, and name its program java in ORGCACHE_JAVA",
    },
    Prerequisite {
        name: "JUnit 5",
        variable: "ORGCACHE_TEST_JUNIT",
        locate: java::locate_junit,
        prepare: None,
        packages: &["junit5"],
        while_installing: None,
        otherwise: "download junit-platform-console-standalone, and name the jar in ORGCACHE_JUNIT",
    },
    Prerequisite {
        name: "PostgreSQL's JDBC driver",
        variable: "ORGCACHE_TEST_JDBC",
        locate: java::locate_jdbc,
        prepare: None,
        packages: &["libpostgresql-jdbc-java"],
        while_installing: None,
        otherwise: "download PostgreSQL's JDBC driver, and name the jar in ORGCACHE_JDBC",
    },
];

/// Finds a daemon: in `PATH`, or where Debian keeps it, which is not in the `PATH` of every user.
fn locate_daemon(name: &str) -> Result<Option<PathBuf>> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    Ok(folders.map(|folder| folder.join(name)).find(|program| program.is_file()))
}

/// Where each prerequisite was found, by the variable that tells the tests.
pub(crate) struct Found(Vec<(&'static str, PathBuf)>);

impl Found {
    /// The place of one prerequisite.
    pub(crate) fn path(&self, variable: &str) -> Result<&Path> {
        let found = self.0.iter().find(|(name, _)| *name == variable);
        found.map(|(_, path)| path.as_path()).with_context(|| format!("nothing is known of {variable}"))
    }

    /// The variables for the tests.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.0.iter().map(|(name, path)| (*name, path.as_path()))
    }
}

/// Finds all prerequisites, and first installs those that are missing where that is possible.
pub(crate) fn prepare() -> Result<Found> {
    prepare_these(PREREQUISITES)
}

/// The same with PostgreSQL's programs alone.
pub(crate) fn prepare_postgres() -> Result<PathBuf> {
    let postgres = PREREQUISITES.iter().find(|prerequisite| prerequisite.variable == POSTGRES_PROGRAMS);
    let found = prepare_these(postgres.map(std::slice::from_ref).unwrap_or_default())?;
    found.path(POSTGRES_PROGRAMS).map(Path::to_owned)
}

fn prepare_these(prerequisites: &'static [Prerequisite]) -> Result<Found> {
    let missing = missing(prerequisites)?;
    if !missing.is_empty() {
        if !geteuid().is_root() || !has_apt() {
            bail!("{}", advice(&missing));
        }
        install(&missing).with_context(|| advice(&missing))?;
    }
    let mut found = Vec::new();
    for prerequisite in prerequisites {
        let Some(path) = (prerequisite.locate)()? else {
            bail!("{} is installed and still not found", prerequisite.name);
        };
        let path = match prerequisite.prepare {
            Some(prepare) => {
                prepare(&path).with_context(|| format!("cannot prepare {}", prerequisite.name))?
            }
            None => path,
        };
        found.push((prerequisite.variable, path));
    }
    Ok(Found(found))
}

fn missing(prerequisites: &'static [Prerequisite]) -> Result<Vec<&'static Prerequisite>> {
    let mut missing = Vec::new();
    for prerequisite in prerequisites {
        if (prerequisite.locate)()?.is_none() {
            missing.push(prerequisite);
        }
    }
    Ok(missing)
}

/// What to install, for a person to read and paste.
fn advice(missing: &[&Prerequisite]) -> String {
    let names: Vec<_> = missing.iter().map(|prerequisite| prerequisite.name).collect();
    let mut advice = format!(
        "the tests need {}; on Debian, run\n    sudo apt-get update && sudo apt-get install --yes {}",
        names.join(" and "),
        packages(missing).join(" ")
    );
    for prerequisite in missing {
        advice.push_str("\nelsewhere, ");
        advice.push_str(prerequisite.otherwise);
    }
    advice
}

fn packages(missing: &[&Prerequisite]) -> Vec<&'static str> {
    missing.iter().flat_map(|prerequisite| prerequisite.packages).copied().collect()
}

fn has_apt() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join("apt-get").is_file())
}

fn install(missing: &[&Prerequisite]) -> Result<()> {
    let mut files = Vec::new();
    for (path, content) in missing.iter().filter_map(|prerequisite| prerequisite.while_installing) {
        files.push(TemporaryFile::create(Path::new(path), content)?);
    }
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages(missing));
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    eprintln!("apt-get {}", arguments.join(" "));
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .context("cannot run `apt-get`")?;
    if !status.success() {
        bail!("`apt-get {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// A file that is there as long as this value lives, unless one of that name was there before.
struct TemporaryFile {
    path: PathBuf,
    created: bool,
}

impl TemporaryFile {
    fn create(path: &Path, content: &str) -> Result<Self> {
        let write = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            match File::create_new(path) {
                Ok(mut file) => file.write_all(content.as_bytes()).map(|()| true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            }
        };
        let created = write().with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Self { path: path.to_owned(), created })
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.created {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            eprintln!("warning: cannot remove `{}`: {error}", self.path.display());
        }
        if let Some(folder) = self.path.parent() {
            // Fails where there is something else in it, which is then not ours to remove.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;

    use super::{Found, PREREQUISITES, Prerequisite, TemporaryFile, advice};
    use crate::scratch::random_hex;

    const OTHER: Prerequisite = Prerequisite {
        name: "a browser",
        variable: "ORGCACHE_TEST_BROWSER",
        locate: || Ok(None),
        prepare: None,
        packages: &["chromium"],
        while_installing: None,
        otherwise: "install a browser",
    };

    #[test]
    fn the_advice_names_everything_that_is_missing_in_one_command() {
        let missing: Vec<_> = PREREQUISITES.iter().take(1).chain([&OTHER]).collect();
        assert_eq!(
            advice(&missing),
            "the tests need the PostgreSQL server and a browser; on Debian, run\n    \
             sudo apt-get update && sudo apt-get install --yes postgresql chromium\n\
             elsewhere, install initdb, postgres and pg_ctl, and name their directory in ORGCACHE_PG_BIN\n\
             elsewhere, install a browser"
        );
    }

    #[test]
    fn what_was_found_is_looked_up_by_its_variable() {
        let found = Found(vec![("ORGCACHE_TEST_BROWSER", "/usr/bin/chromium".into())]);
        assert_eq!(found.path("ORGCACHE_TEST_BROWSER").unwrap().to_str(), Some("/usr/bin/chromium"));
        assert!(found.path("OTHER").is_err());
        assert_eq!(found.variables().count(), 1);
    }

    #[test]
    fn a_temporary_file_goes_with_its_folder_and_spares_what_was_there() {
        let folder = env::temp_dir().join(format!("xtask-{}", random_hex().unwrap()));
        let path = folder.join("file");
        let file = TemporaryFile::create(&path, "ours").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
        drop(file);
        assert!(!folder.exists());
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "theirs").unwrap();
        drop(TemporaryFile::create(&path, "ours").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        fs::remove_dir_all(folder).unwrap();
    }
}
