//! `Queues`: batches that wait for a connection.

use std::collections::HashMap;

use model_metadata::FieldDefinitions;

use super::batch::{Batch, Passenger};
use super::cost;

/// What reads must have in common to travel together: the model, and the context as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Route {
    pub(super) model: String,
    pub(super) context: String,
}

/// Batches that wait for a connection, each with a number.
#[derive(Debug, Default)]
pub(super) struct Queues {
    waiting: HashMap<Route, Vec<(u64, Batch)>>,
    last: u64,
}

impl Queues {
    /// Puts a read into a batch that it fits into. A new batch's number is returned: somebody has to wait for
    /// a connection on its behalf.
    pub(super) fn add(
        &mut self,
        route: &Route,
        passenger: Passenger,
        size: usize,
        definitions: Option<&FieldDefinitions>,
    ) -> Option<u64> {
        let batches = self.waiting.entry(route.clone()).or_default();
        for (_, batch) in batches.iter_mut() {
            if batch.ids().saturating_add(passenger.read.ids.len()) <= size
                && let Some(fields) = joint_fields(batch, &passenger, definitions)
            {
                batch.fields = fields;
                batch.passengers.push(passenger);
                return None;
            }
        }
        self.last += 1;
        let fields = passenger.read.fields.clone();
        batches.push((self.last, Batch { passengers: vec![passenger], fields }));
        Some(self.last)
    }

    /// Takes a batch out, without those who have gone away.
    pub(super) fn take(&mut self, route: &Route, number: u64) -> Batch {
        let Some(batches) = self.waiting.get_mut(route) else { return Batch::default() };
        let position = batches.iter().position(|(known, _)| *known == number);
        let mut batch = position.map(|position| batches.remove(position).1).unwrap_or_default();
        if batches.is_empty() {
            self.waiting.remove(route);
        }
        batch.passengers.retain(Passenger::is_waiting);
        batch
    }
}

/// The fields that a batch would read with one more passenger; nothing if it may not join.
fn joint_fields(
    batch: &Batch,
    passenger: &Passenger,
    definitions: Option<&FieldDefinitions>,
) -> Option<Vec<String>> {
    let own = &passenger.read.fields;
    if *own == batch.fields {
        return Some(own.clone());
    }
    if own.is_empty() || batch.fields.is_empty() {
        return None;
    }
    let all = cost::union(own, &batch.fields);
    let everybody = batch.passengers.iter().chain([passenger]);
    let sizes = everybody.map(|passenger| (passenger.read.ids.len(), passenger.read.fields.len()));
    cost::may_join(sizes, &all, definitions?).then_some(all)
}
