//! Tests of calendars after a booking or an invite has ended, in each possible way: everybody who
//! was told of an appointment, and may still get mail, gets a calendar message that removes it.

use std::collections::{BTreeMap, BTreeSet};

use parlour::mail::Mail;
use serde_json::{Value, json};

use crate::harness::{Actor, Roster, School};

const RACHEL: &str = "rachel.aaron@example.org";
const GUEST: &str = "jordan.aaron@example.org";
const OFFICE: &str = "helen.okafor@example.org";

/// People's calendars as RFC 5546 defines them: a message older than the stored entry changes
/// nothing.
#[derive(Default)]
struct Calendars(BTreeMap<(String, String), Entry>);

struct Entry {
    sequence: u32,
    is_current: bool,
    starts: String,
}

impl Calendars {
    fn take(&mut self, mail: &Mail) {
        for message in &mail.calendar {
            let text = message.text.replace("\r\n ", "");
            let value = |name: &str| {
                text.lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                    .unwrap_or_default()
                    .to_owned()
            };
            let (method, sequence) =
                (value("METHOD"), value("SEQUENCE").parse::<u32>().expect("a sequence"));
            let place = (mail.to.to_lowercase(), value("UID"));
            let known = self.0.get(&place);
            // Removing a current entry works with the same sequence. Restoring a removed entry
            // needs a higher one.
            let is_newer = known.is_none_or(|known| {
                sequence > known.sequence
                    || (sequence == known.sequence && known.is_current && method == "REQUEST")
            });
            if is_newer {
                self.0.insert(
                    place,
                    Entry { sequence, is_current: method == "REQUEST", starts: value("DTSTART") },
                );
            }
        }
    }

    fn current_uids(&self, address: &str) -> BTreeSet<String> {
        let own = self.0.iter().filter(|((of, _), entry)| of == address && entry.is_current);
        own.map(|((_, uid), _)| uid.clone()).collect()
    }
}

/// A demo school with the calendars and mails of its people.
struct World {
    school: School,
    office: Actor,
    parent: Actor,
    /// Rachel's appointments by subject.
    bookings: BTreeMap<String, Value>,
    calendars: Calendars,
    /// All mails since the beginning.
    mails: Vec<Mail>,
}

impl World {
    async fn start() -> Self {
        let school = School::start().await;
        let (office, parent) = (school.staff().await, school.parent().await);
        let rows = parent.get(&school.evening("/bookings")).await.is(200).list("/rows");
        let booked = rows.into_iter().filter(|row| row["kind"] == "booking");
        let bookings = booked
            .map(|row| (row["subject"].as_str().expect("a subject").to_owned(), row))
            .collect();
        let mut calendars = Calendars::default();
        for address in [RACHEL, GUEST] {
            calendars.take(school.demo_mail_to(address));
        }
        let world = Self { school, office, parent, bookings, calendars, mails: Vec::new() };
        assert_eq!(
            (world.calendars.current_uids(RACHEL), world.calendars.current_uids(GUEST)),
            (world.uids("Science Music English"), world.uids("Science"))
        );
        world
    }

    fn uids(&self, subjects: &str) -> BTreeSet<String> {
        subjects
            .split_whitespace()
            .map(|subject| {
                format!("booking-{}@parlour", self.bookings[subject]["id"].as_str().expect("an id"))
            })
            .collect()
    }

    fn path(&self, subject: &str) -> String {
        format!("/bookings/{}", self.bookings[subject]["id"].as_str().expect("an id"))
    }

    fn sophie(&self) -> Value {
        self.bookings["Science"]["student"]["id"].clone()
    }

    fn invite(&self) -> String {
        format!("/invites/{}", self.school.people.invite.expect("an invite").0)
    }

    async fn deliver(&mut self) {
        for mail in self.school.mails().await {
            self.calendars.take(&mail);
            self.mails.push(mail);
        }
    }

    async fn push(&self, kind: &str, row: Value) {
        self.office.put(&format!("/roster/{kind}"), json!({ "items": [row] })).await.is(200);
    }

