//! A transaction that stops where the test wants it to, and goes on when the test says so.

use std::sync::{Mutex, mpsc};

use parlour::store::{
    Db, Error,
    bookings::{self, Acting, NewBooking},
    evenings,
    events::Actor,
    sql_types::Key,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{School, Wish, until};

/// Where a transaction stops.
pub struct Stop {
    told: mpsc::Sender<()>,
    let_go: Mutex<mpsc::Receiver<()>>,
}

impl Stop {
    /// Stops here.
    pub fn here(&self) {
        self.told.send(()).expect("the test waits for it");
        self.let_go.lock().expect("nobody else has it").recv().expect("the test lets it go on");
    }

    /// Stops here on PostgreSQL. SQLite has one writer, for whom everybody else would wait: there
    /// it goes on.
    pub fn beside_others(&self, db: &Db) {
        match db {
            Db::Pg(_) => self.here(),
            Db::Sqlite(_) => self.told.send(()).expect("the test waits for it"),
        }
    }
}

/// A transaction that has stopped.
pub struct Held<T> {
    let_go: mpsc::Sender<()>,
    task: JoinHandle<Result<T, Error>>,
}

impl<T> Held<T> {
    /// Lets it go on, to its end.
    pub async fn let_go(self) -> T {
        // On SQLite it may not have waited.
        self.let_go.send(()).ok();
        self.task.await.expect("it ends").expect("no refusal")
    }
}

impl School {
    /// Begins a transaction and comes back when it has stopped.
    pub async fn held<T: Send + 'static>(
        &self,
        job: impl Fn(&mut Db, &Stop) -> Result<T, Error> + Send + 'static,
    ) -> Held<T> {
        let (told, heard) = mpsc::channel();
        let (let_go, gone) = mpsc::channel();
        let (stop, store) = (Stop { told, let_go: Mutex::new(gone) }, self.app.store.clone());
        let task = tokio::spawn(async move { store.write(move |db| job(db, &stop)).await });
        until("the transaction stops", async || heard.try_recv().is_ok()).await;
        Held { let_go, task }
    }

    /// A booking of the demo's parent at the first free time, which is written while its
    /// transaction goes on: its id.
    pub async fn held_booking(&self, wish: &Wish) -> Held<Key> {
        let id = |value: &str| value.parse::<Uuid>().expect("an id");
        let new = NewBooking {
            student: id(&wish.student).into(),
            class: id(&wish.class).into(),
            starts_at: wish.free[0].parse().expect("a time"),
        };
        let (ctx, parent, school, evening) =
            (self.app.context(), self.people.parent, self.people.school, self.people.evening);
        let booking = self.held(move |db, stop| {
            let row = evenings::find(db, school, evening)?;
            let acting = Acting {
                parent,
                actor: Actor { person: Some(parent), name: "Rachel".to_owned() },
                is_staff: false,
            };
            let made = bookings::make(db, &ctx, &row, &acting, &[new])?.swap_remove(0).row.id;
            stop.here();
            Ok(made)
        });
        booking.await
    }
}
