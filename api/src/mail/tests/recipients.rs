//! Tests of recipients: links and codes work, each mail contains only what its reader may know, and
//! barred people get no mail.

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::id::BookingId;
use uuid::Uuid;

use super::fixture::Fixture;
use crate::{
    calendar::Method,
    keys::{ParsedToken, Purpose},
    mail::{Mail, SentMail},
    schema::{guardianships, login_links, people},
    store::{
        outbox::{NewMail, Template},
        sql_types::{at, key},
    },
};

/// Returns whether both bodies contain a text. Panics when only one does.
#[track_caller]
fn tells(mail: &Mail, what: &str) -> bool {
    let (text, html) = (mail.text.contains(what), mail.html.contains(what));
    assert_eq!(text, html, "only one body contains {what:?}\n{}", mail.text);
    text
}

fn token<'a>(mail: &'a Mail, before: &str) -> &'a str {
    let rest = mail.text.split(before).nth(1).unwrap();
    rest.split_whitespace().next().unwrap()
}

/// The method and text of each of the mail's calendar messages. Each message must be about one
/// entry and contain no link.
#[track_caller]
fn calendars(sent: &SentMail) -> Vec<(Method, &str)> {
    for message in &sent.mail.calendar {
        assert!(
            !message.text.contains("#t=") && !message.text.contains("http"),
            "a calendar message must not contain a link"
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
async fn login_mail_to_the_roster_address_has_valid_link_and_code() {
    let fixture = Fixture::new().await;
    let link = fixture.ask_to_log_in("rachel@EXAMPLE.org".to_owned()).await;
    let mail = fixture.deliver_one().await.mail;
    assert_eq!(
        (mail.to.as_str(), mail.from_name.as_str()),
        ("Rachel@example.org", "Hillcrest School")
    );
    let code = fixture.worker.keys.code(link.0);
    assert!(tells(&mail, &format!("{} {}", &code[..3], &code[3..])));
    let given =
        ParsedToken::parse(token(&mail, "http://localhost:8080/s/hillcrest/login#t=")).unwrap();
    assert!(given.id == link.0 && fixture.worker.keys.is_genuine(Purpose::Login, &given, 0));
    assert!(tells(&mail, "until 10:30"));
}

#[tokio::test]
async fn useless_login_mail_is_dropped() {
    let fixture = Fixture::new().await;
    fixture.ask_to_log_in("nobody@example.org".to_owned()).await;
    let gone = fixture.person(None, "Gone", "Teacher", Some("gone@example.org"), "teacher").await;
    fixture.person(None, "Some", "Student", Some("student@example.org"), "student").await;
    fixture
        .write(move |db, ctx| {
            diesel::update(people::table.find(key(gone)))
                .set(people::removed_at.eq(Some(at(ctx.now))))
                .execute(db)
                .unwrap()
        })
        .await;
    fixture.ask_to_log_in("gone@example.org".to_owned()).await;
    fixture.ask_to_log_in("student@example.org".to_owned()).await;
    let used = fixture.ask_to_log_in("rachel@example.org".to_owned()).await;
    fixture
        .write(move |db, ctx| {
            diesel::update(login_links::table.find(key(used)))
                .set(login_links::used_at.eq(Some(at(ctx.now))))
                .execute(db)
                .unwrap()
        })
        .await;
    assert!(fixture.deliver().await.is_empty());
    fixture.ask_to_log_in("rachel@example.org".to_owned()).await;
    fixture.clock.advance(TimeDelta::minutes(30));
    assert!(fixture.deliver().await.is_empty());
    assert_eq!(fixture.states().await, ["dropped"; 5]);
}

#[tokio::test]
async fn booking_mail_lists_the_parents_appointments() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_rachel(Template::BookingsMade)).await;
    let sent = fixture.deliver_one().await;
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
    for ((method, text), booking) in
        messages.into_iter().zip([fixture.about_sophie, fixture.about_liz])
    {
        assert!(
            method == Method::Request && text.contains(&format!("UID:booking-{booking}@parlour")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn mail_to_a_parent_omits_barred_students() {
    let fixture = Fixture::new().await;
    fixture.bar(fixture.liz, Some(fixture.rachel), "").await;
    fixture.queue(fixture.to_rachel(Template::BookingsMade)).await;
    fixture
        .queue(NewMail {
            booking: Some(fixture.about_liz),
            ..fixture.to_rachel(Template::BookingChanged)
        })
        .await;
    let mail = fixture.deliver_one().await.mail;
    assert!(
        tells(&mail, "Sophie Aaron")
            && !tells(&mail, "Liz")
            && !mail.calendar.iter().any(|message| message.text.contains("Liz"))
    );
    fixture.bar(fixture.sophie, None, "rachel@example.org").await;
    for template in [Template::BookingsMade, Template::AccessEnded] {
        fixture.queue(fixture.to_rachel(template)).await;
    }
    fixture.ask_to_log_in("rachel@example.org".to_owned()).await;
    assert!(fixture.deliver().await.is_empty());
}

#[tokio::test]
async fn change_and_cancellation_mails_update_the_calendar() {
    let fixture = Fixture::new().await;
    let about_one =
        |template| NewMail { booking: Some(fixture.about_sophie), ..fixture.to_rachel(template) };
    fixture.queue(about_one(Template::BookingChanged)).await;
    let sent = fixture.deliver_one().await;
    assert_eq!(sent.mail.subject, "Changed: Science at 16:00, 26 November");
    assert!(!tells(&sent.mail, "Liz"));
    assert_eq!(calendar(&sent).0, Method::Request);
    fixture.cancel(fixture.about_sophie).await;
    fixture.queue(about_one(Template::BookingChanged)).await;
    fixture.queue(about_one(Template::BookingCancelled)).await;
    let sent = fixture.deliver_one().await;
    assert_eq!(sent.mail.subject, "Cancelled: Science at 16:00, 26 November");
    let (method, text) = calendar(&sent);
    assert!(method == Method::Cancel && text.contains("SEQUENCE:1"));
    assert_eq!(fixture.states().await, ["dropped", "sent", "sent"]);
}

#[tokio::test]
async fn invite_mail_lists_only_covered_students() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    let sent = fixture.deliver_one().await;
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
    let given = ParsedToken::parse(given).unwrap();
    assert!(
        given.id == fixture.invite.0 && fixture.worker.keys.is_genuine(Purpose::Guest, &given, 1)
    );
    let (method, text) = calendar(&sent);
    assert!(
        method == Method::Request
            && text.matches("BEGIN:VEVENT").count() == 1
            && !text.contains("Liz")
    );
}

#[tokio::test]
async fn guest_is_notified_of_a_cancellation() {
    let fixture = Fixture::new().await;
    fixture.clock.advance(TimeDelta::hours(1));
    fixture.cancel(fixture.about_sophie).await;
    fixture.queue(fixture.to_guest(Template::GuestUpdate)).await;
    let sent = fixture.deliver_one().await;
    assert!(tells(&sent.mail, "Cancelled: 16:00"));
    assert!(tells(&sent.mail, "No appointment is booked now."));
    let (method, text) = calendar(&sent);
    assert!(
        method == Method::Cancel
            && text.contains(&format!("booking-{}@parlour", fixture.about_sophie))
    );
    // The next mail does not cancel the entry again.
    fixture.clock.advance(TimeDelta::hours(1));
    fixture.queue(fixture.to_guest(Template::GuestUpdate)).await;
    assert!(fixture.deliver_one().await.mail.calendar.is_empty());
}

#[tokio::test]
async fn guest_update_cancels_only_removed_calendar_entries() {
    let fixture = Fixture::new().await;
    let (art, teacher) =
        (BookingId(Uuid::from_u128(9)), fixture.person(None, "Ann", "Hill", None, "teacher").await);
    fixture.booking(art, fixture.sophie, teacher, "Art", "2026-11-26T16:20:00Z").await;
    fixture.clock.advance(TimeDelta::hours(1));
    fixture.cancel(fixture.about_sophie).await;
    fixture.queue(fixture.to_guest(Template::GuestUpdate)).await;
    let sent = fixture.deliver_one().await;
    let messages = calendars(&sent);
    assert_eq!(
        messages.iter().map(|(method, _)| *method).collect::<Vec<_>>(),
        [Method::Cancel, Method::Request]
    );
    assert!(
        messages[0].1.contains(&format!("booking-{}@parlour", fixture.about_sophie))
            && messages[1].1.contains(&format!("booking-{art}@parlour"))
    );
}

#[tokio::test]
async fn invite_removal_is_mailed_only_if_the_invite_was_sent() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    fixture.deliver_one().await;
    fixture.end_invite("removed").await;
    for template in [Template::Invite, Template::GuestUpdate, Template::InviteRemoved] {
        fixture.queue(fixture.to_guest(template)).await;
    }
    let sent = fixture.deliver_one().await;
    assert_eq!(sent.mail.subject, "Rachel Aaron’s invite was removed");
    assert_eq!(calendar(&sent).0, Method::Cancel);
    assert!(!sent.mail.text.contains("#t=") && !sent.mail.html.contains("#t="));

    let fixture = Fixture::new().await;
    fixture.end_invite("removed").await;
    fixture.queue(fixture.to_guest(Template::InviteRemoved)).await;
    assert!(fixture.deliver().await.is_empty());
}

#[tokio::test]
async fn access_ended_mail_reveals_nothing() {
    const TEXT: &str = "Your access to this appointment has ended. Please contact the school.";
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    fixture.deliver_one().await;
    fixture.end_invite("access_ended").await;
    fixture.queue(fixture.to_guest(Template::AccessEnded)).await;
    fixture.queue(fixture.to_rachel(Template::AccessEnded)).await;
    let mails = fixture.deliver().await;
    assert_eq!(mails.len(), 2);
    for sent in mails {
        assert_eq!(sent.mail.text.split("\n\n-- ").next().unwrap().trim(), TEXT);
        assert!(sent.mail.html.contains(TEXT));
        // The guest's calendar loses the appointment by a message that names nobody. Rachel's
        // calendar had no entry to lose.
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
async fn barred_or_suppressed_guest_gets_no_mail() {
    let all =
        [Template::Invite, Template::GuestUpdate, Template::InviteRemoved, Template::AccessEnded];
    for case in ["address", "person", "roster", "suppressed"] {
        let fixture = Fixture::new().await;
        fixture.queue(fixture.to_guest(Template::Invite)).await;
        fixture.deliver_one().await;
        match case {
            "address" => fixture.bar(fixture.sophie, None, "jordan@example.org").await,
            "suppressed" => fixture.suppress("jordan@example.org").await,
            _ => {
                let jordan = fixture
                    .person(None, "Jordan", "Aaron", Some("Jordan+home@example.org"), "parent")
                    .await;
                if case == "person" {
                    fixture.bar(fixture.sophie, Some(jordan), "").await;
                } else {
                    fixture.link(jordan, fixture.sophie).await;
                    let link = guardianships::parent_id.eq(key(jordan));
                    fixture
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
            fixture.queue(fixture.to_guest(template)).await;
        }
        fixture.end_invite("removed").await;
        assert!(fixture.deliver().await.is_empty(), "{case}");
        // A bar for another student does not matter.
        let fixture = Fixture::new().await;
        fixture.bar(fixture.liz, None, "jordan@example.org").await;
        fixture.queue(fixture.to_guest(Template::Invite)).await;
        fixture.deliver_one().await;
    }
}

#[tokio::test]
async fn mails_are_dropped_after_the_evening() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_rachel(Template::BookingsMade)).await;
    fixture
        .queue(NewMail {
            booking: Some(fixture.about_sophie),
            ..fixture.to_rachel(Template::BookingChanged)
        })
        .await;
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    fixture.queue(fixture.to_guest(Template::GuestUpdate)).await;
    fixture.clock.advance(TimeDelta::days(4));
    assert!(fixture.deliver().await.is_empty());
    assert_eq!(fixture.states().await, ["dropped"; 4]);
}

#[tokio::test]
async fn declined_invite_is_mailed_to_parent_and_alert_to_staff() {
    let fixture = Fixture::new().await;
    fixture.end_invite("declined").await;
    fixture.suppress("jordan@example.org").await;
    fixture
        .queue(NewMail {
            invite: Some(fixture.invite),
            ..fixture.to_rachel(Template::InviteDeclined)
        })
        .await;
    let mail = fixture.deliver_one().await.mail;
    assert_eq!(mail.to, "Rachel@example.org");
    assert!(tells(&mail, "jordan@example.org") && tells(&mail, "Sophie Aaron"));

    let helen =
        fixture.person(None, "Helen", "Okafor", Some("office@school.example"), "staff").await;
    let school = fixture.school;
    fixture
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
    for person in [helen, fixture.rachel] {
        fixture
            .queue(NewMail { person: Some(person), ..NewMail::new(school, Template::StaffAlert) })
            .await;
    }
    let mail = fixture.deliver_one().await.mail;
    assert_eq!(mail.to, "office@school.example");
    assert!(
        tells(&mail, "Rachel Aaron tried to invite a barred contact.")
            && tells(&mail, "/s/hillcrest/staff")
    );
}
