//! `orgcache password`: single passwords, files of passwords, input at a terminal.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::databases::samples;
use crate::program::run;
use crate::serving::{Serving, login_token};

#[test]
fn passwords_are_set_changed_and_removed() {
    for database in samples() {
        database.execute("UPDATE ad_user SET isactive = 'Y'");
        let home = database.home();
        let nowhere = run(home, &["serve", "--database-url", &database.url], "");
        assert_eq!(nowhere.status, 2);
        assert!(nowhere.err.contains("--store-url"), "{}", nowhere.err);

        let store = if database.url.starts_with("sqlite:") {
            format!("sqlite:{}?mode=rwc", home.join("store.db").display())
        } else {
            database.url.clone()
        };
        let urls = ["--database-url", &database.url, "--store-url", &store];
        let password = |user: &str, password: &str| {
            run(home, &[&["password", user], &urls[..]].concat(), format!("{password}\n"))
        };
        let set = password("F&BAdmin", "correct horse");
        assert_eq!(set.status, 0, "{}", set.err);
        assert!(
            set.out.contains("A530AAE22C864702B7E1C22D58E7B17B") && !set.out.contains("horse"),
            "{}",
            set.out
        );
        assert!(!set.err.contains("in the ERP"), "{}", set.err);
        for (column, barred, admitted) in [("islocked", "Y", "N"), ("isactive", "N", "Y")] {
            let change = |value| {
                database
                    .execute(&format!("UPDATE ad_user SET {column} = '{value}' WHERE username = 'F&BAdmin'"));
            };
            change(barred);
            let set = password("F&BAdmin", "correct horse");
            assert!(set.status == 0 && set.err.contains("`F&BAdmin` is"), "{}", set.err);
            change(admitted);
        }
        assert_eq!(password("F&BAdmin", "short").status, 2);
        assert_eq!(password("F&BAdmin", &"x".repeat(1_025)).status, 2);
        for long in [1_026, 2_000] {
            assert!(password("F&BAdmin", &"é".repeat(long)).err.contains("at most"));
        }
        let bytes = run(home, &[&["password", "F&BAdmin"], &urls[..]].concat(), b"correct \xff horse\n");
        assert!(bytes.status == 2 && bytes.err.contains("not UTF-8"), "{}", bytes.err);
        assert!(password("nobody", "correct horse").err.contains("`nobody`"));

        assert_passwords_from_files(home, &urls);
        let serving = Serving::start(home, &[&["serve", "--recheck-users", "1"], &urls[..]].concat());
        assert!(serving.log_in("F&BESUser", "pass:with:colons").starts_with("HTTP/1.1 200 "));
        let answer = serving.log_in("F&BAdmin", "correct horse");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let token = login_token(&answer);
        for (user, wrong) in [("F&BAdmin", "orgcache"), ("QAAdmin", "orgcache"), ("QAAdmin", "")] {
            assert!(serving.log_in(user, wrong).starts_with("HTTP/1.1 401 "));
        }
        for input in ["", "\n"] {
            let nothing = run(home, &[&["password", "F&BAdmin"], &urls[..]].concat(), input);
            assert_eq!(nothing.status, 2);
            assert!(nothing.err.contains("--remove"), "{}", nothing.err);
        }
        assert!(
            serving.log_in("F&BAdmin", "correct horse").starts_with("HTTP/1.1 200 "),
            "an empty input must not change the password"
        );
        let removed = run(home, &[&["password", "F&BAdmin", "--remove"], &urls[..]].concat(), "");
        assert!(removed.out.contains("ended in the store: 2\n"), "{}", removed.out);
        assert_eq!((removed.status, removed.out.contains("is removed")), (0, true), "{}", removed.err);
        let again = run(home, &[&["password", "F&BAdmin", "--remove"], &urls[..]].concat(), "");
        assert_eq!((again.status, again.out.contains("had no password")), (0, true), "{}", again.out);
        assert!(serving.log_in("F&BAdmin", "correct horse").starts_with("HTTP/1.1 401 "), "at once");
        let started = std::time::Instant::now();
        while !serving.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 ") {
            assert!(started.elapsed().as_secs() < 60, "the session never ended");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        serving.stop(Signal::TERM);
    }
}

