//! `TreeReads`: reads the revision and the tree of a client, by one statement each.
//!
//! If [`revisions`](crate::revisions) are kept, the counters name the state of a tree. If not, a digest of
//! its rows does: the SHA-256 of the text that the database would send. PostgreSQL computes it; for SQLite,
//! which sends nothing, this process computes it before it parses the text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use org_structure::OrgStructure;
use parking_lot::Mutex;
use session::{ClientId, LoadedTree, Revision};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::statements;
use crate::backend::{DatabaseKind, Row, StatementError, Value};
use crate::erp::{ErpReader, ReadError};
use crate::revisions::Counters;
use platform::text::parse_hex;

#[derive(Debug)]
pub(super) struct TreeReads {
    reader: ErpReader,
    counters: Counters,
    /// The last digest of each client's rows. Calls that wait for the lock share the next one.
    digests: Mutex<BTreeMap<ClientId, Arc<tokio::sync::Mutex<LastDigest>>>>,
    /// A logical clock that orders calls and digest reads, from 1.
    moments: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct LastDigest {
    /// When the read began.
    began: u64,
    digest: Option<Revision>,
    /// Did counters exist?
    has_counters: bool,
}

impl TreeReads {
    pub(super) fn new(reader: ErpReader) -> Self {
        let counters = Counters::new(reader.database().clone());
        TreeReads { reader, counters, digests: Mutex::default(), moments: AtomicU64::new(1) }
    }

    pub(super) fn reader(&self) -> &ErpReader {
        &self.reader
    }

    /// The revision of a client's tree; `None` if the client does not exist or its rows cannot be digested.
    pub(super) async fn revision(&self, client: ClientId) -> Result<Option<Revision>, StatementError> {
        let counted = async || {
            let read = self.counters.read(client, "NULL").await?;
            Ok::<_, StatementError>(read.and_then(|(revision, _)| revision))
        };
        if let Some(revision) = counted().await? {
            return Ok(Some(revision));
        }
        let last = self.digest(client).await?;
        if last.has_counters && !self.counters.are_seen() {
            self.counters.set_seen(true);
            if let Some(revision) = counted().await? {
                return Ok(Some(revision));
            }
        }
        Ok(last.digest)
    }

    /// The digest of a client's rows, read after this call began. Per client one read runs at a time, and the
    /// next one serves all calls that arrived in the meantime.
    async fn digest(&self, client: ClientId) -> Result<LastDigest, StatementError> {
        let came = self.moments.fetch_add(1, Ordering::SeqCst);
        let last = Arc::clone(self.digests.lock().entry(client).or_default());
        let mut last = last.lock().await;
        if last.began <= came {
            let began = self.moments.fetch_add(1, Ordering::SeqCst);
            *last = LastDigest { began, ..self.read_digest(client).await? };
        }
        Ok(*last)
    }

    async fn read_digest(&self, client: ClientId) -> Result<LastDigest, StatementError> {
        let (database, counters_exist) = (self.reader.database(), self.counters.counters_exist());
        let dialect = database.dialect();
        let statement = statements::digest(dialect, self.reader.tree_statement());
        let read = |row: Row<'_>| {
            let text = row.text(0)?;
            let hash = match dialect.kind {
                DatabaseKind::Sqlite => text.map(digest_of),
                DatabaseKind::Postgres => text.and_then(parse_hex).map(Revision::from_hash),
            };
            Ok::<_, StatementError>(LastDigest {
                digest: hash,
                has_counters: row.flag(1)?,
                ..LastDigest::default()
            })
        };
        match database.first(AssertSqlSafe(statement), &[Value::Text(client.as_str())], read).await {
            Ok(found) => Ok(found.unwrap_or_default()),
            Err(error) if error.is_transient() => Err(error),
            // The rows are not texts, or the server has no SHA-256: PostgreSQL before version 11.
            Err(_) => {
                let has_counters = database.has_row(counters_exist).await?;
                Ok(LastDigest { has_counters, ..LastDigest::default() })
            }
        }
    }

    /// The tree of a client and the revision of the same rows.
    pub(super) async fn load(&self, client: ClientId) -> Result<LoadedTree, ReadError> {
        match self.read(client).await {
            Ok((tree, revision)) => {
                Ok(LoadedTree::new(tree.structure, revision).with_findings(tree.findings))
            }
            // An unknown client is not an error here: its tree is empty.
            Err(ReadError::UnknownClient { .. }) => Ok(LoadedTree::new(OrgStructure::default(), None)),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, client: ClientId) -> Result<(crate::erp::ErpTree, Option<Revision>), ReadError> {
        let reader = &self.reader;
        let rows = statements::rows(reader.database().dialect(), reader.tree_statement());
        let (revision, packed) = match self.counters.read(client, &rows).await {
            Ok(Some(read)) => read,
            Ok(None) => {
                let read = |row: Row<'_>| Ok::<_, StatementError>(row.text(0)?.map(str::to_owned));
                let statement = AssertSqlSafe(format!("SELECT {rows}"));
                match reader.database().first(statement, &[Value::Text(client.as_str())], read).await {
                    Ok(packed) => (None, packed.flatten()),
                    Err(error) if error.is_transient() => return Err(error.into()),
                    Err(_) => return Ok((reader.load_tree_row_by_row(client).await?, None)),
                }
            }
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(_) => return Ok((reader.load_tree_row_by_row(client).await?, None)),
        };
        let packed = packed.unwrap_or_default();
        let revision = revision.or_else(|| (!packed.is_empty()).then(|| digest_of(&packed)));
        Ok((reader.tree_of_packed(client, &packed).await?, revision))
    }
}

fn digest_of(packed: &str) -> Revision {
    Revision::from_hash(Sha256::digest(packed).into())
}
