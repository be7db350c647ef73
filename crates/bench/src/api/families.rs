//! The generated school in its database. It logs parents in, plans appointments that they can book,
//! and counts the results.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour::{
    config::Config,
    context::{Clock, Context, Random, SystemClock},
    keys::{Audience, Keys},
    schema::{booking_teachers, bookings, evenings, outbox, people},
    store::{
        Db, Store, access,
        bookings::{self as bookings_store, NewBooking, OnBehalfOf},
        evenings::{self as evenings_store, EveningRow},
        events::Actor,
        people::PersonRow,
        schools::{self, SchoolAddress, SchoolRow},
        sessions, slots,
        sql_types::{Key, key},
    },
};
use parlour_domain::id::{ClassId, PersonId, SessionId};

/// The time limit for sending all mail after a round.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A parent with all classes that they can book.
#[derive(Clone)]
pub(super) struct Family {
    pub(super) parent: PersonRow,
    classes: Vec<ClassToBook>,
}

#[derive(Clone, Copy)]
struct ClassToBook {
    student: PersonId,
    class: ClassId,
    teacher: Key,
}

/// An appointment that a family is to book.
#[derive(Clone, Copy)]
pub(super) struct Appointment {
    /// The index of the family in the list.
    pub(super) family: usize,
    pub(super) booking: NewBooking,
}

/// A parent's session.
#[derive(Clone)]
pub(super) struct Cookie {
    pub(super) session: SessionId,
    /// The `Cookie` header.
    pub(super) header: String,
}

/// The generated school in one database.
pub(super) struct Bench {
    pub(super) config: Config,
    store: Store,
    pub(super) school: SchoolRow,
    pub(super) families: Vec<Family>,
}

/// The context of a command that happens now.
pub(super) fn now() -> Context {
    Context::new(SystemClock::default().now(), Random::from_os())
}

/// A parent who acts for themselves.
pub(super) fn acting(parent: &PersonRow) -> OnBehalfOf {
    OnBehalfOf {
        parent: parent.id(),
        actor: Actor { person: Some(parent.id()), name: parent.name() },
        is_staff: false,
    }
}

impl Bench {
    /// Opens the database with the settings of a demo server, like the servers of this benchmark.
    pub(super) async fn open(database: &str) -> Result<Self> {
        let settings = [("PARLOUR_MODE", "demo"), ("DATABASE_URL", database)];
        let config = Config::from_values(
            &settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        )?;
        let store = Store::open(&config.database, 1)?;
        // With a single school, any host name finds it.
        let school = store
            .read(|db| schools::find(db, &SchoolAddress::Host("localhost".to_owned())))
            .await
            .context("the school is not loaded")?;
        let evening = evening(&store, crate::school::READ).await?;
        let families = store.read(move |db| families(db, &evening)).await?;
        Ok(Self { config, store, school, families })
    }

    /// One of the school's evenings.
    pub(super) async fn evening(&self, name: &str) -> Result<EveningRow> {
        evening(&self.store, name).await
    }

    /// The API path of an evening's bookings.
    pub(super) fn path(&self, evening: &EveningRow) -> String {
        format!("/s/{}/api/v1/evenings/{}/bookings", self.school.slug, evening.id())
    }

    /// Creates a session for each family, without a mail.
    pub(super) async fn log_in(&self) -> Result<Vec<Cookie>> {
        let (ctx, school) = (now(), self.school.id());
        let ends_at = ctx.now + sessions::PERSON_LIFE;
        let addresses: Vec<String> =
            self.families.iter().filter_map(|family| family.parent.email_key.clone()).collect();
        ensure!(addresses.len() == self.families.len(), "a parent has no address");
        let start = move |db: &mut Db| {
            addresses
                .iter()
                .map(|address| {
                    Ok(sessions::start(db, &ctx, school, address, sessions::Proof::Address)?.id)
                })
                .collect()
        };
        let ids: Vec<SessionId> = self.store.write(start).await?;
        let keys = Keys::new(self.config.key.clone())?;
        let cookie = |session: SessionId| {
            let value = keys.cookie(Audience::Person, &[session.into()], ends_at)?;
            Ok(Cookie { session, header: format!("parlour_session={value}") })
        };
        ids.into_iter().map(cookie).collect()
    }

    /// Books appointments without HTTP, all of a family's together.
    pub(super) async fn book_all(
        &self,
        evening: &EveningRow,
        plan: Vec<Appointment>,
    ) -> Result<()> {
        let (ctx, evening, families) = (now(), evening.clone(), self.families.clone());
        let mut of_family: BTreeMap<usize, Vec<NewBooking>> = BTreeMap::new();
        for appointment in plan {
            of_family.entry(appointment.family).or_default().push(appointment.booking);
        }
        let book = move |db: &mut Db| {
            for (family, wanted) in &of_family {
                bookings_store::create(
                    db,
                    &ctx,
                    &evening,
                    &acting(&families[*family].parent),
                    wanted,
                )?;
            }
            Ok(())
        };
        Ok(self.store.write(book).await?)
    }

