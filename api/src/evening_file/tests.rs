//! Tests of evening files: tables of accepted and refused files, and the effects of loading one.

use diesel::prelude::*;
use parlour_domain::{evening::Mode, id::ClassId};
use uuid::Uuid;

use super::{Entry, EveningFile, LoadOutcome, load};
use crate::{
    config,
    context::{Context, Random},
    demo,
    evening_spec::{Checked, ClassRule, SchoolClass, SpecError, choose, is_like},
    schema::{evening_classes, evenings, events},
    store::{Store, metadata, test_database::TestDatabase},
};

const SOUND: &str = r#"
school = "hillcrest"
name = "spring"
title = "Spring Evening"
date = 2027-03-18
starts = "16:00"
ends = "19:00"
slot_minutes = 5
mode = "video"
booking = { opens = "2027-03-01T08:00", closes = "2027-03-18T12:00" }
[[classes]]
all = true
"#;

/// Checks a file for a school in London.
fn checked(file: EveningFile) -> Result<Checked, SpecError> {
    file.spec("Europe/London")?.check(chrono_tz::Europe::London)
}

/// Replaces a text of the valid file and checks the outcome: a one-sentence refusal that contains
/// all of `parts`, or success when `parts` is empty.
#[track_caller]
fn check_file(replace: &str, with: &str, parts: &[&str]) {
    let text = SOUND.replace(replace, with);
    assert!(replace.is_empty() || text != SOUND, "{replace:?} is not in the file");
    let outcome = EveningFile::parse(&text).and_then(checked).map(drop);
    match outcome {
        Ok(()) => assert!(parts.is_empty(), "{with:?} should be refused"),
        Err(problem) => {
            let said = problem.to_string();
            assert!(
                !parts.is_empty() && parts.iter().all(|part| said.contains(part)),
                "{with:?}: {said:?} should hold {parts:?}"
            );
            assert!(!said.contains('\n'), "one sentence: {said:?}");
        }
    }
}

#[test]
fn accepts_valid_files_in_several_spellings() {
    check_file("", "", &[]);
    check_file("2027-03-18\n", "\"2027-03-18\"\n", &[]);
    check_file("\"16:00\"", "16:00:00", &[]);
    check_file("\"2027-03-01T08:00\"", "2027-03-01T08:00:00", &[]);
    check_file("\"2027-03-01T08:00\"", "\"2027-03-01 08:00\"", &[]);
    check_file(
        "mode =",
        "time_zone = \"Europe/Berlin\"\ngap_seconds = 30\ncapacity = 5\nmode =",
        &[],
    );
    check_file(
        "all = true",
        "ids = [\"a\"]\nsubjects = \"Science\"\ntitles = [\"Year 9*\"]\nexclude_ids = \
         [\"b\"]\nmeet = \"video\"",
        &[],
    );
}

#[test]
fn errors_name_the_key_and_the_fix() {
    check_file("school = \"hillcrest\"\n", "", &["missing field `school`"]);
    check_file(
        "mode =",
        "colour = \"red\"\nmode =",
        &["line 9 (colour = \"red\")", "unknown field `colour`", "expected one of"],
    );
    check_file("all = true", "al = true", &["unknown field `al`"]);
    check_file("mode = \"video\"", "mode = \"fun\"", &["line 9", "in_person"]);
    check_file("all = true", "titles = 9", &["line 12 (titles = 9)", "a text in quotes"]);
    check_file("name = \"spring\"", "name = \" \"", &["name: give 1 to 100 characters"]);
    check_file("2027-03-18\n", "\"18/3/2027\"\n", &["date:", "like 2026-11-26"]);
    check_file("2027-03-18\n", "\"+12027-03-18\"\n", &["date:", "like 2026-11-26"]);
    check_file("2027-03-01T08:00", "-0027-03-01T08:00", &["booking.opens:", "without an offset"]);
    check_file("\"16:00\"", "\"4 pm\"", &["starts:", "like 16:00"]);
    check_file("\"16:00\"", "\"16:00:30\"", &["starts:", "whole minute"]);
    check_file("\"19:00\"", "\"15:00\"", &["ends:", "later than starts"]);
    check_file("\"19:00\"", "\"16:04\"", &["ends:", "no slot fits"]);
    check_file("slot_minutes = 5", "slot_minutes = 0", &["slot_minutes:", "1 to 120"]);
    check_file("slot_minutes = 5", "slot_minutes = -5", &["slot_minutes:", "out of range"]);
    check_file("mode =", "gap_seconds = 90\nmode =", &["gap_seconds:", "whole minutes"]);
    check_file("mode =", "capacity = 6\nmode =", &["capacity:", "2 to 5"]);
    check_file("mode =", "time_zone = \"Mars\"\nmode =", &["time_zone:", "Europe/London"]);
    check_file(
        "2027-03-01T08:00",
        "2027-03-01T08:00:00Z",
        &["booking.opens:", "without an offset"],
    );
    check_file(
        "2027-03-18T12:00",
        "2027-02-18T12:00",
        &["booking.closes:", "later than booking.opens"],
    );
    check_file(
        "2027-03-18T12:00",
        "2027-03-19T12:00",
        &["booking.closes:", "the end of the evening"],
    );
}

