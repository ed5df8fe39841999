//! `Writer`: the only task that writes to the file. It commits queued writes in groups.

use std::time::Duration;

use parking_lot::Mutex;
use session::PortError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::job::{Job, Reply};
use super::lock::FileLock;
use crate::backend::{Database, StatementError};

/// The most queued calls; further ones wait for a place in the queue.
const QUEUE: usize = 4_096;

/// The most calls in one commit.
const GROUP: usize = 256;

/// A handle of the writer task.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` after the writer is closed. The task ends when the queue is closed and empty.
    open: Mutex<Option<WriterTask>>,
    place: String,
}

#[derive(Debug)]
struct WriterTask {
    queue: mpsc::Sender<Job>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Starts the task, which holds the lock until it ends.
    pub(super) fn start(database: Database, lock: FileLock) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let place = database.place().to_owned();
        let task = tokio::spawn(write(database, jobs, lock));
        Writer { open: Mutex::new(Some(WriterTask { queue, task })), place }
    }

    /// Queues a job and waits for its commit, up to a limit.
    pub(super) async fn send<T>(
        &self,
        limit: Duration,
        job: impl FnOnce(Reply<T>) -> Job,
    ) -> Result<T, PortError> {
        let queue = self.open.lock().as_ref().map(|open| open.queue.clone());
        let Some(queue) = queue else { return Err(self.closed_error()) };
        let (reply, answer) = oneshot::channel();
        let work = async {
            queue.send(job(reply)).await.map_err(|_| self.closed_error())?;
            answer.await.unwrap_or_else(|_| Err(self.closed_error()))
        };
        match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StatementError::TimedOut { place: self.place.clone(), limit }.into()),
        }
    }

    /// Finishes the queue and ends the task.
    pub(super) async fn close(&self) {
        let open = self.open.lock().take();
        if let Some(WriterTask { queue, task }) = open {
            drop(queue);
            // It fails only if the runtime is shutting down, and then the task has ended.
            let _ = task.await;
        }
    }

    fn closed_error(&self) -> PortError {
        let cause = "the store was closed, or could not finish the write".into();
        StatementError::Unreachable { place: self.place.clone(), cause }.into()
    }
}

async fn write(database: Database, mut jobs: mpsc::Receiver<Job>, lock: FileLock) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        // The next group gathers while this one is committed.
        commit(&database, &mut group).await;
    }
    database.close().await;
    drop(lock);
}

/// Executes the jobs of a group in one transaction, and acknowledges them when they are durable.
async fn commit(database: &Database, group: &mut Vec<Job>) {
    let mut transaction = match database.begin().await {
        Ok(transaction) => transaction,
        Err(error) => {
            let error = PortError::from(error);
            group.drain(..).for_each(|job| job.refuse(error.clone()));
            return;
        }
    };
    let mut done = Vec::with_capacity(group.len());
    let mut failed = None;
    for job in group.drain(..).filter(|job| !job.is_cancelled()) {
        match &failed {
            Some(error) => job.refuse(PortError::clone(error)),
            None => match job.run(&mut transaction).await {
                Ok(outcome) => {
                    failed.clone_from(&outcome.breaks);
                    done.push(outcome);
                }
                // The transaction is broken. The caller gets the error when its reply is dropped.
                Err(error) => failed = Some(PortError::from(error)),
            },
        }
    }
    if failed.is_none() {
        failed = transaction.commit().await.err().map(PortError::from);
    }
    done.into_iter().for_each(|done| done.acknowledge(failed.clone()));
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::super::job::Change;
    use super::*;
    use crate::store::{StoreOptions, migration};

    #[tokio::test]
    async fn queued_writes_are_committed_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let limits = StoreOptions::new("").limits;
        let database = crate::backend::sqlite::open_own(&url, limits).await.unwrap();
        migration::migrate(&database).await.unwrap();
        let writer = Writer::start(database.clone(), FileLock::take(&file).unwrap());
        let before = database.statements();
        // On one thread, all of them are queued before the writer runs.
        let calls = (0..100).map(|_| {
            let scope = session::Scope::Client("C".parse().unwrap());
            writer.send(limits.statement, move |reply| Job::Change(Change::End(scope, 0), reply))
        });
        for ended in futures_util::future::join_all(calls).await {
            assert_eq!(ended.unwrap(), 0);
        }
        let (begin, commit) = (1, 1);
        assert_eq!(database.statements() - before, begin + 100 + commit);
        writer.close().await;
    }

    #[tokio::test]
    async fn a_call_dropped_in_the_queue_is_not_executed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let limits = StoreOptions::new("").limits;
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let database = crate::backend::sqlite::open_own(&url, limits).await.unwrap();
        migration::migrate(&database).await.unwrap();
        let writer = Writer::start(database.clone(), FileLock::take(&file).unwrap());
        let before = database.statements();
        {
            // Queued and dropped before the writer runs.
            let mut call = Box::pin(
                writer.send(limits.statement, |reply| Job::Change(Change::Touch(Vec::new()), reply)),
            );
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        writer.close().await;
        assert_eq!(database.statements() - before, 2, "an empty transaction");
    }
}
