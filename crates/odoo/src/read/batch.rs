//! `Batch`: reads that travel together, and how each gets its own answer.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::oneshot;

use super::{Read, Record};
use crate::{Call, OdooError};

pub(super) type Answer = Result<Vec<Record>, OdooError>;

/// A read whose caller waits.
#[derive(Debug)]
pub(super) struct PendingRead {
    pub(super) read: Read,
    /// Tells the caller that it waits for Odoo from now on, no longer for a connection.
    pub(super) sent: Option<oneshot::Sender<()>>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Reads of one model in one context that can be answered by one.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) reads: Vec<PendingRead>,
    /// The fields of all; none for all fields.
    pub(super) fields: Vec<String>,
}

impl PendingRead {
    /// Resolves when the caller has gone away.
    pub(super) async fn gone(&mut self) {
        self.answer.closed().await;
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.answer.is_closed()
    }

    /// A caller that has gone away needs no answer.
    pub(super) fn tell(self, answer: Answer) {
        let _gone = self.answer.send(answer);
    }
}

impl Batch {
    /// Resolves when all callers have gone away.
    pub(super) async fn abandoned(&mut self) {
        for pending in &mut self.reads {
            pending.gone().await;
        }
    }

    /// How many ids travel, as they were asked for.
    pub(super) fn ids(&self) -> usize {
        self.reads.iter().map(|pending| pending.read.ids.len()).sum()
    }

    /// One call for all: every id once, in the order of asking.
    pub(super) fn call(&self) -> Option<Call> {
        let first = &self.reads.first()?.read;
        let mut seen = BTreeSet::new();
        let ids = self.reads.iter().flat_map(|pending| &pending.read.ids);
        let ids: Vec<i64> = ids.copied().filter(|id| seen.insert(*id)).collect();
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        Some(Call::read(&first.model, &ids, &fields).context(&first.context))
    }

    /// Gives each caller what it asked for: its ids in its order, as often as it named them, without those
    /// that do not exist, and its fields. Gives the batch back if the records are not what was asked for.
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
            let own = read
                .ids
                .iter()
                .filter_map(|id| by_id.get(id))
                .map(|record| project(record, read, &self.fields));
            let own: Vec<Record> = own.collect();
            pending.tell(Ok(own));
        }
        Ok(())
    }

    /// Two batches of half the callers each.
    pub(super) fn halves(mut self) -> [Batch; 2] {
        let second = self.reads.split_off(self.reads.len() / 2);
        [self.reads, second].map(|reads| Batch { reads, fields: self.fields.clone() })
    }
}

/// The part of a record that a read asked for.
fn project(record: &Record, read: &Read, fields: &[String]) -> Record {
    if read.fields.len() == fields.len() {
        return record.clone();
    }
    let asked = |name: &String| name == "id" || read.fields.binary_search(name).is_ok();
    record.iter().filter(|(name, _)| asked(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
