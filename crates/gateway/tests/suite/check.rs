//! `orgcache check`: what `serve` would need, tried beforehand.

use std::path::Path;
use std::process::Command;

use crate::databases::{empty_postgres, empty_sqlite, execute, samples};
use crate::program::{Run, run};

fn check(home: &Path, arguments: &[&str]) -> Run {
    run(home, &[&["check", "--listen", "127.0.0.1:0"], arguments].concat(), "")
}

#[test]
fn the_demonstration_can_be_served() {
    let home = tempfile::tempdir().unwrap();
    let checked = check(home.path(), &[]);
    assert_eq!(checked.status, 0, "{}{}", checked.out, checked.err);
    assert!(checked.out.contains("`serve` can start") && !checked.out.contains("PROBLEM"), "{}", checked.out);
}

#[test]
fn what_is_missing_is_said_with_how_to_mend_it_and_nothing_is_changed() {
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
            assert!(checked.out.contains("will get its tables"), "nothing was made: {}", checked.out);
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

        // A cycle: no user of the client could sign in.
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
fn what_cannot_be_reached_read_or_taken_is_named() {
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
    assert!(!checked.out.contains("GRANT"), "no right is missing: {}", checked.out);

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
fn rights_that_are_missing_are_named() {
    let database = empty_postgres("").fill();
    let name = format!("reader_{}", std::process::id());
    execute(&database.url, &format!("DROP ROLE IF EXISTS {name}"));
    execute(&database.url, &format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'"));
    let (_, place) = database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("://").unwrap());
    let url = format!("postgres://{name}:secret@{place}");
    let arguments = ["--database-url", &url, "--store-url", &url];
    let checked = check(database.home(), &arguments);
    assert_eq!(checked.status, 1);
    assert!(checked.out.contains("GRANT SELECT") && checked.out.contains("GRANT CREATE"), "{}", checked.out);
    execute(&database.url, &format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}"));
    let of_database =
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ROLE', current_database()); END $$";
    execute(&database.url, &of_database.replace("ROLE", &name));
    let checked = check(database.home(), &arguments);
    assert_eq!(checked.status, 0, "{}", checked.out);
    execute(&database.url, &format!("DROP OWNED BY {name}; DROP ROLE {name}"));
}

#[test]
fn few_descriptors_are_named() {
    let home = tempfile::tempdir().unwrap();
    let script = "ulimit -n 400; exec \"$0\" check --listen 127.0.0.1:0";
    let checked = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_orgcache")])
        .env("HOME", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(
        said.contains("warning  descriptors for 200 connections") && said.contains("LimitNOFILE"),
        "{said}"
    );
    assert_eq!(checked.status.code(), Some(0), "{said}");
}
