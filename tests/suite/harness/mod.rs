//! Test harness: the app in process, with the demo school in a database of the test's own, a fixed
//! clock, and mail in memory.

mod actor;
mod api_client;
mod call_socket;
pub mod contract;
mod database;
mod log;
mod network_proxy;
mod other_school;
mod paused_transaction;
mod presence;
pub mod provider;
mod response;
mod roster;
mod server;
pub mod tls;

use std::{
    ops::Deref,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    demo::{self, Actors},
    keys::Audience,
    mail::{Mail, MemoryMailer},
    schema,
    store::{
        Db, Error, access,
        people::PersonRow,
        sessions::{self, Proof, Role},
    },
    workers,
};
use serde_json::{Value, json};

pub use self::{
    actor::Actor,
    api_client::ApiClientActor,
    call_socket::{CallSocket, join_message},
    database::Database,
    log::{lines_of, start_log},
    network_proxy::{NetworkCondition, NetworkProxy},
    response::TestResponse,
    roster::{Roster, case},
    server::{Server, Shared},
};

/// Time limit for a condition. It exceeds the 30 seconds for which the seat of a vanished
/// participant is held.
const TIMEOUT: Duration = Duration::from_secs(45);

/// The start of every test: a Monday on which Thursday's parents' evening can be booked.
pub fn now() -> DateTime<Utc> {
    "2026-11-23T10:00:00Z".parse().expect("a time")
}

/// A running server with the demo school. Mail that the test has not read makes it fail when this
/// is dropped.
pub struct School {
    server: Server,
    /// The people of the demo.
    pub people: Actors,
    demo_mail: Vec<Mail>,
    ignores_mail: AtomicBool,
}

impl Deref for School {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl School {
    /// Starts a server in demo mode.
    pub async fn start() -> Self {
        Self::start_with(&[("PARLOUR_MODE", "demo")]).await
    }

    /// Starts a server with these settings.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::on(Server::start(Database::seeded(), settings).await).await
    }

    /// Starts a server with these settings and a school made at this time. Its parents' evening is
    /// on a Thursday, two to eight days later.
    pub async fn start_at(now: DateTime<Utc>, settings: &[(&str, &str)]) -> Self {
        let server = Server::start(Database::seeded_at(now), settings).await;
        server.clock.set(now + TimeDelta::minutes(1));
        Self::on(server).await
    }

    async fn on(server: Server) -> Self {
        let people =
            server.app.store.read(demo::actors).await.expect("the demo's people are there");
        let mut school =
            Self { server, people, demo_mail: Vec::new(), ignores_mail: AtomicBool::new(false) };
        // With a real mail server, the mails of the demo are not read here.
        if school.app.mailbox.is_some() {
            school.demo_mail = school.mails().await;
        }
        school
    }

    /// An actor without a session.
    pub fn nobody(&self) -> Actor {
        Actor::new(&self.origin)
    }

    /// Rachel Aaron, parent of Sophie, Liz and Chris.
    pub async fn parent(&self) -> Actor {
        self.logged_in("parent").await
    }

    /// Anita Abell, a teacher.
    pub async fn teacher(&self) -> Actor {
        self.logged_in("teacher").await
    }

    /// Helen Okafor, a member of the office.
    pub async fn staff(&self) -> Actor {
        self.logged_in("staff").await
    }

    /// Jordan Aaron, whom Rachel has invited for Sophie.
    pub async fn guest(&self) -> Actor {
        self.logged_in("guest").await
    }

    /// An API client with these scopes.
    pub async fn api_client(&self, scopes: &[&str]) -> ApiClientActor {
        ApiClientActor::connect(&self.staff().await, self.nobody(), "MIS", scopes).await
    }

    /// A parent of other children.
    pub async fn stranger(&self) -> Actor {
        let parents = self.other_parents().await;
        self.as_parent(&parents[0]).await
    }

    async fn logged_in(&self, who: &str) -> Actor {
        let actor = self.nobody();
        actor.post("/dev/logins", json!({ "as": who })).await.is(201);
        actor
    }