    /// The number of live bookings of an evening, and the number of a teacher's slots with more
    /// than one.
    pub(super) async fn count_bookings(&self, evening: &EveningRow) -> Result<(usize, usize)> {
        let id = evening.id;
        let live = move |db: &mut Db| {
            let of_evening = bookings::table
                .filter(bookings::evening_id.eq(id).and(bookings::cancelled_at.is_null()));
            let count: i64 = of_evening.count().get_result(db)?;
            let slots: Vec<(Key, parlour::store::sql_types::At)> = of_evening
                .inner_join(booking_teachers::table)
                .select((booking_teachers::teacher_id, bookings::starts_at))
                .load(db)?;
            Ok((count, slots))
        };
        let (count, slots) = self.store.read(live).await?;
        let different: BTreeSet<_> = slots.iter().collect();
        Ok((usize::try_from(count)?, slots.len() - different.len()))
    }

    /// Waits until all mail has been sent, so that sending does not distort the next measurement.
    pub(super) async fn wait_for_mail(&self) -> Result<()> {
        let queued = |db: &mut Db| {
            Ok(outbox::table.filter(outbox::state.eq("queued")).count().get_result::<i64>(db)?)
        };
        let waiting = async {
            while self.store.read(queued).await? > 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(TIMEOUT, waiting).await.context("the mail does not leave")?
    }
}

async fn evening(store: &Store, name: &str) -> Result<EveningRow> {
    let wanted = name.to_owned();
    let find = move |db: &mut Db| {
        let row =
            evenings::table.filter(evenings::name.eq(&wanted)).select(EveningRow::as_select());
        Ok(row.first(db)?)
    };
    store.read(find).await.with_context(|| format!("the evening {name} is not loaded"))
}

fn families(db: &mut Db, evening: &EveningRow) -> parlour::store::Result<Vec<Family>> {
    let evening = evenings_store::lock_for_share(db, evening.id())?;
    let parents: Vec<PersonRow> = people::table
        .filter(people::is_parent.eq(true))
        .order(people::sourced_id)
        .select(PersonRow::as_select())
        .load(db)?;
    let mut families = Vec::with_capacity(parents.len());
    for parent in parents {
        let students: Vec<Key> =
            access::students_of(db, parent.id())?.iter().map(|student| student.id).collect();
        let offered = slots::offered_classes(db, &evening, &students)?;
        let classes = offered.into_iter().flat_map(|(student, classes)| {
            classes.into_iter().map(move |class| ClassToBook {
                student: student.into(),
                class: class.id,
                teacher: class.teachers[0].id,
            })
        });
        families.push(Family { parent, classes: classes.collect() });
    }
    Ok(families)
}

/// Plans up to `count` appointments without conflicts: one for each family, then a second for each,
/// and so on, as families book concurrently.
pub(super) fn plan_bookings(
    families: &[Family],
    evening: &EveningRow,
    count: usize,
) -> Vec<Appointment> {
    let slots: Vec<DateTime<Utc>> =
        evening.timing().map(|timing| timing.slots().collect()).unwrap_or_default();
    let mut taken: BTreeSet<(Key, usize)> = BTreeSet::new();
    let mut plan = Vec::with_capacity(count);
    let most = families.iter().map(|family| family.classes.len()).max().unwrap_or_default();
    // Each family begins with another subject, so that the first families don't take all the times
    // of one subject's teachers.
    let nth_class = |nth: usize, at: usize, family: &Family| {
        (nth < family.classes.len()).then(|| family.classes[(nth + at) % family.classes.len()])
    };
    let turns = (0..most).flat_map(|nth| {
        families
            .iter()
            .enumerate()
            .filter_map(move |(at, family)| Some((at, family, nth_class(nth, at, family)?)))
    });
    for (at, family, choice) in turns {
        if plan.len() == count {
            break;
        }
        let parent = key(family.parent.id());
        let is_free = |slot: &usize| {
            !taken.contains(&(parent, *slot)) && !taken.contains(&(choice.teacher, *slot))
        };
        let Some(slot) = (0..slots.len()).map(|step| (at + step) % slots.len()).find(is_free)
        else {
            continue;
        };
        taken.extend([(parent, slot), (choice.teacher, slot)]);
        plan.push(Appointment {
            family: at,
            booking: NewBooking {
                student: choice.student,
                class: choice.class,
                starts_at: slots[slot],
            },
        });
    }
    plan
}

/// The bookings that a family requests in the rush: up to `count` of its classes, each at some
/// slot, free or not.
pub(super) fn random_bookings(
    family: &Family,
    at: usize,
    evening: &EveningRow,
    count: usize,
) -> Vec<NewBooking> {
    let slots: Vec<DateTime<Utc>> =
        evening.timing().map(|timing| timing.slots().collect()).unwrap_or_default();
    // A prime factor spreads the slots, so that neighbours in the list don't request neighbouring
    // slots.
    let slot = |nth: usize| slots[(at * 7919 + nth * 13) % slots.len()];
    family
        .classes
        .iter()
        .take(count)
        .enumerate()
        .map(|(nth, choice)| NewBooking {
            student: choice.student,
            class: choice.class,
            starts_at: slot(nth),
        })
        .collect()
}