#[test]
fn dst_changes_are_handled() {
    // In London the clocks went forward on 28 March 2027 at 01:00 and back on 25 October 2026 at
    // 02:00.
    check_file("2027-03-18\n", "2027-04-18\n", &[]);
    let spring = SOUND.replace("2027-03-18", "2027-04-18");
    let gap = EveningFile::parse(&spring.replace("2027-03-01T08:00", "2027-03-28T01:30")).unwrap();
    let said = checked(gap).err().map(|problem| problem.to_string()).unwrap_or_default();
    assert!(
        said.starts_with("booking.opens: 2027-03-28 01:30 does not exist in Europe/London"),
        "{said}"
    );
    let twice = EveningFile::parse(&SOUND.replace("2027-03-01T08:00", "2026-10-25T01:30")).unwrap();
    let earlier = checked(twice).map(|checked| checked.window.opens_at.to_rfc3339()).unwrap();
    assert_eq!(earlier, "2026-10-25T00:30:00+00:00", "of two, the earlier one counts");
    let abroad =
        EveningFile::parse(&SOUND.replace("mode =", "time_zone = \"Asia/Kolkata\"\nmode ="))
            .unwrap();
    let checked = checked(abroad).unwrap();
    assert_eq!(
        checked.timing.starts_at().to_rfc3339(),
        "2027-03-18T10:30:00+00:00",
        "the evening is in its own zone"
    );
    assert_eq!(
        checked.window.opens_at.to_rfc3339(),
        "2027-03-01T08:00:00+00:00",
        "the window is in the school's"
    );
}

fn class(
    number: u128,
    title: &str,
    subject: &str,
    teachers: usize,
    students: usize,
) -> SchoolClass {
    SchoolClass {
        id: ClassId(Uuid::from_u128(number)),
        sourced_id: format!("c{number}"),
        title: title.to_owned(),
        subject: subject.to_owned(),
        teachers,
        students,
    }
}

fn school() -> Vec<SchoolClass> {
    vec![
        class(1, "Year 9 Science A", "Science", 1, 20),
        class(2, "Year 9 Drama", "Drama", 3, 20),
        class(3, "Year 10 Science", "Science", 2, 20),
        class(4, "Year 9 Library", "Library", 0, 20),
        class(5, "Year 9 Latin", "Latin", 1, 0),
        class(6, "Staff Choir", "Music", 4, 1),
    ]
}

/// Checks which classes the entries choose (`1v` meets by video, `1p` in person), or the sentence
/// with which they are refused.
#[track_caller]
fn check_choice(entries: &str, mode: Mode, capacity: u32, expected: Result<&str, &str>) {
    #[derive(serde::Deserialize)]
    struct Entries {
        classes: Vec<Entry>,
    }
    let entries: Entries = toml::from_str(&format!("classes = [{entries}]")).unwrap();
    let rules: Vec<ClassRule> = entries.classes.into_iter().map(ClassRule::from).collect();
    match (choose(&rules, &school(), mode, capacity), expected) {
        (Ok(choice), Ok(expected)) => {
            let found: Vec<String> = choice
                .chosen
                .iter()
                .map(|(class, video)| {
                    format!("{}{}", class.0.as_u128(), if *video { 'v' } else { 'p' })
                })
                .collect();
            let left_out = choice.left_out.iter().map(|class| format!("-{class}"));
            assert_eq!(found.into_iter().chain(left_out).collect::<Vec<_>>().join(" "), expected);
        }
        (Err(problem), Err(part)) => {
            assert!(problem.to_string().contains(part), "{problem} should hold {part:?}")
        }
        (found, expected) => panic!("expected {expected:?}, found {found:?}"),
    }
}

