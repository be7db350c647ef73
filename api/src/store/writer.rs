//! SQLite's one writer: a thread that takes up to 64 jobs into one transaction, each in a savepoint
//! of its own, and answers after COMMIT. One write at a time is SQLite's nature; sharing the COMMIT
//! makes `synchronous = full` affordable (docs/adr/0002-two-databases.md).

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

/// How many jobs share a transaction at most.
const BATCH: usize = 64;

/// How many jobs may wait; more are told that the database is busy.
const QUEUE_LEN: usize = 4096;

type Answer = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&mut Db) -> Answer + Send>;

/// The way to the writer thread; it ends when the last clone is dropped.
#[derive(Clone)]
pub struct Writer {
    jobs: SyncSender<Job>,
}

impl Writer {
    /// Starts the thread on a connection of its own.
    ///
    /// # Errors
    /// When the database can't be opened.
    pub fn start(url: &DatabaseUrl) -> anyhow::Result<Self> {
        let mut db = url.connect()?;
        let (jobs, queue) = sync_channel(QUEUE_LEN);
        thread::Builder::new().name("sqlite-writer".into()).spawn(move || run(&mut db, &queue))?;
        Ok(Self { jobs })
    }

    /// Runs a job in the next transaction and returns what it returned, once that is committed.
    ///
    /// # Errors
    /// The job's own error, [`Error::Busy`] when the queue is full or the commit failed,
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
                // Whoever asked may have gone away; what was committed stays.
                let _ = sender.send(answer);
            })
        });
        self.jobs.try_send(job).map_err(|_| Error::Busy)?;
        receiver.await.unwrap_or(Err(Error::Internal))
    }
}

/// Runs a job in a transaction (a savepoint, inside another); a panic rolls back that job alone.
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
            // Dropping the job's sender tells its caller.
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

/// Takes the write lock at once: a transaction that begins as a reader could fail when it first
/// writes.
fn begin_immediate(db: &mut Db) -> diesel::QueryResult<()> {
    match db {
        Db::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
        Db::Pg(_) => Ok(()),
    }
}
