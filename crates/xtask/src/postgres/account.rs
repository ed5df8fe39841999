//! The user of the system that the servers run as.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use rustix::process::geteuid;

/// Accounts to run a server as, in order of preference: Debian's own for it, and one that owns nothing.
const CANDIDATES: &[&str] = &["postgres", "nobody"];

/// A user that is not root, which PostgreSQL refuses to run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// The account to run a server as, or none where this process may do so itself.
    pub(crate) fn for_servers() -> Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let Some(account) = CANDIDATES.iter().find_map(|name| Self::named(name)) else {
            bail!(
                "PostgreSQL does not run as root, and there is no user {} to run it as",
                CANDIDATES.join(" or ")
            );
        };
        Ok(Some(account))
    }

    /// The account that owns a data directory, or none where that is this process's own.
    pub(crate) fn owner(directory: &Metadata) -> Option<Self> {
        let account = Self { user: directory.uid(), group: directory.gid() };
        (geteuid().is_root() && account.user != 0).then_some(account)
    }

    fn named(name: &str) -> Option<Self> {
        let account = Self { user: id("-u", name)?, group: id("-g", name)? };
        (account.user != 0).then_some(account)
    }

    /// Has a command run as this account.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

/// Asks `id`, which knows the users of every source that the system has, not of `/etc/passwd` alone.
fn id(what: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([what, name]).stderr(Stdio::null()).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    answer.trim().parse().ok().filter(|_| output.status.success())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Account, geteuid, id};

    #[test]
    fn users_are_looked_up_by_name() {
        let entries = fs::read_to_string("/etc/passwd").unwrap();
        let mut checked = 0;
        for entry in entries.lines() {
            let fields: Vec<_> = entry.split(':').collect();
            let [name, _, user, group, ..] = fields[..] else { continue };
            assert_eq!(id("-u", name), user.parse().ok(), "{entry}");
            assert_eq!(id("-g", name), group.parse().ok(), "{entry}");
            checked += 1;
            if checked == 5 {
                break;
            }
        }
        assert!(checked > 0);
        assert_eq!(id("-u", "no such user"), None);
    }

    #[test]
    fn no_server_ever_runs_as_root() {
        assert_eq!(Account::named("root"), None);
        assert_eq!(Account::owner(&fs::metadata("/").unwrap()), None);
        let is_root = id("-u", "root").is_some_and(|root| geteuid().as_raw() == root);
        assert_eq!(
            Account::for_servers().unwrap().is_some(),
            is_root,
            "another account is needed for root alone"
        );
    }
}