#[test]
fn class_entries_select_classes() {
    check_choice("{ ids = ['c1', 'c3'] }", Mode::Video, 4, Ok("1v 3v"));
    check_choice("{ subjects = ['science'] }", Mode::Video, 4, Ok("1v 3v"));
    check_choice("{ titles = 'year 9 *', subjects = 'Science' }", Mode::Video, 4, Ok("1v"));
    check_choice("{ titles = 'Year 9 [A]*', ids = ['c3'] }", Mode::Video, 4, Ok("3v"));
    check_choice("{ titles = '*science*', exclude_ids = ['c3'] }", Mode::InPerson, 4, Ok("1p"));
    check_choice(
        "{ all = true, exclude_ids = ['c6'] }",
        Mode::Video,
        4,
        Ok("1v 2v 3v -Year 9 Latin (c5) has no students -Year 9 Library (c4) has no teachers"),
    );
    check_choice(
        "{ ids = ['c1'], meet = 'video' }, { ids = ['c3'], meet = 'in_person' }",
        Mode::Hybrid,
        4,
        Ok("1v 3p"),
    );
    check_choice("{ ids = ['c1'] }, { titles = '*9 Sci*' }", Mode::Video, 4, Ok("1v"));
}

#[test]
fn contradictory_class_entries_are_refused() {
    check_choice("", Mode::Video, 4, Err("classes: no class takes part"));
    check_choice("{}", Mode::Video, 4, Err("classes entry 1: chooses nothing"));
    check_choice(
        "{ ids = ['c1'] }, { ids = ['x'] }",
        Mode::Video,
        4,
        Err("classes entry 2, ids: no class \"x\""),
    );
    check_choice(
        "{ all = true, exclude_ids = ['x'] }",
        Mode::Video,
        4,
        Err("classes entry 1, exclude_ids: no class \"x\""),
    );
    check_choice(
        "{ all = true, ids = ['c1'] }",
        Mode::Video,
        4,
        Err("all = true chooses every class"),
    );
    check_choice(
        "{ subjects = ['Sciense'] }",
        Mode::Video,
        4,
        Err("no class has the subject \"Sciense\""),
    );
    check_choice("{ titles = 'Year 12*' }", Mode::Video, 4, Err("no class matches"));
    check_choice("{ ids = ['c4'] }", Mode::Video, 4, Err("no class takes part"));
    check_choice("{ ids = ['c1'] }", Mode::Hybrid, 4, Err("meet: is missing"));
    check_choice(
        "{ ids = ['c1'], meet = 'in_person' }",
        Mode::Video,
        4,
        Err("meet: says in_person"),
    );
    check_choice("{ ids = ['c1'], meet = 'video' }", Mode::InPerson, 4, Err("meet: says video"));
    check_choice(
        "{ ids = ['c1'], meet = 'video' }, { ids = ['c1'], meet = 'in_person' }",
        Mode::Hybrid,
        4,
        Err("Year 9 Science A (c1) is to meet by video"),
    );
    check_choice(
        "{ ids = ['c6'] }",
        Mode::Video,
        5,
        Err("Staff Choir (c6) has 4 teachers and at most 3"),
    );
    check_choice(
        "{ ids = ['c2'] }",
        Mode::Video,
        3,
        Err("capacity: Year 9 Drama (c2) has 3 teachers, so with one parent 4 people; a call \
             holds 3"),
    );
}

