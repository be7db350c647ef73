//! Fixture of the mail worker's tests: a school with one evening in a database of its own.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    EmailAddress,
    id::{BookingId, ClassId, EveningId, InviteId, LoginLinkId, PersonId, SchoolId},
};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    config::Config,
    context::{Clock, Context, FixedClock, Random},
    keys::Keys,
    mail::{MemoryMailer, SentMail, worker::MailWorker},
    schema::{
        bars, booking_teachers, bookings, classes, evenings, guardianships, invite_students,
        invites, login_links, outbox, people, schools, suppressions,
    },
    store::{
        Db,
        outbox::{NewMail, Template, enqueue},
        sql_types::{At, Key, at, key},
        test_database::TestDatabase,
    },
    telemetry::metrics::JobMetrics,
    workers::run_due,
};

pub const NOW: &str = "2026-11-23T10:00:00Z";

/// Rachel Aaron with her children Sophie and Liz, an appointment about each of them, and an invite
/// for Jordan that covers Sophie only.
pub struct Fixture {
    pub clock: Arc<FixedClock>,
    pub mailer: Arc<MemoryMailer>,
    pub worker: MailWorker,
    pub school: SchoolId,
    pub evening: EveningId,
    pub rachel: PersonId,
    pub sophie: PersonId,
    pub liz: PersonId,
    pub about_sophie: BookingId,
    pub about_liz: BookingId,
    pub invite: InviteId,
    random: Random,
    database: TestDatabase,
}

