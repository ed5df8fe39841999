//! What all commands share: empty environment variables, completions, the manual page.

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
    let stderr = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(line.contains("listens on http://127.0.0.1:"), "{line}{stderr}");
}

#[test]
fn completions_and_the_manual_page_list_every_command() {
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
    for section in ["EXIT STATUS", "EXAMPLES", "ORGCACHE REVISIONS INSTALL"] {
        assert!(page.out.contains(&format!(".SH \"{section}\"")), "{section}: {}", page.out);
    }
    assert!(page.out.contains("ODOO_MCP_POOL_SIZE"), "{}", page.out);
    assert_eq!(page.out.matches(".nf").count(), page.out.matches(".fi").count());
    for option in ["odoo\\-url", "listen"] {
        let described = format!("\n\\fB\\-\\-{option}\\fR \\fI<");
        assert_eq!(page.out.matches(&described).count(), 1, "{option}: {}", page.out);
    }
}

#[test]
fn bash_completes_commands_options_and_values() {
    let home = tempfile::tempdir().unwrap();
    let script = r#"
        source <("$0" completions bash)
        complete_words() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _orgcache orgcache "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            echo "${COMPREPLY[@]}"
        }
        complete_words orgcache che
        complete_words orgcache tree --js
        complete_words orgcache revisions i
        complete_words orgcache serve --log ''
    "#;
    let done = Command::new("bash")
        .args(["--norc", "-c", script, env!("CARGO_BIN_EXE_orgcache")])
        .env("HOME", home.path())
        .output()
        .unwrap();
    let completed = String::from_utf8(done.stdout).unwrap();
    assert_eq!(completed, "check\n--json\ninstall\noff error warn info debug trace\n");
}