    /// Moves Science to a free time of the grid and returns that time.
    async fn move_science(&self) -> String {
        let grid = self.parent.get(&self.school.evening("/slots")).await.is(200);
        let classes = grid
            .list("/students")
            .into_iter()
            .flat_map(|one| one["classes"].as_array().expect("a list").clone());
        let class = classes
            .into_iter()
            .find(|class| class["booking_id"] == self.bookings["Science"]["id"])
            .expect("science is booked");
        let states = class["states"].as_array().expect("a list").clone();
        let time = grid
            .list("/times")
            .into_iter()
            .zip(states)
            .find(|(_, state)| *state == "free")
            .expect("a free time")
            .0;
        self.parent
            .patch(&self.path("Science"), json!({ "starts_at": time }))
            .await
            .is(200)
            .text_at("/starts_at")
    }

    /// Pushes the guardianship of Rachel and Sophie with these further fields.
    async fn push_link(&self, more: Value) {
        let mut row = json!({
            "parent_sourced_id": "p-rachel-aaron",
            "student_sourced_id": "s-sophie-aaron",
        });
        if more["remove"] != true {
            row["relationship"] = json!("Mother");
        }
        for (field, value) in more.as_object().expect("an object") {
            row[field] = value.clone();
        }
        self.push("guardianships", row).await;
    }

    async fn bar(&self, whom: Value) {
        let mut bar = json!({ "student_id": self.sophie(), "note": "" });
        for (field, value) in whom.as_object().expect("an object") {
            bar[field] = value.clone();
        }
        self.office.post("/bars", bar).await.is(201);
    }

    async fn remove_invite(&self, by: &Actor) {
        by.delete(&self.invite()).await.is(204);
    }

    async fn invite_again(&self) {
        let invite = json!({
            "name": "Jordan Aaron",
            "email": GUEST,
            "student_ids": [self.sophie()],
            "consent": true,
        });
        self.parent.post(&self.school.evening("/invites"), invite).await.is(201);
    }
}

/// Ways in which appointments and invites end or change.
#[derive(Clone, Copy, Debug)]
enum Scenario {
    ParentCancels,
    OfficeCancels,
    ParentMoves,
    ClassGoneThenParentCancels,
    ClassGoneThenOfficeCancels,
    EveningChanges,
    ParentRemovesInvite,
    OfficeRemovesInvite,
    InviteRemovedAndSentAgain,
    InviteRemovedBehindAMove,
    GuestDeclines,
    ImportEndsLink,
    PushEndsLink,
    PushBarsParent,
    OfficeBarsParent,
    OfficeBarsParentsAddress,
    OfficeBarsGuest,
    StudentLeaves,
    ParentLeaves,
    CancelledAndThenLinkEnds,
    CancelledAndThenParentBarred,
}

