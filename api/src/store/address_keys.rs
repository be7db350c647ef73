//! Recomputes the stored keys of email addresses when the rule that derives them has changed. SQL
//! can't map domains, so this runs beside the migrations.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use parlour_domain::{EmailAddress, text::is_invisible};

use super::{
    Db, Result,
    events::Actor,
    revocation::Revocation,
    sql_types::{At, Key},
};
use crate::{
    context::Context,
    schema::{bars, invites, login_links, marks, people, sessions, suppressions},
    with_conn,
};

/// The row of `marks` that names the rule by which the keys of this database were made.
const MARK: &str = "address_keys";

/// The name of the current rule: domains are mapped by UTS 46. A change of [`EmailAddress::key`] or
/// [`EmailAddress::bar_key`] needs a new name here.
const RULE: &str = "uts46";

/// Returns whether all keys were made by the current rule.
///
/// # Errors
/// Errors of the database.
pub(super) fn are_current(db: &mut Db) -> Result<bool> {
    let rule: Option<String> = marks::table.find(MARK).select(marks::value).first(db).optional()?;
    Ok(rule.as_deref() == Some(RULE))
}

/// Recomputes all keys unless that was done before, and revokes access that the new keys bar.
/// Returns the number of changed rows. Call it in a transaction. The mark serialises two nodes: the
/// second waits until the first has committed, and then finds the work done.
///
/// # Errors
/// Errors of the database.
pub(super) fn renew(db: &mut Db, ctx: &Context) -> Result<usize> {
    let mark = (marks::name.eq(MARK), marks::value.eq(""));
    with_conn!(&mut *db, conn =>
        diesel::insert_into(marks::table).values(mark).on_conflict_do_nothing().execute(conn)
    )?;
    let outdated = marks::table.filter(marks::name.eq(MARK).and(marks::value.ne(RULE)));
    if diesel::update(outdated).set(marks::value.eq(RULE)).execute(db)? == 0 {
        return Ok(0);
    }
    let mut schools = BTreeSet::new();
    let with_bars =
        people(db, &mut schools)? + bars(db, &mut schools)? + invites(db, &mut schools)?;
    let mut revocation = Revocation::default();
    for school in schools {
        revocation.sweep(db, ctx, school.into(), &Actor::school())?;
    }
    revocation.finish(db, ctx)?;
    Ok(with_bars + suppressions(db)? + login_links(db)? + sessions(db)?)
}

/// Parses an address or key as it was stored. If it is refused today because of invisible
/// characters, it is parsed without them.
fn read(stored: &str) -> Option<EmailAddress> {
    let visible = || stored.chars().filter(|c| !is_invisible(*c)).collect::<String>();
    EmailAddress::parse(stored).or_else(|_| EmailAddress::parse(&visible())).ok()
}

/// A person's id, school and address, and the two keys of the address.
type Addressed = (Key, Key, Option<String>, Option<String>, Option<String>);

fn people(db: &mut Db, schools: &mut BTreeSet<Key>) -> Result<usize> {
    let rows: Vec<Addressed> = people::table
        .filter(people::email.is_not_null())
        .select((people::id, people::school_id, people::email, people::email_key, people::bar_key))
        .load(db)?;
    let mut changed = 0;
    for (id, school, email, email_key, bar_key) in rows {
        let Some(address) = email.as_deref().and_then(read) else { continue };
        let (new_key, new_bar_key) = (Some(address.key()), Some(address.bar_key()));
        if (&new_key, &new_bar_key) != (&email_key, &bar_key) {
            let set = (
                people::email.eq(address.as_str()),
                people::email_key.eq(new_key),
                people::bar_key.eq(new_bar_key),
            );
            changed += diesel::update(people::table.find(id)).set(set).execute(db)?;
            schools.insert(school);
        }
    }
    Ok(changed)
}