pub fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl Fixture {
    pub async fn new() -> Self {
        let database = TestDatabase::new();
        let store = database.store(2);
        let clock = Arc::new(FixedClock::at(moment(NOW)));
        let mailer = Arc::new(MemoryMailer::new(clock.clone()));
        let settings = [
            ("PARLOUR_MODE", "dev"),
            ("DATABASE_URL", "sqlite://unused.db"),
            ("PARLOUR_PUBLIC_URL", "http://localhost:8080"),
        ];
        let settings: BTreeMap<String, String> =
            settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let config = Config::from_values(&settings).unwrap();
        let keys = Keys::new(config.key.clone()).unwrap();
        let worker = MailWorker {
            store,
            keys,
            config: Arc::new(config),
            clock: clock.clone(),
            mailer: mailer.clone(),
            metrics: JobMetrics::default(),
            wake: Arc::new(Notify::new()),
        };
        let random = Random::seeded(7);
        let ctx = Context::new(moment(NOW), random.clone());
        let mut fixture = Self {
            clock,
            mailer,
            worker,
            school: ctx.new_id(),
            evening: ctx.new_id(),
            rachel: PersonId(Uuid::nil()),
            sophie: PersonId(Uuid::nil()),
            liz: PersonId(Uuid::nil()),
            about_sophie: ctx.new_id(),
            about_liz: ctx.new_id(),
            invite: ctx.new_id(),
            random,
            database,
        };
        fixture.insert_example().await;
        fixture
    }

    async fn insert_example(&mut self) {
        let (school, evening) = (self.school, self.evening);
        self.write(move |db, ctx| {
            let row = (
                (
                    schools::id.eq(key(school)),
                    schools::sourced_id.eq("s"),
                    schools::name.eq("Hillcrest School"),
                    schools::slug.eq("hillcrest"),
                ),
                (schools::time_zone.eq("Europe/London"), schools::created_at.eq(at(ctx.now))),
            );
            diesel::insert_into(schools::table).values(row).execute(db).unwrap();
            let (starts_at, ends_at) =
                (moment("2026-11-26T16:00:00Z"), moment("2026-11-26T18:00:00Z"));
            let row = (
                (
                    evenings::id.eq(key(evening)),
                    evenings::school_id.eq(key(school)),
                    evenings::name.eq("y9"),
                    evenings::title.eq("Year 9 Parents’ Evening"),
                ),
                (
                    evenings::starts_at.eq(at(starts_at)),
                    evenings::ends_at.eq(at(ends_at)),
                    evenings::time_zone.eq("Europe/London"),
                ),
                (
                    evenings::slot_minutes.eq(5),
                    evenings::gap_seconds.eq(0),
                    evenings::booking_opens_at.eq(at(ctx.now)),
                ),
                (
                    evenings::booking_closes_at.eq(at(starts_at)),
                    evenings::mode.eq("video"),
                    evenings::capacity.eq(4),
                    evenings::created_at.eq(at(ctx.now)),
                ),
            );
            diesel::insert_into(evenings::table).values(row).execute(db).unwrap();
        })
        .await;
        self.rachel =
            self.person(None, "Rachel", "Aaron", Some("Rachel@example.org"), "parent").await;
        self.sophie = self.person(None, "Sophie", "Aaron", None, "student").await;
        self.liz = self.person(None, "Liz", "Aaron", None, "student").await;
        let anita = self
            .person(Some("Mrs"), "Anita", "Abell", Some("anita@school.example"), "teacher")
            .await;
        let geraint = self.person(Some("Mr"), "Geraint", "Davies", None, "teacher").await;
        for student in [self.sophie, self.liz] {
            self.link(self.rachel, student).await;
        }
        self.booking(self.about_sophie, self.sophie, anita, "Science", "2026-11-26T16:00:00Z")
            .await;
        self.booking(self.about_liz, self.liz, geraint, "Music", "2026-11-26T16:05:00Z").await;
        self.invite(self.invite, "Jordan Aaron", "jordan@example.org").await;
    }

    /// Writes rows directly, past the rules of the store.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl Fn(&mut Db, &Context) -> T + Send + 'static,
    ) -> T {
        let ctx = Context::new(self.clock.now(), self.random.clone());
        self.worker.store.write(move |db| Ok(job(db, &ctx))).await.unwrap()
    }

    pub async fn person(
        &self,
        honorific: Option<&'static str>,
        given: &'static str,
        family: &'static str,
        email: Option<&'static str>,
        role: &'static str,
    ) -> PersonId {
        let school = self.school;
        self.write(move |db, ctx| {
            let id: PersonId = ctx.new_id();
            let address = email.map(|email| EmailAddress::parse(email).unwrap());
            let row = (
                (
                    people::id.eq(key(id)),
                    people::school_id.eq(key(school)),
                    people::sourced_id.eq(id.to_string()),
                    people::honorific.eq(honorific),
                ),
                (
                    people::given_name.eq(given),
                    people::family_name.eq(family),
                    people::email.eq(email),
                    people::source_role.eq(role),
                ),
                (
                    people::email_key.eq(address.as_ref().map(EmailAddress::key)),
                    people::bar_key.eq(address.as_ref().map(EmailAddress::bar_key)),
                ),
                (people::is_parent.eq(role == "parent"), people::is_student.eq(role == "student")),
                (people::is_teacher.eq(role == "teacher"), people::is_staff.eq(role == "staff")),
            );
            diesel::insert_into(people::table).values(row).execute(db).unwrap();
            id
        })
        .await
    }

    pub async fn link(&self, parent: PersonId, student: PersonId) {
        let school = self.school;
        self.write(move |db, ctx| {
            let row = (
                (
                    guardianships::id.eq(Key(ctx.new_id())),
                    guardianships::school_id.eq(key(school)),
                    guardianships::parent_id.eq(key(parent)),
                ),
                (
                    guardianships::student_id.eq(key(student)),
                    guardianships::relationship.eq("mother"),
                ),
                (guardianships::contact_allowed.eq(true), guardianships::court_order.eq(false)),
            );
            diesel::insert_into(guardianships::table).values(row).execute(db).unwrap();
        })
        .await;
    }

    pub async fn booking(
        &self,
        id: BookingId,
        student: PersonId,
        teacher: PersonId,
        subject: &'static str,
        starts_at: &'static str,
    ) {
        let (school, evening, parent) = (self.school, self.evening, self.rachel);
        self.write(move |db, ctx| {
            let class: ClassId = ctx.new_id();
            let row = (
                (
                    classes::id.eq(key(class)),
                    classes::school_id.eq(key(school)),
                    classes::sourced_id.eq(subject),
                ),
                (
                    classes::title.eq(subject),
                    classes::subject.eq(subject),
                    classes::code.eq(subject),
                ),
            );
            diesel::insert_into(classes::table).values(row).execute(db).unwrap();
            let from = moment(starts_at);
            let row = (
                (
                    bookings::id.eq(key(id)),
                    bookings::school_id.eq(key(school)),
                    bookings::evening_id.eq(key(evening)),
                    bookings::parent_id.eq(key(parent)),
                ),
                (
                    bookings::student_id.eq(key(student)),
                    bookings::class_id.eq(key(class)),
                    bookings::starts_at.eq(at(from)),
                ),
                (
                    bookings::ends_at.eq(at(from + TimeDelta::minutes(5))),
                    bookings::video.eq(true),
                    bookings::sequence.eq(0),
                ),
                (bookings::created_by.eq(key(parent)), bookings::created_at.eq(at(ctx.now))),
            );
            diesel::insert_into(bookings::table).values(row).execute(db).unwrap();
            let row = (
                booking_teachers::booking_id.eq(key(id)),
                booking_teachers::teacher_id.eq(key(teacher)),
                booking_teachers::position.eq(0),
            );
            diesel::insert_into(booking_teachers::table).values(row).execute(db).unwrap();
        })
        .await;
    }

    async fn invite(&self, id: InviteId, name: &'static str, email: &'static str) {
        let (school, evening, parent, student) =
            (self.school, self.evening, self.rachel, self.sophie);
        self.write(move |db, ctx| {
            let (address, now) = (EmailAddress::parse(email).unwrap(), at(ctx.now));
            let row = (
                (
                    invites::id.eq(key(id)),
                    invites::school_id.eq(key(school)),
                    invites::evening_id.eq(key(evening)),
                    invites::parent_id.eq(key(parent)),
                ),
                (
                    invites::name.eq(name),
                    invites::email.eq(email),
                    invites::email_key.eq(address.key()),
                    invites::bar_key.eq(address.bar_key()),
                ),
                (
                    invites::generation.eq(1),
                    invites::consent_version.eq("2026-11"),
                    invites::consent_at.eq(now),
                ),
                (
                    invites::created_by.eq(key(parent)),
                    invites::created_at.eq(now),
                    invites::mailed_at.eq(now),
                ),
            );
            diesel::insert_into(invites::table).values(row).execute(db).unwrap();
            let row = (
                (
                    invite_students::invite_id.eq(key(id)),
                    invite_students::evening_id.eq(key(evening)),
                ),
                (
                    invite_students::parent_id.eq(key(parent)),
                    invite_students::student_id.eq(key(student)),
                ),
            );
            diesel::insert_into(invite_students::table).values(row).execute(db).unwrap();
        })
        .await;
    }

    pub async fn end_invite(&self, reason: &'static str) {
        let id = self.invite;
        self.write(move |db, ctx| {
            let ended = Some(at(ctx.now));
            diesel::update(invites::table.find(key(id)))
                .set((invites::ended_at.eq(ended), invites::ended_reason.eq(Some(reason))))
                .execute(db)
                .unwrap();
            let covered = invite_students::table.filter(invite_students::invite_id.eq(key(id)));
            diesel::update(covered).set(invite_students::ended_at.eq(ended)).execute(db).unwrap();
        })
        .await;
    }

    pub async fn suppress(&self, email: &'static str) {
        let school = self.school;
        self.write(move |db, ctx| {
            let row = (
                suppressions::school_id.eq(key(school)),
                suppressions::bar_key.eq(email),
                suppressions::created_at.eq(at(ctx.now)),
            );
            diesel::insert_into(suppressions::table).values(row).execute(db).unwrap();
        })
        .await;
    }

    /// Bars a person, or an address when `person` is `None`.
    pub async fn bar(&self, student: PersonId, person: Option<PersonId>, bar_key: &'static str) {
        let (school, by) = (self.school, self.rachel);
        self.write(move |db, ctx| {
            let row = (
                (
                    bars::id.eq(Key(ctx.new_id())),
                    bars::school_id.eq(key(school)),
                    bars::student_id.eq(key(student)),
                    bars::person_id.eq(person.map(Key::from)),
                ),
                (
                    bars::bar_key.eq(person.is_none().then_some(bar_key)),
                    bars::note.eq(""),
                    bars::set_by.eq(key(by)),
                    bars::created_at.eq(at(ctx.now)),
                ),
            );
            diesel::insert_into(bars::table).values(row).execute(db).unwrap();
        })
        .await;
    }

    pub async fn cancel(&self, booking: BookingId) {
        self.write(move |db, ctx| {
            let cancelled = (
                bookings::cancelled_at.eq(Some(at(ctx.now))),
                bookings::sequence.eq(bookings::sequence + 1),
            );
            diesel::update(bookings::table.find(key(booking))).set(cancelled).execute(db).unwrap();
        })
        .await;
    }

    /// Requests a login mail, as anybody may do for any address.
    pub async fn ask_to_log_in(&self, email: String) -> LoginLinkId {
        let school = self.school;
        self.write(move |db, ctx| {
            let id: LoginLinkId = ctx.new_id();
            let address = EmailAddress::parse(&email).unwrap();
            let row = (
                (
                    login_links::id.eq(key(id)),
                    login_links::school_id.eq(key(school)),
                    login_links::email.eq(&email),
                    login_links::email_key.eq(address.key()),
                ),
                (login_links::browser_hash.eq(""), login_links::created_at.eq(at(ctx.now))),
                (
                    login_links::expires_at.eq(at(ctx.now + TimeDelta::minutes(30))),
                    login_links::is_standing.eq(false),
                    login_links::tries.eq(0),
                ),
            );
            diesel::insert_into(login_links::table).values(row).execute(db).unwrap();
            enqueue(
                db,
                ctx,
                NewMail { login_link: Some(id), ..NewMail::new(school, Template::Login) },
            )
            .unwrap();
            id
        })
        .await
    }

    pub async fn queue(&self, mail: NewMail) {
        self.write(move |db, ctx| enqueue(db, ctx, mail).unwrap()).await;
    }

    pub fn to_guest(&self, template: Template) -> NewMail {
        NewMail {
            invite: Some(self.invite),
            evening: Some(self.evening),
            ..NewMail::new(self.school, template)
        }
    }

    pub fn to_rachel(&self, template: Template) -> NewMail {
        NewMail {
            person: Some(self.rachel),
            evening: Some(self.evening),
            ..NewMail::new(self.school, template)
        }
    }

    /// Sends the due mails and takes them out of the mailbox.
    pub async fn deliver(&self) -> Vec<SentMail> {
        run_due(&self.worker).await;
        self.mailer.take()
    }

    /// Sends the due mails and returns the only one.
    pub async fn deliver_one(&self) -> SentMail {
        let mut mails = self.deliver().await;
        assert_eq!(mails.len(), 1, "one mail was to be sent");
        mails.remove(0)
    }

    /// The outbox rows in order of queueing: state, attempts, due time and error.
    pub async fn rows(&self) -> Vec<(String, i32, DateTime<Utc>, Option<String>)> {
        let rows: Vec<(String, i32, At, Option<String>)> = self
            .write(|db, _| {
                let columns = (outbox::state, outbox::attempts, outbox::due_at, outbox::error);
                outbox::table
                    .order((outbox::created_at, outbox::id))
                    .select(columns)
                    .load(db)
                    .unwrap()
            })
            .await;
        rows.into_iter().map(|(state, tries, due, error)| (state, tries, due.0, error)).collect()
    }

    /// The states of the outbox rows, sorted, because rows of one moment have no order.
    pub async fn states(&self) -> Vec<String> {
        let mut states: Vec<String> = self.rows().await.into_iter().map(|row| row.0).collect();
        states.sort();
        states
    }

    /// A worker of a second process on the same database and mail server.
    pub fn another_process(&self) -> MailWorker {
        MailWorker { store: self.database.store(2), ..self.worker.clone() }
    }
}