impl Scenario {
    async fn run(self, world: &mut World) {
        match self {
            Self::ParentCancels => drop(world.parent.delete(&world.path("Science")).await.is(204)),
            Self::OfficeCancels => drop(world.office.delete(&world.path("Science")).await.is(204)),
            Self::ParentMoves => drop(world.move_science().await),
            Self::ClassGoneThenParentCancels | Self::ClassGoneThenOfficeCancels => {
                world.push("classes", json!({ "sourced_id": "9a-science", "remove": true })).await;
                let by = if matches!(self, Self::ClassGoneThenParentCancels) {
                    &world.parent
                } else {
                    &world.office
                };
                by.delete(&world.path("Science")).await.is(204);
            }
            Self::EveningChanges => drop(
                world
                    .office
                    .patch(&world.school.evening(""), json!({ "title": "Year 9 in November" }))
                    .await
                    .is(200),
            ),
            Self::ParentRemovesInvite => world.remove_invite(&world.parent).await,
            Self::OfficeRemovesInvite => world.remove_invite(&world.office).await,
            Self::InviteRemovedAndSentAgain => {
                world.remove_invite(&world.parent).await;
                world.deliver().await;
                assert!(world.calendars.current_uids(GUEST).is_empty());
                world.invite_again().await;
            }
            Self::InviteRemovedBehindAMove => {
                world.move_science().await;
                world.remove_invite(&world.parent).await;
            }
            Self::GuestDeclines => {
                let token = crate::harness::token_of(world.school.demo_mail_to(GUEST));
                world
                    .school
                    .nobody()
                    .post("/guest_links/decline", json!({ "token": token }))
                    .await
                    .is(204);
            }
            Self::ImportEndsLink => drop(Roster::without_sophie().import(&world.school).await),
            Self::PushEndsLink => world.push_link(json!({ "remove": true })).await,
            Self::PushBarsParent => world.push_link(json!({ "court_order": true })).await,
            Self::OfficeBarsParent => {
                world.bar(json!({ "person_id": world.school.people.parent.0 })).await
            }
            Self::OfficeBarsParentsAddress => world.bar(json!({ "email": RACHEL })).await,
            Self::OfficeBarsGuest => world.bar(json!({ "email": GUEST })).await,
            Self::StudentLeaves => {
                world
                    .push("people", json!({ "sourced_id": "s-sophie-aaron", "remove": true }))
                    .await
            }
            Self::ParentLeaves => {
                world
                    .push("people", json!({ "sourced_id": "p-rachel-aaron", "remove": true }))
                    .await
            }
            Self::CancelledAndThenLinkEnds | Self::CancelledAndThenParentBarred => {
                // The second event comes before any mail about the first has been sent.
                world.parent.delete(&world.path("Science")).await.is(204);
                let more = if matches!(self, Self::CancelledAndThenLinkEnds) {
                    json!({ "remove": true })
                } else {
                    json!({ "court_order": true })
                };
                world.push_link(more).await;
            }
        }
    }
}

/// Runs a scenario, then checks the entries in Rachel's and her guest's calendars, whether each of
/// the two had mail, and the mails that staff read.
async fn check(
    scenario: Scenario,
    rachels: &str,
    guests: &str,
    mailed: (bool, bool),
    staff_read: &[&str],
) {
    let mut world = World::start().await;
    scenario.run(&mut world).await;
    world.deliver().await;
    assert_eq!(
        world.calendars.current_uids(RACHEL),
        world.uids(rachels),
        "{scenario:?}: Rachel’s calendar"
    );
    assert_eq!(
        world.calendars.current_uids(GUEST),
        world.uids(guests),
        "{scenario:?}: the guest’s calendar"
    );
    let got = |address: &str| world.mails.iter().any(|mail| mail.to == address);
    assert_eq!((got(RACHEL), got(GUEST)), mailed, "{scenario:?}: who had mail");
    let is_theirs = |mail: &&Mail| [RACHEL, GUEST].contains(&mail.to.as_str());
    assert!(
        world.mails.iter().all(|mail| mail.calendar.is_empty() || is_theirs(&mail)),
        "{scenario:?}: nobody else has it in a calendar"
    );
    // A mail about lost access names nobody, and neither does its calendar message.
    for mail in world.mails.iter().filter(|mail| mail.subject == "Your access has ended") {
        let all: Vec<&str> = mail
            .calendar
            .iter()
            .map(|message| message.text.as_str())
            .chain([mail.text.as_str(), mail.html.as_str()])
            .collect();
        assert!(
            all.iter().all(|text| !text.contains("Sophie")
                && !text.contains("Abell")
                && !text.contains("Science")),
            "{scenario:?}: {all:?}"
        );
    }
    let letters: Vec<&Mail> = world.mails.iter().filter(|mail| mail.to == OFFICE).collect();
    for text in staff_read {
        assert!(
            letters.iter().any(|mail| mail.text.contains(text)),
            "{scenario:?}: staff don’t read {text:?} in {:?}",
            letters.iter().map(|mail| &mail.text).collect::<Vec<_>>()
        );
    }
    let is_alerted = letters.iter().any(|mail| mail.text.contains("Access ended"));
    assert_eq!(is_alerted, !staff_read.is_empty(), "{scenario:?}: staff are told");
}

