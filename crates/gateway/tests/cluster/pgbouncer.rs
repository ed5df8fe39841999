//! All commands through pgbouncer in transaction mode, in which each transaction may use another server
//! connection.

use std::io::Write;
use std::process::{Command, Stdio};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use crate::node::Node;
use crate::server::Bouncer;
use crate::world::{ADMIN, PASSWORD, SPAIN, World};

/// Runs a command, which must succeed, and returns its output.
fn run(world: &World, arguments: &[&str], input: &str) -> String {
    run_with(world, &[], arguments, input)
}

/// Runs a command with environment variables.
fn run_with(world: &World, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .args(arguments)
        .env_clear()
        .env("HOME", world.home.path())
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    assert_eq!(stderr, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_commands_work_through_a_transaction_pooler() {
    let world = World::new().await;
    let bouncer = Bouncer::new(&world.url);
    let pooled = bouncer.url(&world.url);
    // The ERP's tables are in a schema that the URL names.
    world.execute("CREATE SCHEMA erp").await;
    world
        .execute(
            "DO $$ DECLARE name text; BEGIN \
             FOR name IN SELECT relname FROM pg_class WHERE relname LIKE 'ad@_%' ESCAPE '@' AND relkind = 'r' LOOP \
             EXECUTE format('ALTER TABLE %I SET SCHEMA erp', name); END LOOP; END $$",
        )
        .await;
    let erp = format!("{pooled}?options=-c%20search_path%3Derp");
    let database = ["--database-url", &erp];
    let client = "23C59575B9CF467C9620760EB255B389";

    assert!(
        run(&world, &[&["revisions", "install"][..], &database].concat(), "").contains("counts the changes")
    );
    assert!(run(&world, &[&["revisions", "status"][..], &database].concat(), "").contains("not read again"));
    assert!(
        run(&world, &[&["tree", "--client", client][..], &database].concat(), "")
            .contains("F&B International Group")
    );
    assert!(run(&world, &[&["overview"][..], &database].concat(), "").contains("F&B International Group"));
    let question =
        r#"{"client":"23C59575B9CF467C9620760EB255B389","call":"natural_tree","args":{"org":"0"}}"#;
    let answer = run(&world, &[&["query"][..], &database].concat(), &format!("{question}\n"));
    assert!(answer.starts_with(r#"{"result":["0","#), "{answer}");
    // Environment variables take precedence over the URL.
    let variables = [("PGOPTIONS", "-c search_path=nowhere,erp")];
    for url in [&pooled, &erp] {
        let arguments = ["tree", "--client", client, "--database-url", url];
        assert!(run_with(&world, &variables, &arguments, "").contains("F&B International Group"));
    }
    let elsewhere = [("PGOPTIONS", "-c search_path=nowhere")];
    let arguments = ["tree", "--client", client, "--database-url", &erp];
    assert!(run_with(&world, &elsewhere, &arguments, "").contains("F&B International Group"));
    let password = [&["password", ADMIN, "--store-url", &pooled][..], &database].concat();
    assert!(run_with(&world, &elsewhere, &password, PASSWORD).contains("is set"));

    // The pooler forwards no notifications, so `serve` would fail. `check` names the missing option.
    let mut check = Command::new(env!("CARGO_BIN_EXE_orgcache"));
    check.args(["check", "--listen", "127.0.0.1:0", "--store-url", &pooled]).args(database).env_clear();
    let checked = check.env("HOME", world.home.path()).output().unwrap();
    let stderr = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.code() == Some(1) && stderr.contains("--store-direct-url"), "{stderr}");

    let options = ["--store-url", &pooled, "--store-direct-url", &world.url];
    let node = Node::start_over(&world, &erp, &options).await;
    let logins = (0..40).map(|number| {
        let endpoint = &node.endpoint;
        async move { endpoint.token(if number % 2 == 0 { ADMIN } else { SPAIN }).await }
    });
    for token in futures_util::future::join_all(logins).await {
        assert_eq!(node.endpoint.status(&token).await, 200);
    }
    // The server connections have no leftover state that would affect other clients of the pooler.
    let options: PgConnectOptions = pooled.parse().unwrap();
    let mut other = options.extra_float_digits(None).connect().await.unwrap();
    for _ in 0..8 {
        let state = "SELECT (SELECT count(*) FROM pg_prepared_statements) + (SELECT count(*) FROM pg_listening_channels()), \
             current_setting('statement_timeout'), current_setting('search_path')";
        let row = sqlx::raw_sql(state).fetch_one(&mut other).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 0);
        assert_eq!(row.get::<&str, _>(1), "0");
        assert_eq!(row.get::<&str, _>(2), "\"$user\", public");
    }
    other.close().await.unwrap();
    run(&world, &[&["revisions", "remove"][..], &database].concat(), "");
    // Import into an empty schema.
    world.execute("CREATE SCHEMA other").await;
    let other = format!("{pooled}?options[search_path]=other");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/erp-sample/rows");
    run(&world, &["import", sample, "--database-url", &other], "");
    let rows = async |schema| world.text(&format!("SELECT count(*)::text FROM {schema}.ad_org")).await;
    assert_eq!(rows("other").await, rows("erp").await);
}
