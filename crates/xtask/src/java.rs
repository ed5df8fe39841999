//! Java: the development kit that builds the jars and runs tests and examples.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::locate;
use crate::workspace::{files_below, succeed};

/// The oldest version whose language the examples of the documents are written in.
const OLDEST: u32 = 15;

/// The oldest Java that can load the classes of the library.
const RELEASE: &str = "11";

/// Finds a `java` that compiles what it runs.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    let what = format!("the `java` of a JDK {OLDEST} or later");
    locate::locate("ORGCACHE_JAVA", &["java"], &what, compiles)
}

/// A Java development kit, whose tools are run as modules: their programs need not be beside `java`.
pub(crate) struct Jdk {
    java: PathBuf,
}

impl Jdk {
    /// The one of this machine.
    pub(crate) fn require() -> Result<Self> {
        let java =
            locate()?.context("no JDK found; install one, and name its program java in ORGCACHE_JAVA")?;
        Ok(Jdk { java })
    }

    /// Compiles all sources below a folder for the oldest Java that is supported. Warnings are errors.
    pub(crate) fn compile(&self, sources: &Path, classes: &Path, class_path: &[&Path]) -> Result<()> {
        let class_path = env::join_paths(class_path)?;
        let mut arguments = vec![OsStr::new("--release"), OsStr::new(RELEASE), OsStr::new("-Xlint:all")];
        arguments.extend(["-Werror", "-proc:none", "-d"].map(OsStr::new));
        arguments.extend([classes.as_os_str(), OsStr::new("-cp"), &class_path]);
        let files = files_below(sources)?.into_iter().map(|file| sources.join(file));
        let files = files.map(PathBuf::into_os_string);
        let arguments = arguments.into_iter().map(OsStr::to_owned);
        self.run("jdk.compiler/com.sun.tools.javac.Main", arguments.chain(files))
    }

    /// Makes the documentation of all sources below a folder. Warnings are errors.
    pub(crate) fn document(&self, sources: &Path, documentation: &Path, class_path: &[&Path]) -> Result<()> {
        let mut arguments = ["--release", RELEASE, "-Xdoclint:all", "-Werror", "-quiet", "-notimestamp"]
            .map(|argument| OsStr::new(argument).to_owned())
            .to_vec();
        arguments.extend(["-encoding".into(), "UTF-8".into(), "-d".into(), documentation.into()]);
        arguments.extend(["-cp".into(), env::join_paths(class_path)?]);
        arguments.extend(files_below(sources)?.into_iter().map(|file| sources.join(file).into()));
        self.run("jdk.javadoc/jdk.javadoc.internal.tool.Main", arguments)
    }

    /// Runs a tool of the kit.
    pub(crate) fn run(
        &self,
        tool: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<()> {
        succeed(Command::new(&self.java).args(["-m", tool]).args(arguments))
    }

    /// Runs a class with a `main`.
    pub(crate) fn run_main(
        &self,
        class: &str,
        class_path: &[&Path],
        options: &[&str],
        arguments: &[String],
    ) -> Result<()> {
        let class_path = env::join_paths(class_path)?;
        let mut command = Command::new(&self.java);
        command.args(options).arg("-cp").arg(class_path).arg(class).args(arguments);
        succeed(&mut command)
    }
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
