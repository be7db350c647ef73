//! Who gets what: links and codes that work, only what the reader may know, and nothing to those
//! who may have nothing.

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::id::BookingId;
use uuid::Uuid;

use super::world::World;
use crate::{
    calendar::Method,
    keys::{GivenToken, Purpose},
    mail::{Mail, SentMail},
    schema::{guardianships, login_links, people},
    store::{
        outbox::{NewMail, Template},
        sql_types::{at, key},
    },
};

/// Both bodies hold it, or neither.
#[track_caller]
fn tells(mail: &Mail, what: &str) -> bool {
    let (text, html) = (mail.text.contains(what), mail.html.contains(what));
    assert_eq!(text, html, "{what:?} stands in one body alone\n{}", mail.text);
    text
}

fn token<'a>(mail: &'a Mail, before: &str) -> &'a str {
    let rest = mail.text.split(before).nth(1).unwrap();
    rest.split_whitespace().next().unwrap()
}

/// What the mail's calendar messages ask for, each about one entry and without a link.
#[track_caller]
fn calendars(sent: &SentMail) -> Vec<(Method, &str)> {
    for message in &sent.mail.calendar {
        assert!(
            !message.text.contains("#t=") && !message.text.contains("http"),
            "a calendar holds no link"
        );
        assert_eq!(
            message.text.matches("\r\nUID:").count(),
            1,
            "one message is about one entry\n{}",
            message.text
        );
        assert!(
            message.text.contains(&format!("\r\nMETHOD:{}\r\n", message.method.as_str())),
            "{}",
            message.text
        );
    }
    sent.mail.calendar.iter().map(|message| (message.method, message.text.as_str())).collect()
}

/// The one calendar message of a mail.
#[track_caller]
fn calendar(sent: &SentMail) -> (Method, &str) {
    let all = calendars(sent);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]
}

#[tokio::test]
async fn a_login_mail_goes_to_the_address_of_the_roster_with_a_link_and_a_code_that_work() {
    let world = World::new().await;
    let link = world.ask_to_log_in("rachel@EXAMPLE.org".to_owned()).await;
    let mail = world.deliver_one().await.mail;
    assert_eq!(
        (mail.to.as_str(), mail.from_name.as_str()),
        ("Rachel@example.org", "Hillcrest School")
    );
    let code = world.worker.keys.code(link.0);
    assert!(tells(&mail, &format!("{} {}", &code[..3], &code[3..])));
    let given =
        GivenToken::parse(token(&mail, "http://localhost:8080/s/hillcrest/login#t=")).unwrap();
    assert!(given.id == link.0 && world.worker.keys.is_genuine(Purpose::Login, &given, 0));
    assert!(tells(&mail, "until 10:30"));
}

#[tokio::test]
async fn a_login_mail_that_helps_nobody_is_not_sent() {
    let world = World::new().await;
    world.ask_to_log_in("nobody@example.org".to_owned()).await;
    let gone = world.person(None, "Gone", "Teacher", Some("gone@example.org"), "teacher").await;
    world.person(None, "Some", "Student", Some("student@example.org"), "student").await;
    world
        .write(move |db, ctx| {
            diesel::update(people::table.find(key(gone)))
                .set(people::removed_at.eq(Some(at(ctx.now))))
                .execute(db)
                .unwrap()
        })
        .await;
    world.ask_to_log_in("gone@example.org".to_owned()).await;
    world.ask_to_log_in("student@example.org".to_owned()).await;
    let used = world.ask_to_log_in("rachel@example.org".to_owned()).await;
    world
        .write(move |db, ctx| {
            diesel::update(login_links::table.find(key(used)))
                .set(login_links::used_at.eq(Some(at(ctx.now))))
                .execute(db)
                .unwrap()
        })
        .await;
    assert!(world.deliver().await.is_empty());
    world.ask_to_log_in("rachel@example.org".to_owned()).await;
    world.clock.advance(TimeDelta::minutes(30));
    assert!(world.deliver().await.is_empty());
    assert_eq!(world.states().await, ["dropped"; 5]);
}

