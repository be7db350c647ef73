//! Paging through a provider's collections, whose objects are written into a spool. Knows nothing
//! of their contents.

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use parlour_roster::{Collection, Spool};
use reqwest::{
    StatusCode,
    header::{ACCEPT, HeaderMap, LINK},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::{
    http::{Http, Reply},
    provider::Provider,
    token::Tokens,
};

/// Maximum number of reads of a collection that changes while it is read.
const MAX_READS: u32 = 3;
/// Maximum number of pages of one collection.
const MAX_PAGES: u32 = 20_000;

/// Reads collections.
pub(super) struct Pages<'p> {
    provider: &'p Provider,
    http: Http,
    tokens: Tokens,
    /// If set, only changes after this time are asked for, of collections that can be filtered.
    since: Option<DateTime<Utc>>,
}

/// The outcome of reading a collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fetched {
    /// It was read completely.
    Whole,
    /// The provider can't filter changes.
    Unfiltered,
}

/// The outcome of one pass through a collection.
enum ReadOutcome {
    Complete,
    /// The provider has no such collection.
    NotFound,
    /// Changes were asked for, but the provider refused the filter or sent older objects.
    Unfiltered,
    /// More or fewer objects came than the provider had counted.
    Changed,
}

/// The progress of a pass through a collection.
#[derive(Default)]
struct ReadProgress {
    taken: u64,
    /// The number of objects by the provider's count, if it gives one.
    total: Option<u64>,
    /// True if the provider links to the next page.
    links: bool,
    /// The id of the first object of the previous page.
    first: Option<Value>,
}

impl<'p> Pages<'p> {
    pub(super) fn new(provider: &'p Provider, http: Http, since: Option<DateTime<Utc>>) -> Self {
        Self { provider, http, tokens: Tokens::default(), since }
    }

    /// Reads a collection completely.
    ///
    /// # Errors
    /// Fails if it can't be read completely.
    pub(super) async fn read(
        &mut self,
        collection: Collection,
        spool: &mut Spool,
    ) -> anyhow::Result<Fetched> {
        for _ in 0..MAX_READS {
            match self.read_pages(collection, spool).await? {
                ReadOutcome::Complete => return Ok(Fetched::Whole),
                ReadOutcome::Unfiltered => return Ok(Fetched::Unfiltered),
                ReadOutcome::NotFound if collection.is_optional() => {
                    tracing::info!(
                        collection = collection.name(),
                        "the provider has no such collection; going on without it"
                    );
                    return Ok(Fetched::Whole);
                }
                ReadOutcome::NotFound => bail!(
                    "{}: the provider has no such collection (404); check the address and the \
                     version",
                    collection.name()
                ),
                ReadOutcome::Changed => tracing::info!(
                    collection = collection.name(),
                    "the collection changed while it was read; reading it again"
                ),
            }
        }
        if self.changes_of(collection).is_some() {
            // The provider counts all of its objects, not only those that it sends.
            return Ok(Fetched::Unfiltered);
        }
        bail!(
            "{}: the number of objects did not fit what the provider counts, {MAX_READS} times; \
             try \
             again later",
            collection.name()
        )
    }

    /// The time since which changes of a collection are asked for; `None` for all of it.
    fn changes_of(&self, collection: Collection) -> Option<DateTime<Utc>> {
        self.since.filter(|_| collection.has_changes())
    }

    /// The URL of a collection's page at an offset.
    fn page(&self, collection: Collection, offset: u64) -> anyhow::Result<Url> {
        self.provider.page(collection, self.http.limits().page, offset, self.changes_of(collection))
    }

    async fn read_pages(
        &mut self,
        collection: Collection,
        spool: &mut Spool,
    ) -> anyhow::Result<ReadOutcome> {
        let name = collection.name();
        let (mut file, mut progress) = (
            Spool::begin(
                collection,
                tempfile::tempfile().context("no temporary file can be made")?,
            ),
            ReadProgress::default(),
        );
        let since = self.changes_of(collection);
        let mut next = Some(self.page(collection, 0)?);
        for _ in 0..MAX_PAGES {
            let Some(url) = next else {
                if progress.total.is_some_and(|total| total != progress.taken) {
                    return Ok(ReadOutcome::Changed);
                }
                spool.finish(file)?;
                return Ok(ReadOutcome::Complete);
            };
            let reply = self.get(name, &url).await?;
            match reply.status {
                StatusCode::OK => {}
                StatusCode::BAD_REQUEST
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::NOT_IMPLEMENTED
                    if since.is_some() =>
                {
                    return Ok(ReadOutcome::Unfiltered);
                }
                StatusCode::NOT_FOUND if progress.taken == 0 => return Ok(ReadOutcome::NotFound),
                StatusCode::FORBIDDEN => bail!(
                    "{name}: the client may not read it (403); ask the provider for the scope \
                     roster-core.readonly"
                ),
                other => bail!("{name}: the provider answers {other}"),
            }
            let objects = objects(&reply.body, collection)?;
            let (number, first) = (
                objects.len() as u64,
                objects.first().and_then(|object| object.get("sourcedId")).cloned(),
            );
            ensure!(
                first.is_none() || first != progress.first,
                "{name}: the provider sends the same page for another offset"
            );
            progress.first = first;
            for object in objects {
                if since.is_some_and(|since| !has_changed(&object, since)) {
                    return Ok(ReadOutcome::Unfiltered);
                }
                file.write(object)?;
            }
            progress.taken += number;
            let counted = total(&reply.headers);
            if progress.total.is_some() && counted.is_some() && progress.total != counted {
                return Ok(ReadOutcome::Changed);
            }
            progress.total = progress.total.or(counted);
            next = self.next(collection, &url, &reply.headers, &mut progress, number)?;
        }
        bail!("{name}: over {MAX_PAGES} pages")
    }