#[test]
fn pattern_matching_supports_wildcards() {
    let check = |pattern: &str, text: &str, expected: bool| {
        assert_eq!(is_like(pattern, text), expected, "{pattern:?} {text:?}")
    };
    check("Year 9*", "year 9 Science", true);
    check("Year 9*", "Year 10 Science", false);
    check("*", "", true);
    check("", "", true);
    check("", "a", false);
    check("*a*b*", "xxaxxbxx", true);
    check("*a*b", "xxaxxbxx", false);
    check("Year ?", "Year 9", true);
    check("Year ?", "Year 10", false);
    check("ÉCOLE*", "école de danse", true);
    check(&"*a".repeat(40), &"a".repeat(80), true);
}

async fn hillcrest() -> (TestDatabase, Store, Context) {
    let database = TestDatabase::new();
    let store = database.store(2);
    store.write(|db| metadata::claim_for_mode(db, config::Mode::Demo)).await.unwrap().unwrap();
    let ctx = Context::new("2026-11-23T10:00:00Z".parse().unwrap(), Random::seeded(1));
    demo::load(&store, &ctx).await.unwrap();
    (database, store, ctx)
}

/// The demo's parents' evening, as a file.
const YEAR_9: &str = r#"
school = "hillcrest"
name = "year-9-parents-2026-11-26"
title = "Year 9 Parents’ Evening"
date = 2026-11-26
starts = "16:00"
ends = "19:00"
slot_minutes = 5
mode = "video"
booking = { opens = "2026-11-05T08:00", closes = "2026-11-26T15:00" }
[[classes]]
titles = "Year 9 *"
"#;