/// Sets passwords from a file, all or none, and lists the users with a password.
fn assert_passwords_from_files(home: &Path, urls: &[&str]) {
    let from = |input: &[u8]| run(home, &[&["password", "--from", "-"], urls].concat(), input);
    let list = || run(home, &[&["password", "--list"], urls].concat(), "").out;
    let one = "F&BAdmin\tA530AAE22C864702B7E1C22D58E7B17B\n";
    assert_eq!(list(), one);
    let line = "F&BESUser:pass:with:colons\n";
    for (input, named) in [
        (format!("{line}nobody:correct horse\n"), "line 2 of standard input"),
        (format!("{line}\nF&BUSUser:short\n"), "line 3"),
        (format!("{line}F&BUSUser\n"), "line 2"),
        (format!("{line}F&BESUser:another one\n"), "twice"),
        (format!("{line}F&BUSUser:\n"), "line 2"),
        (format!("{line}  \n"), "line 2"),
        (format!("{line}F&BUSUser :correct horse\n"), "line 2"),
        (String::new(), "no user"),
        ("\r\n\n".to_owned(), "no user"),
        ("\n".repeat((16 << 20) + 1), "too large"),
    ] {
        let refused = from(input.as_bytes());
        assert_eq!(refused.status, 2, "{named}");
        assert!(refused.err.contains(named) && !refused.err.contains("colons"), "{}", refused.err);
        assert_eq!(list(), one, "all or none");
    }
    let refused = from(&[line.as_bytes(), b"F&BUSUser:correct \xff horse\n"].concat());
    assert!(refused.status == 2 && refused.err.contains("line 2 of standard input"), "{}", refused.err);
    assert_eq!(list(), one, "all or none");
    // With Windows line endings and a byte order mark, and without a final line ending.
    for file in [format!("{line}\r\n"), format!("\u{feff}\r\n{}\r", line.trim_end())] {
        let set = from(file.as_bytes());
        assert!(set.status == 0 && set.out.starts_with("1 password is set\n"), "{}{}", set.out, set.err);
    }
    assert_eq!(list(), format!("{one}F&BESUser\t167450A5BB284AB29C4FEF039E98C963\n"));
    for wrong in [&["password"][..], &["password", "F&BAdmin", "--list"], &["password", "--remove"]] {
        assert_eq!(run(home, &[wrong, urls].concat(), "").status, 2);
    }
}

/// Types lines at a terminal. Returns what the terminal shows, and the exit status.
fn type_at_terminal(home: &Path, arguments: &[&str], lines: &[&str]) -> (String, i32) {
    const TERMINAL: &str = r#"
import json, os, pty, sys, termios
arguments, lines = json.loads(sys.argv[1]), json.loads(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    os.execv(arguments[0], arguments)
shown = b""
def until(mark):
    global shown
    while mark not in shown:
        try:
            read = os.read(terminal, 1024)
        except OSError:
            return False
        if not read:
            return False
        shown += read
    return True
for prompt, line in lines:
    if not until(prompt.encode()):
        break
    if termios.tcgetattr(terminal)[3] & termios.ECHO:
        shown += b"typing is shown at the prompt"
    os.write(terminal, line.encode() + b"\n")
until(b"\0never")
if termios.tcgetattr(terminal)[3] & termios.ECHO:
    shown += b"typing is shown at the end"
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
    let command = [&[env!("CARGO_BIN_EXE_orgcache")], arguments].concat();
    let prompts: Vec<_> = ["Password for", "Repeat the password"].into_iter().zip(lines).collect();
    let output = Command::new("python3")
        .args([
            "-c",
            TERMINAL,
            &serde_json::to_string(&command).unwrap(),
            &serde_json::to_string(&prompts).unwrap(),
        ])
        .env("HOME", home)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap())
}

#[test]
fn a_typed_password_is_hidden_and_confirmed() {
    let database = crate::databases::empty_sqlite().fill();
    let store = format!("sqlite:{}?mode=rwc", database.home().join("store.db").display());
    let arguments = ["password", "F&BAdmin", "--database-url", &database.url, "--store-url", &store];
    let list = [&["password", "--list"], &arguments[2..]].concat();
    for (lines, why) in [
        (&["correct horse", "correct hors"][..], "differ"),
        (&["short"], "8 characters"),
        (&[""], "no password was given"),
    ] {
        let (shown, status) = type_at_terminal(database.home(), &arguments, lines);
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains(why) && !shown.contains("hors"), "{shown}");
        assert!(!shown.contains("typing is shown at the prompt"), "{shown}");
        assert_eq!(run(database.home(), &list, "").out, "");
    }
    let (shown, status) = type_at_terminal(database.home(), &arguments, &["correct horse", "correct horse"]);
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("is set") && !shown.contains("horse"), "{shown}");
    assert!(run(database.home(), &list, "").out.starts_with("F&BAdmin\t"));

    // Ctrl-C changes nothing, and the terminal echoes again. If it arrives before the program reads, it
    // discards the input, so the program gets an empty line and refuses it.
    let (shown, status) = type_at_terminal(database.home(), &arguments, &["\u{3}"]);
    assert_eq!(status, 2, "{shown}");
    assert!(shown.contains("interrupted") || shown.contains("no password was given"), "{shown}");
    assert!(shown.contains("typing is shown at the end"), "{shown}");
}

#[test]
fn the_demonstration_takes_no_passwords() {
    let home = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}?mode=rwc", home.path().join("store.db").display());
    let refused = run(home.path(), &["password", "F&BAdmin", "--store-url", &store], "correct horse\n");
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("--database-url"), "{}", refused.err);
}