    /// All parents with an address who may act for children other than Rachel Aaron's.
    pub async fn other_parents(&self) -> Vec<PersonRow> {
        use schema::people;
        let all: Vec<PersonRow> = self
            .read(|db| {
                let parents = people::table
                    .filter(people::is_parent.eq(true))
                    .filter(people::is_teacher.eq(false))
                    .filter(people::is_staff.eq(false));
                let all: Vec<PersonRow> = parents
                    .filter(people::email_key.is_not_null())
                    .order(people::sourced_id)
                    .select(PersonRow::as_select())
                    .load(db)?;
                let mut may_act = Vec::new();
                for one in all {
                    if !access::students_of(db, one.id())?.is_empty() {
                        may_act.push(one);
                    }
                }
                Ok(may_act)
            })
            .await;
        all.into_iter()
            .filter(|one| !["Rachel Aaron", "Marcus Webb"].contains(&one.name().as_str()))
            .collect()
    }

    /// Logs a parent in without a mail.
    pub async fn as_parent(&self, parent: &PersonRow) -> Actor {
        self.as_person(parent, Role::Parent).await
    }

    /// Logs a teacher in without a mail.
    pub async fn as_teacher(&self, teacher: &PersonRow) -> Actor {
        self.as_person(teacher, Role::Teacher).await
    }

    async fn as_person(&self, person: &PersonRow, role: Role) -> Actor {
        let actor = self.nobody();
        actor.set_cookie("parlour_session", &self.session_of(person, role).await);
        actor
    }

    /// Creates a session for a person and returns its cookie.
    pub async fn session_of(&self, person: &PersonRow, role: Role) -> String {
        let (ctx, school, address) = (
            self.app.context(),
            person.school_id.into(),
            person.email_key.clone().expect("an address"),
        );
        let person = person.id();
        let session = self
            .app
            .store
            .write(move |db| {
                let session = sessions::start(db, &ctx, school, &address, Proof::Address)?;
                sessions::choose(db, &session, person, role)
            })
            .await
            .expect("a session starts");
        self.app
            .keys
            .cookie(Audience::Person, &[session.id.into()], self.now() + sessions::PERSON_LIFE)
            .expect("a cookie")
    }

    /// Runs a function on the database.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Db) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.app.store.read(job).await.expect("the database answers")
    }

    /// Counts the writes that wait for another transaction. On PostgreSQL these are the statements
    /// about one of these tables that wait for a lock, on SQLite all writes that wait for the one
    /// writer.
    pub async fn waiting_writes(&self, tables: &[&str]) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Waiting {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let waiting = format!(
            "select count(*) as count from pg_stat_activity where datname = current_database() \
             and wait_event_type = 'Lock' and query ~* '{}'",
            tables.join("|")
        );
        let metrics = self.app.store.metrics().clone();
        self.read(move |db| match db {
            Db::Pg(conn) => Ok(diesel::sql_query(waiting).get_result::<Waiting>(conn)?.count),
            Db::Sqlite(_) => Ok(metrics.waiting_writes()),
        })
        .await
    }

    /// Waits until this many writes wait for another transaction, as [`Self::waiting_writes`]
    /// counts them.
    pub async fn until_waiting(&self, tables: &[&str], count: i64) {
        wait_until("the write waits", async || self.waiting_writes(tables).await == count).await;
    }

    /// Runs one SQL statement.
    pub async fn execute(&self, sql: &'static str) {
        self.app
            .store
            .write(move |db| Ok(diesel::sql_query(sql).execute(db)?))
            .await
            .expect("the database answers");
    }

    /// The current time by the server's clock.
    pub fn now(&self) -> DateTime<Utc> {
        use parlour::context::Clock;
        self.clock.now()
    }

    /// Advances the server's clock.
    pub fn advance_clock(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Sends the due mail and returns everything sent since the last call.
    pub async fn mails(&self) -> Vec<Mail> {
        workers::run_due(&self.app.mail_worker()).await;
        self.mailbox().take().into_iter().map(|sent| sent.mail).collect()
    }

    /// Sends the due mail and returns the newest mail to an address. Mails to other addresses stay
    /// unread.
    pub async fn mail_to(&self, address: &str) -> Mail {
        workers::run_due(&self.app.mail_worker()).await;
        let sent = self.mailbox().take_to(address).pop();
        sent.unwrap_or_else(|| panic!("no mail to {address}")).mail
    }

    /// The newest mail to an address among those that the demo's bookings and invite sent before
    /// the test began.
    pub fn demo_mail_to(&self, address: &str) -> &Mail {
        self.demo_mail
            .iter()
            .rev()
            .find(|mail| mail.to == address)
            .unwrap_or_else(|| panic!("no mail of the demo to {address}"))
    }

    /// Allows the test to leave mail unread, and gives the reason.
    pub fn ignore_mail(&self, _reason: &'static str) {
        self.ignores_mail.store(true, Ordering::Relaxed);
    }

    /// Mails that wait in the outbox or failed there, and sent mails that were not read.
    fn unseen_mail(&self) -> Vec<String> {
        use schema::outbox;
        let mut db = self.app.config.database.connect().expect("the database opens");
        let unsettled = outbox::table
            .filter(outbox::state.eq_any(["queued", "failed"]))
            .order(outbox::id)
            .select((outbox::state, outbox::template));
        let unsettled: Vec<(String, String)> =
            unsettled.load(&mut db).expect("the outbox can be read");
        let sent = self
            .app
            .mailbox
            .iter()
            .flat_map(|mailbox| mailbox.take())
            .map(|sent| format!("sent to {}: {}", sent.mail.to, sent.mail.subject));
        unsettled
            .into_iter()
            .map(|(state, template)| format!("{state}: {template}"))
            .chain(sent)
            .collect()
    }

    /// The mailbox.
    pub fn mailbox(&self) -> &MemoryMailer {
        self.app.mailbox.as_ref().expect("a demo has a mailbox")
    }

    /// A path below the demo's parents' evening.
    pub fn evening(&self, rest: &str) -> String {
        format!("/evenings/{}{rest}", self.people.evening.0)
    }
}

