//! The Debian package: installation, removal and upgrade in a throw-away overlay of this machine's root, and
//! the unit, started by hand and by systemd.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::databases::{Scratch, empty_postgres, execute};
use crate::program::run_with;

/// Mounts the overlay and runs a script in it. Changes are invisible outside, and vanish with the script.
const OVERLAY_SCRIPT: &str = r#"
set -e
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
cp "$2" "$1/root/root/orgcache.deb"
exec chroot "$1/root" sh -ec "$3"
"#;

/// The steps of an operator in docs/operations.md, and the start of the service as systemd does it.
const INSTALL_SCRIPT: &str = r#"
exec 3>&1 >&2
unset TMPDIR
unit=/usr/lib/systemd/system/orgcache.service
install='dpkg --no-triggers --force-unsafe-io --install /root/orgcache.deb'
$install
: a removal takes the empty folder with it
dpkg --no-triggers --remove orgcache
$install
getent passwd orgcache | grep ':/var/lib/orgcache:/usr/sbin/nologin$'
test "$(stat -c '%U:%G %a' /etc/orgcache)" = 'root:orgcache 750'
test "$(stat -c '%U:%G %a' /etc/orgcache/orgcache.env)" = 'root:orgcache 640'
test "$(stat -c '%U:%G %a' /var/lib/orgcache)" = 'orgcache:orgcache 700'
zcat /usr/share/man/man1/orgcache.1.gz | grep -q '^.TH orgcache'
for file in bash-completion/completions/orgcache zsh/vendor-completions/_orgcache orgcache/roles.sql \
    doc/orgcache/copyright doc/orgcache/examples/nginx.conf; do
    test -s /usr/share/$file
done

: without settings the unit does not serve the demonstration
set -a; . /etc/orgcache/orgcache.env; set +a
start=$(sed -n "s/^ExecStart=.*'\(.*\)'$/\1/p" $unit | sed 's/\$\$/$/g')
runuser -u orgcache -- timeout 20 sh -c "$start" || test $? = 2

: the settings survive an upgrade, and the files of the service survive a removal
cat >> /etc/orgcache/orgcache.env <<END
ORGCACHE_DATABASE_URL=$ERP
ORGCACHE_STORE_URL=$STORE
ORGCACHE_LISTEN=127.0.0.1:0
END
$install
touch /var/lib/orgcache/kept
test "$(stat -c '%U:%G %a' /etc/orgcache/orgcache.env)" = 'root:orgcache 640'
cp /etc/orgcache/orgcache.env /root/settings
dpkg --no-triggers --purge orgcache
test ! -e /usr/bin/orgcache -a ! -e $unit -a ! -e /etc/orgcache/orgcache.env -a -e /var/lib/orgcache/kept
$install
cat /root/settings > /etc/orgcache/orgcache.env

set -a; . /etc/orgcache/orgcache.env; set +a
runuser -u orgcache -- orgcache check
echo 'correct horse battery' | runuser -u orgcache -- orgcache password 'F&BAdmin'
exec setpriv --reuid orgcache --regid orgcache --init-groups sh -c "$start" >&3 3>&-
"#;

