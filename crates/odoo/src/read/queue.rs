//! `Queues`: batches that wait for a connection.

use std::collections::HashMap;

use model_metadata::FieldDefinitions;

use super::batch::{Batch, PendingRead};
use super::cost;

/// What reads must have in common to travel together: the model, and the context as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BatchKey {
    pub(super) model: String,
    pub(super) context: String,
}

/// Batches that wait for a connection, each with a number.
#[derive(Debug, Default)]
pub(super) struct Queues {
    waiting: HashMap<BatchKey, Vec<(u64, Batch)>>,
    last: u64,
}

impl Queues {
    /// Adds a read to a batch that it fits into. Returns the number of a new batch: the caller must then wait
    /// for a connection on its behalf.
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

    /// Takes a batch out, without the reads of callers that have gone away.
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

/// The fields that a batch would read with one more pending; nothing if it may not join.
fn joint_fields(
    batch: &Batch,
    pending: &PendingRead,
    definitions: Option<&FieldDefinitions>,
) -> Option<Vec<String>> {
    let own = &pending.read.fields;
    if *own == batch.fields {
        return Some(own.clone());
    }
    if own.is_empty() || batch.fields.is_empty() {
        return None;
    }
    let all = cost::union(own, &batch.fields);
    let all_reads = batch.reads.iter().chain([pending]);
    let sizes = all_reads.map(|pending| (pending.read.ids.len(), pending.read.fields.len()));
    cost::may_join(sizes, &all, definitions?).then_some(all)
}