impl Drop for School {
    fn drop(&mut self) {
        // The test has already failed for another reason.
        if thread::panicking() || self.ignores_mail.load(Ordering::Relaxed) {
            return;
        }
        let unseen = self.unseen_mail();
        assert!(
            unseen.is_empty(),
            "mail that nobody looked at (see `mails`, `mail_to`; or say by `ignore_mail` why it \
             is of no concern): {unseen:#?}"
        );
    }
}

/// Waits until a condition holds; panics after the time limit.
pub async fn wait_until(what: &str, has_come: impl AsyncFn() -> bool) {
    let waiting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while !has_come().await {
            looks.tick().await;
        }
    };
    tokio::time::timeout(TIMEOUT, waiting)
        .await
        .unwrap_or_else(|_| panic!("timed out waiting for: {what}"));
}

/// The 6-digit code of a mail.
pub fn code_of(mail: &Mail) -> String {
    let digits = |line: &str| line.split_whitespace().collect::<String>();
    let code = mail
        .text
        .lines()
        .map(digits)
        .find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    code.unwrap_or_else(|| panic!("no code in {}", mail.text))
}

/// The token in a mail's link.
pub fn token_of(mail: &Mail) -> String {
    let (_, after) = mail.text.split_once("#t=").expect("the mail has a link");
    after.split_whitespace().next().expect("the link has a token").to_owned()
}

/// A class that a parent can book for a student.
#[derive(Clone, Debug)]
pub struct BookableClass {
    /// Id of the student.
    pub student: String,
    /// Id of the class.
    pub class: String,
    /// Free times of the class.
    pub free: Vec<String>,
    /// All times of the evening.
    pub times: Vec<String>,
}

impl BookableClass {
    /// The booking at this time, as a request writes it.
    pub fn at(&self, time: &str) -> Value {
        json!({ "student_id": self.student, "class_id": self.class, "starts_at": time })
    }
}

/// The bookings that a parent could make: each class of each student without a booking.
pub async fn bookable_classes(school: &School, parent: &Actor) -> Vec<BookableClass> {
    let grid = parent.get(&school.evening("/slots")).await.is(200);
    let times: Vec<String> = grid
        .list("/times")
        .iter()
        .map(|time| time.as_str().unwrap_or_default().to_owned())
        .collect();
    let mut bookable_classes = Vec::new();
    for student in grid.list("/students") {
        for class in student["classes"].as_array().expect("a list") {
            if class["booking_id"].is_string() {
                continue;
            }
            let states = class["states"].as_array().expect("a list");
            let free = times
                .iter()
                .zip(states)
                .filter(|(_, state)| **state == "free")
                .map(|(time, _)| time.clone())
                .collect();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            bookable_classes.push(BookableClass {
                student: text(&student["student"]["id"]),
                class: text(&class["class_id"]),
                free,
                times: times.clone(),
            });
        }
    }
    bookable_classes
}