    /// The URL of the next page: by the provider's link, or else by its count, or else until a page
    /// is empty. A page may always be shorter than the limit.
    fn next(
        &self,
        collection: Collection,
        url: &Url,
        headers: &HeaderMap,
        progress: &mut ReadProgress,
        number: u64,
    ) -> anyhow::Result<Option<Url>> {
        let name = collection.name();
        if let Some(link) = link_to_next(headers) {
            progress.links = true;
            let next = url
                .join(&link)
                .with_context(|| format!("{name}: the link to the next page is no address"))?;
            // The request to the next page carries the token.
            ensure!(
                self.provider.is_same_origin(&next),
                "{name}: the link to the next page leads to another server; it is not followed"
            );
            ensure!(next != *url, "{name}: the link to the next page leads to the same page");
            return Ok(Some(next));
        }
        let ended = progress.links
            || number == 0
            || progress.total.is_some_and(|total| progress.taken >= total);
        if ended { Ok(None) } else { self.page(collection, progress.taken).map(Some) }
    }

    /// Gets a page; a token that is refused is replaced once.
    async fn get(&mut self, name: &str, url: &Url) -> anyhow::Result<Reply> {
        for _ in 0..2 {
            let token = self.tokens.get(&self.http, self.provider).await?;
            let request = || {
                self.http
                    .client()
                    .get(url.clone())
                    .bearer_auth(token.expose_secret())
                    .header(ACCEPT, "application/json")
            };
            let reply = self.http.send(name, request).await?;
            if reply.status != StatusCode::UNAUTHORIZED {
                return Ok(reply);
            }
            self.tokens.discard();
        }
        bail!("{name}: the provider refuses the token that it has just given (401)")
    }
}

/// Returns whether an object says that it has changed after `since`. An object without a time does
/// not show that the filter was applied.
fn has_changed(object: &Value, since: DateTime<Utc>) -> bool {
    let at = object
        .get("dateLastModified")
        .and_then(Value::as_str)
        .and_then(|text| text.parse::<DateTime<Utc>>().ok());
    at.is_some_and(|at| at > since)
}

/// The objects of a page: the member that has the collection's name.
fn objects(body: &[u8], collection: Collection) -> anyhow::Result<Vec<Value>> {
    let name = collection.name();
    let mut page: Value =
        serde_json::from_slice(body).with_context(|| format!("{name}: the answer is not JSON"))?;
    match page.get_mut(name).map(Value::take) {
        Some(Value::Array(objects)) => Ok(objects),
        _ => bail!("{name}: the answer has no list {name:?}"),
    }
}

/// Parses `X-Total-Count`, the number of objects in the collection.
fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total-count")?.to_str().ok()?.trim().parse().ok()
}

/// The target of `rel="next"` (RFC 8288).
fn link_to_next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(split_links).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(
            |(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split(' ')
                        .any(|relation| relation.eq_ignore_ascii_case("next"))
            },
        );
        is_next.then(|| target.trim().to_owned())
    })
}

/// Splits a header at the commas between links, not at those inside of an address.
fn split_links(header: &str) -> Vec<&str> {
    let (mut links, mut from, mut inside) = (Vec::new(), 0, false);
    for (at, character) in header.char_indices() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            ',' if !inside => {
                links.push(&header[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    links.push(&header[from..]);
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_next_page_from_link_header() {
        let check = |header: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, header.parse().unwrap());
            assert_eq!(link_to_next(&headers).as_deref(), expected, "{header}");
        };
        check(
            r#"<https://x/users?offset=10>; rel="next", <https://x/users?offset=90>; rel="last""#,
            Some("https://x/users?offset=10"),
        );
        check(
            r#"<https://x/users?fields=a,b>; rel="first",</users?offset=3,4>;title="x";rel=next"#,
            Some("/users?offset=3,4"),
        );
        check(r#"<https://x/users>; rel="prev""#, None);
        check(r#"<https://x/users>; rel="prev next""#, Some("https://x/users"));
        check("nonsense", None);
    }
}
