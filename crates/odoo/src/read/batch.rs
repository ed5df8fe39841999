//! `Batch`: reads that are sent as one request, and the distribution of its answer.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::oneshot;

use super::{Read, Record};
use crate::{Call, OdooError};

pub(super) type Answer = Result<Vec<Record>, OdooError>;

/// A read in a batch.
#[derive(Debug)]
pub(super) struct PendingRead {
    pub(super) read: Read,
    /// Notifies the caller that the read has a connection and waits for Odoo.
    pub(super) sent: Option<oneshot::Sender<()>>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Reads of one model and context that one request can answer.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) reads: Vec<PendingRead>,
    /// The union of the fields; empty for all fields.
    pub(super) fields: Vec<String>,
}

impl PendingRead {
    /// Resolves when the caller is dropped.
    pub(super) async fn abandoned(&mut self) {
        self.answer.closed().await;
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.answer.is_closed()
    }

    /// Sends the answer to the caller.
    pub(super) fn respond(self, answer: Answer) {
        // Fails if the caller was dropped.
        let _abandoned = self.answer.send(answer);
    }
}

impl Batch {
    /// Resolves when all callers are dropped.
    pub(super) async fn abandoned(&mut self) {
        for pending in &mut self.reads {
            pending.abandoned().await;
        }
    }

    /// The number of requested ids, with duplicates.
    pub(super) fn ids(&self) -> usize {
        self.reads.iter().map(|pending| pending.read.ids.len()).sum()
    }

    /// One call for all reads: each id once, in the order of the reads.
    pub(super) fn call(&self) -> Option<Call> {
        let first = &self.reads.first()?.read;
        let mut seen = BTreeSet::new();
        let ids = self.reads.iter().flat_map(|pending| &pending.read.ids);
        let ids: Vec<i64> = ids.copied().filter(|id| seen.insert(*id)).collect();
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        Some(Call::read(&first.model, &ids, &fields).context(&first.context))
    }

    /// Sends each caller the records that it requested: its ids in its order, with duplicates, without
    /// missing records, and only its fields. Returns the batch if a record has no id.
    pub(super) fn distribute(self, records: Vec<Record>) -> Result<(), Batch> {
        let mut by_id: HashMap<i64, Record> = HashMap::with_capacity(records.len());
        for record in records {
            match record.get("id").and_then(serde_json::Value::as_i64) {
                Some(id) => drop(by_id.insert(id, record)),
                None => return Err(self),
            }
        }
        for pending in self.reads {
            let read = &pending.read;
            let records = read
                .ids
                .iter()
                .filter_map(|id| by_id.get(id))
                .map(|record| project(record, read, &self.fields));
            let records: Vec<Record> = records.collect();
            pending.respond(Ok(records));
        }
        Ok(())
    }

    /// Splits the batch into two halves.
    pub(super) fn halves(mut self) -> [Batch; 2] {
        let second = self.reads.split_off(self.reads.len() / 2);
        [self.reads, second].map(|reads| Batch { reads, fields: self.fields.clone() })
    }
}

/// The fields of a record that a read requested.
fn project(record: &Record, read: &Read, fields: &[String]) -> Record {
    if read.fields.len() == fields.len() {
        return record.clone();
    }
    let is_requested = |name: &String| name == "id" || read.fields.binary_search(name).is_ok();
    record
        .iter()
        .filter(|(name, _)| is_requested(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
