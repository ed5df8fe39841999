//! Java: the development kit that runs tests and examples, and the jars that the tests need.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// The oldest version whose language the examples of the documents are written in.
const OLDEST: u32 = 15;

/// Finds a `java` that compiles what it runs.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    if let Some(program) = env::var_os("ORGCACHE_JAVA").map(PathBuf::from) {
        if !compiles(&program) {
            bail!(
                "`{}`, named by ORGCACHE_JAVA, is not the `java` of a JDK {OLDEST} or later",
                program.display()
            );
        }
        return Ok(Some(program));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = env::split_paths(&path).map(|folder| folder.join("java"));
    Ok(programs.filter(|program| program.is_file()).find(|program| compiles(program)))
}

/// Finds all of JUnit in one jar.
pub(crate) fn locate_junit() -> Result<Option<PathBuf>> {
    locate_jar("ORGCACHE_JUNIT", "junit-platform-console-standalone.jar")
}

/// Finds PostgreSQL's driver for Java.
pub(crate) fn locate_jdbc() -> Result<Option<PathBuf>> {
    locate_jar("ORGCACHE_JDBC", "postgresql.jar")
}

/// Finds a jar: the one that a variable names, or where Debian keeps it.
fn locate_jar(variable: &str, name: &str) -> Result<Option<PathBuf>> {
    if let Some(jar) = env::var_os(variable).map(PathBuf::from) {
        if !jar.is_file() {
            bail!("`{}`, named by {variable}, is no file", jar.display());
        }
        return Ok(Some(jar));
    }
    Ok(Some(Path::new("/usr/share/java").join(name)).filter(|jar| jar.is_file()))
}

fn compiles(java: &Path) -> bool {
    let modules =
        Command::new(java).arg("--list-modules").stdin(Stdio::null()).stderr(Stdio::null()).output();
    modules.is_ok_and(|modules| has_compiler(&String::from_utf8_lossy(&modules.stdout)))
}

/// Is a compiler among the modules, and young enough? A runtime without one cannot run a source file.
fn has_compiler(modules: &str) -> bool {
    let version = modules.lines().find_map(|module| module.strip_prefix("jdk.compiler@"));
    let major = version.and_then(|version| version.split(|byte: char| !byte.is_ascii_digit()).next());
    major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::has_compiler;

    #[test]
    fn a_compiler_of_the_right_age_is_needed() {
        assert!(has_compiler("java.base@17.0.15\njava.compiler@17.0.15\njdk.compiler@17.0.15\n"));
        assert!(has_compiler("jdk.compiler@21\n") && has_compiler("jdk.compiler@22-ea\n"));
        assert!(!has_compiler("jdk.compiler@11.0.2\n"));
        assert!(!has_compiler("java.base@17.0.15\njava.compiler@17.0.15\n"), "a runtime");
        assert!(!has_compiler(""));
    }
}
