//! `Writer`: the one task that writes to the file, and commits together what waits at the same time.

use std::time::Duration;

use parking_lot::Mutex;
use session::PortError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::job::{Job, Reply};
use super::lock::FileLock;
use crate::backend::{Database, StatementError};

/// The most calls that wait for the writer; further ones wait for a place.
const QUEUE: usize = 4_096;

/// The most calls that are committed together.
const GROUP: usize = 256;

/// The way to the task that writes.
#[derive(Debug)]
pub(super) struct Writer {
    /// Gone when the writer is closed. The task ends when nothing can be queued any more and all is done.
    open: Mutex<Option<WriterTask>>,
    place: String,
}

#[derive(Debug)]
struct WriterTask {
    queue: mpsc::Sender<Job>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Starts the task. It holds the lock until it has ended.
    pub(super) fn start(database: Database, lock: FileLock) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let place = database.place().to_owned();
        let task = tokio::spawn(write(database, jobs, lock));
        Writer { open: Mutex::new(Some(WriterTask { queue, task })), place }
    }

    /// Queues a job and waits until it is committed, no longer than allowed.
    pub(super) async fn send<T>(
        &self,
        limit: Duration,
        job: impl FnOnce(Reply<T>) -> Job,
    ) -> Result<T, PortError> {
        let queue = self.open.lock().as_ref().map(|open| open.queue.clone());
        let Some(queue) = queue else { return Err(self.given_up()) };
        let (reply, answer) = oneshot::channel();
        let work = async {
            queue.send(job(reply)).await.map_err(|_| self.given_up())?;
            answer.await.unwrap_or_else(|_| Err(self.given_up()))
        };
        match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StatementError::TimedOut { place: self.place.clone(), limit }.into()),
        }
    }

    /// Does what is queued and ends the task.
    pub(super) async fn close(&self) {
        let open = self.open.lock().take();
        if let Some(WriterTask { queue, task }) = open {
            drop(queue);
            // It fails only where the runtime is being shut down, and then the task has ended.
            let _ = task.await;
        }
    }

    fn given_up(&self) -> PortError {
        let cause = "it was closed, or could not finish what it had begun".into();
        StatementError::Unreachable { place: self.place.clone(), cause }.into()
    }
}

async fn write(database: Database, mut jobs: mpsc::Receiver<Job>, lock: FileLock) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        // While this group is being committed the next one gathers.
        commit(&database, &mut group).await;
    }
    database.close().await;
    drop(lock);
}

/// Does the jobs of a group in one transaction, and acknowledges them when they are on the disk.
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
                // The transaction itself is broken; the caller learns it when its reply is dropped.
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
    async fn what_waits_at_the_same_time_is_committed_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let limits = StoreOptions::new("").limits;
        let database = crate::backend::sqlite::open_own(&url, limits).await.unwrap();
        migration::migrate(&database).await.unwrap();
        let writer = Writer::start(database.clone(), FileLock::take(&file).unwrap());
        let before = database.statements();
        // On one thread all of them are queued before the writer's turn comes.
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
    async fn a_call_that_was_dropped_while_it_waited_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let limits = StoreOptions::new("").limits;
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let database = crate::backend::sqlite::open_own(&url, limits).await.unwrap();
        migration::migrate(&database).await.unwrap();
        let writer = Writer::start(database.clone(), FileLock::take(&file).unwrap());
        let before = database.statements();
        {
            // Queued and dropped before the writer's turn comes.
            let mut call = Box::pin(
                writer.send(limits.statement, |reply| Job::Change(Change::Touch(Vec::new()), reply)),
            );
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        writer.close().await;
        assert_eq!(database.statements() - before, 2, "an empty transaction");
    }
}