const BOOKING: &str = "Access ended, so this appointment was cancelled: Year 9 Parents’ Evening, \
                       26 November 2026, 16:00, Science with Mrs Anita Abell, about Sophie Aaron \
                       (Rachel Aaron).";
const INVITE: &str = "Access ended, so this invite ended: Year 9 Parents’ Evening, 26 November \
                      2026, Jordan Aaron, whom Rachel Aaron had invited.";
const ALL: &str = "Science Music English";
const REST: &str = "Music English";

#[tokio::test]
async fn cancelled_appointment_is_removed_from_calendars() {
    check(Scenario::ParentCancels, REST, "", (true, true), &[]).await;
    check(Scenario::OfficeCancels, REST, "", (true, true), &[]).await;
    check(Scenario::ParentMoves, ALL, "Science", (true, true), &[]).await;
    check(Scenario::ClassGoneThenParentCancels, REST, "", (true, true), &[]).await;
    check(Scenario::ClassGoneThenOfficeCancels, REST, "", (true, true), &[]).await;
    check(Scenario::EveningChanges, ALL, "Science", (false, false), &[]).await;
}

#[tokio::test]
async fn ended_invite_is_removed_from_the_guests_calendar() {
    check(Scenario::ParentRemovesInvite, ALL, "", (false, true), &[]).await;
    check(Scenario::OfficeRemovesInvite, ALL, "", (false, true), &[]).await;
    check(Scenario::InviteRemovedAndSentAgain, ALL, "Science", (false, true), &[]).await;
    check(Scenario::InviteRemovedBehindAMove, ALL, "", (true, true), &[]).await;
    // A guest who declines gets no more mail.
    check(Scenario::GuestDeclines, ALL, "Science", (true, false), &[]).await;
}

#[tokio::test]
async fn lost_access_is_removed_from_calendars() {
    check(Scenario::ImportEndsLink, REST, "", (true, true), &[BOOKING, INVITE]).await;
    check(Scenario::PushEndsLink, REST, "", (true, true), &[BOOKING, INVITE]).await;
    check(Scenario::StudentLeaves, REST, "", (true, true), &[BOOKING, INVITE]).await;
    check(Scenario::CancelledAndThenLinkEnds, REST, "", (true, true), &[INVITE]).await;
}

#[tokio::test]
async fn barred_contacts_get_no_mail() {
    check(Scenario::PushBarsParent, ALL, "", (false, true), &[BOOKING, INVITE]).await;
    check(Scenario::OfficeBarsParent, ALL, "", (false, true), &[BOOKING, INVITE]).await;
    check(Scenario::OfficeBarsParentsAddress, ALL, "", (false, true), &[BOOKING, INVITE]).await;
    check(Scenario::OfficeBarsGuest, ALL, "Science", (false, false), &[INVITE]).await;
    check(Scenario::CancelledAndThenParentBarred, ALL, "", (false, true), &[INVITE]).await;
    // A person whom the roster has removed gets no mail either.
    check(Scenario::ParentLeaves, ALL, "", (false, true), &[BOOKING, INVITE]).await;
}

#[tokio::test]
async fn moved_appointment_is_updated_in_calendars() {
    let mut world = World::start().await;
    let time = world.move_science().await;
    world.deliver().await;
    let basic: String = time.chars().filter(|letter| !"-:".contains(*letter)).collect();
    let uid = world.uids("Science").into_iter().next().expect("an appointment about Science");
    for address in [RACHEL, GUEST] {
        let entry = &world.calendars.0[&(address.to_owned(), uid.clone())];
        assert!(
            entry.is_current && basic.starts_with(entry.starts.trim_end_matches('Z')),
            "{address}: {} {time}",
            entry.starts
        );
    }
}
