//! Database users with fewer rights than are needed: all that is missing is said at once, before anything
//! begins.

use rustix::process::Signal;
use serde_json::json;

use crate::databases::{Scratch, empty_postgres, empty_sqlite};
use crate::program::{Run, run};
use crate::questions::all;
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

/// A new user of the server, and the URL by which it gets to a database.
fn user(database: &Scratch, name: &str) -> (String, String) {
    let (base, of_database) = database.url.rsplit_once('/').unwrap();
    let user = format!("{name}_{of_database}");
    database.execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'a secret'"));
    let (_, host) = base.rsplit_once('@').unwrap();
    let url = format!("postgres://{user}:a%20secret@{host}/{of_database}");
    (user, url)
}

/// The statements of a failure, as they are pasted.
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

/// Roles live as long as the server: what they were granted goes with the database.
#[test]
fn what_is_missing_is_named_at_once_and_the_grants_are_enough() {
    let database = empty_postgres("").fill();
    // The sample has users who may not log in.
    database.execute("UPDATE ad_user SET isactive = 'Y'");
    database.execute("CREATE SCHEMA \"My ERP\"");
    for table in TABLES {
        database.execute(&format!("ALTER TABLE {table} SET SCHEMA \"My ERP\""));
    }
    let (reader, url) = user(&database, "reader");
    let erp = format!("{url}?currentSchema=%22My%20ERP%22,public");
    let (keeper, store) = user(&database, "keeper");

    let failed = serve(&database, &erp, &store, &[]);
    let pasted = grants(&failed);
    let (_, name) = database.url.rsplit_once('/').unwrap();
    assert_eq!(pasted[0], format!("GRANT USAGE ON SCHEMA \"My ERP\" TO {reader};"));
    for (table, grant) in TABLES.iter().zip(&pasted[1..]) {
        let privilege = if *table == "ad_user" { "SELECT (" } else { "SELECT" };
        assert!(grant.starts_with(&format!("GRANT {privilege}")), "{grant}");
        assert!(grant.ends_with(&format!(" ON \"My ERP\".{table} TO {reader};")), "{grant}");
    }
    assert_eq!(pasted[12..], [format!("GRANT CREATE ON DATABASE {name} TO {keeper};")]);
    database.execute(&pasted.concat());

    let arguments = ["password", "F&BAdmin", "--database-url", &erp, "--store-url", &store];
    let set = run(database.home(), &arguments, "correct horse battery\n");
    assert_eq!(set.status, 0, "{}", set.err);
    let serving = Serving::start(database.home(), &["serve", "--database-url", &erp, "--store-url", &store]);
    let login = serving.log_in("F&BAdmin", "correct horse battery");
    assert!(login.starts_with("HTTP/1.1 200 "), "{login}");
    serving.stop(Signal::TERM);
    // These rights are enough for every call.
    for (client, call, args, expected) in all() {
        let mut question = json!({"call": call, "args": args});
        if let Some(client) = client {
            question["client"] = json!(client);
        }
        let asked = run(database.home(), &["query", "--database-url", &erp], question.to_string());
        assert_eq!(asked.answers(), [json!({"result": expected})], "{question} {}", asked.err);
    }
    let shown = run(database.home(), &["overview", "--database-url", &erp], "");
    assert_eq!(shown.status, 0, "{}", shown.err);

    // Columns and tables that are missing alone are named alone, also those of the store.
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

/// The hashes of passwords need a right of their own, and only where they are asked for.
#[test]
fn the_column_of_passwords_is_asked_for_by_its_option_alone() {
    let database = empty_postgres("").fill();
    database.execute("UPDATE ad_user SET isactive = 'Y'");
    // An unusual type, for which the columns of the table are read by a query around it.
    database.execute(
        "ALTER TABLE ad_user ADD COLUMN password varchar(255); ALTER TABLE ad_user ALTER username TYPE char(60)",
    );
    let (reader, erp) = user(&database, "reader");
    let store = database.url.clone();
    let (missing, accepted) = (serve(&database, &erp, &store, &[]), "--erp-passwords");
    let pasted = grants(&missing);
    assert!(!pasted.concat().contains("password"), "{pasted:?}");
    database.execute(&pasted.concat());
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
    let pasted = grants(&failed);
    assert_eq!(pasted, [format!("GRANT SELECT (password) ON public.ad_user TO {reader};")]);
    database.execute(&pasted.concat());
    // The SHA-1 of `openbravo`, as the ERP is shipped with.
    database
        .execute("UPDATE ad_user SET password = 'PwOd6SgWF74HY4u51bfrUxjtB9g=' WHERE username = 'QAAdmin'");
    let serving = Serving::start(database.home(), &[arguments.as_slice(), &[accepted]].concat());
    let login = serving.log_in("QAAdmin", "openbravo");
    assert!(login.starts_with("HTTP/1.1 200 "), "{login}");
    assert!(serving.log_in("QAAdmin", "PwOd6SgWF74HY4u51bfrUxjtB9g=").starts_with("HTTP/1.1 401 "));
    // Another version is named once, with the user and without the hash.
    database.execute("UPDATE ad_user SET password = '2$c2FsdA==$aGFzaA==' WHERE username = 'QAAdmin'");
    for _ in 0..2 {
        assert!(serving.log_in("QAAdmin", "openbravo").starts_with("HTTP/1.1 401 "));
    }
    let said = serving.stop(Signal::TERM);
    assert_eq!(said.matches("version=\"2\"").count(), 1, "{said}");
    assert!(said.contains("user=") && !said.contains("aGFzaA") && !said.contains("c2FsdA"), "{said}");
}

/// Where the column is not there the option cannot be had.
#[test]
fn a_database_without_the_column_of_passwords_is_found_out_at_the_start() {
    for database in [empty_sqlite().fill(), empty_postgres("").fill()] {
        let store = format!("sqlite:{}?mode=rwc", database.home().join("store.db").display());
        let failed = serve(&database, &database.url, &store, &["--erp-passwords"]);
        assert_eq!(failed.status, 2);
        assert!(failed.err.contains("`ad_user`") && failed.err.contains("`password`"), "{}", failed.err);
    }
}

#[test]
fn an_sqlite_file_that_cannot_be_used_is_named() {
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
