//! Java: the JDK that builds the jars and runs tests and examples.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::locate;
use crate::workspace::{files_below, succeed};

/// The oldest version that can compile the examples of the documents.
const OLDEST: u32 = 15;

/// The oldest Java version that the library supports.
const RELEASE: &str = "11";

/// Finds a `java` that can compile source files.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    let what = format!("the `java` of a JDK {OLDEST} or later");
    locate::locate("ORGCACHE_JAVA", &["java"], &what, compiles)
}

/// A JDK, whose tools are run as modules: their programs need not be next to `java`.
pub(crate) struct Jdk {
    java: PathBuf,
}

impl Jdk {
    /// The JDK of this machine.
    pub(crate) fn require() -> Result<Self> {
        let java =
            locate()?.context("no JDK found; install one, and name its program java in ORGCACHE_JAVA")?;
        Ok(Jdk { java })
    }

    /// Compiles all sources below a folder for the oldest supported Java. Warnings are errors.
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

    /// Generates the documentation of all sources below a folder. Warnings are errors.
    pub(crate) fn document(&self, sources: &Path, documentation: &Path, class_path: &[&Path]) -> Result<()> {
        let mut arguments = ["--release", RELEASE, "-Xdoclint:all", "-Werror", "-quiet", "-notimestamp"]
            .map(|argument| OsStr::new(argument).to_owned())
            .to_vec();
        arguments.extend(["-encoding".into(), "UTF-8".into(), "-d".into(), documentation.into()]);
        arguments.extend(["-cp".into(), env::join_paths(class_path)?]);
        arguments.extend(files_below(sources)?.into_iter().map(|file| sources.join(file).into()));
        self.run("jdk.javadoc/jdk.javadoc.internal.tool.Main", arguments)
    }

    /// Runs a tool of the JDK.
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

/// Does it have a compiler module, and is it recent enough? A runtime without a compiler cannot run a source
/// file.
fn has_compiler(modules: &str) -> bool {
    let version = modules.lines().find_map(|module| module.strip_prefix("jdk.compiler@"));
    let major = version.and_then(|version| version.split(|byte: char| !byte.is_ascii_digit()).next());
    major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::has_compiler;

    #[test]
    fn a_recent_compiler_is_required() {
        assert!(has_compiler("java.base@17.0.15\njava.compiler@17.0.15\njdk.compiler@17.0.15\n"));
        assert!(has_compiler("jdk.compiler@21\n") && has_compiler("jdk.compiler@22-ea\n"));
        assert!(!has_compiler("jdk.compiler@11.0.2\n"));
        assert!(!has_compiler("java.base@17.0.15\njava.compiler@17.0.15\n"), "a runtime");
        assert!(!has_compiler(""));
    }
}
