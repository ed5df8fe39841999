//! Builds the wheel and tests it on every Python of this machine.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use odoo_double::{Behaviour, OdooDouble};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

/// The interpreter that has maturin, mypy and an MCP client.
fn python() -> PathBuf {
    env::var_os("ORGCACHE_TEST_PYTHON").expect("`cargo xtask test` sets ORGCACHE_TEST_PYTHON").into()
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [told, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{command:?} failed\n{told}\n{complained}");
    output
}

/// The folder in which cargo built this test.
fn build_folder() -> PathBuf {
    let program = env::current_exe().unwrap();
    program.ancestors().nth(2).unwrap().to_owned()
}

/// The folder into which the wheel of this build is installed, once per run.
fn installed() -> &'static Path {
    static INSTALLED: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = INSTALLED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        // A concurrent test run writes the command into the same folder.
        let lock = fs::File::create(build_folder().with_file_name("wheel.lock")).unwrap();
        lock.lock().unwrap();
        let scripts = package().join("orgcache.data/scripts");
        fs::create_dir_all(&scripts).unwrap();
        let command = build_folder().join("orgcache");
        assert!(command.is_file(), "there is no `{}`: run `cargo build` first", command.display());
        run(Command::new("strip").arg("-o").arg(scripts.join("orgcache")).arg(command));
        let built = folder.path().join("built");
        let mut maturin = Command::new(python());
        maturin.args(["-m", "maturin", "build", "--profile", "dev", "--interpreter"]).arg(python());
        maturin.arg("--out").arg(&built).current_dir(package());
        // Use a separate build folder: with other settings, cargo would rebuild the same crates alternately.
        maturin.arg("--target-dir").arg(build_folder().with_file_name("wheel"));
        run(&mut maturin);
        let [file] = names(&built).try_into().expect("one wheel");
        assert!(file.starts_with("orgcache-") && file.contains("-cp310-abi3-"), "{file}");
        let path = folder.path().join("installed");
        let mut pip = Command::new(python());
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]).arg(&path);
        run(pip.arg(built.join(file)));
        (folder, path)
    });
    path
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every Python from 3.10 on, in PATH and in pyenv's folders.
fn interpreters() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv"));
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from).or(home).map(|root| root.join("versions"));
    let kept = pyenv.filter(|folder| folder.is_dir());
    let kept = kept.iter().flat_map(|folder| names(folder).into_iter().map(|name| folder.join(name)));
    let in_path = (10..30).map(|minor| PathBuf::from(format!("python3.{minor}")));
    let works = |python: &PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    in_path.chain(kept.map(|version| version.join("bin/python"))).filter(works).chain([python()]).collect()
}

#[test]
fn the_module_passes_its_tests_on_every_python() {
    let tests = package().join("tests/python");
    for python in interpreters() {
        let mut command = Command::new(&python);
        command.args(["-m", "unittest", "discover", "-s"]).arg(&tests);
        command.env("PYTHONPATH", installed()).env("PYTHONDONTWRITEBYTECODE", "1");
        let output = run(&mut command);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("OK") && !told.contains("Ran 0 tests"), "{}: {told}", python.display());
    }
}

#[test]
fn the_stubs_match_the_module() {
    let mypy = |module: &str| {
        let mut command = Command::new(python());
        command.args(["-m", module, "--mypy-config-file", "/dev/null"]).env("MYPYPATH", installed());
        command.env("PYTHONPATH", installed()).current_dir(package().join("tests/python"));
        command
    };
    // The stubs of the package describe its compiled module.
    let allowed = installed().with_file_name("allowed");
    fs::write(&allowed, "orgcache.orgcache\n").unwrap();
    run(mypy("mypy.stubtest").arg("orgcache").arg("--allowlist").arg(allowed));
    let mut strict = Command::new(python());
    let sources = env::join_paths([installed(), &package().join("../../examples/python")]).unwrap();
    strict.args(["-m", "mypy", "--strict", "--cache-dir", "/dev/null", "."]).env("MYPYPATH", sources);
    run(strict.current_dir(package().join("tests/python")));
}

#[test]
fn the_package_has_its_types() {
    let files = names(&installed().join("orgcache"));
    for file in ["__init__.py", "__init__.pyi", "orgcache.abi3.so", "py.typed"] {
        assert!(files.iter().any(|name| name == file), "{files:?}");
    }
}

#[tokio::test]
async fn the_command_answers_an_mcp_client() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let task = json!({
        "command": installed().join("bin/orgcache"), "args": ["mcp"], "mode": "auto",
        "env": {"ODOO_URL": double.url(), "ODOO_DB": "odoo", "ODOO_USER": "admin",
                "ODOO_PASSWORD": "<password>", "ODOO_YOLO": "read"},
        "calls": [["list_models", {}]],
    });
    let mut client = tokio::process::Command::new(python());
    client.arg(package().join("../gateway/tests/mcp/client.py"));
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut client = client.spawn().unwrap();
    client.stdin.take().unwrap().write_all(task.to_string().as_bytes()).await.unwrap();
    let output = client.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["answers"][0]["is_error"], false, "{told}");
    assert!(told["tools"].as_array().unwrap().len() > 10);
}
