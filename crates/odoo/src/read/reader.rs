//! `Reader`: sends reads at once or in a batch.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model_metadata::MetadataCache;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::oneshot;

use super::batch::{Answer, Batch, PendingRead};
use super::queue::{BatchKey, Queues};
use super::{Read, Record};
use crate::http::Lease;
use crate::stats::ReadStats;
use crate::{Fault, OdooClient, OdooError};

/// Reads records as one user. Clones share their state.
///
/// If a connection is free, a read is sent at once. Other reads are queued. When a connection becomes free,
/// queued reads of one model and context are batched if their fields are the same, or nearly the same and
/// cheap. Each caller gets the same answer as without batching: its ids in its order, its fields, its errors.
/// If a batch fails, it is bisected until each caller has its own answer. A dropped caller does not affect
/// the others.
#[derive(Clone)]
pub struct Reader {
    inner: Arc<Inner>,
}

struct Inner {
    client: OdooClient,
    metadata: Arc<MetadataCache<OdooError>>,
    queues: Mutex<Queues>,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    direct: AtomicU64,
    queued: AtomicU64,
    together: AtomicU64,
    batches: AtomicU64,
    splits: AtomicU64,
}

impl Reader {
    /// A reader for the client's user. Cached field definitions decide which fields are cheap. The reader
    /// does not load definitions.
    #[must_use]
    pub fn new(client: OdooClient, metadata: Arc<MetadataCache<OdooError>>) -> Self {
        let (queues, counters) = (Mutex::default(), Counters::default());
        Reader { inner: Arc::new(Inner { client, metadata, queues, counters }) }
    }

    /// Reads records. Records that do not exist are omitted, unless Odoo reports them as an error.
    ///
    /// # Errors
    /// [`OdooError`], the same as without batching.
    pub async fn read(&self, read: Read) -> Result<Vec<Record>, OdooError> {
        let inner = &self.inner;
        if let Some(mut lease) = inner.client.try_lease() {
            count(&inner.counters.direct, 1);
            return inner.client.call_over(&mut lease, &read.call()).await;
        }
        count(&inner.counters.queued, 1);
        // A read without ids cannot be merged, but Odoo may still refuse it.
        if !inner.client.config().batching || read.ids.is_empty() {
            return inner.client.call(read.call()).await;
        }
        self.read_in_batch(read).await
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> ReadStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.inner.counters;
        ReadStats {
            direct: read(&counters.direct),
            queued: read(&counters.queued),
            together: read(&counters.together),
            batches: read(&counters.batches),
            splits: read(&counters.splits),
        }
    }

    async fn read_in_batch(&self, read: Read) -> Answer {
        let inner = &self.inner;
        let (sent, sent_receiver) = oneshot::channel();
        let (answer, answer_receiver) = oneshot::channel();
        let key =
            BatchKey { model: read.model.clone(), context: Value::from(read.context.clone()).to_string() };
        let scope = inner.client.known_scope();
        let definitions = scope.and_then(|scope| inner.metadata.known_fields(&scope, &read.model));
        let pending = PendingRead { read, sent: Some(sent), answer };
        let size = inner.client.config().batch_size;
        let new = inner.queues.lock().add(&key, pending, size, definitions.as_deref());
        if let Some(number) = new {
            // In a separate task, so that the batch survives if its first caller is dropped.
            tokio::spawn(Arc::clone(inner).execute(key, number));
        }
        let within = inner.client.config().limits.wait;
        if tokio::time::timeout(within, sent_receiver).await.is_err() {
            return Err(Fault::Busy { within }.into());
        }
        // The task answers all callers, unless the runtime shuts down.
        answer_receiver.await.unwrap_or(Err(OdooError::Fault(Fault::Broken)))
    }
}

impl Inner {
    /// Waits for a connection, sends a batch, and answers all its callers.
    async fn execute(self: Arc<Self>, key: BatchKey, number: u64) {
        let lease = self.client.lease_without_timeout().await;
        let mut batch = self.queues.lock().take(&key, number);
        for pending in &mut batch.reads {
            if let Some(sent) = pending.sent.take() {
                let _abandoned = sent.send(());
            }
        }
        let Some(call) = batch.call() else { return };
        let mut lease = match lease {
            Ok(lease) => lease,
            Err(error) => return batch.reads.into_iter().for_each(|it| it.respond(Err(error.clone()))),
        };
        if batch.reads.len() == 1 {
            return self.execute_single(batch, &mut lease).await;
        }
        let result = self.execute_batch(batch, &call, &mut lease).await;
        drop(lease);
        if let Err(failed) = result {
            self.split(failed).await;
        }
    }

    async fn execute_single(&self, mut batch: Batch, lease: &mut Lease) {
        let Some(call) = batch.reads.first().map(|pending| pending.read.call()) else { return };
        if let Some(answer) = self.unless_abandoned(&mut batch, &call, lease).await {
            batch.reads.into_iter().for_each(|pending| pending.respond(answer.clone()));
        }
    }

    /// Sends one request for a batch. Returns the batch if it fails.
    async fn execute_batch(
        &self,
        mut batch: Batch,
        call: &crate::Call,
        lease: &mut Lease,
    ) -> Result<(), Batch> {
        count(&self.counters.batches, 1);
        let reads = u64::try_from(batch.reads.len()).unwrap_or(u64::MAX);
        let result = match self.unless_abandoned(&mut batch, call, lease).await {
            Some(Ok(records)) => batch.distribute(records),
            Some(Err(_)) => Err(batch),
            None => return Ok(()),
        };
        match &result {
            Ok(()) => count(&self.counters.together, reads),
            Err(_) => count(&self.counters.splits, 1),
        }
        result
    }

    /// Sends a call and returns the answer. If all callers are dropped first, cancels the call and returns
    /// `None`.
    async fn unless_abandoned(
        &self,
        batch: &mut Batch,
        call: &crate::Call,
        lease: &mut Lease,
    ) -> Option<Answer> {
        tokio::select! {
            answer = self.client.call_over(lease, call) => Some(answer),
            () = batch.abandoned() => None,
        }
    }

    /// Bisects a failed batch until each caller has its answer. A single failing read costs few requests.
    async fn split(&self, failed: Batch) {
        let mut running: FuturesUnordered<_> =
            failed.halves().map(|half| self.execute_half(half)).into_iter().collect();
        while let Some(result) = running.next().await {
            if let Err(failed) = result {
                running.extend(failed.halves().map(|half| self.execute_half(half)));
            }
        }
    }

    async fn execute_half(&self, mut batch: Batch) -> Result<(), Batch> {
        let lease = self.client.lease_without_timeout().await;
        // Do not send reads of callers that were dropped meanwhile.
        batch.reads.retain(PendingRead::is_waiting);
        let Some(call) = batch.call() else { return Ok(()) };
        match lease {
            Err(error) => batch.reads.into_iter().for_each(|it| it.respond(Err(error.clone()))),
            Ok(mut lease) if batch.reads.len() == 1 => self.execute_single(batch, &mut lease).await,
            Ok(mut lease) => return self.execute_batch(batch, &call, &mut lease).await,
        }
        Ok(())
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("client", &self.inner.client).finish_non_exhaustive()
    }
}

fn count(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