#[tokio::test]
async fn a_parent_reads_their_appointments() {
    let world = World::new().await;
    world.queue(world.to_rachel(Template::BookingsMade)).await;
    let sent = world.deliver_one().await;
    assert_eq!(sent.mail.subject, "Your appointments: Year 9 Parents’ Evening, 26 November");
    for what in [
        "16:00",
        "Mrs Anita Abell",
        "Sophie Aaron",
        "Science",
        "16:05",
        "Mr Geraint Davies",
        "Liz Aaron",
        "Thursday 26 November 2026",
    ] {
        assert!(tells(&sent.mail, what), "{what}");
    }
    let messages = calendars(&sent);
    assert_eq!(messages.len(), 2);
    for ((method, text), booking) in messages.into_iter().zip([world.about_sophie, world.about_liz])
    {
        assert!(
            method == Method::Request && text.contains(&format!("UID:booking-{booking}@parlour")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_parent_reads_nothing_of_a_student_they_are_barred_from() {
    let world = World::new().await;
    world.bar(world.liz, Some(world.rachel), "").await;
    world.queue(world.to_rachel(Template::BookingsMade)).await;
    world
        .queue(NewMail {
            booking: Some(world.about_liz),
            ..world.to_rachel(Template::BookingChanged)
        })
        .await;
    let mail = world.deliver_one().await.mail;
    assert!(
        tells(&mail, "Sophie Aaron")
            && !tells(&mail, "Liz")
            && !mail.calendar.iter().any(|message| message.text.contains("Liz"))
    );
    world.bar(world.sophie, None, "rachel@example.org").await;
    for template in [Template::BookingsMade, Template::AccessEnded] {
        world.queue(world.to_rachel(template)).await;
    }
    world.ask_to_log_in("rachel@example.org".to_owned()).await;
    assert!(world.deliver().await.is_empty());
}

#[tokio::test]
async fn a_change_and_a_cancellation_reach_the_calendar() {
    let world = World::new().await;
    let about_one =
        |template| NewMail { booking: Some(world.about_sophie), ..world.to_rachel(template) };
    world.queue(about_one(Template::BookingChanged)).await;
    let sent = world.deliver_one().await;
    assert_eq!(sent.mail.subject, "Changed: Science at 16:00, 26 November");
    assert!(!tells(&sent.mail, "Liz"));
    assert_eq!(calendar(&sent).0, Method::Request);
    world.cancel(world.about_sophie).await;
    world.queue(about_one(Template::BookingChanged)).await;
    world.queue(about_one(Template::BookingCancelled)).await;
    let sent = world.deliver_one().await;
    assert_eq!(sent.mail.subject, "Cancelled: Science at 16:00, 26 November");
    let (method, text) = calendar(&sent);
    assert!(method == Method::Cancel && text.contains("SEQUENCE:1"));
    assert_eq!(world.states().await, ["dropped", "sent", "sent"]);
}

#[tokio::test]
async fn a_guest_reads_of_the_students_covered_alone() {
    let world = World::new().await;
    world.queue(world.to_guest(Template::Invite)).await;
    let sent = world.deliver_one().await;
    assert_eq!(
        (sent.mail.to.as_str(), sent.mail.subject.as_str()),
        ("jordan@example.org", "Rachel Aaron invites you to join parents’ evening appointments")
    );
    for what in [
        "Jordan Aaron",
        "Hillcrest School",
        "Sophie Aaron",
        "Mrs Anita Abell",
        "16:00",
        "This was not meant for me",
    ] {
        assert!(tells(&sent.mail, what), "{what}");
    }
    assert!(
        !tells(&sent.mail, "Liz") && !tells(&sent.mail, "Davies") && !tells(&sent.mail, "16:05")
    );
    let given = token(&sent.mail, "http://localhost:8080/s/hillcrest/guest#t=");
    let given = GivenToken::parse(given).unwrap();
    assert!(given.id == world.invite.0 && world.worker.keys.is_genuine(Purpose::Guest, &given, 1));
    let (method, text) = calendar(&sent);
    assert!(
        method == Method::Request
            && text.matches("BEGIN:VEVENT").count() == 1
            && !text.contains("Liz")
    );
}

#[tokio::test]
async fn a_guest_is_told_of_a_cancellation() {
    let world = World::new().await;
    world.clock.advance(TimeDelta::hours(1));
    world.cancel(world.about_sophie).await;
    world.queue(world.to_guest(Template::GuestUpdate)).await;
    let sent = world.deliver_one().await;
    assert!(tells(&sent.mail, "Cancelled: 16:00"));
    assert!(tells(&sent.mail, "No appointment is booked now."));
    let (method, text) = calendar(&sent);
    assert!(
        method == Method::Cancel
            && text.contains(&format!("booking-{}@parlour", world.about_sophie))
    );
    // The next mail does not cancel it once more.
    world.clock.advance(TimeDelta::hours(1));
    world.queue(world.to_guest(Template::GuestUpdate)).await;
    assert!(world.deliver_one().await.mail.calendar.is_empty());
}

#[tokio::test]
async fn a_guest_s_calendar_hears_of_what_went_and_of_what_stays() {
    let world = World::new().await;
    let (art, teacher) =
        (BookingId(Uuid::from_u128(9)), world.person(None, "Ann", "Hill", None, "teacher").await);
    world.booking(art, world.sophie, teacher, "Art", "2026-11-26T16:20:00Z").await;
    world.clock.advance(TimeDelta::hours(1));
    world.cancel(world.about_sophie).await;
    world.queue(world.to_guest(Template::GuestUpdate)).await;
    let sent = world.deliver_one().await;
    let messages = calendars(&sent);
    assert_eq!(
        messages.iter().map(|(method, _)| *method).collect::<Vec<_>>(),
        [Method::Cancel, Method::Request]
    );
    assert!(
        messages[0].1.contains(&format!("booking-{}@parlour", world.about_sophie))
            && messages[1].1.contains(&format!("booking-{art}@parlour"))
    );
}

#[tokio::test]
async fn a_removed_invite_is_told_to_whom_it_had_reached() {
    let world = World::new().await;
    world.queue(world.to_guest(Template::Invite)).await;
    world.deliver_one().await;
    world.end_invite("removed").await;
    for template in [Template::Invite, Template::GuestUpdate, Template::InviteRemoved] {
        world.queue(world.to_guest(template)).await;
    }
    let sent = world.deliver_one().await;
    assert_eq!(sent.mail.subject, "Rachel Aaron’s invite was removed");
    assert_eq!(calendar(&sent).0, Method::Cancel);
    assert!(!sent.mail.text.contains("#t=") && !sent.mail.html.contains("#t="));

    let world = World::new().await;
    world.end_invite("removed").await;
    world.queue(world.to_guest(Template::InviteRemoved)).await;
    assert!(world.deliver().await.is_empty());
}

#[tokio::test]
async fn access_that_ended_has_one_text() {
    const TEXT: &str = "Your access to this appointment has ended. Please contact the school.";
    let world = World::new().await;
    world.queue(world.to_guest(Template::Invite)).await;
    world.deliver_one().await;
    world.end_invite("access_ended").await;
    world.queue(world.to_guest(Template::AccessEnded)).await;
    world.queue(world.to_rachel(Template::AccessEnded)).await;
    let mails = world.deliver().await;
    assert_eq!(mails.len(), 2);
    for sent in mails {
        assert_eq!(sent.mail.text.split("\n\n-- ").next().unwrap().trim(), TEXT);
        assert!(sent.mail.html.contains(TEXT));
        // The guest's calendar loses the appointment, by a message that names nobody either.
        // Rachel's had lost nothing.
        let messages = calendars(&sent);
        assert_eq!(messages.len(), usize::from(sent.mail.to == "jordan@example.org"));
        for (method, text) in messages {
            assert!(method == Method::Cancel && text.contains("SUMMARY:Appointment\r\n"), "{text}");
            assert!(
                !text.contains("Sophie") && !text.contains("Abell") && !text.contains("Science"),
                "{text}"
            );
        }
        for secret in ["Sophie", "Rachel", "Jordan", "Science", "16:00"] {
            assert!(!tells(&sent.mail, secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn no_mail_goes_to_a_guest_who_is_barred_or_asked_for_none() {
    let all =
        [Template::Invite, Template::GuestUpdate, Template::InviteRemoved, Template::AccessEnded];
    for case in ["address", "person", "roster", "suppressed"] {
        let world = World::new().await;
        world.queue(world.to_guest(Template::Invite)).await;
        world.deliver_one().await;
        match case {
            "address" => world.bar(world.sophie, None, "jordan@example.org").await,
            "suppressed" => world.suppress("jordan@example.org").await,
            _ => {
                let jordan = world
                    .person(None, "Jordan", "Aaron", Some("Jordan+home@example.org"), "parent")
                    .await;
                if case == "person" {
                    world.bar(world.sophie, Some(jordan), "").await;
                } else {
                    world.link(jordan, world.sophie).await;
                    let link = guardianships::parent_id.eq(key(jordan));
                    world
                        .write(move |db, _| {
                            diesel::update(guardianships::table.filter(link))
                                .set(guardianships::court_order.eq(true))
                                .execute(db)
                                .unwrap()
                        })
                        .await;
                }
            }
        }
        for template in all {
            world.queue(world.to_guest(template)).await;
        }
        world.end_invite("removed").await;
        assert!(world.deliver().await.is_empty(), "{case}");
        // A bar of another student is no matter.
        let world = World::new().await;
        world.bar(world.liz, None, "jordan@example.org").await;
        world.queue(world.to_guest(Template::Invite)).await;
        world.deliver_one().await;
    }
}

#[tokio::test]
async fn nothing_is_told_after_the_evening() {
    let world = World::new().await;
    world.queue(world.to_rachel(Template::BookingsMade)).await;
    world
        .queue(NewMail {
            booking: Some(world.about_sophie),
            ..world.to_rachel(Template::BookingChanged)
        })
        .await;
    world.queue(world.to_guest(Template::Invite)).await;
    world.queue(world.to_guest(Template::GuestUpdate)).await;
    world.clock.advance(TimeDelta::days(4));
    assert!(world.deliver().await.is_empty());
    assert_eq!(world.states().await, ["dropped"; 4]);
}

#[tokio::test]
async fn a_parent_hears_of_a_declined_invite_and_staff_of_an_alert() {
    let world = World::new().await;
    world.end_invite("declined").await;
    world.suppress("jordan@example.org").await;
    world
        .queue(NewMail { invite: Some(world.invite), ..world.to_rachel(Template::InviteDeclined) })
        .await;
    let mail = world.deliver_one().await.mail;
    assert_eq!(mail.to, "Rachel@example.org");
    assert!(tells(&mail, "jordan@example.org") && tells(&mail, "Sophie Aaron"));

    let helen = world.person(None, "Helen", "Okafor", Some("office@school.example"), "staff").await;
    let school = world.school;
    world
        .write(move |db, ctx| {
            use crate::store::events::{Actor, NewEvent, record};
            let actor = Actor { person: None, name: "Rachel Aaron".into() };
            let summary = "Rachel Aaron tried to invite a barred contact.".to_owned();
            record(
                db,
                ctx,
                &NewEvent {
                    school,
                    evening: None,
                    parent: None,
                    student: None,
                    action: "staff_alerted",
                    summary,
                    actor: &actor,
                },
            )
            .unwrap();
        })
        .await;
    for person in [helen, world.rachel] {
        world
            .queue(NewMail { person: Some(person), ..NewMail::new(school, Template::StaffAlert) })
            .await;
    }
    let mail = world.deliver_one().await.mail;
    assert_eq!(mail.to, "office@school.example");
    assert!(
        tells(&mail, "Rachel Aaron tried to invite a barred contact.")
            && tells(&mail, "/s/hillcrest/staff")
    );
}
