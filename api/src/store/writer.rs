//! SQLite's one writer: a thread that runs up to 64 jobs in one transaction, each in a savepoint of
//! its own, and reports the results after COMMIT. SQLite allows one write at a time; sharing the
//! COMMIT makes `synchronous = full` affordable (docs/adr/0002-two-databases.md).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use diesel::{
    Connection,
    connection::{AnsiTransactionManager, TransactionManager},
};
use tokio::sync::oneshot;

use super::{
    db::{DatabaseUrl, Db},
    error::{Error, Result},
    locks,
};

/// The largest number of jobs in one transaction.
const BATCH: usize = 64;

/// The largest number of waiting jobs. Further jobs fail with [`Error::Busy`].
const QUEUE_LEN: usize = 4096;

type Answer = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&mut Db) -> Answer + Send>;

/// A handle to the writer thread. The thread ends when the last clone is dropped.
#[derive(Clone)]
pub struct Writer {
    jobs: SyncSender<Job>,
}

impl Writer {
    /// Starts the thread on a connection of its own.
    ///
    /// # Errors
    /// Fails if the database can't be opened.
    pub fn start(url: &DatabaseUrl) -> anyhow::Result<Self> {
        let mut db = url.connect()?;
        let (jobs, queue) = sync_channel(QUEUE_LEN);
        thread::Builder::new().name("sqlite-writer".into()).spawn(move || run(&mut db, &queue))?;
        Ok(Self { jobs })
    }

    /// Runs a job in the next transaction and returns its result once that transaction is
    /// committed.
    ///
    /// # Errors
    /// The errors of the job; [`Error::Busy`] when the queue is full or the commit failed;
    /// [`Error::Internal`].
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let outcome = job(db);
            Box::new(move |committed| {
                let answer = if committed { outcome } else { outcome.and(Err(Error::Busy)) };
                // The caller may have gone away; what was committed stays.
                let _ = sender.send(answer);
            })
        });
        self.jobs.try_send(job).map_err(|_| Error::Busy)?;
        receiver.await.unwrap_or(Err(Error::Internal))
    }
}

/// Runs a job in a transaction (a savepoint inside an open one). A panic rolls back only that job.
pub(super) fn guarded<T>(db: &mut Db, job: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
    db.transaction(|db| {
        let job = || locks::transaction(|| job(db));
        catch_unwind(AssertUnwindSafe(job)).unwrap_or(Err(Error::Internal))
    })
}

fn run(db: &mut Db, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        if let Err(error) = begin_immediate(db) {
            tracing::error!(%error, "could not begin a write");
            // Dropping the job drops its sender, which tells the caller.
            continue;
        }
        let answers: Vec<Answer> = std::iter::once(first)
            .chain(queue.try_iter().take(BATCH - 1))
            .map(|job| job(db))
            .collect();
        let committed = <Db as Connection>::TransactionManager::commit_transaction(db);
        if let Err(error) = &committed {
            tracing::error!(%error, "could not commit a batch of writes");
        }
        for answer in answers {
            answer(committed.is_ok());
        }
    }
}

/// Takes the write lock at once. A transaction that begins as a reader could fail at its first
/// write.
fn begin_immediate(db: &mut Db) -> diesel::QueryResult<()> {
    match db {
        Db::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
        Db::Pg(_) => Ok(()),
    }
}
