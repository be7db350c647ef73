//! Tests of stranded appointments, whose class or an enrolment in it the roster has removed: they
//! stay, staff are told and see them, and can move or cancel them.

mod moving;
mod notifications;
mod races;

use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse};

const OFFICE: &str = "helen.okafor@example.org";

/// A demo school and its office.
struct StrandedFixture {
    school: School,
    office: Actor,
}

impl StrandedFixture {
    async fn start() -> Self {
        let school = School::start().await;
        let office = school.staff().await;
        Self { school, office }
    }

    /// Pushes one row and returns its outcome.
    async fn push(&self, kind: &str, row: Value) -> String {
        self.office
            .put(&format!("/roster/{kind}"), json!({ "items": [row] }))
            .await
            .is(200)
            .text_at("/items/0/outcome")
    }

    /// Rachel's appointments as this actor reads them.
    async fn read(&self, who: &Actor) -> TestResponse {
        let query = if std::ptr::eq(who, &self.office) {
            format!("?parent_id={}", self.school.people.parent.0)
        } else {
            String::new()
        };
        who.get(&self.school.evening(&format!("/bookings{query}"))).await.is(200)
    }

    /// The reason for which each of Rachel's appointments is stranded, as the office sees it.
    async fn stranded_reasons(&self) -> [Option<String>; 3] {
        let answer = self.read(&self.office).await;
        ["Science", "Music", "English"].map(|subject| {
            booking_of_subject(&answer, subject)["stranded"].as_str().map(str::to_owned)
        })
    }

    async fn move_to(&self, who: &Actor, booking: &Value, time: &str) -> TestResponse {
        who.patch(
            &format!("/bookings/{}", booking["id"].as_str().unwrap()),
            json!({ "starts_at": time }),
        )
        .await
    }

    async fn remove_class(&self, class: &str) {
        assert_eq!(
            self.push("classes", json!({ "sourced_id": class, "remove": true })).await,
            "removed"
        );
    }

    /// The text of the only mail, which must be to the office; `None` if there is none.
    async fn office_mail(&self) -> Option<String> {
        let mails = self.school.mails().await;
        assert!(
            mails.len() < 2,
            "{:?}",
            mails.iter().map(|mail| (&mail.to, &mail.subject)).collect::<Vec<_>>()
        );
        let mail = mails.into_iter().next()?;
        assert_eq!(mail.to, OFFICE);
        Some(mail.text)
    }
}

/// The appointment of a subject in My Bookings.
fn booking_of_subject(answer: &TestResponse, subject: &str) -> Value {
    let rows = answer.list("/rows");
    rows.iter()
        .find(|row| row["subject"] == subject)
        .cloned()
        .unwrap_or_else(|| panic!("no {subject} in {}", answer.text))
}

fn place(class: &str, person: &str, role: &str, remove: bool) -> Value {
    json!({
        "class_sourced_id": class,
        "person_sourced_id": person,
        "role": role,
        "remove": remove,
    })
}

/// The expected reasons when only the first of Rachel's three appointments is stranded.
fn science(why: &str) -> [Option<String>; 3] {
    [Some(why.to_owned()), None, None]
}

/// Times at which Rachel could have Science instead of the booked one.
async fn other_times(school: &School, parent: &Actor) -> Vec<String> {
    let grid = parent.get(&school.evening("/slots")).await.is(200);
    let of_sophie = grid
        .list("/students")
        .into_iter()
        .flat_map(|one| one["classes"].as_array().unwrap().clone());
    let class = of_sophie
        .into_iter()
        .find(|class| class["subject"] == "Science" && class["booking_id"].is_string())
        .unwrap();
    let states = class["states"].as_array().unwrap().clone();
    let times = grid.list("/times").into_iter().zip(states).filter(|(_, state)| *state == "free");
    times.map(|(time, _)| time.as_str().unwrap().to_owned()).collect()
}
