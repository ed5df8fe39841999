//! `orgcache revisions`.

use crate::databases::{Scratch, empty_postgres, empty_sqlite};
use crate::program::{Run, run, run_over};

fn revisions(database: &Scratch, action: &str) -> Run {
    run_over(database, &["revisions", action], "")
}

#[test]
fn triggers_are_installed_shown_and_removed() {
    for database in [empty_sqlite().fill(), empty_postgres("").fill()] {
        let before = revisions(&database, "status");
        assert_eq!((before.status, before.err.as_str()), (1, ""), "{}", before.out);
        for _ in 0..2 {
            let installed = revisions(&database, "install");
            assert_eq!((installed.status, installed.err.as_str()), (0, ""), "{}", installed.out);
            let status = revisions(&database, "status");
            assert_eq!(status.status, 0, "{}{}", status.out, status.err);
            assert!(status.out.contains("not read again"), "{}", status.out);
        }
        for _ in 0..2 {
            assert_eq!(revisions(&database, "remove").status, 0);
            assert_eq!(revisions(&database, "status").status, 1);
        }
    }
}

#[test]
fn a_database_without_an_erp_is_not_changed() {
    let database = empty_sqlite();
    let refused = revisions(&database, "install");
    assert_eq!((refused.status, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("`ad_clientinfo`"), "{}", refused.err);
    let unnamed = run(database.home(), &["revisions", "status"], "");
    assert_eq!(unnamed.status, 2);
    assert!(unnamed.err.contains("--database-url"), "{}", unnamed.err);
}
