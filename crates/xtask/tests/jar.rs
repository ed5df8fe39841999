//! `cargo xtask jar` builds what a repository requires, reproducibly.
#![expect(clippy::unwrap_used, reason = "test code may fail loudly")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The maximum size of the jar of trees.
const BUDGET: usize = 60_000;

/// A stand-in for the native library, which takes minutes to build.
const NATIVE: &[u8] = b"native";

fn java() -> PathBuf {
    env::var_os("ORGCACHE_TEST_JAVA")
        .unwrap_or_else(|| panic!("this test needs Java: run `cargo xtask test`, which installs it"))
        .into()
}

/// Builds into a folder, and returns its files.
fn build(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    // The packed file need not be a real library.
    let native = folder.with_extension("so");
    fs::write(&native, NATIVE).unwrap();
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask
        .env("ORGCACHE_JAVA", java())
        .args(["jar", "--repository", "https://example.org/a?b&c", "--out"])
        .arg(folder)
        .arg("--native-library")
        .arg(native);
    let output = xtask.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn jar(arguments: &[&str], folder: &Path) -> String {
    let mut jar = Command::new(java());
    jar.args(["-m", "jdk.jartool/sun.tools.jar.Main"]).args(arguments).current_dir(folder);
    let output = jar.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_jars_are_complete_and_reproducible() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let files = build(&first);
    assert!(files == build(&second), "two builds differ");

    let version = env!("CARGO_PKG_VERSION");
    let names = ["orgcache-sessions", "orgcache"].map(|library| {
        ["-javadoc.jar", "-sources.jar", ".jar", ".pom"].map(|end| format!("{library}-{version}{end}"))
    });
    let mut expected = names.concat();
    expected.sort_unstable();
    assert_eq!(files.keys().collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    let [sessions, trees] = &names;
    assert!(files[&trees[2]].len() <= BUDGET, "the jar has {} bytes", files[&trees[2]].len());

    for (name, wanted) in [
        (&trees[2], "org/orgcache/OrgStructure.class"),
        (&trees[1], "org/orgcache/openbravo/OrganizationStructures.java"),
        (&trees[0], "org/orgcache/OrgTrees.html"),
        (&sessions[2], "org/orgcache/session/SessionManager.class"),
        (&sessions[2], "META-INF/native/linux-x86_64-gnu/liborgcache_jvm.so"),
        (&sessions[2], "META-INF/THIRD_PARTY.md"),
        (&sessions[1], "org/orgcache/session/OrgSource.java"),
        (&sessions[0], "org/orgcache/session/SessionManager.html"),
    ] {
        let listed = jar(&["--list", "--file", name], &first);
        for wanted in [wanted, "META-INF/MANIFEST.MF", "META-INF/LICENSE-MIT", "META-INF/LICENSE-APACHE"] {
            assert!(listed.lines().any(|file| file == wanted), "{name} lacks {wanted}:\n{listed}");
        }
    }
    for [_, _, _, pom] in &names {
        let pom = String::from_utf8(files[pom].clone()).unwrap();
        for element in
            ["name", "description", "url", "scm", "licenses", "developers", "groupId", "artifactId"]
        {
            assert!(pom.contains(&format!("<{element}>")), "{pom}");
        }
        assert!(pom.contains(&format!("<version>{version}</version>")) && !pom.contains('@'), "{pom}");
        assert!(pom.contains("<url>https://example.org/a?b&amp;c</url>"), "{pom}");
    }
    let of_sessions = String::from_utf8(files[&sessions[3]].clone()).unwrap();
    assert!(of_sessions.contains("<dependency>"), "{of_sessions}");
    jar(&["--extract", "--file", &sessions[2]], &first);
    assert_eq!(fs::read(first.join("META-INF/native/linux-x86_64-gnu/liborgcache_jvm.so")).unwrap(), NATIVE);
}

#[test]
fn the_classes_load_in_java_11() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path());
    jar(&["--extract", "--file", &format!("orgcache-{}.jar", env!("CARGO_PKG_VERSION"))], folder.path());
    jar(
        &["--extract", "--file", &format!("orgcache-sessions-{}.jar", env!("CARGO_PKG_VERSION"))],
        folder.path(),
    );
    for class in ["org/orgcache/OrgStructure.class", "org/orgcache/session/SessionManager.class"] {
        let class = fs::read(folder.path().join(class)).unwrap();
        assert_eq!(class[..8], [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 55]);
    }
}
