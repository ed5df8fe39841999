//! Database users with missing grants: `serve` reports all of them before it does anything.

use rustix::process::Signal;
use serde_json::json;

use crate::databases::{Scratch, empty_postgres, empty_sqlite};
use crate::program::{Run, run};
use crate::questions::every_call;
use crate::serving::Serving;

const TABLES: [&str; 11] = [
    "ad_client",
    "ad_clientinfo",
    "ad_org",
    "ad_org_tree",
    "ad_orgtype",
    "ad_role",
    "ad_role_orgaccess",
    "ad_tree",
    "ad_treenode",
    "ad_user",
    "ad_user_roles",
];

/// Creates a database user. Returns its name and the URL with which it connects.
fn user(database: &Scratch, name: &str) -> (String, String) {
    let (base, database_name) = database.url.rsplit_once('/').unwrap();
    let user = format!("{name}_{database_name}");
    database.execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'a secret'"));
    let (_, host) = base.rsplit_once('@').unwrap();
    let url = format!("postgres://{user}:a%20secret@{host}/{database_name}");
    (user, url)
}

/// The GRANT statements that a failed run suggests.
fn grants(failed: &Run) -> Vec<&str> {
    assert_eq!(failed.status, 2, "{} {}", failed.out, failed.err);
    assert!(
        !failed.out.contains("listens") && !failed.err.contains("a secret"),
        "{} {}",
        failed.out,
        failed.err
    );
    failed.err.lines().filter(|line| line.starts_with("GRANT ")).collect()
}

fn serve(database: &Scratch, erp: &str, store: &str, more: &[&str]) -> Run {
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--log", "info", "--database-url", erp, "--store-url", store];
    let served = run(database.home(), &[&arguments, more].concat(), "");
    assert!(!served.err.contains("listening"), "{}", served.err);
    served
}

/// The test does not drop its roles: their grants are dropped with the database, the roles with the server.
#[test]
fn all_missing_grants_are_named_at_once_and_suffice() {
    let database = empty_postgres("").fill();
    // Some users of the sample are inactive.
    database.execute("UPDATE ad_user SET isactive = 'Y'");
    database.execute("CREATE SCHEMA \"My ERP\"");
    for table in TABLES {
        database.execute(&format!("ALTER TABLE {table} SET SCHEMA \"My ERP\""));
    }
    let (reader, url) = user(&database, "reader");
    let erp = format!("{url}?currentSchema=%22My%20ERP%22,public");
    let (keeper, store) = user(&database, "keeper");

    let failed = serve(&database, &erp, &store, &[]);
    let suggested = grants(&failed);
    let (_, name) = database.url.rsplit_once('/').unwrap();
    assert_eq!(suggested[0], format!("GRANT USAGE ON SCHEMA \"My ERP\" TO {reader};"));
    for (table, grant) in TABLES.iter().zip(&suggested[1..]) {
        let privilege = if *table == "ad_user" { "SELECT (" } else { "SELECT" };
        assert!(grant.starts_with(&format!("GRANT {privilege}")), "{grant}");
        assert!(grant.ends_with(&format!(" ON \"My ERP\".{table} TO {reader};")), "{grant}");
    }
    assert_eq!(suggested[12..], [format!("GRANT CREATE ON DATABASE {name} TO {keeper};")]);
    database.execute(&suggested.concat());

    let arguments = ["password", "F&BAdmin", "--database-url", &erp, "--store-url", &store];
    let set = run(database.home(), &arguments, "correct horse battery\n");
    assert_eq!(set.status, 0, "{}", set.err);
    let serving = Serving::start(database.home(), &["serve", "--database-url", &erp, "--store-url", &store]);
    let login = serving.log_in("F&BAdmin", "correct horse battery");
    assert!(login.starts_with("HTTP/1.1 200 "), "{login}");
    serving.stop(Signal::TERM);
    // These grants suffice for every call.
    for (client, call, args, expected) in every_call() {
        let mut question = json!({"call": call, "args": args});
        if let Some(client) = client {
            question["client"] = json!(client);
        }
        let asked = run(database.home(), &["query", "--database-url", &erp], question.to_string());
        assert_eq!(asked.answers(), [json!({"result": expected})], "{question} {}", asked.err);
    }
    let shown = run(database.home(), &["overview", "--database-url", &erp], "");
    assert_eq!(shown.status, 0, "{}", shown.err);

    // Only the missing columns and tables are named, those of the store included.
    let (other, other_url) = user(&database, "other");
    database.execute(&format!(
        "REVOKE SELECT ON \"My ERP\".ad_org FROM {reader}; \
         GRANT SELECT (ad_org_id, ad_client_id, ad_orgtype_id, name, value, isactive, issummary, \
         isperiodcontrolallowed, c_calendar_id, timezone, ad_legalentity_org_id, ad_businessunit_org_id, \
         ad_periodcontrolallowed_org_id, ad_calendarowner_org_id, ad_inheritedcalendar_id) \
         ON \"My ERP\".ad_org TO {reader}; \
         GRANT USAGE, CREATE ON SCHEMA orgcache TO {other}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orgcache TO {other}; \
         REVOKE INSERT, DELETE ON orgcache.orgcache_session FROM {other}; \
         REVOKE INSERT ON orgcache.orgcache_password FROM {other}"
    ));
    let failed = serve(&database, &erp, &other_url, &[]);
    assert_eq!(
        grants(&failed),
        [
            format!("GRANT SELECT (isready) ON \"My ERP\".ad_org TO {reader};"),
            format!("GRANT INSERT, DELETE ON orgcache.orgcache_session TO {other};"),
        ]
    );
    // Setting a password needs neither the organizations nor new sessions.
    let arguments = ["password", "F&BAdmin", "--database-url", &erp, "--store-url", &other_url];
    let failed = run(database.home(), &arguments, "correct horse battery\n");
    assert_eq!(
        grants(&failed),
        [
            format!("GRANT INSERT ON orgcache.orgcache_password TO {other};"),
            format!("GRANT DELETE ON orgcache.orgcache_session TO {other};"),
        ]
    );
    database.execute(&format!(
        "GRANT SELECT ON \"My ERP\".ad_org TO {reader}; REVOKE USAGE ON SCHEMA orgcache FROM {other}; \
         GRANT INSERT, DELETE ON orgcache.orgcache_session TO {other}"
    ));
    let failed = serve(&database, &erp, &other_url, &[]);
    assert_eq!(grants(&failed), [format!("GRANT USAGE ON SCHEMA orgcache TO {other};")]);
}

