//! What holds for all commands: empty variables, completions and the manual page.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::run;

#[test]
fn empty_variables_count_as_unset() {
    let home = tempfile::tempdir().unwrap();
    let variables = [
        "DATABASE_URL",
        "STORE_URL",
        "STORE_DIRECT_URL",
        "INSTANCE_ADMIN",
        "TRUSTED_PROXY",
        "BEHIND_TLS",
        "MCP",
        "LOG",
        "LOG_FORMAT",
        "ASSERTION_KEY",
        "ASSERTION_ALGORITHM",
        "ASSERTION_ISSUER",
        "ASSERTION_AUDIENCE",
        "AUTOMATIC_ROLES",
    ];
    let variables = variables.map(|name| (format!("ORGCACHE_{name}"), String::new()));
    for command in [&["overview"][..], &["tree"], &["query"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_orgcache"))
            .args(command)
            .env_clear()
            .env("HOME", home.path())
            .envs(variables.clone())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .args(["--listen", "0"])
        .env_clear()
        .env("HOME", home.path())
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(line.contains("listens on http://127.0.0.1:"), "{line}{said}");
}

#[test]
fn completions_and_a_manual_page_tell_every_command() {
    let home = tempfile::tempdir().unwrap();
    let commands = ["serve", "overview", "tree", "query", "password", "import", "revisions", "mcp"];
    for shell in ["bash", "zsh", "fish"] {
        let script = run(home.path(), &["completions", shell], "");
        assert_eq!((script.status, script.err.as_str()), (0, ""));
        assert!(commands.iter().all(|command| script.out.contains(command)), "{shell}");
    }
    let page = run(home.path(), &["man"], "");
    assert_eq!((page.status, page.err.as_str()), (0, ""));
    for command in commands {
        assert!(page.out.contains(&format!(".SH \"ORGCACHE {}\"", command.to_uppercase())), "{command}");
    }
    assert!(page.out.contains(".TH orgcache 1") && page.out.contains("ORGCACHE_LISTEN"), "{}", page.out);
}
