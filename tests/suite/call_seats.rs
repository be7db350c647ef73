//! Tests of the seats of a call in the store: seats, queue, takeovers and their code, and that
//! every loss of access frees the seat at once.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};
use futures_util::future::join_all;
use parlour::{
    schema::{bookings, call_events, calls as calls_table, claims, sessions},
    store::{
        Db, Error,
        calls::{self, CallIdentity, EnterOutcome, GivenCode, JoinRequest, Snapshot, Visitor},
        events::Actor,
        guests,
        locks::{LockRank, lock_row},
        revocation::Revocation,
        sql_types::{At, Key, key},
    },
};
use parlour_domain::{
    Refusal,
    call::{self, CallRole, EntryRequest, GRACE},
    id::{BookingId, InviteId, ParticipantId, PersonId, SessionId},
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{School, wait_until};

const GUEST: &str = "jordan.aaron@example.org";
const PARENT: &str = "rachel.aaron@example.org";

/// Rachel Aaron's call with Anita Abell about Sophie, five minutes before it starts. Jordan Aaron
/// is invited.
struct Call {
    school: School,
    booking: BookingId,
    starts_at: DateTime<Utc>,
}

impl Call {
    async fn starting_soon() -> Self {
        let school = School::start().await;
        let rows =
            school.parent().await.get(&school.evening("/bookings")).await.is(200).list("/rows");
        let row = rows
            .iter()
            .find(|row| row["student"]["name"] == "Sophie Aaron")
            .expect("a booking about Sophie");
        let booking: Uuid = row["id"].as_str().unwrap().parse().unwrap();
        let starts_at: DateTime<Utc> = row["starts_at"].as_str().unwrap().parse().unwrap();
        school.clock.set(starts_at - TimeDelta::minutes(5));
        Self { school, booking: BookingId(booking), starts_at }
    }

    fn invite(&self) -> InviteId {
        self.school.people.invite.expect("an invite")
    }

    /// Logs a person in with a new session.
    async fn person(&self, who: CallIdentity) -> Visitor {
        let person = match who {
            CallIdentity::Teacher(person) | CallIdentity::Parent(person) => person,
            CallIdentity::Guest(_) => panic!("a guest has no person id"),
        };
        if person == self.school.people.teacher {
            self.school.teacher().await;
        } else {
            self.school.parent().await;
        }
        let newest = sessions::table
            .filter(sessions::person_id.eq(Some(key(person))))
            .order((sessions::created_at.desc(), sessions::id.desc()));
        let session: Key =
            self.school.read(move |db| Ok(newest.select(sessions::id).first(db)?)).await;
        self.visitor(who, session.into())
    }

    async fn teacher(&self) -> Visitor {
        self.person(CallIdentity::Teacher(self.school.people.teacher)).await
    }

    async fn parent(&self) -> Visitor {
        self.person(CallIdentity::Parent(self.school.people.parent)).await
    }

    /// Starts a new guest session, as from another browser.
    async fn guest(&self) -> Visitor {
        let (ctx, school, invite) =
            (self.school.app.context(), self.school.people.school, self.invite());
        let start = move |db: &mut Db| {
            let generation = guests::generation(db, school, invite)?;
            Ok(guests::start_session(db, &ctx, school, invite, generation)?.0)
        };
        let session = self.write(start).await.unwrap();
        self.visitor(CallIdentity::Guest(invite), session)
    }

    const fn visitor(&self, who: CallIdentity, session: SessionId) -> Visitor {
        Visitor { school: self.school.people.school, booking: self.booking, who, session }
    }

    async fn write<T: Send + 'static>(
        &self,
        job: impl Fn(&mut Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.school.app.store.write(job).await
    }

    async fn try_enter(&self, visitor: Visitor, entry: JoinRequest) -> Result<EnterOutcome, Error> {
        let ctx = self.school.app.context();
        self.write(move |db| calls::enter(db, &ctx, &visitor, &entry)).await
    }

    async fn enter(&self, visitor: Visitor, entry: JoinRequest) -> EnterOutcome {
        self.try_enter(visitor, entry).await.expect("no refusal")
    }

    async fn take_seat(&self, visitor: Visitor, device: &str) -> u32 {
        match self.enter(visitor, entry(device)).await {
            EnterOutcome::Seated { connection, .. } => connection,
            other => panic!("not seated but {other:?}"),
        }
    }

    async fn snapshot(&self) -> Snapshot {
        let (booking, now) = (self.booking, self.school.now());
        self.school.read(move |db| calls::snapshot(db, booking, now)).await
    }

    /// The names of the participants who sit.
    async fn seated(&self) -> Vec<String> {
        let people = self.snapshot().await.people;
        people
            .into_iter()
            .filter(|one| one.place.is_some_and(|place| place.queue.is_none()))
            .map(|one| one.name)
            .collect()
    }

    async fn eviction_reason(&self, who: CallIdentity) -> Option<String> {
        let booking = self.booking;
        self.school.read(move |db| calls::eviction_reason(db, booking, who.participant())).await
    }

    async fn capacity(&self, seats: i32) {
        assert!((2..=5).contains(&seats));
        let evening = key(self.school.people.evening);
        self.write(move |db| {
            use parlour::schema::evenings;
            Ok(diesel::update(evenings::table.find(evening))
                .set(evenings::capacity.eq(seats))
                .execute(db)?)
        })
        .await
        .unwrap();
    }

    async fn kinds(&self) -> Vec<(String, Option<String>)> {
        let events = call_events::table
            .filter(call_events::booking_id.eq(key(self.booking)))
            .order((call_events::at, call_events::id));
        self.school
            .read(move |db| Ok(events.select((call_events::kind, call_events::detail)).load(db)?))
            .await
    }
}

fn entry(device: &str) -> JoinRequest {
    JoinRequest {
        device_hash: device.to_owned(),
        client_hash: "a client".to_owned(),
        move_here: false,
        fresh: false,
        code: None,
    }
}

fn takeover_entry(device: &str) -> JoinRequest {
    JoinRequest { move_here: true, ..entry(device) }
}

#[tokio::test]
async fn hundred_concurrent_entries_fill_four_seats_and_a_queue() {
    let call = Call::starting_soon().await;
    let session = call.parent().await.session;
    let enter = |n: u128| {
        let (ctx, school, booking) =
            (call.school.app.context(), call.school.people.school, call.booking);
        let newcomer = EntryRequest {
            participant: ParticipantId(Uuid::from_u128(n + 1)),
            role: CallRole::Guest,
            session,
            device: format!("device {n}"),
            move_here: false,
            fresh: false,
            recent_takeovers: 0,
            is_proven: false,
        };
        call.school.app.store.write(move |db| calls::admit(db, &ctx, school, booking, &newcomer))
    };
    let entered = join_all((0..100).map(enter)).await;
    let (mut seated, mut places, mut connections) = (0, Vec::new(), Vec::new());
    for one in entered {
        match one.expect("every entry gets a result") {
            call::EntryDecision::Seated { connection, resumed: false, replaced: None } => {
                seated += 1;
                connections.push(connection);
            }
            call::EntryDecision::Waiting { place, connection, replaced: None } => {
                places.push(place);
                connections.push(connection);
            }
            other => panic!("{other:?}"),
        }
    }
    places.sort_unstable();
    connections.sort_unstable();
    assert_eq!((seated, places), (4, (1..=96).collect::<Vec<_>>()));
    assert_eq!(connections, (1..=100).collect::<Vec<_>>(), "no connection number occurs twice");
    let booking = key(call.booking);
    let (seats, queued): (Vec<(i32, Key)>, Vec<Key>) = call
        .school
        .read(move |db| {
            use parlour::schema::{call_queue, call_seats};
            let seats = call_seats::table
                .filter(call_seats::booking_id.eq(booking))
                .select((call_seats::number, call_seats::participant_id));
            let queue = call_queue::table
                .filter(call_queue::booking_id.eq(booking))
                .select(call_queue::participant_id);
            Ok((seats.order(call_seats::number).load(db)?, queue.load(db)?))
        })
        .await;
    assert_eq!(seats.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let everybody: std::collections::BTreeSet<Key> =
        seats.iter().map(|(_, who)| *who).chain(queued).collect();
    assert_eq!(everybody.len(), 100, "no participant occurs twice");
}

#[tokio::test]
async fn taking_a_seat_does_not_wait_for_a_booking_lock() {
    let call = Call::starting_soon().await;
    let session = call.parent().await.session;
    let (ctx, school, booking) =
        (call.school.app.context(), call.school.people.school, call.booking);
    // A cancellation locks the booking before it locks the call.
    let change = call.school.paused_transaction(move |db, pause_point| {
        lock_row(db, LockRank::Booking, booking)?;
        pause_point.pause_if_concurrent(db);
        Ok(())
    });
    let change = change.await;
    let store = call.school.app.store.clone();
    let sitting = tokio::spawn(async move {
        let newcomer = EntryRequest {
            participant: ParticipantId(Uuid::from_u128(1)),
            role: CallRole::Parent,
            session,
            device: "a device".to_owned(),
            move_here: false,
            fresh: false,
            recent_takeovers: 0,
            is_proven: false,
        };
        store.write(move |db| calls::admit(db, &ctx, school, booking, &newcomer)).await
    });
    wait_until("the seat", async || sitting.is_finished()).await;
    change.resume().await;
    assert!(matches!(sitting.await.unwrap().unwrap(), call::EntryDecision::Seated { .. }));
}

#[tokio::test]
async fn removing_an_invite_frees_the_seat() {
    let call = Call::starting_soon().await;
    call.capacity(2).await;
    let (teacher, guest, parent) = (call.teacher().await, call.guest().await, call.parent().await);
    call.take_seat(teacher, "desk").await;
    call.take_seat(guest, "phone").await;
    assert!(matches!(
        call.enter(parent, entry("laptop")).await,
        EnterOutcome::Waiting { place: 1, .. }
    ));
    let path = format!("/invites/{}", call.invite().0);
    let actor = call.school.parent().await;
    assert_eq!(actor.get(&path).await.is(200).text_at("/state"), "joined");
    let before = call.snapshot().await.version;
    actor.delete(&path).await.is(204);
    assert_eq!(
        call.seated().await,
        ["Mrs Anita Abell", "Rachel Aaron"],
        "the first in the queue gets the seat"
    );
    assert!(call.snapshot().await.version > before);
    assert_eq!(call.eviction_reason(guest.who).await.as_deref(), Some("invite_removed"));
    assert!(matches!(call.try_enter(guest, entry("phone")).await, Err(Error::NotFound)));
    assert_eq!(call.school.mail_to(GUEST).await.subject, "Mrs Rachel Aaron’s invite was removed");
}

#[tokio::test]
async fn cancelling_the_booking_evicts_everybody() {
    let call = Call::starting_soon().await;
    let (teacher, guest, parent) = (call.teacher().await, call.guest().await, call.parent().await);
    call.take_seat(teacher, "desk").await;
    call.take_seat(guest, "phone").await;
    call.take_seat(parent, "laptop").await;
    call.school.staff().await.delete(&format!("/bookings/{}", call.booking.0)).await.is(204);
    assert_eq!(call.seated().await, Vec::<String>::new());
    for who in [teacher.who, guest.who, parent.who] {
        assert_eq!(call.eviction_reason(who).await.as_deref(), Some("booking_cancelled"));
    }
    assert!(matches!(
        call.try_enter(parent, entry("laptop")).await,
        Err(Error::Refused(Refusal::BookingCancelled))
    ));
    call.school.ignore_mail("mail.rs tests the mails about a cancellation");
}

#[tokio::test]
async fn logging_out_frees_the_seat() {
    let call = Call::starting_soon().await;
    let actor = call.school.parent().await;
    let parent = call.school.people.parent;
    let newest = sessions::table
        .filter(sessions::person_id.eq(Some(key(parent))))
        .order((sessions::created_at.desc(), sessions::id.desc()));
    // Sessions of one moment have no order. Log in again a moment later, so that the newest session
    // is certain.
    call.school.advance_clock(TimeDelta::seconds(1));
    actor.post("/dev/logins", json!({ "as": "parent" })).await.is(201);
    let session: Key = call.school.read(move |db| Ok(newest.select(sessions::id).first(db)?)).await;
    let visitor = call.visitor(CallIdentity::Parent(parent), session.into());
    call.take_seat(visitor, "laptop").await;
    actor.delete("/sessions/current").await.is(204);
    assert_eq!(call.seated().await, Vec::<String>::new());
    assert_eq!(call.eviction_reason(visitor.who).await.as_deref(), Some("logged_out"));
    assert!(
        matches!(call.try_enter(visitor, entry("laptop")).await, Err(Error::NotFound)),
        "the session is over"
    );
}

#[tokio::test]
async fn losing_access_evicts_parent_and_guest() {
    let call = Call::starting_soon().await;
    let (teacher, guest, parent) = (call.teacher().await, call.guest().await, call.parent().await);
    call.take_seat(teacher, "desk").await;
    call.take_seat(guest, "phone").await;
    call.take_seat(parent, "laptop").await;
    let (ctx, school, who) =
        (call.school.app.context(), call.school.people.school, key(call.school.people.parent));
    call.write(move |db| {
        use parlour::schema::guardianships;
        diesel::update(guardianships::table.filter(guardianships::parent_id.eq(who)))
            .set(guardianships::court_order.eq(true))
            .execute(db)?;
        let mut revocation = Revocation::default();
        revocation.sweep(db, &ctx, school, &Actor::school())?;
        revocation.finish(db, &ctx)
    })
    .await
    .unwrap();
    assert_eq!(call.seated().await, Vec::<String>::new());
    for who in [parent.who, guest.who] {
        assert_eq!(call.eviction_reason(who).await.as_deref(), Some("access_ended"));
        let again =
            call.try_enter(if who == parent.who { parent } else { guest }, entry("again")).await;
        assert!(
            matches!(again, Err(Error::NotFound)),
            "their sessions are gone: {:?}",
            again.err()
        );
    }
    call.school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn only_participants_may_enter_and_not_before_opening() {
    let call = Call::starting_soon().await;
    let (guest, parent) = (call.guest().await, call.parent().await);
    let stranger = CallIdentity::Parent(PersonId(Uuid::from_u128(7)));
    assert!(matches!(
        call.try_enter(Visitor { who: stranger, ..parent }, entry("x")).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        call.try_enter(
            Visitor { who: CallIdentity::Teacher(call.school.people.parent), ..parent },
            entry("x")
        )
        .await,
        Err(Error::NotFound)
    ));
    let (evening, covered) = (key(call.school.people.evening), key(call.booking));
    let sibling: Key = call
        .school
        .read(move |db| {
            let of_parent = bookings::table
                .filter(bookings::id.eq(covered))
                .select((bookings::parent_id, bookings::student_id));
            let (parent, student): (Key, Key) = of_parent.first(db)?;
            let others = bookings::table.filter(
                bookings::evening_id
                    .eq(evening)
                    .and(bookings::parent_id.eq(parent))
                    .and(bookings::student_id.ne(student)),
            );
            Ok(others.select(bookings::id).first(db)?)
        })
        .await;
    let elsewhere = Visitor { booking: sibling.into(), ..guest };
    assert!(
        matches!(call.try_enter(elsewhere, entry("phone")).await, Err(Error::NotFound)),
        "a guest sees no sibling"
    );

    call.school.clock.set(call.starts_at - TimeDelta::minutes(10) - TimeDelta::seconds(1));
    assert_eq!(call.enter(guest, entry("phone")).await, EnterOutcome::Refused(Refusal::CallEarly));
    assert_eq!(call.kinds().await, [("refused".to_owned(), Some("call_early".to_owned()))]);
    call.school.advance_clock(TimeDelta::seconds(1));
    call.take_seat(guest, "phone").await;
}

#[tokio::test]
async fn disconnected_participant_keeps_the_seat_for_30_seconds() {
    let call = Call::starting_soon().await;
    call.capacity(2).await;
    let (teacher, guest, parent) = (call.teacher().await, call.guest().await, call.parent().await);
    let desk = call.take_seat(teacher, "desk").await;
    let phone = call.take_seat(guest, "phone").await;
    let EnterOutcome::Waiting { connection: laptop, .. } =
        call.enter(parent, entry("laptop")).await
    else {
        panic!("a third seat")
    };
    let (ctx, lease) = (call.school.app.context(), call.school.now() + GRACE);
    call.write(move |db| calls::disconnect(db, &ctx, &guest, phone, lease)).await.unwrap();
    call.school.advance_clock(TimeDelta::seconds(29));
    let ctx = call.school.app.context();
    for (visitor, connection) in [(teacher, desk), (parent, laptop)] {
        let ctx = ctx.clone();
        assert!(call.write(move |db| calls::renew(db, &ctx, &visitor, connection)).await.unwrap());
    }
    let settle = || {
        let (ctx, booking) = (call.school.app.context(), call.booking);
        call.write(move |db| calls::settle(db, &ctx, booking))
    };
    settle().await.unwrap();
    assert_eq!(call.seated().await, ["Mrs Anita Abell", "Jordan Aaron"]);
    call.school.advance_clock(TimeDelta::seconds(1));
    settle().await.unwrap();
    assert_eq!(call.seated().await, ["Mrs Anita Abell", "Rachel Aaron"]);
    let ctx = call.school.app.context();
    assert!(
        !call.write(move |db| calls::renew(db, &ctx, &guest, phone)).await.unwrap(),
        "the guest has lost the seat"
    );

    let ends_at = call.snapshot().await.times.ends_at;
    call.school.clock.set(ends_at);
    settle().await.unwrap();
    assert_eq!(call.seated().await, Vec::<String>::new());
    assert_eq!(call.eviction_reason(teacher.who).await.as_deref(), Some("call_over"));
    assert_eq!(call.enter(teacher, entry("desk")).await, EnterOutcome::Refused(Refusal::CallOver));
}

#[tokio::test]
async fn same_device_resumes_and_second_device_must_confirm() {
    let call = Call::starting_soon().await;
    let guest = call.guest().await;
    let first = call.take_seat(guest, "phone").await;
    call.school.advance_clock(TimeDelta::seconds(1));
    let again = call.enter(guest, entry("phone")).await;
    assert!(matches!(
        again,
        EnterOutcome::Seated { connection, resumed: true, replaced: None, .. }
            if connection == first
    ));
    let other = call.guest().await;
    assert_eq!(call.enter(other, entry("tablet")).await, EnterOutcome::MoveHere);
    call.school.advance_clock(TimeDelta::seconds(1));
    let moved = call.enter(other, takeover_entry("tablet")).await;
    assert!(
        matches!(
            moved,
            EnterOutcome::Seated { replaced: Some(replaced), resumed: false, .. }
                if replaced == first
        ),
        "{moved:?}"
    );
    let kinds: Vec<String> = call.kinds().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["joined", "resumed", "taken_over"]);
    assert_eq!(call.seated().await, ["Jordan Aaron"]);
}

#[tokio::test]
async fn third_takeover_requires_a_code_and_notifies_parent_and_guest() {
    let call = Call::starting_soon().await;
    let (one, other) = (call.guest().await, call.guest().await);
    call.take_seat(one, "phone").await;
    assert!(matches!(
        call.enter(other, takeover_entry("tablet")).await,
        EnterOutcome::Seated { .. }
    ));
    assert!(matches!(call.enter(one, takeover_entry("phone")).await, EnterOutcome::Seated { .. }));
    let asked = call.enter(other, takeover_entry("tablet")).await;
    assert_eq!(
        asked,
        EnterOutcome::CodeRequired {
            masked_email: "j•••@e•••.org".to_owned(),
            sent: false,
            wrong: false
        }
    );
    let told = call.school.mail_to(PARENT).await;
    assert!(
        told.subject.contains("Jordan Aaron’s link") && told.text.contains("Renew link"),
        "{}",
        told.text
    );
    let told = call.school.mail_to(GUEST).await;
    assert!(
        told.subject.contains("several devices") && told.text.contains("/guest#t="),
        "{}",
        told.text
    );

    let send = || {
        let ctx = call.school.app.context();
        call.write(move |db| calls::send_code(db, &ctx, &other, "tablet"))
    };
    assert_eq!(send().await.unwrap().masked_email, "j•••@e•••.org");
    let mail = call.school.mail_to(GUEST).await;
    let now = call.school.now();
    let id = call
        .school
        .read(move |db| calls::code_of(db, &other, "tablet", now))
        .await
        .expect("a code");
    let digits = call.school.app.keys.call_code(id.0);
    assert!(mail.text.contains(&format!("{} {}", &digits[..3], &digits[3..])), "{}", mail.text);

    let with = |device: &str, is_right| JoinRequest {
        code: Some(GivenCode { id, is_right }),
        ..takeover_entry(device)
    };
    assert!(matches!(
        call.enter(other, with("tablet", false)).await,
        EnterOutcome::CodeRequired { sent: true, wrong: true, .. }
    ));
    assert!(
        matches!(
            call.enter(other, with("television", true)).await,
            EnterOutcome::CodeRequired { sent: false, wrong: true, .. }
        ),
        "the code was sent for another device"
    );
    assert!(matches!(call.enter(other, with("tablet", true)).await, EnterOutcome::Seated { .. }));
    assert!(
        matches!(call.enter(one, takeover_entry("phone")).await, EnterOutcome::CodeRequired { .. }),
        "a device without the code must be refused"
    );
    assert!(matches!(
        call.enter(other, entry("tablet")).await,
        EnterOutcome::Seated { resumed: true, .. }
    ));
    for _ in 0..2 {
        send().await.unwrap();
    }
    assert!(matches!(send().await, Err(Error::TooMany(_))));
    assert_eq!(
        call.school.mails().await.len(),
        2,
        "two more codes, and no second mail about the takeovers"
    );
    call.school.clock.set(call.starts_at + TimeDelta::minutes(3));
    let (ctx, booking) = (call.school.app.context(), call.booking);
    call.write(move |db| calls::settle(db, &ctx, booking)).await.unwrap();
    assert!(
        matches!(call.enter(one, entry("phone")).await, EnterOutcome::CodeRequired { .. }),
        "takeovers still count after eight minutes"
    );
}

#[tokio::test]
async fn call_code_is_invalid_after_five_wrong_tries() {
    let call = Call::starting_soon().await;
    let (one, other) = (call.guest().await, call.guest().await);
    call.take_seat(one, "phone").await;
    call.enter(other, takeover_entry("tablet")).await;
    call.enter(one, takeover_entry("phone")).await;
    call.enter(other, takeover_entry("tablet")).await;
    let ctx = call.school.app.context();
    call.write(move |db| calls::send_code(db, &ctx, &other, "tablet")).await.unwrap();
    let now = call.school.now();
    let id = call
        .school
        .read(move |db| calls::code_of(db, &other, "tablet", now))
        .await
        .expect("a code");
    for _ in 0..5 {
        call.enter(
            other,
            JoinRequest {
                code: Some(GivenCode { id, is_right: false }),
                ..takeover_entry("tablet")
            },
        )
        .await;
    }
    let late = call
        .enter(
            other,
            JoinRequest {
                code: Some(GivenCode { id, is_right: true }),
                ..takeover_entry("tablet")
            },
        )
        .await;
    assert!(
        matches!(late, EnterOutcome::CodeRequired { sent: false, wrong: true, .. }),
        "{late:?}"
    );
    call.school.ignore_mail("another test reads it");
}

#[tokio::test]
async fn teacher_extends_the_call_if_everybody_is_free() {
    let call = Call::starting_soon().await;
    let (teacher, parent) = (call.teacher().await, call.parent().await);
    let extend = |visitor: Visitor| {
        let ctx = call.school.app.context();
        call.write(move |db| calls::extend(db, &ctx, &visitor))
    };
    assert!(
        matches!(extend(parent).await, Err(Error::Refused(Refusal::CannotExtend))),
        "only a teacher can extend the call"
    );
    assert!(!call.snapshot().await.can_extend, "the parent's next appointment follows");
    assert!(matches!(extend(teacher).await, Err(Error::Refused(Refusal::CannotExtend))));

    let (others, this) = (key(call.booking), key(call.booking));
    call.write(move |db| {
        Ok(diesel::delete(claims::table.filter(claims::booking_id.ne(others))).execute(db)?)
    })
    .await
    .unwrap();
    let before = call.snapshot().await;
    assert!(before.can_extend);
    extend(teacher).await.unwrap();
    let after = call.snapshot().await;
    assert_eq!(after.times.ends_at, before.times.ends_at + TimeDelta::minutes(1));
    let minutes = |end: DateTime<Utc>| {
        i32::try_from((end + TimeDelta::seconds(59)).timestamp() / 60).unwrap()
    };
    let last: i32 = call
        .school
        .read(move |db| {
            Ok(claims::table
                .filter(claims::booking_id.eq(this))
                .select(claims::minute)
                .order(claims::minute.desc())
                .first(db)?)
        })
        .await;
    assert_eq!(last + 1, minutes(after.times.ends_at), "the added minute is claimed");
    let lasting: (i32, At) = call
        .school
        .read(move |db| {
            Ok(calls_table::table
                .find(this)
                .select((calls_table::extended_seconds, calls_table::created_at))
                .first(db)?)
        })
        .await;
    assert_eq!(lasting.0, 60);
    assert_eq!(call.kinds().await.last(), Some(&("extended".to_owned(), None)));
}
