//! Tests of every list in pages: all pages together are the whole list, no item comes twice while
//! rows come and go, and bad limits and cursors are refused.

use std::collections::BTreeSet;

use parlour::workers;
use serde_json::{Value, json};

use crate::harness::{Actor, Roster, School, TestResponse, bookable_classes, contract};

/// A list of the contract, with an actor and a path.
struct List {
    operation: &'static str,
    asks: Actor,
    path: String,
    /// The field that identifies an item.
    id: &'static str,
}

impl List {
    async fn page(&self, query: &str) -> TestResponse {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        self.asks.get(&format!("{}{joint}{query}", self.path)).await
    }

    /// The ids of a page and the next cursor.
    async fn read(&self, query: &str) -> (Vec<String>, Option<String>) {
        let page = self.page(query).await.is(200);
        let ids = page
            .list("/items")
            .iter()
            .map(|item| item[self.id].as_str().unwrap().to_owned())
            .collect();
        (ids, page.body["next_cursor"].as_str().map(str::to_owned))
    }

    /// All ids after a cursor, page by page.
    async fn rest(&self, limit: usize, mut cursor: Option<String>) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(after) = cursor {
            let (ids, next) = self.read(&format!("limit={limit}&cursor={after}")).await;
            assert!(
                !ids.is_empty() && ids.len() <= limit,
                "{}: a page of {}",
                self.operation,
                ids.len()
            );
            all.extend(ids);
            assert!(all.len() < 10_000, "{}: no end", self.operation);
            cursor = next;
        }
        all
    }

    async fn all(&self, limit: usize) -> Vec<String> {
        let (mut ids, cursor) = self.read(&format!("limit={limit}")).await;
        ids.extend(self.rest(limit, cursor).await);
        ids
    }
}

/// A school with actors, to which a test can add items of every list.
struct ListFixture {
    school: School,
    office: Actor,
    parent: Actor,
    student: String,
}

impl ListFixture {
    async fn start() -> Self {
        let school = School::start().await;
        school.ignore_mail("other tests read these mails");
        let (office, parent) = (school.staff().await, school.parent().await);
        let student =
            parent.get(&school.evening("/bookings")).await.is(200).text_at("/rows/0/student/id");
        let endpoint =
            json!({ "url": "https://mis.example.org/hooks", "event_types": ["evening.changed"] });
        office.post("/webhooks", endpoint).await.is(201);
        Self { school, office, parent, student }
    }

    /// Adds one more item to each list.
    async fn add(&self, number: usize) {
        let evening = json!({
            "name": format!("evening-{number}"), "title": "Evening", "date": format!(
                "2027-0{}-1{}",
                number % 3 + 1,
                number % 2
            ), "starts": "16:00", "ends": "18:00",
            "slot_minutes": 10, "mode": "video", "booking": {
                "opens": "2026-11-20T08:00",
                "closes": "2027-01-01T12:00",
            }, "classes": [{ "titles": ["Year 9 *"] }],
        });
        self.office.post("/evenings", evening).await.is(201);
        self.office
            .post(
                "/bars",
                json!({
                    "student_id": self.student,
                    "email": format!("barred-{number}@example.org"),
                }),
            )
            .await
            .is(201);
        self.office
            .post(
                "/clients",
                json!({ "name": format!("Program {number}"), "scopes": ["evenings:read"] }),
            )
            .await
            .is(201);
        let row = json!({ "sourced_id": format!("c-{number}"), "title": "Class" });
        self.office.put("/roster/classes", json!({ "items": [row] })).await.is(200);
        // A booking that is made and cancelled is in the API clients' list, in the parent's history
        // and in the mailbox.
        let bookable = bookable_classes(&self.school, &self.parent)
            .await
            .into_iter()
            .find(|bookable| !bookable.free.is_empty())
            .unwrap();
        let made = self
            .parent
            .post(
                &self.school.evening("/bookings"),
                json!({ "bookings": [bookable.at(&bookable.free[0])] }),
            )
            .await
            .is(201);
        self.parent.delete(&format!("/bookings/{}", made.text_at("/items/0/id"))).await.is(204);
        workers::run_due(&self.school.app.mail_worker()).await;
    }

    /// Has several parents invite guests.
    async fn invite(&self) {
        for row in self.school.other_parents().await.iter().take(5) {
            let parent = self.school.as_parent(row).await;
            let Some(bookable) = bookable_classes(&self.school, &parent)
                .await
                .into_iter()
                .find(|bookable| !bookable.free.is_empty())
            else {
                continue;
            };
            parent
                .post(
                    &self.school.evening("/bookings"),
                    json!({ "bookings": [bookable.at(&bookable.free[0])] }),
                )
                .await
                .is(201);
            let invite = json!({
                "name": "Jo",
                "email": "jo@example.org",
                "student_ids": [bookable.student],
                "consent": true,
            });
            parent.post(&self.school.evening("/invites"), invite).await.is(201);
        }
    }

