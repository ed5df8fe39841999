//! `orgcache check`: verifies beforehand what `serve` needs.

use std::path::Path;
use std::process::Command;

use rustix::process::{Signal, geteuid};

use crate::databases::{empty_postgres, empty_sqlite, execute, samples};
use crate::program::{Run, run};
use crate::serving::Serving;

fn check(home: &Path, arguments: &[&str]) -> Run {
    run(home, &[&["check", "--listen", "127.0.0.1:0"], arguments].concat(), "")
}

#[test]
fn the_demonstration_can_be_served() {
    let home = tempfile::tempdir().unwrap();
    let checked = check(home.path(), &[]);
    assert_eq!(checked.status, 0, "{}{}", checked.out, checked.err);
    assert!(checked.out.ends_with("`serve` can start; 0 warnings\n"), "{}", checked.out);
}

/// Homes that cannot hold the demonstration: none, a relative path, a path that is not UTF-8.
#[test]
fn an_unusable_home_is_refused_with_advice() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStringExt;

    let folder = tempfile::tempdir().unwrap();
    let mut bytes = folder.path().as_os_str().to_owned().into_vec();
    bytes.extend(b"/\xff");
    let bytes = OsString::from_vec(bytes);
    for (home, reason) in [(None, "HOME"), (Some(OsStr::new("relative")), "HOME"), (Some(&bytes), "UTF-8")] {
        for (command, status) in [("check", 1), ("serve", 2), ("overview", 2)] {
            let mut program = Command::new(env!("CARGO_BIN_EXE_orgcache"));
            program.arg(command).env_clear().envs(home.map(|home| ("HOME", home)));
            let output = program.env("ORGCACHE_LISTEN", "127.0.0.1:0").output().unwrap();
            let stderr = [output.stdout, output.stderr].concat();
            let stderr = String::from_utf8(stderr).unwrap();
            assert_eq!(output.status.code(), Some(status), "{home:?}: {stderr}");
            for part in [reason, "XDG_DATA_HOME", "--database-url"] {
                assert!(stderr.contains(part), "{home:?}: {stderr}");
            }
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing may be created there");
}

#[test]
fn missing_things_are_reported_with_a_remedy_and_nothing_changes() {
    for database in samples() {
        database.execute("UPDATE ad_user SET isactive = 'Y'");
        let home = database.home();
        let erp = ["--database-url", &database.url];
        let checked = check(home, &erp);
        assert_eq!(checked.status, 1, "{}", checked.out);
        assert!(checked.out.contains("--store-url"), "{}", checked.out);

        let file = home.join("store.db");
        let store = if database.url.starts_with("sqlite:") {
            format!("sqlite:{}?mode=rwc", file.display())
        } else {
            database.url.clone()
        };
        let urls = ["--database-url", &database.url, "--store-url", &store];
        for _ in 0..2 {
            let checked = check(home, &urls);
            assert_eq!(checked.status, 0, "{}", checked.out);
            assert!(checked.out.contains("will get its tables"), "nothing may be created: {}", checked.out);
        }
        assert!(!file.exists());

        let set = run(home, &[&["password", "F&BAdmin"], &urls[..]].concat(), "correct horse\n");
        assert_eq!(set.status, 0, "{}", set.err);
        let checked = check(home, &urls);
        assert_eq!(checked.status, 0, "{}", checked.out);
        for line in
            ["users with a password: 1", "may write to them", "differ by", "organizations", "descriptors"]
        {
            assert!(checked.out.contains(line), "{line}: {}", checked.out);
        }
        let removed = run(home, &[&["password", "F&BAdmin", "--remove"], &urls[..]].concat(), "");
        assert_eq!(removed.status, 0, "{}", removed.err);
        let checked = check(home, &urls);
        assert_eq!(checked.status, 0, "{}", checked.out);
        assert!(checked.out.contains("orgcache password"), "{}", checked.out);

        database.execute("UPDATE ad_user SET isactive = 'N'");
        let checked = check(home, &urls);
        assert!(checked.status == 0 && checked.out.contains("users is admitted"), "{}", checked.out);

        // With a cycle in the tree, no user of the client can log in.
        database.execute(
            "UPDATE ad_treenode SET parent_id = 'E443A31992CB4635AFCAEABE7183CE85' \
             WHERE node_id = 'B843C30461EA4501935CB1D125C9C25A'",
        );
        let checked = check(home, &urls);
        assert_eq!(checked.status, 1);
        assert!(checked.out.contains("B843C30461EA4501935CB1D125C9C25A"), "{}", checked.out);
    }
}

#[test]
fn unreachable_servers_and_unreadable_files_are_named() {
    let database = empty_sqlite().fill();
    let home = database.home();
    let checked = check(home, &["--database-url", "postgres://reader:secret@127.0.0.1:1/openbravo"]);
    assert_eq!(checked.status, 1);
    assert!(checked.out.contains("127.0.0.1:1") && !checked.out.contains("secret"), "{}", checked.out);
    assert!(checked.out.contains("ORGCACHE_DATABASE_URL"), "{}", checked.out);

    let away = ["--database-url", &database.url, "--store-url", "postgres://orgcache@127.0.0.1:1/orgcache"];
    let checked = check(home, &away);
    assert_eq!(checked.status, 1);
    assert!(checked.out.contains("Is the server running"), "{}", checked.out);
    assert!(!checked.out.contains("GRANT"), "an unreachable server is not a missing grant: {}", checked.out);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let store = format!("sqlite:{}?mode=ro", home.join("erp.db").display());
    let arguments = [
        "--database-url",
        &database.url,
        "--store-url",
        &store,
        "--listen",
        &taken,
        "--mcp",
        "/nowhere/mcp.json",
        "--assertion-key",
        "/nowhere/key.pem",
        "--assertion-algorithm",
        "ES256",
        "--assertion-issuer",
        "i",
        "--assertion-audience",
        "a",
    ];
    let checked = run(home, &[&["check"], &arguments[..]].concat(), "");
    assert_eq!(checked.status, 1, "{}", checked.err);
    for named in ["mode=ro", "/nowhere/mcp.json", "/nowhere/key.pem"] {
        assert!(checked.out.contains(named), "{named}: {}", checked.out);
    }
}

#[test]
fn missing_grants_are_named() {
    let database = empty_postgres("").fill();
    let name = format!("reader_{}", std::process::id());
    execute(&database.url, &format!("DROP ROLE IF EXISTS {name}"));
    execute(&database.url, &format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'"));
    let (_, host_and_database) =
        database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("://").unwrap());
    let url = format!("postgres://{name}:secret@{host_and_database}");
    let arguments = ["--database-url", &url, "--store-url", &url];
    let checked = check(database.home(), &arguments);
    assert_eq!(checked.status, 1);
    assert!(checked.out.contains("GRANT SELECT") && checked.out.contains("GRANT CREATE"), "{}", checked.out);
    execute(&database.url, &format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}"));
    let grant =
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ROLE', current_database()); END $$";
    execute(&database.url, &grant.replace("ROLE", &name));
    let checked = check(database.home(), &arguments);
    assert_eq!(checked.status, 0, "{}", checked.out);
    execute(&database.url, &format!("ALTER ROLE {name} SET default_transaction_read_only = on"));
    let checked = check(database.home(), &arguments);
    assert!(checked.status == 1 && checked.out.contains("Name the primary"), "{}", checked.out);
    execute(&database.url, &format!("DROP OWNED BY {name}; DROP ROLE {name}"));
}

/// systemd creates the folder only while the unit runs.
#[test]
fn a_socket_in_the_units_folder_is_accepted() {
    let home = tempfile::tempdir().unwrap();
    if !Path::new("/run/orgcache").exists() {
        let checked = run(home.path(), &["check", "--listen", "unix:/run/orgcache/orgcache.sock"], "");
        assert!(
            checked.status == 0 && checked.out.contains("the unit creates the folder"),
            "{}",
            checked.out
        );
    }
}

#[test]
fn a_low_descriptor_limit_is_reported() {
    let home = tempfile::tempdir().unwrap();
    let script = "ulimit -n 400; exec \"$0\" check --listen 127.0.0.1:0";
    let checked = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_orgcache")])
        .env("HOME", home.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(checked.stdout).unwrap();
    assert!(
        stderr.contains("warning  descriptors for 200 connections") && stderr.contains("LimitNOFILE"),
        "{stderr}"
    );
    assert_eq!(checked.status.code(), Some(0), "{stderr}");
}

/// `serve` starts if `check` succeeds, and otherwise fails for a reason that `check` reports.
#[test]
fn serve_agrees_with_check() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let at = |name: &str| home.join(name).display().to_string();
    let principal = serde_json::json!({"name": "agent", "token_sha256": "0".repeat(64), "settings":
        {"ODOO_URL": "http://127.0.0.1:9", "ODOO_DB": "odoo", "ODOO_API_KEY": "key"}});
    std::fs::write(at("mcp.json"), serde_json::json!({"principals": [principal]}).to_string()).unwrap();
    std::fs::write(at("secret"), "a secret of more than thirty-two bytes").unwrap();
    let (mcp, secret) = (at("mcp.json"), at("secret"));
    let store = format!("sqlite:{}?mode=rwc", at("store.db"));
    let damaged = format!("sqlite:{}?mode=rwc", at("damaged.db"));
    std::fs::write(at("damaged.db-orgcache-ends-1.json"), "[").unwrap();
    let assertions = ["--assertion-key", &secret, "--assertion-algorithm", "HS256", "--assertion-issuer"];
    let assertions = [&assertions[..], &["i", "--assertion-audience", "a"]].concat();
    let erp = empty_sqlite().fill();
    let database = ["--database-url", &erp.url];
    let away = ["--store-url", "postgres://orgcache@127.0.0.1:1/orgcache"];
    for (starts, arguments) in [
        (true, vec![]),
        (true, vec!["--store-url", &store]),
        (true, [&assertions[..], &["--store-url", &store]].concat()),
        (true, vec!["--mcp", &mcp]),
        (true, [&["--mcp", &mcp][..], &away].concat()),
        (true, [&database[..], &["--store-url", &store]].concat()),
        (false, away.to_vec()),
        (false, assertions.clone()),
        (false, [&["--mcp", &mcp][..], &assertions].concat()),
        (false, database.to_vec()),
        (false, vec!["--listen", "0.0.0.0:0"]),
        (false, vec!["--listen", "192.0.2.1:0"]),
        (false, vec!["--instance-admin", "an id of more than thirty-two bytes"]),
        (false, vec!["--store-url", &damaged]),
    ] {
        let checked = check(home, &arguments);
        assert_eq!(checked.status == 0, starts, "{arguments:?}: {}{}", checked.out, checked.err);
        if starts {
            Serving::start(home, &[&["serve"], &arguments[..]].concat()).stop(Signal::TERM);
            continue;
        }
        let served = run(home, &[&["serve", "--listen", "127.0.0.1:0"], &arguments[..]].concat(), "");
        let reason = served.err.lines().find_map(|line| line.strip_prefix("error: ")).unwrap();
        let status = if arguments == away { 75 } else { 2 };
        assert_eq!(served.status, status, "{arguments:?}: {}", served.err);
        assert!(checked.out.contains(reason), "{arguments:?}: `{reason}` is not in {}", checked.out);
    }
}

#[test]
fn a_store_in_use_and_an_invalid_store_url_are_reported() {
    let home = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}?mode=rwc", home.path().join("store.db").display());
    let serving = Serving::start(home.path(), &["serve", "--store-url", &store]);
    let checked = check(home.path(), &["--store-url", &store]);
    assert!(checked.status == 0 && checked.out.contains("is in use"), "{}", checked.out);
    serving.stop(Signal::TERM);
    let checked = check(home.path(), &["--store-url", &store]);
    assert!(checked.out.ends_with("can start; 0 warnings\n"), "{}", checked.out);
    let folder = format!("sqlite:{}", home.path().display());
    let checked = check(home.path(), &["--store-url", &folder]);
    assert!(checked.status == 1 && !checked.out.contains("hard links"), "{}", checked.out);
    for (url, option) in [("store.db", "--store-url"), ("postgres://a:b/c@host/d", "%2F")] {
        let checked = check(home.path(), &["--store-url", url]);
        assert!(checked.status == 1 && checked.out.contains(option), "{}", checked.out);
    }
}

#[test]
fn a_full_disk_is_reported() {
    if !geteuid().is_root() {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o size=40k none \"$1\"; \
                  exec \"$0\" check --listen 127.0.0.1:0 --store-url \"sqlite:$1/store.db?mode=rwc\"";
    let checked = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_orgcache")])
        .arg(&disk)
        .env("HOME", home.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.code() == Some(1) && stderr.contains("Make room on the disk"), "{stderr}");
}
