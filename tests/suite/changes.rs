//! Tests of the change feed: first the whole school, then each change once, and no change is missed
//! during concurrent writes.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use parlour::{schema::bookings, store::sql_types::at};
use parlour_wire::ClientMessage;
use serde_json::{Value, json};

use crate::{
    exports::{api_client_token, get},
    harness::{School, bookable_classes},
};

const ALL: [&str; 4] = ["evenings:read", "bookings:read", "invites:read", "attendance:read"];

/// A reader of the feed that continues at its last cursor.
struct Reader<'a> {
    school: &'a School,
    token: String,
    cursor: Option<String>,
}

impl<'a> Reader<'a> {
    async fn new(school: &'a School, scopes: &[&str]) -> Self {
        Self { school, token: api_client_token(school, scopes).await, cursor: None }
    }

    /// Reads everything up to now, in pages of `limit`.
    async fn read_new(&mut self, limit: usize) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            let cursor =
                self.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page =
                get(&self.school.nobody(), &format!("/changes?limit={limit}{cursor}"), &self.token)
                    .await
                    .is(200);
            self.cursor = Some(page.text_at("/next_cursor"));
            items.extend(page.list("/items"));
            if page.body["has_more"] == false {
                return items;
            }
            assert!(!page.list("/items").is_empty(), "has_more on an empty page");
        }
    }
}

