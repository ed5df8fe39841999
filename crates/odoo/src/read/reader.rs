//! `Reader`: sends a read alone, or in a batch.

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

/// Reads records as one user. Clones share everything.
///
/// A read that finds a free connection is sent at once. Others are queued; reads of one model and context
/// whose fields are the same, or nearly the same and cheap, are batched when a connection becomes free. Each
/// caller gets what it would have got alone: its ids in its order, its fields, its errors. If a batch fails,
/// it is bisected until each caller has its own answer. A caller that is dropped does not affect the others.
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
    /// A reader for the client's user. What the cache knows of fields decides which of them are cheap;
    /// nothing is loaded for that.
    #[must_use]
    pub fn new(client: OdooClient, metadata: Arc<MetadataCache<OdooError>>) -> Self {
        let (queues, counters) = (Mutex::default(), Counters::default());
        Reader { inner: Arc::new(Inner { client, metadata, queues, counters }) }
    }

    /// Reads records. Ids that do not exist are left out, if Odoo leaves them out.
    ///
    /// # Errors
    /// [`OdooError`], the one that this read would have met alone.
    pub async fn read(&self, read: Read) -> Result<Vec<Record>, OdooError> {
        let inner = &self.inner;
        if let Some(mut lease) = inner.client.try_lease() {
            count(&inner.counters.direct, 1);
            return inner.client.call_over(&mut lease, &read.call()).await;
        }
        count(&inner.counters.queued, 1);
        // Without ids there is nothing to merge, and the answer may still be a refusal.
        if !inner.client.config().batching || read.ids.is_empty() {
            return inner.client.call(read.call()).await;
        }
        self.read_with_others(read).await
    }

    /// What has been counted.
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

    async fn read_with_others(&self, read: Read) -> Answer {
        let inner = &self.inner;
        let (sent, when_sent) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let key =
            BatchKey { model: read.model.clone(), context: Value::from(read.context.clone()).to_string() };
        let scope = inner.client.known_scope();
        let definitions = scope.and_then(|scope| inner.metadata.known_fields(&scope, &read.model));
        let pending = PendingRead { read, sent: Some(sent), answer };
        let size = inner.client.config().batch_size;
        let new = inner.queues.lock().add(&key, pending, size, definitions.as_deref());
        if let Some(number) = new {
            // In a task of its own: the caller that comes first may be the first to go.
            tokio::spawn(Arc::clone(inner).execute(key, number));
        }
        let within = inner.client.config().limits.wait;
        if tokio::time::timeout(within, when_sent).await.is_err() {
            return Err(Fault::Busy { within }.into());
        }
        // The task that sends the batch answers all callers, unless its runtime is shut down.
        answered.await.unwrap_or(Err(OdooError::Fault(Fault::Broken)))
    }
}

impl Inner {
    /// Waits for a connection on behalf of a batch, and answers all its callers.
    async fn execute(self: Arc<Self>, key: BatchKey, number: u64) {
        let lease = self.client.lease_at_any_time().await;
        let mut batch = self.queues.lock().take(&key, number);
        for pending in &mut batch.reads {
            if let Some(sent) = pending.sent.take() {
                let _gone = sent.send(());
            }
        }
        let Some(call) = batch.call() else { return };
        let mut lease = match lease {
            Ok(lease) => lease,
            Err(error) => return batch.reads.into_iter().for_each(|it| it.tell(Err(error.clone()))),
        };
        if batch.reads.len() == 1 {
            return self.execute_alone(batch, &mut lease).await;
        }
        let result = self.execute_together(batch, &call, &mut lease).await;
        drop(lease);
        if let Err(failed) = result {
            self.split(failed).await;
        }
    }

    async fn execute_alone(&self, mut batch: Batch, lease: &mut Lease) {
        let Some(call) = batch.reads.first().map(|pending| pending.read.call()) else { return };
        if let Some(answer) = self.unless_abandoned(&mut batch, &call, lease).await {
            batch.reads.into_iter().for_each(|pending| pending.tell(answer.clone()));
        }
    }

    /// Sends one request for a batch; gives the batch back if it fails for any reason.
    async fn execute_together(
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

    /// The answer to a batch; nothing if all its callers go away before it is there, and the call is dropped
    /// with them.
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

    /// Halves a batch that failed until every caller has its answer: one that spoils it for many costs few
    /// requests.
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
        let lease = self.client.lease_at_any_time().await;
        // Of those who went away meanwhile, nothing is sent.
        batch.reads.retain(PendingRead::is_waiting);
        let Some(call) = batch.call() else { return Ok(()) };
        match lease {
            Err(error) => batch.reads.into_iter().for_each(|it| it.tell(Err(error.clone()))),
            Ok(mut lease) if batch.reads.len() == 1 => self.execute_alone(batch, &mut lease).await,
            Ok(mut lease) => return self.execute_together(batch, &call, &mut lease).await,
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