/// The column with the ERP's hashes needs a grant only with `--erp-passwords`.
#[test]
fn the_password_column_is_needed_only_with_its_option() {
    let database = empty_postgres("").fill();
    database.execute("UPDATE ad_user SET isactive = 'Y'");
    // A column of an unusual type, which makes the reader wrap the table in a subquery with casts.
    database.execute(
        "ALTER TABLE ad_user ADD COLUMN password varchar(255); ALTER TABLE ad_user ALTER username TYPE char(60)",
    );
    let (reader, erp) = user(&database, "reader");
    let store = database.url.clone();
    let (missing, accepted) = (serve(&database, &erp, &store, &[]), "--erp-passwords");
    let suggested = grants(&missing);
    assert!(!suggested.concat().contains("password"), "{suggested:?}");
    database.execute(&suggested.concat());
    let arguments = ["serve", "--database-url", &erp, "--store-url", &store];
    let set = run(
        database.home(),
        &["password", "F&BAdmin", "--database-url", &erp, "--store-url", &store],
        "correct horse battery\n",
    );
    assert_eq!(set.status, 0, "{}", set.err);
    let serving = Serving::start(database.home(), &arguments);
    assert!(serving.log_in("F&BAdmin", "correct horse battery").starts_with("HTTP/1.1 200 "));
    serving.stop(Signal::TERM);

    let failed = serve(&database, &erp, &store, &[accepted]);
    let suggested = grants(&failed);
    assert_eq!(suggested, [format!("GRANT SELECT (password) ON public.ad_user TO {reader};")]);
    database.execute(&suggested.concat());
    // The SHA-1 hash of `openbravo`, the default password of the ERP.
    database
        .execute("UPDATE ad_user SET password = 'PwOd6SgWF74HY4u51bfrUxjtB9g=' WHERE username = 'QAAdmin'");
    let serving = Serving::start(database.home(), &[arguments.as_slice(), &[accepted]].concat());
    let login = serving.log_in("QAAdmin", "openbravo");
    assert!(login.starts_with("HTTP/1.1 200 "), "{login}");
    assert!(serving.log_in("QAAdmin", "PwOd6SgWF74HY4u51bfrUxjtB9g=").starts_with("HTTP/1.1 401 "));
    // An unknown hash version is logged once, with the user and without the hash.
    database.execute("UPDATE ad_user SET password = '2$c2FsdA==$aGFzaA==' WHERE username = 'QAAdmin'");
    for _ in 0..2 {
        assert!(serving.log_in("QAAdmin", "openbravo").starts_with("HTTP/1.1 401 "));
    }
    let stderr = serving.stop(Signal::TERM);
    assert_eq!(stderr.matches("version=\"2\"").count(), 1, "{stderr}");
    assert!(stderr.contains("user=") && !stderr.contains("aGFzaA") && !stderr.contains("c2FsdA"), "{stderr}");
}

/// `--erp-passwords` needs the column.
#[test]
fn a_missing_password_column_is_reported_at_the_start() {
    for database in [empty_sqlite().fill(), empty_postgres("").fill()] {
        let store = format!("sqlite:{}?mode=rwc", database.home().join("store.db").display());
        let failed = serve(&database, &database.url, &store, &["--erp-passwords"]);
        assert_eq!(failed.status, 2);
        assert!(failed.err.contains("`ad_user`") && failed.err.contains("`password`"), "{}", failed.err);
    }
}

#[test]
fn an_unusable_sqlite_file_is_named() {
    let database = empty_sqlite().fill();
    let store = database.home().join("store.db");
    std::fs::write(&store, "").unwrap();
    let folder = database.home().display().to_string();
    for (erp, store, named) in [
        (database.url.clone(), format!("sqlite:{}?mode=ro", store.display()), store.display().to_string()),
        (database.url.clone(), format!("sqlite:{folder}"), folder.clone()),
        (format!("sqlite:{folder}"), format!("sqlite:{}", store.display()), folder.clone()),
    ] {
        let failed = serve(&database, &erp, &store, &[]);
        assert_eq!(failed.status, 2, "{}", failed.err);
        assert!(failed.err.contains(&named), "{}", failed.err);
    }
}