/// Kind and id of each item.
fn names(items: &[Value]) -> Vec<(String, String)> {
    items
        .iter()
        .map(|item| {
            (item["kind"].as_str().unwrap().to_owned(), item["id"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[tokio::test]
async fn feed_from_the_start_lists_everything_once() {
    let school = School::start().await;
    let staff = school.staff().await;
    let items = Reader::new(&school, &ALL).await.read_new(7).await;
    let known: BTreeMap<_, _> = names(&items).into_iter().zip(&items).collect();
    assert_eq!(known.len(), items.len(), "no item comes twice");
    for (list, kind, limit) in
        [("/bookings", "booking", 100), ("/invites", "invite", 100), ("/evenings", "evening", 100)]
    {
        let page = staff.get(&format!("{list}?limit={limit}")).await.is(200);
        assert!(!page.list("/items").is_empty(), "{list} is empty");
        for item in page.list("/items") {
            let change = known[&(kind.to_owned(), item["id"].as_str().unwrap().to_owned())];
            assert_eq!(change["deleted"], false);
            // An API client without the scope for guests sees no name and no address.
            let hidden =
                |name: &&String| !(kind == "invite" && ["name", "email"].contains(&name.as_str()));
            for (name, value) in item.as_object().unwrap().iter().filter(|(name, _)| hidden(name)) {
                assert_eq!(&change[kind][name], value, "{kind} {name}");
            }
        }
    }
    // Larger pages give the same items.
    assert_eq!(names(&Reader::new(&school, &ALL).await.read_new(100).await), names(&items));
}

#[tokio::test]
async fn writes_appear_after_the_cursor() {
    let school = School::start().await;
    let mut reader = Reader::new(&school, &ALL).await;
    reader.read_new(100).await;
    assert!(reader.read_new(100).await.is_empty(), "nothing happened");
    let parent = school.parent().await;
    let rows = parent.get(&school.evening("/bookings")).await.is(200);
    let (first, second, starts_at) =
        (rows.text_at("/rows/0/id"), rows.text_at("/rows/1/id"), rows.text_at("/rows/0/starts_at"));
    parent.delete(&format!("/bookings/{second}")).await.is(204);
    let invite = school.people.invite.unwrap().0.to_string();
    parent.delete(&format!("/invites/{invite}")).await.is(204);
    let stranger = school.stranger().await;
    let bookable = bookable_classes(&school, &stranger)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    let made = stranger
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201)
        .text_at("/items/0/id");
    let new_items = reader.read_new(1).await;
    let mut expected = vec![
        ("booking".to_owned(), second),
        ("invite".to_owned(), invite),
        ("booking".to_owned(), made),
    ];
    expected.sort();
    let mut told = names(&new_items);
    told.sort();
    assert_eq!(told, expected);
    assert!(
        new_items
            .iter()
            .all(|one| one["kind"] != "invite" || one["invite"]["ended_at"].is_string())
    );
    // A person joins a call and leaves it: a reader sees one change of attendance.
    school.clock.set(starts_at.parse().unwrap());
    let mut teacher =
        school.teacher().await.join_call(&format!("/bookings/{first}/call"), "desk").await;
    teacher.seated().await;
    teacher.send_message(ClientMessage::Leave).await;
    teacher.evicted().await;
    reader.token = api_client_token(&school, &ALL).await;
    let new_items = reader.read_new(100).await;
    let of_calls: Vec<&Value> =
        new_items.iter().filter(|one| one["kind"] == "attendance").collect();
    assert_eq!(of_calls.len(), 1, "{new_items:?}");
    assert_eq!(
        (of_calls[0]["id"].as_str(), &of_calls[0]["attendance"]["people"][0]["role"]),
        (Some(first.as_str()), &json!("teacher"))
    );
    school
        .teacher()
        .await
        .put(&format!("/bookings/{first}/record"), json!({ "no_show": true, "note": "" }))
        .await
        .is(200);
    assert_eq!(
        reader
            .read_new(100)
            .await
            .iter()
            .map(|one| one["attendance"]["no_show"].clone())
            .collect::<Vec<_>>(),
        [true]
    );
    // Attendance contains the time of the appointment, so it changes too.
    school.staff().await.delete(&format!("/bookings/{first}")).await.is(204);
    let mut kinds: Vec<String> =
        names(&reader.read_new(100).await).into_iter().map(|(kind, _)| kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["attendance", "booking"]);
    school.ignore_mail("bookings.rs and invites.rs test these mails");
}

/// A reader of one kind does not read past the other kinds' changes again and again.
#[tokio::test]
async fn cursor_advances_past_unsubscribed_kinds() {
    let school = School::start().await;
    let mut reader = Reader::new(&school, &["invites:read"]).await;
    assert!(!reader.read_new(100).await.is_empty());
    let before = reader.cursor.clone();
    let parent = school.parent().await;
    let booking = parent.get(&school.evening("/bookings")).await.is(200).text_at("/rows/0/id");
    parent.delete(&format!("/bookings/{booking}")).await.is(204);
    assert!(reader.read_new(100).await.is_empty());
    assert_ne!(reader.cursor, before);
    let invite = school.people.invite.unwrap().0.to_string();
    parent.delete(&format!("/invites/{invite}")).await.is(204);
    assert_eq!(names(&reader.read_new(100).await), [("invite".to_owned(), invite)]);
    school.ignore_mail("bookings.rs and invites.rs test these mails");
}

#[tokio::test]
async fn uncommitted_writes_are_not_skipped() {
    let school = School::start().await;
    let mut reader = Reader::new(&school, &ALL).await;
    reader.read_new(100).await;
    let parent = school.parent().await;
    let rows = parent.get(&school.evening("/bookings")).await.is(200);
    let slow: uuid::Uuid = rows.text_at("/rows/0/id").parse().unwrap();
    // A slow transaction has written and not yet committed.
    let mut writing = school.app.config.database.connect().unwrap();
    let is_sqlite = matches!(writing, parlour::store::Db::Sqlite(_));
    diesel::sql_query("begin").execute(&mut writing).unwrap();
    let written = diesel::update(bookings::table.find(parlour::store::sql_types::Key(slow)))
        .set(bookings::changed_at.eq(at(school.now())));
    assert_eq!(written.execute(&mut writing).unwrap(), 1);
    // Where the database allows concurrent writers, others write meanwhile, and the reader reads
    // their changes.
    let quick = rows.text_at("/rows/1/id");
    if !is_sqlite {
        parent.delete(&format!("/bookings/{quick}")).await.is(204);
        assert_eq!(names(&reader.read_new(100).await), [("booking".to_owned(), quick)]);
    }
    assert!(reader.read_new(100).await.is_empty());
    diesel::sql_query("commit").execute(&mut writing).unwrap();
    assert_eq!(names(&reader.read_new(100).await), [("booking".to_owned(), slow.to_string())]);
    school.ignore_mail("bookings.rs tests the mail about a cancellation");
}

#[tokio::test]
async fn reader_beside_concurrent_writers_converges() {
    let school = School::start().await;
    let staff = school.staff().await;
    let ids: Vec<String> = staff
        .get(&format!("/bookings?limit=24&evening_id={}", school.people.evening.0))
        .await
        .is(200)
        .list("/items")
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 24);
    let mut reader = Reader::new(&school, &["bookings:read"]).await;
    let writers: Vec<_> = ids
        .chunks(6)
        .map(|chunk| {
            let (staff, chunk) = (staff.clone(), chunk.to_vec());
            tokio::spawn(async move {
                for id in chunk {
                    staff.delete(&format!("/bookings/{id}")).await.is(204);
                }
            })
        })
        .collect();
    let mut copy = BTreeMap::new();
    let mut keep = |items: Vec<Value>| {
        copy.extend(
            items.into_iter().map(|item| (item["id"].clone().to_string(), item["booking"].clone())),
        )
    };
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        keep(reader.read_new(5).await);
    }
    keep(reader.read_new(5).await);
    for writer in writers {
        writer.await.unwrap();
    }
    keep(reader.read_new(5).await);
    for id in ids {
        assert!(copy[&format!("\"{id}\"")]["cancelled_at"].is_string(), "{id} was passed by");
    }
    assert!(reader.read_new(5).await.is_empty());
    school.ignore_mail("bookings.rs tests the mail about a cancellation");
}

#[tokio::test]
async fn feed_is_filtered_by_scopes() {
    let school = School::start().await;
    let nobody = school.nobody();
    nobody.get("/changes").await.refuses(401, "not_logged_in");
    school.parent().await.get("/changes").await.refuses(403, "wrong_role");
    school.teacher().await.get("/changes").await.refuses(403, "wrong_role");
    let bookings = Reader::new(&school, &["bookings:read"]).await.read_new(100).await;
    assert!(!bookings.is_empty() && bookings.iter().all(|item| item["kind"] == "booking"));
    let token = api_client_token(&school, &["bookings:read", "invites:read", "guests:read"]).await;
    let invites = get(&nobody, "/changes?kinds=invite", &token).await.is(200).list("/items");
    assert!(
        !invites.is_empty() && invites.iter().all(|item| item["invite"]["email"].is_string()),
        "{invites:?}"
    );
    get(&nobody, "/changes?kinds=invite,evening", &token).await.refuses(403, "scope_missing");
    get(&nobody, "/changes?kinds=invites", &token).await.refuses(422, "invalid");
    let none = api_client_token(&school, &["guests:read", "invites:read"]).await;
    get(&nobody, "/changes?kinds=booking", &none).await.refuses(403, "scope_missing");
    // Another school's staff see no change of this school, and its cursors are refused to them.
    let cursor = school.staff().await.get("/changes?limit=1").await.is(200).text_at("/next_cursor");
    let other_school = school.other_school().await;
    assert!(other_school.staff.get("/changes").await.is(200).list("/items").is_empty());
    other_school.staff.get(&format!("/changes?cursor={cursor}")).await.refuses(400, "bad_cursor");
}

#[tokio::test]
async fn invalid_cursors_are_refused_and_etag_gives_304() {
    let school = School::start().await;
    let staff = school.staff().await;
    for limit in ["0", "-1", "101"] {
        staff.get(&format!("/changes?limit={limit}")).await.refuses(422, "invalid");
    }
    for limit in ["99999999999999999999", "ten"] {
        staff.get(&format!("/changes?limit={limit}")).await.refuses(400, "bad_request");
    }
    let cursor = staff.get("/changes?limit=1").await.is(200).text_at("/next_cursor");
    let of_bookings = staff.get("/bookings?limit=1").await.is(200).text_at("/next_cursor");
    for cursor in ["x", "!", "AAAA", "", &cursor[..cursor.len() - 4], &of_bookings] {
        staff.get(&format!("/changes?cursor={cursor}")).await.refuses(400, "bad_cursor");
    }
    staff.get(&format!("/bookings?cursor={cursor}")).await.refuses(400, "bad_cursor");
    // A cursor at a sequence number that has not been assigned yet is refused.
    let never = format!("{}f_8A", &cursor[..cursor.len() - 4]);
    staff.get(&format!("/changes?cursor={never}")).await.refuses(400, "bad_cursor");
    // After a backup was restored, older cursors are refused.
    let old = staff.get("/changes?limit=1").await.is(200).text_at("/next_cursor");
    let ctx = school.app.context();
    assert_eq!(
        school.app.store.write(move |db| parlour::store::changes::renew(db, &ctx)).await.unwrap(),
        1
    );
    staff.get(&format!("/changes?cursor={old}")).await.refuses(400, "bad_cursor");
    let cursor = staff.get("/changes?limit=1").await.is(200).text_at("/next_cursor");
    // A cursor has no expiry.
    let path = format!("/changes?cursor={cursor}&limit=100");
    let tag = staff.get(&path).await.is(200).header("etag").unwrap().to_owned();
    school.advance_clock(TimeDelta::days(2));
    staff
        .send("GET", &path, staff.request("GET", &path).header("if-none-match", tag))
        .await
        .is(304);
}