    async fn lists(&self) -> Vec<List> {
        let list = |operation, asks: &Actor, path: &str| List {
            operation,
            asks: asks.clone(),
            path: path.to_owned(),
            id: "id",
        };
        let webhook = self.office.get("/webhooks").await.is(200).text_at("/items/0/id");
        let (office, parent) = (&self.office, &self.parent);
        vec![
            list("list_evenings", office, "/evenings"),
            list("get_history", parent, &self.school.evening("/history")),
            list("list_bookings", office, "/bookings"),
            List { id: "booking_id", ..list("list_attendance", office, "/attendance") },
            list("list_invites", office, "/invites"),
            list("list_parents", office, "/parents"),
            list("list_bars", office, "/bars"),
            list("list_clients", office, "/clients"),
            list("list_roster_imports", office, "/roster/imports"),
            list("list_webhook_deliveries", office, &format!("/webhooks/{webhook}/deliveries")),
            list("list_dev_mails", office, "/dev/mails"),
        ]
    }
}

#[test]
fn every_list_but_webhooks_is_paged() {
    let known = [
        "list_evenings",
        "get_history",
        "list_bookings",
        "list_attendance",
        "list_invites",
        "list_parents",
        "list_bars",
        "list_clients",
    ];
    let known: BTreeSet<String> = known
        .into_iter()
        .chain(["list_webhook_deliveries", "list_dev_mails", "list_roster_imports"])
        .map(str::to_owned)
        .collect();
    let of = |is: fn(&contract::Operation) -> bool| {
        contract::operations()
            .into_iter()
            .filter(is)
            .map(|operation| operation.id)
            .collect::<BTreeSet<_>>()
    };
    let known = &known | &BTreeSet::from(["list_changes".to_owned()]);
    // The change feed has no last page; changes.rs tests it.
    assert_eq!(of(contract::Operation::takes_cursor), known);
    // A school has at most 10 endpoints, so this list has no pages.
    let whole: Vec<String> =
        of(contract::Operation::returns_list).difference(&known).cloned().collect();
    assert_eq!(whole, ["list_webhooks"]);
}

#[tokio::test]
async fn invalid_limits_and_cursors_are_refused() {
    let fixture = ListFixture::start().await;
    for number in 0..3 {
        fixture.add(number).await;
    }
    fixture.invite().await;
    let lists = fixture.lists().await;
    let other_school = fixture.school.other_school().await;
    let mut cursors = Vec::new();
    for list in &lists {
        let name = list.operation;
        for (limit, status) in [
            ("0", 422),
            ("-1", 422),
            ("101", 422),
            ("ten", 400),
            ("1.5", 400),
            ("", 400),
            ("99999999999999999999", 400),
            ("1&limit=2", 400),
        ] {
            let answer = list.page(&format!("limit={limit}")).await;
            let code = if status == 422 { "invalid" } else { "bad_request" };
            assert_eq!(
                (answer.status, answer.code()),
                (status, code),
                "{name}, limit={limit}: {}",
                answer.text
            );
        }
        let cursor = list.read("limit=1").await.1.unwrap_or_else(|| panic!("{name} is too short"));
        let letter = if cursor.starts_with('B') { "C" } else { "B" };
        let shorter = &cursor[..cursor.len() - 2];
        let mangled = [
            String::new(),
            "x".into(),
            "!".into(),
            "AAAA".into(),
            shorter.into(),
            format!("{letter}{}", &cursor[1..]),
            format!("{cursor}AAAA"),
        ];
        let middle = cursor.len() / 2;
        let swapped = if &cursor[middle..=middle] == "A" { "B" } else { "A" };
        for wrong in mangled.into_iter().chain([format!(
            "{}{swapped}{}",
            &cursor[..middle],
            &cursor[middle + 1..]
        )]) {
            let answer = list.page(&format!("cursor={wrong}")).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "bad_cursor"),
                "{name}, cursor={wrong}: {}",
                answer.text
            );
        }
        let answer = list.page(&format!("cursor={cursor}&cursor={cursor}")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{name}, a cursor twice: {}",
            answer.text
        );
        cursors.push(cursor);
    }
    // A cursor is valid neither for another list nor at another school.
    for (place, list) in lists.iter().enumerate() {
        for (other, cursor) in cursors.iter().enumerate() {
            let answer = list.page(&format!("cursor={cursor}")).await;
            let expected = if other == place { 200 } else { 400 };
            assert_eq!(
                answer.status, expected,
                "{} with a cursor of {}: {}",
                list.operation, lists[other].operation, answer.text
            );
        }
        // The paths of these lists contain an id of one school, or belong to no school.
        if !["get_history", "list_webhook_deliveries", "list_dev_mails"].contains(&list.operation) {
            let theirs =
                other_school.staff.get(&format!("{}?cursor={}", list.path, cursors[place])).await;
            assert_eq!(
                (theirs.status, theirs.code()),
                (400, "bad_cursor"),
                "{} at another school: {}",
                list.operation,
                theirs.text
            );
        }
    }
}