/// Boots systemd in the overlay with no unit but the package's, then does the steps of an operator. The test
/// below reads its output and answers it.
const BOOT_SCRIPT: &str = r#"
exec 3>&1 4<&0 >&2
unset TMPDIR
mount -t proc none /proc
mount -t tmpfs none /run
mount -t tmpfs none /sys
mkdir -p /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
rm -rf /usr/sbin/policy-rc.d /usr/lib/systemd/system /etc/systemd/system /usr/lib/systemd/*-generators /etc/systemd/*-generators
mkdir -p /usr/lib/systemd/system /etc/systemd/system
for target in basic sysinit shutdown network-online multi-user; do
    printf '[Unit]\nDefaultDependencies=no\n' > /usr/lib/systemd/system/$target.target
done
dpkg --no-triggers --force-unsafe-io --install /root/orgcache.deb
mkdir /etc/systemd/system/orgcache.service.d
printf '[Service]\nStandardOutput=append:/root/output\n' > /etc/systemd/system/orgcache.service.d/output.conf
(
    restarts() { systemctl show --property NRestarts --value orgcache; }
    is_retried() { test "$(restarts)" -gt 0; }
    pid() { systemctl show --property MainPID --value orgcache; }
    is_restarted() { systemctl is-active orgcache && test "$(pid)" != "$upgraded"; }
    wait_until() { n=0; until "$@"; do n=$((n + 1)); test $n -lt 600; sleep 0.1; done; }
    wait_until test -S /run/systemd/private
    : invalid settings are not retried
    systemctl start orgcache
    wait_until systemctl is-failed orgcache
    systemctl status orgcache | grep -q status=2
    grep -q 'no ORGCACHE_DATABASE_URL' /root/output
    : a database that is not up yet is retried
    cat >> /etc/orgcache/orgcache.env <<END
ORGCACHE_DATABASE_URL=$ERP
ORGCACHE_STORE_URL=postgres://orgcache@127.0.0.1:1/orgcache
ORGCACHE_LISTEN=127.0.0.1:0,unix:/run/orgcache/orgcache.sock
END
    systemctl start orgcache
    wait_until is_retried
    grep -q 'Is the server running' /root/output
    echo "ORGCACHE_STORE_URL=$STORE" >> /etc/orgcache/orgcache.env
    wait_until grep -q stops /root/output
    systemctl stop orgcache
    rm /root/output
    set -a; . /etc/orgcache/orgcache.env; set +a
    runuser -u orgcache -- orgcache check
    echo 'correct horse battery' | runuser -u orgcache -- orgcache password 'F&BAdmin'
    systemctl enable --now orgcache
    wait_until grep -q stops /root/output
    cat /root/output >&3
    test "$(stat -c '%U:%G %a' /run/orgcache/orgcache.sock)" = 'orgcache:orgcache 660'
    grep -q '^CapEff:[[:space:]]*0*$' /proc/$(pid)/status
    read -r signed_in <&4
    systemctl reload orgcache
    systemctl is-active orgcache >&3
    : an upgrade restarts the service, and so does systemd after a crash
    before=$(pid)
    dpkg --no-triggers --force-unsafe-io --install /root/orgcache.deb
    upgraded=$(pid)
    test "$before" != "$upgraded"
    kill -KILL "$upgraded"
    wait_until is_restarted
    : a removal stops it
    dpkg --no-triggers --remove orgcache
    test ! -e /run/orgcache -a ! -e /etc/systemd/system/multi-user.target.wants/orgcache.service
    ! systemctl is-active orgcache
    echo removed >&3
) &
export container=docker
exec /usr/lib/systemd/systemd --system --unit=multi-user.target --log-target=console 3>&- 4<&-
"#;

/// The roles of `packaging/roles.sql` under unique names. Dropped with this value.
pub(crate) struct Roles<'d> {
    database: &'d Scratch,
    name: String,
    pub(crate) erp: String,
    pub(crate) store: String,
}

impl<'d> Roles<'d> {
    pub(crate) fn create(database: &'d Scratch) -> Self {
        let (server, database_name) = database.url.rsplit_once('/').unwrap();
        let host =
            server.rsplit_once('@').map_or_else(|| server.split_once("://").unwrap().1, |(_, host)| host);
        let name = format!("service_{database_name}");
        let sql = include_str!("../../../../packaging/roles.sql");
        let sql = sql
            .replace("orgcache_reader", "READER")
            .replace("orgcache", &name)
            .replace("READER", &format!("{name}_reader"));
        let statements = sql.lines().filter(|line| !line.starts_with("--") && !line.starts_with('\\'));
        let statements: Vec<&str> = statements.collect();
        // One at a time, because CREATE DATABASE does not run within a transaction.
        for statement in statements.join("\n").split(";\n").filter(|statement| !statement.trim().is_empty()) {
            database.execute(statement);
        }
        for role in [name.clone(), format!("{name}_reader")] {
            database.execute(&format!("ALTER ROLE {role} PASSWORD 'secret'"));
        }
        Roles {
            erp: format!("postgres://{name}_reader:secret@{host}/{database_name}"),
            store: format!("postgres://{name}:secret@{host}/{name}"),
            database,
            name,
        }
    }
}

impl Drop for Roles<'_> {
    fn drop(&mut self) {
        let Roles { database, name, .. } = self;
        execute(&database.url, &format!("DROP DATABASE {name} WITH (FORCE)"));
        execute(
            &database.url,
            &format!("DROP OWNED BY {name}_reader; DROP ROLE {name}_reader; DROP ROLE {name}"),
        );
    }
}

#[test]
fn the_documented_roles_are_sufficient() {
    let database = empty_postgres("").fill();
    let roles = Roles::create(&database);
    let settings = [("ORGCACHE_DATABASE_URL", &*roles.erp), ("ORGCACHE_STORE_URL", &*roles.store)];
    let run = |arguments: &[&str], input: &str| run_with(database.home(), &settings, arguments, input);
    let checked = run(&["check", "--listen", "127.0.0.1:0"], "");
    assert_eq!(checked.status, 0, "{}", checked.out);
    let set = run(&["password", "F&BAdmin"], "correct horse\n");
    assert_eq!(set.status, 0, "{}", set.err);
    let checked = run(&["check", "--listen", "127.0.0.1:0"], "");
    assert!(checked.status == 0 && checked.out.contains("users with a password: 1"), "{}", checked.out);
    // Reading the ERP's hashes needs one more grant, which docs/operations.md gives.
    database.execute("ALTER TABLE ad_user ADD password VARCHAR(255)");
    let with_hashes = ["check", "--listen", "127.0.0.1:0", "--erp-passwords"];
    let refused = run(&with_hashes, "");
    assert!(refused.status == 1 && refused.out.contains("GRANT SELECT (password)"), "{}", refused.out);
    let page = include_str!("../../../../docs/operations.md");
    let grant = page.lines().find(|line| line.starts_with("GRANT SELECT (password)")).unwrap();
    database.execute(&grant.replace("orgcache_reader", &format!("{}_reader", roles.name)));
    let checked = run(&with_hashes, "");
    assert_eq!(checked.status, 0, "{}", checked.out);
}

/// Builds the package into a folder, and creates the mount point of the overlay there.
pub(crate) fn build(folder: &Path) -> PathBuf {
    std::fs::create_dir(folder.join("overlay")).unwrap();
    let built = Command::new(std::env::var_os("CARGO").unwrap())
        .args(["run", "--quiet", "--package", "xtask", "--", "deb", "--binary"])
        .arg(env!("CARGO_BIN_EXE_orgcache"))
        .arg("--out")
        .arg(folder)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        // The test build is large, so compress it fast.
        .envs([("DPKG_DEB_COMPRESSOR_TYPE", "gzip"), ("DPKG_DEB_COMPRESSOR_LEVEL", "1")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let packages = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    packages.into_iter().find(|path| path.extension().is_some_and(|it| it == "deb")).unwrap()
}

/// A script that runs in an overlay of this machine's root, which contains the package.
struct Overlay {
    folder: TempDir,
    child: Child,
}

impl Overlay {
    fn start(database: &Scratch, roles: &Roles<'_>, namespaces: &[&str], script: &str) -> Self {
        database.execute("UPDATE ad_user SET isactive = 'Y'");
        let folder = tempfile::tempdir().unwrap();
        let package = build(folder.path());
        let child = Command::new("unshare")
            .args(namespaces)
            .args(["sh", "-c", OVERLAY_SCRIPT, "sh"])
            .args([&folder.path().join("overlay"), &package])
            .arg(script)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .envs([("ERP", &roles.erp), ("STORE", &roles.store)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        Overlay { folder, child }
    }

    /// What the script wrote to standard error.
    fn stderr(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }
}

#[test]
fn lintian_finds_nothing_in_the_package() {
    if !Path::new("/usr/bin/lintian").exists() || !Path::new("/usr/bin/dpkg-deb").exists() {
        eprintln!("skipped: the package lintian is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let checked = Command::new("lintian").arg("--fail-on=error,warning").arg(build(folder.path())).output();
    let checked = checked.unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn the_package_installs_upgrades_and_serves() {
    if !geteuid().is_root() || !Path::new("/usr/bin/dpkg-deb").exists() {
        eprintln!("skipped: installing a Debian package needs root on Debian");
        return;
    }
    let database = empty_postgres("").fill();
    let roles = Roles::create(&database);
    let mut overlay = Overlay::start(&database, &roles, &["--mount"], INSTALL_SCRIPT);
    let mut line = String::new();
    let mut out = BufReader::new(overlay.child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let address = line
        .trim()
        .strip_prefix("orgcache listens on http://")
        .unwrap_or_else(|| panic!("{}", overlay.stderr()));

    let status = std::fs::read_to_string(format!("/proc/{}/status", overlay.child.id())).unwrap();
    let uid = status.lines().find(|line| line.starts_with("Uid:")).unwrap();
    assert!(!uid.split_whitespace().skip(1).any(|id| id == "0"), "the service runs as root: {uid}");
    let answer = crate::serving::log_in_at(address, "F&BAdmin", "correct horse battery");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"token\""), "{answer}");
    kill_process(Pid::from_child(&overlay.child), Signal::TERM).unwrap();
    assert_eq!(overlay.child.wait().unwrap().code(), Some(0), "{}", overlay.stderr());
    out.read_to_string(&mut line).unwrap();
    assert!(
        !Path::new("/usr/lib/systemd/system/orgcache.service").exists(),
        "the overlay must hide the installation"
    );
}

#[test]
fn systemd_starts_restarts_and_stops_the_unit() {
    if !geteuid().is_root() || !Path::new("/usr/lib/systemd/systemd").exists() {
        eprintln!("skipped: booting systemd needs root and systemd");
        return;
    }
    let database = empty_postgres("").fill();
    let roles = Roles::create(&database);
    let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--cgroup", "--uts", "--ipc"];
    let mut overlay = Overlay::start(&database, &roles, &namespaces, BOOT_SCRIPT);
    let mut lines = BufReader::new(overlay.child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let greeting = lines.next().unwrap_or_else(|| panic!("{}", overlay.stderr()));
    let address = greeting
        .strip_prefix("orgcache listens on http://")
        .unwrap_or_else(|| panic!("{}", overlay.stderr()));
    let answer = crate::serving::log_in_at(address, "F&BAdmin", "correct horse battery");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    overlay.child.stdin.take().unwrap().write_all(b"signed in\n").unwrap();
    let after: Vec<String> = lines.by_ref().take_while(|line| line != "removed").collect();
    assert_eq!(after.last().map(String::as_str), Some("active"), "{after:?} {}", overlay.stderr());
    overlay.child.kill().unwrap();
    overlay.child.wait().unwrap();
}
