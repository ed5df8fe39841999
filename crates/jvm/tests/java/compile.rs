//! Compiles the Java sources and runs their tests.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

const LIBRARY: &str = "liborgcache_jvm.so";

/// The first version of Java with virtual threads.
const VIRTUAL_THREADS: u32 = 21;

/// Runs the tests selected by the arguments of a test program.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let java_sources = root().join("java");
    let library = compile(&[java_sources.join("orgcache")], &folder.path().join("orgcache"), &[]);
    let sources = [java_sources.join("orgcache-sessions")];
    let sessions = compile(&sources, &folder.path().join("orgcache-sessions"), &[&library]);
    put_native_library(&sessions);
    let junit = program("ORGCACHE_TEST_JUNIT");
    // The drop-in class and the stand-ins for the ERP's classes depend on each other.
    let replacement = root().join("../../examples/java/openbravo");
    let standins = java_sources.join("standins");
    let sources = [java_sources.join("test"), standins, replacement, write_guide(folder.path())];
    let tests = compile(&sources, &folder.path().join("test"), &[&library, &sessions, &junit]);

    let driver = program("ORGCACHE_TEST_JDBC");
    let parts = [&library, &sessions, &tests, &junit, &driver];
    let mut java = Command::new(program("ORGCACHE_TEST_JAVA"));
    // The simplest collector does not distort memory figures, and a small heap exposes excessive use.
    java.args(["-XX:+UseSerialGC", "-Xmx512m", "-Xss512k", "-ea"]);
    java.arg(property("orgcache.reference", env::current_exe().unwrap().as_os_str()));
    java.arg(property("orgcache.classes", library.as_os_str()));
    java.arg(property("orgcache.sessions", sessions.as_os_str()));
    java.arg(property("orgcache.tests", tests.as_os_str()));
    if let Some(newer) = find_newer_java() {
        java.arg(property("orgcache.newer", newer.as_os_str()));
    }
    java.arg(property("orgcache.golden", root().join("../org-structure/tests/golden").as_os_str()));
    if let Some(count) = env::var_os("ORGCACHE_TEST_JVM_TREES") {
        java.arg(property("orgcache.trees", &count));
    }
    java.arg("-cp").arg(env::join_paths(parts).unwrap());
    java.arg("org.orgcache.TestProgram").args(arguments);
    let status = java.stdin(Stdio::null()).status().unwrap();
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The native library of this build, at its path in the jar.
fn put_native_library(classes: &Path) {
    let folder = classes.join("META-INF/native/linux-x86_64-gnu");
    fs::create_dir_all(&folder).unwrap();
    let built = env::current_exe().unwrap().with_file_name(LIBRARY);
    symlink(built, folder.join(LIBRARY)).unwrap();
}

/// A Java with virtual threads, in addition to the one that runs the tests, if the machine has one.
fn find_newer_java() -> Option<PathBuf> {
    let kits = fs::read_dir("/usr/lib/jvm").ok()?;
    let programs = kits.filter_map(|kit| Some(kit.ok()?.path().join("bin/java")));
    programs.filter(|program| program.is_file()).find(|program| {
        let version = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let major = version.ok().and_then(|text| {
            text.split(' ').nth(1).and_then(|number| number.split(['.', '-']).next()?.parse::<u32>().ok())
        });
        major.is_some_and(|major| major >= VIRTUAL_THREADS)
    })
}

fn property(name: &str, value: &OsStr) -> OsString {
    let mut property = OsString::from(format!("-D{name}="));
    property.push(value);
    property
}

/// The programs of the integration guide that use the library.
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
    assert_eq!(names, ["Trees", "Sessions"]);
    sources
}

/// Compiles all sources below some folders, as byte code for the oldest supported Java.
fn compile(sources: &[PathBuf], classes: &Path, class_path: &[&PathBuf]) -> PathBuf {
    let mut files = Vec::new();
    for folder in sources {
        find(folder, &mut files);
    }
    // Some Java installations lack the program `javac`, but no development kit lacks its module.
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
