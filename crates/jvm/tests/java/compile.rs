//! Compiles the Java sources and runs their tests.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Runs the tests that the arguments of a test program name.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let java_sources = root().join("java");
    let library = compile(&[java_sources.join("orgcache")], &folder.path().join("orgcache"), &[]);
    let junit = program("ORGCACHE_TEST_JUNIT");
    // The drop-in and what stands in for the ERP need each other.
    let sources = [java_sources.join("test"), java_sources.join("standins"), write_guide(folder.path())];
    let tests = compile(&sources, &folder.path().join("test"), &[&library, &junit]);

    let driver = program("ORGCACHE_TEST_JDBC");
    let parts = [&library, &tests, &junit, &driver];
    let mut java = Command::new(program("ORGCACHE_TEST_JAVA"));
    // The smallest collector leaves figures of memory alone, and a small heap shows what takes too much of
    // it.
    java.args(["-XX:+UseSerialGC", "-Xmx512m", "-Xss512k", "-ea"]);
    java.arg(property("orgcache.reference", env::current_exe().unwrap().as_os_str()));
    java.arg(property("orgcache.classes", library.as_os_str()));
    java.arg(property("orgcache.golden", root().join("../org-structure/tests/golden").as_os_str()));
    if let Some(count) = env::var_os("ORGCACHE_TEST_JVM_TREES") {
        java.arg(property("orgcache.trees", &count));
    }
    java.arg("-cp").arg(env::join_paths(parts).unwrap());
    java.arg("org.orgcache.TestProgram").args(arguments);
    let status = java.stdin(Stdio::null()).status().unwrap();
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn property(name: &str, value: &OsStr) -> OsString {
    let mut property = OsString::from(format!("-D{name}="));
    property.push(value);
    property
}

/// The programs of the integration guide that use the library, as a reader takes them from there.
fn write_guide(folder: &Path) -> PathBuf {
    let guide = fs::read_to_string(root().join("../../docs/integration.md")).unwrap();
    let sources = folder.join("guide");
    fs::create_dir(&sources).unwrap();
    let mut names = Vec::new();
    for source in guide.split("```java\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        if source.contains("import org.orgcache.") {
            let (_, rest) = source.split_once("public class ").unwrap();
            let name = rest.split(' ').next().unwrap();
            fs::write(sources.join(name).with_extension("java"), source).unwrap();
            names.push(name);
        }
    }
    assert_eq!(names, ["Trees", "OrganizationStructureProvider"]);
    sources
}

/// Compiles all sources below some folders, as byte code of the oldest Java that is supported.
fn compile(sources: &[PathBuf], classes: &Path, class_path: &[&PathBuf]) -> PathBuf {
    let mut files = Vec::new();
    for folder in sources {
        find(folder, &mut files);
    }
    // Some Java is without the program `javac`, none of a development kit without its module.
    let mut javac = Command::new(program("ORGCACHE_TEST_JAVA"));
    javac.args(["-m", "jdk.compiler/com.sun.tools.javac.Main", "--release", "11", "-Xlint:all", "-Werror"]);
    javac.arg("-proc:none").arg("-d").arg(classes).arg("-cp").arg(env::join_paths(class_path).unwrap());
    let status = javac.args(files).stdin(Stdio::null()).status().unwrap();
    assert!(status.success(), "the Java sources in {sources:?} do not compile");
    classes.to_owned()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn program(variable: &str) -> PathBuf {
    let path = env::var_os(variable);
    path.unwrap_or_else(|| {
        panic!("{variable} is not set: run `cargo xtask test`, which installs what is missing")
    })
    .into()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
