//! `Queues`: the batches that wait for a connection.

use std::collections::HashMap;

use model_metadata::FieldDefinitions;

use super::batch::{Batch, PendingRead};
use super::cost;

/// The key of batches: only reads of the same model and context (as JSON) can be batched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BatchKey {
    pub(super) model: String,
    pub(super) context: String,
}

/// The batches that wait for a connection, each with a number.
#[derive(Debug, Default)]
pub(super) struct Queues {
    waiting: HashMap<BatchKey, Vec<(u64, Batch)>>,
    last: u64,
}

impl Queues {
    /// Adds a read to a batch, or to a new one if it fits into none. Returns the number of a new batch; the
    /// caller must then wait for a connection for it.
    pub(super) fn add(
        &mut self,
        key: &BatchKey,
        pending: PendingRead,
        size: usize,
        definitions: Option<&FieldDefinitions>,
    ) -> Option<u64> {
        let batches = self.waiting.entry(key.clone()).or_default();
        for (_, batch) in batches.iter_mut() {
            if batch.ids().saturating_add(pending.read.ids.len()) <= size
                && let Some(fields) = joint_fields(batch, &pending, definitions)
            {
                batch.fields = fields;
                batch.reads.push(pending);
                return None;
            }
        }
        self.last += 1;
        let fields = pending.read.fields.clone();
        batches.push((self.last, Batch { reads: vec![pending], fields }));
        Some(self.last)
    }

    /// Removes and returns a batch, without the reads of dropped callers.
    pub(super) fn take(&mut self, key: &BatchKey, number: u64) -> Batch {
        let Some(batches) = self.waiting.get_mut(key) else { return Batch::default() };
        let position = batches.iter().position(|(known, _)| *known == number);
        let mut batch = position.map(|position| batches.remove(position).1).unwrap_or_default();
        if batches.is_empty() {
            self.waiting.remove(key);
        }
        batch.reads.retain(PendingRead::is_waiting);
        batch
    }
}

/// The fields of the batch if the pending read joins it; `None` if it cannot join.
fn joint_fields(
    batch: &Batch,
    pending: &PendingRead,
    definitions: Option<&FieldDefinitions>,
) -> Option<Vec<String>> {
    let fields = &pending.read.fields;
    if *fields == batch.fields {
        return Some(fields.clone());
    }
    if fields.is_empty() || batch.fields.is_empty() {
        return None;
    }
    let all = cost::union(fields, &batch.fields);
    let all_reads = batch.reads.iter().chain([pending]);
    let sizes = all_reads.map(|pending| (pending.read.ids.len(), pending.read.fields.len()));
    cost::may_join(sizes, &all, definitions?).then_some(all)
}
