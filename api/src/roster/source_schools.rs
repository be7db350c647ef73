//! Check that a source may write the schools of the roster that it sent. The settings and the
//! database decide, never the roster.

use anyhow::bail;
use parlour_roster::School;

use super::remote::Provider;
use crate::store::{
    Store,
    source_schools::{self, SchoolBinding, SyncSource},
};

/// The schools to read from a source: those listed for it, or else those that it has written
/// before. Empty means all.
pub(super) async fn schools_to_read(
    store: &Store,
    provider: &Provider,
    listed: &[String],
) -> anyhow::Result<Vec<String>> {
    if !listed.is_empty() {
        return Ok(listed.to_vec());
    }
    let source = provider.name();
    Ok(store.read(move |db| source_schools::of_source(db, &source)).await?)
}

/// Refuses a roster with schools that the source may not write.
///
/// # Errors
/// A sentence that tells what to set.
pub(super) async fn check(
    store: &Store,
    provider: &Provider,
    listed: &[String],
    schools: &[School],
) -> anyhow::Result<SyncSource> {
    let writer = SyncSource { source: provider.name(), listed: listed.to_vec() };
    let unlisted: Vec<(String, String)> = schools
        .iter()
        .filter(|school| !listed.contains(&school.sourced_id))
        .map(|school| (school.sourced_id.clone(), school.name.clone().unwrap_or_default()))
        .collect();
    let (source, address, ids) =
        (writer.source.clone(), provider.address().to_owned(), unlisted.clone());
    let bindings = store
        .read(move |db| {
            ids.iter()
                .map(|(id, _)| source_schools::binding(db, &source, &address, id))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    if let Some(sentence) = refusal(&unlisted, &bindings) {
        bail!(sentence);
    }
    Ok(writer)
}

/// Why these schools, which are not listed by their ids, may not be written; `None` if they may.
/// Pure.
fn refusal(unlisted: &[(String, String)], bindings: &[SchoolBinding]) -> Option<String> {
    let foreign: Vec<(&(String, String), &SchoolBinding)> = unlisted
        .iter()
        .zip(bindings)
        .filter(|(_, standing)| **standing != SchoolBinding::Own)
        .collect();
    let named = |(id, name): &(String, String)| format!("{id} ({name})");
    match foreign.as_slice() {
        [] => None,
        // A source may create one school of its own.
        [(_, SchoolBinding::New)] if unlisted.len() == 1 => None,
        [(school, standing)] if **standing != SchoolBinding::New => {
            let whose = match standing {
                SchoolBinding::Other(source) => format!("is written by another source, {source}"),
                _ => "is on this server and was not brought by this source".to_owned(),
            };
            Some(format!(
                "the school {} {whose}; nothing was written. If this source is to write it, list \
                 it: {}",
                named(school),
                how_to(&[&school.0])
            ))
        }
        many => {
            let (names, ids): (Vec<String>, Vec<&String>) =
                many.iter().map(|(school, _)| (named(school), &school.0)).unzip();
            let names = names.join(", ");
            Some(format!(
                "the roster has schools that are not listed for this source: {names}; nothing was \
                 written. List those that it may write: {}",
                how_to(&ids)
            ))
        }
    }
}

fn how_to(ids: &[&String]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("{id:?}")).collect();
    let options: Vec<String> = ids.iter().map(|id| format!("--school {id}")).collect();
    format!(
        "schools = [{}] in its [[roster_sources]], or {} with the command",
        quoted.join(", "),
        options.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_may_write_only_its_own_or_one_new_school() {
        let check = |bindings: &[SchoolBinding], refused: Option<&str>| {
            let schools: Vec<(String, String)> = (1..=bindings.len())
                .map(|number| (number.to_string(), format!("School {number}")))
                .collect();
            let found = refusal(&schools, bindings);
            match (&found, refused) {
                (None, None) => {}
                (Some(sentence), Some(part)) if sentence.contains(part) => {}
                _ => panic!("{bindings:?}: {found:?}, expected {refused:?}"),
            }
        };
        let other = || SchoolBinding::Other("https://other.example.org/ parlour".to_owned());
        check(&[], None);
        check(&[SchoolBinding::Own, SchoolBinding::Own], None);
        check(&[SchoolBinding::New], None);
        check(
            &[SchoolBinding::Unbound],
            Some("schools = [\"1\"] in its [[roster_sources]], or --school 1 with"),
        );
        check(&[other()], Some("written by another source, https://other.example.org/"));
        check(&[SchoolBinding::New, SchoolBinding::New], Some("schools = [\"1\", \"2\"]"));
        check(&[SchoolBinding::Own, SchoolBinding::New], Some("2 (School 2)"));
        check(&[SchoolBinding::Own, other()], Some("2 (School 2) is written by another source"));
    }
}
