//! The container image: built from `packaging/Containerfile` on a Debian of the same release, and run with
//! minimal privileges.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::databases::empty_postgres;
use crate::package::{Roles, build};

/// Builds the image and runs each step in its own container. Finally replaces itself with the service.
const CONTAINER_SCRIPT: &str = r#"
set -e
exec 3>&1 >&2
: crun supports either version of cgroups, but not a mixture
test -e /sys/fs/cgroup/cgroup.controllers || mount -t cgroup2 none /sys/fs/cgroup
podman="podman --root $FOLDER/storage --runroot $FOLDER/run --cgroup-manager=cgroupfs"
base=$(sed -n 's/^FROM //p' "$FILE")
release=${base##*:}
if ! test -e "$BASE"; then
    debootstrap --variant=minbase "${release%-slim}" "$FOLDER/base" http://deb.debian.org/debian
    tar -C "$FOLDER/base" -cf "$BASE.part" .
    mv "$BASE.part" "$BASE"
fi
$podman import "$BASE" "$base"
$podman build --isolation=chroot --file "$FILE" --tag orgcache "$FOLDER"
cat > "$FOLDER/settings" <<END
ORGCACHE_DATABASE_URL=$ERP
ORGCACHE_STORE_URL=$STORE
ORGCACHE_LISTEN=0.0.0.0:0
END
run="$podman run --rm --interactive --cgroups=disabled --network=host --ulimit=nofile=1024:1024 \
    --ulimit=nproc=1000:1000 --read-only --cap-drop=all --security-opt=no-new-privileges"
inside() { program=$1; shift; $run --volume=orgcache:/var/lib/orgcache --entrypoint="$program" orgcache "$@"; }

: without settings the demonstration is not published
said=$($run orgcache 2>&1) || test $? = 2
case $said in *'demonstration is for this machine alone'*) ;; *) echo "$said"; exit 1;; esac

inside id | grep -q '(orgcache)'
inside grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status
test "$(inside stat -c '%U %a' /var/lib/orgcache)" = 'orgcache 700'

: SQLite in the volume
sqlite='--env=ORGCACHE_DATABASE_URL=sqlite:/var/lib/orgcache/erp.db?mode=rwc
    --env=ORGCACHE_STORE_URL=sqlite:/var/lib/orgcache/orgcache.db?mode=rwc --volume=orgcache:/var/lib/orgcache'
$run $sqlite --volume="$ROWS:/rows:ro" orgcache import /rows
echo 'correct horse battery' | $run $sqlite orgcache password 'F&BAdmin'
$run $sqlite --env=ORGCACHE_LISTEN=127.0.0.1:0 orgcache check
test "$(inside stat -c '%U %a' /var/lib/orgcache/orgcache.db)" = 'orgcache 600'
$podman volume rm orgcache

: PostgreSQL
run="$run --env-file=$FOLDER/settings"
$run orgcache check
echo 'correct horse battery' | $run orgcache password 'F&BAdmin'
exec $run --pidfile="$FOLDER/pid" orgcache >&3 3>&-
"#;

#[test]
fn the_container_serves_with_minimal_privileges() {
    let is_installed = |program: &str| {
        ["/usr/bin", "/usr/sbin"].iter().any(|folder| Path::new(folder).join(program).exists())
    };
    if !geteuid().is_root() || !["podman", "debootstrap", "dpkg-deb"].into_iter().all(is_installed) {
        eprintln!("skipped: a container needs root, podman, debootstrap and dpkg-deb");
        return;
    }
    let database = empty_postgres("").fill();
    database.execute("UPDATE ad_user SET isactive = 'Y'");
    let roles = Roles::create(&database);
    let folder = tempfile::tempdir().unwrap();
    build(folder.path());
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let log = folder.path().join("stderr");
    let mut child = Command::new("unshare")
        .args(["--mount", "sh", "-c", CONTAINER_SCRIPT])
        .env("ERP", &roles.erp)
        .env("STORE", &roles.store)
        .env("FOLDER", folder.path())
        // Kept between runs, so that the base image is created once.
        .env("BASE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("debian.tar"))
        .env("FILE", workspace.join("packaging/Containerfile"))
        .env("ROWS", crate::databases::sample_rows())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let log = || std::fs::read_to_string(&log).unwrap();
    // Open until the end: podman fails if it cannot pass on a later line.
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address =
        line.trim().strip_prefix("orgcache listens on http://").unwrap_or_else(|| panic!("{}", log()));
    let answer = crate::serving::log_in_at(address, "F&BAdmin", "correct horse battery");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"token\""), "{answer}");
    // As `podman stop` signals it. `podman run` may die of a signal that it passes on.
    let pid: i32 = std::fs::read_to_string(folder.path().join("pid")).unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", log());
    drop(stdout);
}