fn bars(db: &mut Db, schools: &mut BTreeSet<Key>) -> Result<usize> {
    let rows: Vec<(Key, Key, Option<String>, Option<String>)> = bars::table
        .filter(bars::bar_key.is_not_null())
        .select((bars::id, bars::school_id, bars::email, bars::bar_key))
        .load(db)?;
    let mut changed = 0;
    for (id, school, email, bar_key) in rows {
        let Some(address) = email.as_deref().or(bar_key.as_deref()).and_then(read) else {
            continue;
        };
        let new_key = Some(address.bar_key());
        if new_key != bar_key {
            let set =
                (bars::email.eq(email.map(|_| address.to_string())), bars::bar_key.eq(new_key));
            changed += diesel::update(bars::table.find(id)).set(set).execute(db)?;
            schools.insert(school);
        }
    }
    Ok(changed)
}

fn invites(db: &mut Db, schools: &mut BTreeSet<Key>) -> Result<usize> {
    let rows: Vec<(Key, Key, String, String, String)> = invites::table
        .select((
            invites::id,
            invites::school_id,
            invites::email,
            invites::email_key,
            invites::bar_key,
        ))
        .load(db)?;
    let mut changed = 0;
    for (id, school, email, email_key, bar_key) in rows {
        let Some(address) = read(&email) else { continue };
        let (new_key, new_bar_key) = (address.key(), address.bar_key());
        if (&new_key, &new_bar_key) != (&email_key, &bar_key) {
            let set = (
                invites::email.eq(address.as_str()),
                invites::email_key.eq(new_key),
                invites::bar_key.eq(new_bar_key),
            );
            changed += diesel::update(invites::table.find(id)).set(set).execute(db)?;
            schools.insert(school);
        }
    }
    Ok(changed)
}

/// Renews the keys of suppressions. Two rows may get the same key; then one of them stays, which
/// suppresses the address just as well.
fn suppressions(db: &mut Db) -> Result<usize> {
    let rows: Vec<(Key, String, At)> = suppressions::table
        .select((suppressions::school_id, suppressions::bar_key, suppressions::created_at))
        .order(suppressions::created_at)
        .load(db)?;
    let mut changed = 0;
    for (school, old_key, created_at) in rows {
        let Some(new_key) =
            read(&old_key).map(|address| address.bar_key()).filter(|new_key| *new_key != old_key)
        else {
            continue;
        };
        changed += diesel::delete(suppressions::table.find((school, old_key))).execute(db)?;
        let row = (
            suppressions::school_id.eq(school),
            suppressions::bar_key.eq(new_key),
            suppressions::created_at.eq(created_at),
        );
        with_conn!(&mut *db, conn =>
            diesel::insert_into(suppressions::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(conn)
        )?;
    }
    Ok(changed)
}

fn login_links(db: &mut Db) -> Result<usize> {
    let rows: Vec<(Key, String, String)> = login_links::table
        .select((login_links::id, login_links::email, login_links::email_key))
        .load(db)?;
    let mut changed = 0;
    for (id, email, email_key) in rows {
        let Some(address) = read(&email).filter(|address| address.key() != email_key) else {
            continue;
        };
        // Two standing links may get the same key, so neither keeps its evening. The next
        // confirmation mail makes a new standing link.
        let set = (
            login_links::email.eq(address.as_str()),
            login_links::email_key.eq(address.key()),
            login_links::evening_id.eq(None::<Key>),
        );
        changed += diesel::update(login_links::table.find(id)).set(set).execute(db)?;
    }
    Ok(changed)
}

fn sessions(db: &mut Db) -> Result<usize> {
    let keys: Vec<Option<String>> = sessions::table
        .filter(sessions::address_key.is_not_null())
        .select(sessions::address_key)
        .distinct()
        .load(db)?;
    let mut changed = 0;
    for (old_key, new_key) in renamed(keys.into_iter().flatten().collect()) {
        let rows = sessions::table.filter(sessions::address_key.eq(old_key));
        changed += diesel::update(rows).set(sessions::address_key.eq(new_key)).execute(db)?;
    }
    Ok(changed)
}

/// Maps each key that changes to its new value.
fn renamed(keys: Vec<String>) -> BTreeMap<String, String> {
    keys.into_iter()
        .filter_map(|old_key| Some((read(&old_key)?.key(), old_key)))
        .filter(|(new, old)| new != old)
        .map(|(new, old)| (old, new))
        .collect()
}