#[tokio::test]
async fn pages_of_any_size_concatenate_to_the_whole_list() {
    let fixture = ListFixture::start().await;
    for number in 0..4 {
        fixture.add(number).await;
    }
    fixture.invite().await;
    for list in fixture.lists().await {
        let name = list.operation;
        let whole = list.all(100).await;
        assert!(whole.len() > 3, "{name} has {}", whole.len());
        let unique: BTreeSet<_> = whole.iter().collect();
        assert_eq!(unique.len(), whole.len(), "{name}");
        for limit in [2, 7, whole.len().min(100)] {
            assert_eq!(list.all(limit).await, whole, "{name} by {limit}");
        }
        // A limit equal to the number of items gives no further, empty page.
        if whole.len() <= 100 {
            let (ids, next) = list.read(&format!("limit={}", whole.len())).await;
            assert_eq!((ids.len(), next), (whole.len(), None), "{name}");
        }
    }
}

#[tokio::test]
async fn paging_neither_skips_nor_repeats_while_rows_are_added() {
    let fixture = ListFixture::start().await;
    for number in 0..3 {
        fixture.add(number).await;
    }
    fixture.invite().await;
    let lists = fixture.lists().await;
    let mut begun = Vec::new();
    for list in &lists {
        let whole = list.all(100).await;
        let (first, next) = list.read("limit=2").await;
        begun.push((whole, first, next));
    }
    fixture.school.advance_clock(chrono::TimeDelta::seconds(1));
    for number in 3..6 {
        fixture.add(number).await;
    }
    let parent = "p-new,active,2026-09-01T06:00:00.000Z,true,hillcrest,parent,,,Nora,Abbot,,,nora@\
                  example.org,,,s-sophie-aaron,,,,,,,,";
    // The classes that were pushed are not in these files, so the import removes them.
    Roster::demo().add("users.csv", parent).import_without_limit(&fixture.school).await;
    for (list, (whole, mut seen, next)) in lists.iter().zip(begun) {
        seen.extend(list.rest(3, next).await);
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{} shows something twice", list.operation);
        let old: Vec<_> = seen.iter().filter(|id| whole.contains(id)).cloned().collect();
        assert_eq!(old, whole, "{} in the same order, all of it", list.operation);
    }
}

#[tokio::test]
async fn cursor_survives_deletion_of_its_row() {
    let fixture = ListFixture::start().await;
    for number in 0..6 {
        fixture.add(number).await;
    }
    let lists = fixture.lists().await;
    let removal = |operation: &str, id: &str| match operation {
        "list_evenings" => Some(format!("/evenings/{id}")),
        "list_bars" => Some(format!("/bars/{id}")),
        "list_clients" => Some(format!("/clients/{id}")),
        _ => None,
    };
    let mut tried = 0;
    for list in lists.iter().filter(|list| removal(list.operation, "").is_some()) {
        let whole = list.all(100).await;
        let (first, next) = list.read("limit=3").await;
        let path = removal(list.operation, &first[2]).unwrap();
        fixture.office.delete(&path).await.is(204);
        assert_eq!(list.rest(2, next.clone()).await, whole[3..], "{}", list.operation);
        // An item after the cursor that has been deleted is left out.
        fixture.office.delete(&removal(list.operation, &whole[4]).unwrap()).await.is(204);
        let left: Vec<String> = whole[3..].iter().filter(|id| **id != whole[4]).cloned().collect();
        assert_eq!(list.rest(2, next).await, left, "{}", list.operation);
        tried += 1;
    }
    assert_eq!(tried, 3);
}

#[tokio::test]
async fn moving_an_evening_while_paging_skips_no_other() {
    let fixture = ListFixture::start().await;
    for number in 0..6 {
        fixture.add(number).await;
    }
    let list = fixture.lists().await.swap_remove(0);
    let whole = list.all(100).await;
    let (first, next) = list.read("limit=2").await;
    let moved = |to: &str| json!({ "date": to, "booking": { "closes": format!("{to}T12:00") } });
    // The item at the cursor moves to the end of the drafts, and the items after the cursor are
    // still listed.
    fixture.office.patch(&format!("/evenings/{}", first[1]), moved("2027-01-05")).await.is(200);
    let rest = list.rest(2, next).await;
    let others: Vec<&String> = rest.iter().filter(|id| **id != first[1]).collect();
    assert_eq!(others, whole[2..].iter().collect::<Vec<_>>());
    let page: Value = list.page("limit=100").await.is(200).body;
    assert!(
        page["items"]
            .as_array()
            .unwrap()
            .is_sorted_by(|a, b| a["starts_at"].as_str() >= b["starts_at"].as_str())
    );
}
