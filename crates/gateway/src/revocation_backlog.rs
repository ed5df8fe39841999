//! `RevocationBacklog`: at shutdown, saves the revocations that the session store has not confirmed to a file
//! for the next process.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use erp_db::{StoreError, StoreOptions};
use serde::{Deserialize, Serialize};
use session::{ClientId, InvalidSessionId, RoleId, Scope, SessionManager, UserId};

use crate::demo;
use crate::failure::Failure;

/// The files with the revocations for one store: beside an SQLite file, or for PostgreSQL in the user's data
/// directory, named after the database. Each process writes its own file, so that several can stop at the
/// same time.
#[derive(Debug)]
pub(crate) struct RevocationBacklog {
    folder: PathBuf,
    prefix: String,
}

/// A revocation in the file. The id of a session is not secret: it is the hash of the token.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum BacklogEntry {
    Session(String),
    User { client: ClientId, user: UserId },
    Role { client: ClientId, role: RoleId },
    Client(ClientId),
}

impl RevocationBacklog {
    pub(crate) fn for_store(options: &StoreOptions) -> Result<Self, Failure> {
        if let Some(file) = options.sqlite_file().map_err(StoreError::from)? {
            let file = file.canonicalize().unwrap_or(file);
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
            return Ok(RevocationBacklog { folder, prefix: format!("{name}-orgcache-ends-") });
        }
        // Without user and password, which may have changed before the next start.
        let place = options.url.rsplit_once('@').map_or(&*options.url, |(_, place)| place);
        let place = place.split(['?', '#']).next().unwrap_or_default();
        let digits = blake3::hash(place.as_bytes()).to_hex();
        let name = digits.get(..16).unwrap_or_default();
        Ok(RevocationBacklog { folder: demo::data_folder()?, prefix: format!("store-{name}-ends-") })
    }

    /// Writes revocations to a file, syncs it to disk, and returns its path.
    fn save(&self, ends: &[Scope]) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("{}{}-{}.json", self.prefix, since.as_nanos(), std::process::id());
        let ends: Vec<BacklogEntry> = ends.iter().map(BacklogEntry::from).collect();
        // Written to a draft and renamed, so that a reader finds the complete file or none.
        let draft = self.folder.join(format!(".{name}"));
        let mut file = create_private(&draft)?;
        serde_json::to_writer(&mut file, &ends)?;
        file.flush()?;
        file.sync_all()?;
        let path = self.folder.join(name);
        fs::rename(&draft, &path)?;
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(path)
    }

    /// Saves the revocations that the store has not confirmed.
    pub(crate) fn save_pending(&self, manager: &SessionManager) -> Result<(), Failure> {
        let ends = manager.pending_revocations();
        if ends.is_empty() {
            return Ok(());
        }
        let count = ends.len();
        let file = self.save(&ends).map_err(|error| {
            Failure::nothing_done(format!(
                "{count} revocations are lost: the session store did not accept them, and no file could be \
                 written: {error}"
            ))
            .advise("When the store answers again, end those sessions again.")
        })?;
        tracing::warn!(
            count,
            file = %file.display(),
            "the session store did not accept all revocations: the next start applies them"
        );
        Ok(())
    }

    /// Applies the revocations of earlier processes to the store. Removes a file after the store has
    /// confirmed all of it.
    pub(crate) async fn send(&self, manager: &SessionManager) -> Result<(), Failure> {
        for path in self.files().map_err(|error| unreadable(&self.folder, &error))? {
            let ends = read(&path).map_err(|error| unreadable(&path, &error))?;
            for end in &ends {
                if let Some(error) = manager.end(*end).await.pending {
                    return Err(Failure::nothing_done(format!(
                        "the session store does not accept the revocations in `{}`: {error}",
                        path.display()
                    ))
                    .if_transient(error.is_transient()));
                }
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unreadable(&path, &error));
                }
                _ => tracing::info!(
                    count = ends.len(),
                    file = %path.display(),
                    "the revocations of an earlier process were applied"
                ),
            }
        }
        Ok(())
    }

    /// Verifies that the files of earlier processes are readable, as the service requires to start.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        for path in self.files().map_err(|error| unreadable(&self.folder, &error))? {
            read(&path).map_err(|error| unreadable(&path, &error))?;
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&self.prefix) {
                files.push(entry.path());
            }
        }
        files.sort_unstable();
        Ok(files)
    }
}

/// Creates a file that only its owner can read, because it reveals who was logged in.
fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    let path = path.display();
    Failure::nothing_done(format!("`{path}` keeps revocations and cannot be used: {error}")).advise(
        "Make it readable and writable for the service's user, or end those sessions again and remove the file.",
    )
}

fn read(path: &Path) -> io::Result<Vec<Scope>> {
    let ends: Vec<BacklogEntry> = serde_json::from_slice(&fs::read(path)?)?;
    ends.into_iter().map(|end| end.try_into().map_err(io::Error::other)).collect()
}

impl From<&Scope> for BacklogEntry {
    fn from(scope: &Scope) -> Self {
        match *scope {
            Scope::Session(id) => BacklogEntry::Session(id.to_string()),
            Scope::User(client, user) => BacklogEntry::User { client, user },
            Scope::Role(client, role) => BacklogEntry::Role { client, role },
            Scope::Client(client) => BacklogEntry::Client(client),
        }
    }
}

impl TryFrom<BacklogEntry> for Scope {
    type Error = InvalidSessionId;

    fn try_from(entry: BacklogEntry) -> Result<Self, InvalidSessionId> {
        Ok(match entry {
            BacklogEntry::Session(id) => Scope::Session(id.parse()?),
            BacklogEntry::User { client, user } => Scope::User(client, user),
            BacklogEntry::Role { client, role } => Scope::Role(client, role),
            BacklogEntry::Client(client) => Scope::Client(client),
        })
    }
}

#[cfg(test)]
mod tests {
    use session::SessionId;

    use super::*;

    #[test]
    fn saved_revocations_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let backlog = RevocationBacklog { folder: folder.path().join("new"), prefix: "store-".to_owned() };
        assert_eq!(backlog.files().unwrap(), Vec::<PathBuf>::new());
        let client = ClientId::new("é'\"").unwrap();
        let ends = [
            Scope::Session(SessionId::from_bytes([7; 32])),
            Scope::User(client, UserId::new("100").unwrap()),
            Scope::Role(client, RoleId::new("0").unwrap()),
            Scope::Client(client),
        ];
        let (one, two) = (backlog.save(&ends).unwrap(), backlog.save(&ends[..1]).unwrap());
        assert_eq!(backlog.files().unwrap(), [one.clone(), two.clone()]);
        #[cfg(unix)]
        for file in [&one, &two] {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(read(&one).unwrap(), ends);
        assert_eq!(read(&two).unwrap(), ends[..1]);
        for damaged in ["", "[", "[{}]", r#"["session"]"#, r#"[{"session":"00"}]"#, r#"[{"client":""}]"#] {
            fs::write(&one, damaged).unwrap();
            assert!(read(&one).is_err(), "{damaged}");
        }
    }

    #[test]
    fn the_name_of_the_file_does_not_depend_on_the_password() {
        let prefix = |url: &str| RevocationBacklog::for_store(&StoreOptions::new(url)).unwrap().prefix;
        let one = prefix("postgres://a:secret@db.example.org/orgcache");
        assert_eq!(one, prefix("postgres://b@db.example.org/orgcache?sslmode=require"));
        assert_ne!(one, prefix("postgres://a:secret@db.example.org/other"));
    }
}
