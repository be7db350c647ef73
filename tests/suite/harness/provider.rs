//! A `OneRoster` provider on a port of its own, written from the text of the standard: version 1.1
//! or 1.2, filled from roster files, with faults that a test injects.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::{StatusCode, header},
    web,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use parlour::{
    roster::{
        self, Deps, Extent, ImportOptions, ImportReport, RosterSource,
        remote::{self, Limits, NewProvider, Version},
        schedule,
    },
    store::{Store, roster_sources::SyncTrigger},
};
use serde_json::{Value, json};

use super::{Roster, School, Server};

/// `parlour` and `s3cret+/`, encoded by RFC 6749, section 2.3.1, as an `Authorization` header of
/// RFC 7617.
const BASIC: &str = "Basic cGFybG91cjpzM2NyZXQlMkIlMkY=";
const SECRET: &str = "s3cret+/";

/// Form in which a provider announces further pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paging {
    /// By `Link: rel="next"`.
    Links,
    /// By `X-Total-Count`.
    Count,
    /// It does not announce them.
    Silent,
}

/// Treatment of `filter` by a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filter {
    /// It filters as the standard says.
    Honoured,
    /// It returns everything.
    Ignored,
    /// It answers 400.
    Refused,
}

/// A fault of one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status with further headers instead of a page.
    Status(u16, Vec<(&'static str, String)>),
    /// This text instead of a page.
    Text(&'static str),
    /// No answer, ever.
    Silence,
    /// A correct page with one more header.
    Header(&'static str, String),
    /// One object vanishes from the collection, so that the pages that follow miss one.
    Shrink,
}

struct State {
    version: Version,
    collections: BTreeMap<String, Vec<Value>>,
    paging: Paging,
    filter: Filter,
    /// Number of requests with a filter.
    filtered: usize,
    /// The maximum number of objects of each page in turn, whatever limit is requested.
    pages: Vec<usize>,
    /// Number of requests a token is valid for.
    token_uses: usize,
    /// The announced lifetime of a token in seconds.
    token_life: u32,
    tokens: Vec<usize>,
    /// Faults by collection and number of the request to it, counted from 1; 0 means every
    /// request.
    faults: Vec<(String, usize, Fault)>,
    asked: BTreeMap<String, usize>,
}

/// A running provider, which ends when this is dropped.
pub struct Provider {
    /// Scheme, host and port.
    pub origin: String,
    /// The version of `OneRoster`.
    pub version: Version,
    /// The file of certificate authorities to trust, if the system does not trust the provider's
    /// certificate.
    pub ca_file: Option<PathBuf>,
    state: Arc<Mutex<State>>,
    handle: ServerHandle,
}

impl Provider {
    /// Starts a provider with the school of these files.
    pub async fn start(version: Version, roster: &Roster) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (collections, pages) = (collections(version, roster), vec![usize::MAX]);
        let (token_uses, token_life, tokens, faults, asked) =
            (usize::MAX, 3_600, Vec::new(), Vec::new(), BTreeMap::new());
        let state = Arc::new(Mutex::new(State {
            version,
            collections,
            paging: Paging::Count,
            filter: Filter::Honoured,
            filtered: 0,
            pages,
            token_uses,
            token_life,
            tokens,
            faults,
            asked,
        }));
        let (send, receive) = tokio::sync::oneshot::channel();
        let served = Arc::clone(&state);
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(web::Data::from(Arc::clone(&served)))
                        .route("/token", web::post().to(token))
                        .route("/ims/oneroster/v1p1/{collection}", web::get().to(page))
                        .route("/ims/oneroster/rostering/v1p2/{collection}", web::get().to(page))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .expect("the port can be listened on")
                    .run();
                send.send(server.handle()).map_err(|_| "the test is gone").expect("the test waits");
                server.await.expect("the server ends without an error");
            });
        });
        Self {
            origin,
            version,
            ca_file: None,
            state,
            handle: receive.await.expect("the provider started"),
        }
    }

    /// Serves pages of these sizes in turn.
    pub fn set_paging(&self, paging: Paging, sizes: &[usize]) {
        let mut state = self.state();
        (state.paging, state.pages) = (paging, sizes.to_vec());
    }

    /// Sets how a filter is treated.
    pub fn set_filter(&self, filter: Filter) {
        self.state().filter = filter;
    }

    /// Returns the number of requests with a filter since the last call.
    pub fn delta_requests(&self) -> usize {
        std::mem::take(&mut self.state().filtered)
    }

    /// Changes one object and its `dateLastModified`.
    pub fn edit_and_touch(
        &self,
        collection: &str,
        id: &str,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Value),
    ) {
        self.edit(collection, |objects| {
            let object = objects
                .iter_mut()
                .find(|object| object["sourcedId"] == id)
                .expect("the object is there");
            object["dateLastModified"] = json!(now.to_rfc3339_opts(SecondsFormat::Millis, true));
            change(object);
        });
    }

    /// Refuses a token after this many uses.
    pub fn limit_token_uses(&self, uses: usize) {
        self.state().token_uses = uses;
    }

    /// Sets the announced lifetime of tokens in seconds.
    pub fn set_token_lifetime(&self, seconds: u32) {
        self.state().token_life = seconds;
    }

    /// Makes the request of this number to a collection, or to `token`, fail; 0 means every
    /// request.
    pub fn inject_fault(&self, place: &str, number: usize, fault: Fault) {
        self.state().faults.push((place.to_owned(), number, fault));
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.asked.clear();
    }

    /// The number of requests to a collection, or to `token`.
    pub fn request_count(&self, place: &str) -> usize {
        self.state().asked.get(place).copied().unwrap_or_default()
    }

    /// Changes the objects of a collection.
    pub fn edit(&self, collection: &str, change: impl FnOnce(&mut Vec<Value>)) {
        change(self.state().collections.get_mut(collection).expect("a collection"));
    }

    /// The provider as the settings describe it.
    pub fn settings(&self) -> remote::Provider {
        let (url, token_url) = (self.origin.clone(), format!("{}/token", self.origin));
        let (client_id, secret, ca_file) =
            ("parlour".to_owned(), SECRET.to_owned().into(), self.ca_file.clone());
        let new = NewProvider {
            url,
            token_url,
            client_id,
            secret,
            scope: None,
            version: self.version,
            ca_file,
        };
        remote::Provider::new(new).expect("the addresses are valid")
    }

    /// Syncs as the command does: beside the running server, over connections of its own.
    pub async fn sync(
        &self,
        server: &Server,
        options: ImportOptions,
    ) -> anyhow::Result<ImportReport> {
        self.sync_with_limits(server, options, short_timeouts()).await
    }

    /// Syncs with these limits. The sync may write the demo school, unless the options list other
    /// schools.
    pub async fn sync_with_limits(
        &self,
        server: &Server,
        mut options: ImportOptions,
        limits: Limits,
    ) -> anyhow::Result<ImportReport> {
        if options.schools.is_empty() {
            options.schools.push("hillcrest".to_owned());
        }
        roster::sync(&deps(server, limits), &self.settings(), &options).await
    }

    /// Syncs as a source that lists no school, and holds the source's lease meanwhile.
    pub async fn sync_without_school_list(&self, server: &Server) -> anyhow::Result<ImportReport> {
        let (deps, options) = (deps(server, short_timeouts()), ImportOptions::default());
        let outcome = roster::sync_with_lease(
            &deps,
            &self.settings(),
            &options,
            SyncTrigger::Now,
            Extent::Whole,
        )
        .await?;
        outcome.expect("no other sync holds the lease").report
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Dependencies of a sync in a process of its own beside the server.
pub fn deps(server: &Server, limits: Limits) -> Deps {
    let store = Store::open(&server.app.config.database, 2).expect("the database opens");
    Deps {
        store,
        clock: Arc::clone(&server.app.clock),
        random: server.app.random.clone(),
        limits,
        metrics: server.app.metrics.jobs.clone(),
    }
}

/// The provider as a source in the settings, synced every hour. It may write the demo school.
pub fn source(provider: &Provider) -> RosterSource {
    let ca_file =
        provider.ca_file.as_ref().map(|file| format!(", ca_file = {file:?}")).unwrap_or_default();
    let list = format!(
        "[{{ url = \"{0}\", token_url = \"{0}/token\", client_id = \"parlour\", secret = \
         \"s3cret+/\", version = \"{1}\", every = \"1h\", schools = [\"hillcrest\"]{ca_file} }}]",
        provider.origin, provider.version
    );
    RosterSource::parse_all(&list, None).unwrap().remove(0)
}

/// Advances the clock by an hour and runs the sync that is then due.
pub async fn sync_an_hour_later(school: &School, source: &RosterSource) -> ImportReport {
    school.advance_clock(TimeDelta::minutes(61));
    schedule::sync_if_due(&deps(school, short_timeouts()), source).await.expect("the sync succeeds")
}

/// Limits so short that no test has to wait.
pub fn short_timeouts() -> Limits {
    Limits {
        tries: 3,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_secs(5),
        page: 100,
        ..Limits::default()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn token(
    state: web::Data<Mutex<State>>,
    request: HttpRequest,
    form: web::Form<BTreeMap<String, String>>,
) -> HttpResponse {
    let mut state = lock(&state);
    if let Some(Fault::Status(status, _)) = state.fault("token") {
        return HttpResponse::build(StatusCode::from_u16(status).expect("a status"))
            .json(json!({ "error": "invalid_client" }));
    }
    let scope = if state.version == Version::V12 { "v1p2" } else { "v1p1" };
    let scope = format!("https://purl.imsglobal.org/spec/or/{scope}/scope/roster-core.readonly");
    let known = request.headers().get(header::AUTHORIZATION).is_some_and(|found| found == BASIC);
    if !known
        || form.get("grant_type").map(String::as_str) != Some("client_credentials")
        || form.get("scope") != Some(&scope)
    {
        return HttpResponse::Unauthorized().json(json!({ "error": "invalid_client" }));
    }
    let uses = state.token_uses;
    state.tokens.push(uses);
    HttpResponse::Ok().json(json!({
        "access_token": format!("t{}", state.tokens.len() - 1),
        "token_type": "Bearer",
        "expires_in": state.token_life,
        "scope": scope,
    }))
}

async fn page(
    state: web::Data<Mutex<State>>,
    request: HttpRequest,
    name: web::Path<String>,
    query: web::Query<BTreeMap<String, String>>,
) -> HttpResponse {
    let answer = lock(&state).page(&request, &name, &query);
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

impl State {
    /// Counts the request and returns its fault, if it has one.
    fn fault(&mut self, place: &str) -> Option<Fault> {
        let number = self.asked.entry(place.to_owned()).or_default();
        *number += 1;
        self.faults
            .iter()
            .find(|(of, at, _)| of == place && (*at == 0 || at == number))
            .map(|(.., fault)| fault.clone())
    }

    /// The response to a request for a page, or `None` if the provider never answers.
    fn page(
        &mut self,
        request: &HttpRequest,
        name: &str,
        query: &BTreeMap<String, String>,
    ) -> Option<HttpResponse> {
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|found| found.to_str().ok()?.strip_prefix("Bearer t")?.parse::<usize>().ok());
        match token.and_then(|token| self.tokens.get_mut(token)) {
            Some(uses) if *uses > 0 => *uses -= 1,
            _ => return Some(HttpResponse::Unauthorized().finish()),
        }
        let mut more = None;
        match self.fault(name) {
            Some(Fault::Status(status, headers)) => {
                let mut answer =
                    HttpResponse::build(StatusCode::from_u16(status).expect("a status"));
                headers.into_iter().for_each(|header| _ = answer.insert_header(header));
                return Some(answer.finish());
            }
            Some(Fault::Text(text)) => {
                return Some(HttpResponse::Ok().content_type("application/json").body(text));
            }
            Some(Fault::Silence) => return None,
            Some(Fault::Header(name, value)) => more = Some((name, value)),
            Some(Fault::Shrink) => {
                _ = self
                    .collections
                    .get_mut(name)
                    .and_then(|objects| (!objects.is_empty()).then(|| objects.remove(0)))
            }
            None => {}
        }
        let filter = query.get("filter").map(|filter| {
            let since = filter
                .strip_prefix("dateLastModified>'")
                .and_then(|rest| rest.strip_suffix('\''))
                .expect("the one filter that is asked for");
            since.parse::<DateTime<Utc>>().expect("a time")
        });
        self.filtered += usize::from(filter.is_some());
        if filter.is_some() && self.filter == Filter::Refused {
            return Some(HttpResponse::BadRequest().finish());
        }
        let Some(objects) = self.collections.get(name) else {
            return Some(HttpResponse::NotFound().finish());
        };
        let since = filter.filter(|_| self.filter == Filter::Honoured);
        let is_newer = |object: &&Value| {
            let at = object["dateLastModified"]
                .as_str()
                .and_then(|text| text.parse::<DateTime<Utc>>().ok());
            since.is_none_or(|since| at.is_some_and(|at| at > since))
        };
        let objects: Vec<&Value> = objects.iter().filter(is_newer).collect();
        let number = |name: &str| {
            query.get(name).and_then(|text| text.parse::<usize>().ok()).expect("limit and offset")
        };
        let (limit, offset) = (number("limit"), number("offset"));
        let most = self.pages[(self.asked[name] - 1) % self.pages.len()];
        let shown: Vec<&&Value> = objects.iter().skip(offset).take(limit.min(most)).collect();
        let behind = offset + shown.len();
        let mut answer = HttpResponse::Ok();
        if let Some(header) = more {
            answer.insert_header(header);
        } else if self.paging == Paging::Links && behind < objects.len() {
            let filter = query
                .get("filter")
                .map(|filter| format!("&filter={}", filter.replace('>', "%3E")))
                .unwrap_or_default();
            answer.insert_header((
                "Link",
                format!(
                    "<{}?limit={limit}&offset={behind}{filter}>; rel=\"next\", <{}?offset=0>; \
                     rel=\"first\"",
                    request.path(),
                    request.path()
                ),
            ));
        } else if self.paging == Paging::Count {
            answer.insert_header(("X-Total-Count", objects.len().to_string()));
        }
        Some(answer.json(json!({ name: shown })))
    }
}

/// The objects that the standard makes of the files' rows.
fn collections(version: Version, roster: &Roster) -> BTreeMap<String, Vec<Value>> {
    ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"]
        .into_iter()
        .map(|name| {
            (
                name.to_owned(),
                rows(roster, name).iter().map(|row| object(version, name, row)).collect(),
            )
        })
        .collect()
}

type Row = BTreeMap<String, String>;

fn rows(roster: &Roster, name: &str) -> Vec<Row> {
    let mut file = csv::Reader::from_path(roster.path().join(format!("{name}.csv")))
        .expect("the file is there");
    file.deserialize().map(|row| row.expect("a row")).collect()
}

fn object(version: Version, name: &str, row: &Row) -> Value {
    let get = |column: &str| row.get(column).map_or("", String::as_str);
    let refer = |id: &str| {
        json!({
            "href": format!("https://sis.example.org/x/{id}"),
            "sourcedId": id,
            "type": "x",
        })
    };
    let list = |column: &str| {
        get(column).split(',').filter(|id| !id.is_empty()).map(refer).collect::<Vec<_>>()
    };
    let mut object = json!({
        "sourcedId": get("sourcedId"),
        "status": get("status"),
        "dateLastModified": get("dateLastModified"),
    });
    let mut set = |name: &str, value: Value| object[name] = value;
    let copied = [
        "name",
        "type",
        "title",
        "startDate",
        "endDate",
        "courseCode",
        "classCode",
        "beginDate",
        "givenName",
        "familyName",
        "email",
    ];
    for column in copied.into_iter().filter(|column| !get(column).is_empty()) {
        set(column, json!(get(column)));
    }
    match name {
        "courses" => set(
            "subjects",
            json!(
                get("subjects")
                    .split(',')
                    .filter(|subject| !subject.is_empty())
                    .collect::<Vec<_>>()
            ),
        ),
        "classes" => {
            set("course", refer(get("courseSourcedId")));
            set("school", refer(get("schoolSourcedId")));
            set("terms", json!(list("termSourcedIds")));
        }
        "users" => {
            let metadata: BTreeSet<&String> = row
                .keys()
                .filter(|column| column.starts_with("metadata.") && !get(column).is_empty())
                .collect();
            set(
                "metadata",
                metadata
                    .into_iter()
                    .map(|column| (column["metadata.".len()..].to_owned(), json!(get(column))))
                    .collect(),
            );
            set("agents", json!(list("agentSourcedIds")));
            set("username", json!("nobody"));
            set("password", json!("not to be kept"));
            if version == Version::V12 {
                let role =
                    |org: Value| json!({ "roleType": "primary", "role": get("role"), "org": org });
                set("roles", list("orgSourcedIds").into_iter().map(role).collect());
                set("enabledUser", json!(get("enabledUser") == "true"));
            } else {
                set("role", json!(get("role")));
                set("orgs", json!(list("orgSourcedIds")));
                set("enabledUser", json!(get("enabledUser")));
            }
        }
        "enrollments" => {
            set("role", json!(get("role")));
            set("primary", json!(get("primary")));
            set("class", refer(get("classSourcedId")));
            set("school", refer(get("schoolSourcedId")));
            set("user", refer(get("userSourcedId")));
        }
        _ => {}
    }
    object
}
