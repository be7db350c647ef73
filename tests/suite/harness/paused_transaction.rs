//! A transaction that stops at a point chosen by the test and resumes when the test says so.

use std::sync::{Mutex, mpsc};

use parlour::store::{
    Db, Error,
    bookings::{self, NewBooking, OnBehalfOf},
    evenings,
    events::Actor,
    sql_types::Key,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{BookableClass, School, wait_until};

/// The point at which a transaction stops.
pub struct PausePoint {
    told: mpsc::Sender<()>,
    resume: Mutex<mpsc::Receiver<()>>,
}

impl PausePoint {
    /// Stops here until the test resumes the transaction.
    pub fn pause(&self) {
        self.told.send(()).expect("the test waits for it");
        self.resume
            .lock()
            .expect("no other thread holds the lock")
            .recv()
            .expect("the test resumes it");
    }

    /// Stops here on PostgreSQL. On SQLite it goes on, because every other write would wait for the
    /// one writer.
    pub fn pause_if_concurrent(&self, db: &Db) {
        match db {
            Db::Pg(_) => self.pause(),
            Db::Sqlite(_) => self.told.send(()).expect("the test waits for it"),
        }
    }
}

/// A transaction that has stopped at its pause point.
pub struct PausedTransaction<T> {
    resume: mpsc::Sender<()>,
    task: JoinHandle<Result<T, Error>>,
}

impl<T> PausedTransaction<T> {
    /// Resumes the transaction and waits for its end.
    pub async fn resume(self) -> T {
        // On SQLite the transaction may already have ended.
        self.resume.send(()).ok();
        self.task.await.expect("it ends").expect("no refusal")
    }
}

impl School {
    /// Starts a transaction and returns once it has stopped.
    pub async fn paused_transaction<T: Send + 'static>(
        &self,
        job: impl Fn(&mut Db, &PausePoint) -> Result<T, Error> + Send + 'static,
    ) -> PausedTransaction<T> {
        let (told, heard) = mpsc::channel();
        let (resume, gone) = mpsc::channel();
        let (pause_point, store) =
            (PausePoint { told, resume: Mutex::new(gone) }, self.app.store.clone());
        let task = tokio::spawn(async move { store.write(move |db| job(db, &pause_point)).await });
        wait_until("the transaction stops", async || heard.try_recv().is_ok()).await;
        PausedTransaction { resume, task }
    }

    /// Books this class for the demo's parent at its first free time, in a transaction that stays
    /// open after the write. The transaction returns the booking's id.
    pub async fn paused_booking(&self, bookable: &BookableClass) -> PausedTransaction<Key> {
        let id = |value: &str| value.parse::<Uuid>().expect("an id");
        let new = NewBooking {
            student: id(&bookable.student).into(),
            class: id(&bookable.class).into(),
            starts_at: bookable.free[0].parse().expect("a time"),
        };
        let (ctx, parent, school, evening) =
            (self.app.context(), self.people.parent, self.people.school, self.people.evening);
        let booking = self.paused_transaction(move |db, pause_point| {
            let row = evenings::find(db, school, evening)?;
            let acting = OnBehalfOf {
                parent,
                actor: Actor { person: Some(parent), name: "Rachel".to_owned() },
                is_staff: false,
            };
            let made = bookings::create(db, &ctx, &row, &acting, &[new])?.swap_remove(0).row.id;
            pause_point.pause();
            Ok(made)
        });
        booking.await
    }
}