#[tokio::test]
async fn loading_a_file_twice_creates_one_evening() {
    let (_database, store, ctx) = hillcrest().await;
    let text = SOUND.replace("all = true", "titles = \"Year 10*\"");
    let first = load(&store, &ctx, &text).await.unwrap();
    assert_eq!((first.outcome, first.slots, first.classes), (LoadOutcome::Added, 36, 4));
    let again = load(&store, &ctx, &text).await.unwrap();
    assert_eq!((again.outcome, again.evening), (LoadOutcome::Unchanged, first.evening));
    let changed = text
        .replace("19:00", "18:00")
        .replace("slot_minutes = 5", "slot_minutes = 10")
        .replace("Year 10*", "Year 11*");
    let changed = load(&store, &ctx, &changed).await.unwrap();
    assert_eq!(
        (changed.outcome, changed.evening, changed.slots, changed.classes),
        (LoadOutcome::Changed, first.evening, 12, 4)
    );
    let rows = store
        .read(move |db| {
            let slot: i32 = evenings::table
                .filter(evenings::name.eq("spring"))
                .select(evenings::slot_minutes)
                .first(db)?;
            let id: crate::store::sql_types::Key = first.evening.into();
            Ok((
                slot,
                evening_classes::table
                    .filter(evening_classes::evening_id.eq(id))
                    .count()
                    .get_result::<i64>(db)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(rows, (10, 4));
}

/// The audit log's entries about the school's evenings since the demo was loaded.
async fn logged(store: &Store) -> Vec<(String, String)> {
    let read = |db: &mut crate::store::Db| {
        let of_evenings = events::table
            .filter(events::action.like("evening_%").and(events::summary.like("%Spring Evening%")));
        Ok(of_evenings.order(events::id).select((events::action, events::summary)).load(db)?)
    };
    store.read(read).await.unwrap()
}

#[tokio::test]
async fn loading_writes_audit_log() {
    let (_database, store, ctx) = hillcrest().await;
    let text = SOUND.replace("all = true", "titles = \"Year 10*\"");
    load(&store, &ctx, &text).await.unwrap();
    load(&store, &ctx, &text).await.unwrap();
    let later = ctx.as_of(ctx.now + chrono::TimeDelta::hours(1));
    let changed = text.replace("19:00", "18:00").replace("Year 10*", "Year 11*");
    load(&store, &later, &changed).await.unwrap();
    let expected = [
        ("evening_added", "Added Spring Evening, 18 March 2027 16:00 to 19:00, 4 classes."),
        (
            "evening_changed",
            "Changed Spring Evening, 18 March 2027 16:00 to 18:00, 4 classes: times, 4 classes \
             added, 4 classes taken out.",
        ),
    ];
    assert_eq!(
        logged(&store).await,
        expected.map(|(action, summary)| (action.to_owned(), summary.to_owned()))
    );
}

#[tokio::test]
async fn past_evening_is_neither_created_nor_changed() {
    let (_database, store, ctx) = hillcrest().await;
    let text = SOUND.replace("all = true", "titles = \"Year 10*\"");
    let at_its_end = ctx.as_of("2027-03-18T19:00:00Z".parse().unwrap());
    let said = load(&store, &at_its_end, &text).await.unwrap_err().to_string();
    assert_eq!(
        said,
        "date: the evening was over on 18 March 2027 at 19:00; give one that is still to come"
    );
    assert_eq!(logged(&store).await, []);

    let a_moment_before = ctx.as_of(at_its_end.now - chrono::TimeDelta::seconds(1));
    load(&store, &a_moment_before, &text).await.unwrap();
    let said = load(&store, &at_its_end, &text.replace("2027-03-18\n", "2027-06-17\n"))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        "name: the evening of this name took place and was over on 18 March 2027 at 19:00; give \
         the next one a name of its own"
    );
    let shorter = text.replace("19:00", "17:00");
    let after = ctx.as_of("2027-03-18T18:00:00Z".parse().unwrap());
    let said = load(&store, &after, &shorter).await.unwrap_err().to_string();
    assert!(said.starts_with("date: the evening was over on 18 March 2027 at 17:00"), "{said}");
    // The same file is never a change, whatever the time is.
    assert_eq!(load(&store, &at_its_end, &text).await.unwrap().outcome, LoadOutcome::Unchanged);
}

#[tokio::test]
async fn unknown_school_is_refused() {
    let (_database, store, ctx) = hillcrest().await;
    let said =
        load(&store, &ctx, &SOUND.replace("hillcrest", "hilcrest")).await.unwrap_err().to_string();
    assert!(said.starts_with("school: no school \"hilcrest\" is known"), "{said}");
}

#[tokio::test]
async fn changes_that_affect_bookings_are_refused() {
    let (_database, store, ctx) = hillcrest().await;
    let check = async |replace: &str, with: &str, expected: Result<LoadOutcome, &str>| {
        let text = YEAR_9.replace(replace, with);
        assert!(replace.is_empty() || text != YEAR_9, "{replace:?} is not in the file");
        match (load(&store, &ctx, &text).await, expected) {
            (Ok(loaded), Ok(outcome)) => assert_eq!(loaded.outcome, outcome, "{with:?}"),
            (Err(problem), Err(part)) => {
                let said = problem.to_string();
                assert!(
                    said.contains("on what the file changes") && said.contains(part),
                    "{with:?}: {said}"
                );
            }
            (found, expected) => panic!("{with:?}: expected {expected:?}, found {found:?}"),
        }
    };
    check("", "", Ok(LoadOutcome::Unchanged)).await;
    check("date = 2026-11-26", "date = 2026-11-27", Err("its time would be no slot")).await;
    check(
        "\"16:00\"",
        "\"16:30\"",
        Err("26 November 16:00 Science, Sophie Aaron with Rachel Aaron"),
    )
    .await;
    check("slot_minutes = 5", "slot_minutes = 1", Err("its slot would have another length")).await;
    check("mode =", "gap_seconds = 60\nmode =", Err("its time would be no slot")).await;
    check("mode = \"video\"", "mode = \"in_person\"", Err("video would become in person")).await;
    check(
        "titles = \"Year 9 *\"",
        "titles = \"Year 9 *\"\nexclude_ids = [\"9b-music\"]",
        Err("Music, Liz Aaron with Rachel Aaron (the class would no more take part)"),
    )
    .await;
    check("", "", Ok(LoadOutcome::Unchanged)).await;
    check("\"19:00\"", "\"20:00\"", Ok(LoadOutcome::Changed)).await;
    check("mode =", "gap_seconds = 30\nmode =", Ok(LoadOutcome::Changed)).await;
    check("T15:00", "T12:00", Ok(LoadOutcome::Changed)).await;
    check("", "", Ok(LoadOutcome::Changed)).await;
}
