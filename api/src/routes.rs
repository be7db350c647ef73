//! The route table: the path of every operation of openapi.yaml, and the pages of the web app. Its
//! middleware assigns request ids and renders errors.

use actix_web::{
    App as ActixApp, Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    error::InternalError,
    guard::{Any, Get, GuardContext, Head, fn_guard},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::{Next, from_fn},
    web::{self, Data, ServiceConfig},
};

use crate::{
    app::App,
    auth::{RateLimitUsage, count_api_client_requests, origin, person_tag},
    connections::{Connection, MonitoredBody, Stage},
    contract,
    handlers::{
        bars, bookings, calls, changes, client_errors, clients, dev, evenings, guests, health,
        invites, login_links, me, oauth, parents, roster, school, sessions, webhooks,
    },
    precondition::unsupported_precondition,
    problem::{ApiError, ApiResult},
    rate_limit::WINDOW,
    request::{MaxBody, check_encoding},
    telemetry::request::{self, RequestId},
    web_app,
};

/// HSTS for two years, for the school's host and its subdomains (RFC 6797; ASVS 5.0, 3.4.1).
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// The content security policy of responses that are not pages: a browser that displays one loads
/// nothing for it, and no page may frame it (ASVS 5.0, 3.4.3 and 3.4.6).
const API_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Builds the actix application.
pub fn application(
    app: Data<App>,
) -> ActixApp<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let by_path = app.config.school_paths;
    ActixApp::new()
        .app_data(app)
        .app_data(web::QueryConfig::default().error_handler(|error, _| {
            ApiError::bad_request(format!("The query is wrong: {error}.")).into()
        }))
        .wrap(from_fn(request_middleware))
        .configure(|config| {
            config
                .service(
                    web::scope("/api/v1")
                        .wrap(from_fn(count_api_client_requests))
                        .configure(api)
                        .default_service(web::route().to(not_found)),
                )
                .route("/api/docs", web::get().to(docs))
                .route("/", web::get().to(web_app::index))
                .configure(if by_path { schools_by_path } else { no_school_paths })
                .configure(pages);
        })
}

/// Routes each school below a path of its own.
fn schools_by_path(config: &mut ServiceConfig) {
    config
        .service(
            web::scope("/s/{school}/api/v1")
                .wrap(from_fn(count_api_client_requests))
                .configure(api)
                .default_service(web::route().to(not_found)),
        )
        .route("/s/{school}/api/docs", web::get().to(docs))
        .route("/s/{school}", web::get().to(web_app::redirect_to_base))
        .route("/s/{school}/dev/login/{who}", web::get().to(dev::follow_dev_login))
        .service(web::scope("/s/{school}").configure(pages));
}

/// Responds with `not_found` to everything below `/s`, so that no page is served there.
fn no_school_paths(config: &mut ServiceConfig) {
    config.service(web::scope("/s").default_service(web::route().to(not_found)));
}

/// The resources that have an `ETag`, which a change can require by `If-Match`. All others refuse
/// `If-Match`.
const WITH_ETAG: [&str; 5] = [
    "/bookings/{booking_id}",
    "/invites/{invite_id}",
    "/clients/{client_id}",
    "/webhooks/{webhook_id}",
    "/evenings/{evening_id}",
];

/// Routes every operation of openapi.yaml.
fn api(config: &mut ServiceConfig) {
    let mut at = |path: &str, methods: Vec<(&'static str, actix_web::Route)>| {
        let allow = methods
            .iter()
            .map(|(name, _)| if *name == "GET" { "GET, HEAD" } else { name })
            .collect::<Vec<_>>()
            .join(", ");
        let mut resource = web::resource(path);
        if !WITH_ETAG.contains(&path) {
            let names: Vec<&'static str> = methods.iter().map(|(name, _)| *name).collect();
            let is_conditional = move |ctx: &GuardContext<'_>| {
                let head = ctx.head();
                !head.method.is_safe()
                    && names.contains(&head.method.as_str())
                    && head.headers.get(header::IF_MATCH).is_some_and(|wanted| wanted != "*")
            };
            resource = resource
                .route(web::route().guard(fn_guard(is_conditional)).to(unsupported_precondition));
        }
        let resource =
            methods.into_iter().fold(resource, |resource, (_, route)| resource.route(route));
        // A push may have hundreds of rows.
        let resource = if path.starts_with("/roster/") && !path.starts_with("/roster/imports") {
            with_max_body(resource, roster::MAX_PUSH)
        } else {
            resource
        };
        config.service(resource.default_service(web::route().to(move || {
            let allow = allow.clone();
            async move { Err::<HttpResponse, _>(ApiError::method_not_allowed(allow)) }
        })));
    };
    macro_rules! on {
        ($($method:ident $handler:path),+) => {
            vec![$((
                stringify!($method),
                on!(@ $method)
                    .guard(fn_guard(|_| {
                        request::record_operation(operation(stringify!($handler)));
                        true
                    }))
                    .to($handler),
            )),+]
        };
        // HEAD is supported wherever GET is (RFC 9110, 9.1); the server leaves the body out.
        (@ GET) => { web::route().guard(Any(Get()).or(Head())) };
        (@ $method:ident) => { web::method(method::$method) };
    }
    mod method {
        pub(super) use actix_web::http::Method;
        pub(super) const POST: Method = Method::POST;
        pub(super) const PUT: Method = Method::PUT;
        pub(super) const PATCH: Method = Method::PATCH;
        pub(super) const DELETE: Method = Method::DELETE;
    }
    at("/health/live", on![GET health::get_liveness]);
    at("/health/ready", on![GET health::get_readiness]);
    at("/openapi.yaml", on![GET get_contract]);
    at("/school", on![GET school::get_school, PATCH school::change_school]);
    at("/client_errors", on![POST client_errors::report_client_error]);
    at("/login_links", on![POST login_links::create_login_link]);
    at("/login_links/preview", on![POST login_links::preview_login_link]);
    at("/sessions", on![POST sessions::create_session, DELETE sessions::delete_sessions]);
    at("/sessions/current", on![DELETE sessions::delete_session]);
    at("/me", on![GET me::get_me]);
    at("/me/identity", on![PUT me::choose_identity]);
    at("/evenings", on![GET evenings::list_evenings, POST evenings::create_evening]);
    at(
        "/evenings/{evening_id}",
        on![
            GET evenings::get_evening,
            PATCH evenings::change_evening,
            DELETE evenings::delete_evening
        ],
    );
    at("/evenings/{evening_id}/settings", on![GET evenings::get_evening_settings]);
    at("/evenings/{evening_id}/publish", on![POST evenings::publish_evening]);
    at("/evenings/{evening_id}/close", on![POST evenings::close_evening]);
    at("/evenings/{evening_id}/slots", on![GET evenings::get_slots]);
    at("/evenings/{evening_id}/schedule", on![GET evenings::get_schedule]);
    at("/evenings/{evening_id}/lateness", on![PUT evenings::set_lateness]);
    at("/evenings/{evening_id}/history", on![GET evenings::get_history]);
    at(
        "/evenings/{evening_id}/bookings",
        on![GET bookings::get_bookings, POST bookings::create_bookings],
    );
    at("/evenings/{evening_id}/calendar", on![GET bookings::get_calendar]);
    at("/bookings", on![GET bookings::list_bookings]);
    at("/attendance", on![GET bookings::list_attendance]);
    at("/changes", on![GET changes::list_changes]);
    at(
        "/bookings/{booking_id}",
        on![
            GET bookings::get_booking,
            PATCH bookings::change_booking,
            DELETE bookings::cancel_booking
        ],
    );
    at("/bookings/{booking_id}/record", on![PUT bookings::set_record]);
    at("/bookings/{booking_id}/call", on![GET calls::get_call]);
    at("/bookings/{booking_id}/call/socket", on![GET calls::open_call_socket]);
    at("/evenings/{evening_id}/invites", on![GET invites::get_invites, POST invites::send_invite]);
    at("/invites", on![GET invites::list_invites]);
    at("/invites/{invite_id}", on![GET invites::get_invite, DELETE invites::remove_invite]);
    at("/invites/{invite_id}/resend", on![POST invites::resend_invite]);
    at("/invites/{invite_id}/renew", on![POST invites::renew_invite]);
    at("/guest_links/preview", on![POST guests::preview_guest_link]);
    at("/guest_links/decline", on![POST guests::decline_guest_link]);
    at("/guest_links/renew", on![POST guests::renew_guest_link]);
    at("/guest_links/requests", on![POST guests::request_guest_link]);
    at(
        "/guest_sessions",
        on![POST guests::create_guest_session, DELETE guests::delete_guest_sessions],
    );
    at("/guest/appointments", on![GET guests::get_guest_appointments]);
    at("/guest/appointments/{booking_id}/call", on![GET calls::get_guest_call]);
    at("/guest/appointments/{booking_id}/call/socket", on![GET calls::open_guest_call_socket]);
    at("/ice_servers", on![GET calls::get_ice_servers]);
    at("/check_socket", on![GET calls::open_check_socket]);
    at("/parents", on![GET parents::list_parents]);
    at("/parents/{parent_id}", on![GET parents::get_parent]);
    at("/parents/{parent_id}/allowed_students/{student_id}", on![PUT parents::allow_contact]);
    at("/roster/imports", on![GET roster::list_roster_imports]);
    at("/roster/imports/{import_id}/restore", on![POST roster::restore_roster_import]);
    at("/roster/people", on![PUT roster::put_people]);
    at("/roster/classes", on![PUT roster::put_classes]);
    at("/roster/enrolments", on![PUT roster::put_enrolments]);
    at("/roster/guardianships", on![PUT roster::put_guardianships]);
    at("/bars", on![GET bars::list_bars, POST bars::create_bar]);
    at("/bars/{bar_id}", on![DELETE bars::lift_bar]);
    at("/clients", on![GET clients::list_clients, POST clients::create_client]);
    at(
        "/clients/{client_id}",
        on![GET clients::get_client, PATCH clients::change_client, DELETE clients::revoke_client],
    );
    at("/clients/{client_id}/secrets", on![POST clients::create_client_secret]);
    at("/oauth/token", on![POST oauth::issue_token]);
    at("/oauth/jwks", on![GET oauth::get_signing_keys]);
    at("/webhooks", on![GET webhooks::list_webhooks, POST webhooks::create_webhook]);
    at(
        "/webhooks/{webhook_id}",
        on![
            GET webhooks::get_webhook,
            PATCH webhooks::change_webhook,
            DELETE webhooks::delete_webhook
        ],
    );
    at("/webhooks/{webhook_id}/secrets", on![POST webhooks::rotate_webhook_secret]);
    at("/webhooks/{webhook_id}/test", on![POST webhooks::test_webhook]);
    at("/webhooks/{webhook_id}/deliveries", on![GET webhooks::list_webhook_deliveries]);
    at(
        "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
        on![POST webhooks::replay_webhook_delivery],
    );
    at("/dev/mails", on![GET dev::list_dev_mails]);
    at("/dev/logins", on![POST dev::create_dev_login]);
    at("/dev/clock", on![POST dev::move_dev_clock]);
    at("/dev/reset", on![POST dev::reset_dev_school]);
}

/// The `operationId` of a handler: the last part of its path.
fn operation(handler: &'static str) -> &'static str {
    handler.rsplit(':').next().unwrap_or(handler).trim_start()
}

/// Sets the size limit of a resource's bodies.
fn with_max_body(resource: actix_web::Resource, bytes: usize) -> actix_web::Resource {
    resource.app_data(MaxBody(bytes))
}

/// Routes the files and pages of the web app. Every path that is not the API's gets its index page,
/// because the web app has its own router.
fn pages(config: &mut ServiceConfig) {
    config
        .route("/assets/{file}", web::get().to(web_app::asset))
        .route("/{page:.*}", web::get().to(web_app::index))
        .route("/{page:.*}", web::route().to(not_found));
}

async fn get_contract() -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml").body(contract::yaml())
}

async fn docs() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors \
             'none'",
        ))
        .body(contract::page())
}

async fn not_found() -> ApiResult {
    Err(ApiError::not_found())
}

/// Middleware of every request: assigns its id, checks its origin and the encoding of its body, and
/// renders every error, also those of the framework, as a problem.
async fn request_middleware<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = req.app_data::<Data<App>>().cloned() else {
        return next.call(req).await.map(ServiceResponse::map_into_boxed_body);
    };
    let id = request_id(&app, &req);
    let (method, metrics) = (req.method().clone(), app.clone());
    request::observe(id, method, &metrics.metrics, answer(app, id, req, next)).await
}

/// The request id sent by a trusted proxy, or a new one.
fn request_id(app: &App, req: &ServiceRequest) -> RequestId {
    let is_behind_proxy = app.config.proxies.as_ref().is_some_and(|proxies| proxies.hops > 0);
    let given = if is_behind_proxy { RequestId::from_proxy(req.headers()) } else { None };
    given.unwrap_or_else(|| RequestId(app.context().new_id()))
}

async fn answer<B: MessageBody + 'static>(
    app: Data<App>,
    id: RequestId,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(connection) = req.conn_data::<Connection>() {
        connection.enter(Stage::Working);
    }
    if let Err(error) = check(&app, &req).await {
        let refused = render_error(&error.into(), id);
        return Ok(finish(req.into_response(refused), &app, id));
    }
    let writes = !req.method().is_safe();
    // No borrow of the request may be held across this `await`: the router writes into it.
    let response = match next.call(req).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => {
            let mut problem = render_error(&error, id);
            add_headers(problem.headers_mut(), &app, id);
            return Err(InternalError::from_response(error, problem).into());
        }
    };
    if writes && response.status().is_success() {
        // The request may have queued a mail.
        app.wake.notify_one();
        // The request may have evicted somebody from a call.
        app.calls.wake();
    }
    let response = match response.response().error() {
        Some(error) => {
            let problem = render_error(error, id);
            response.into_response(problem)
        }
        None => response,
    };
    Ok(finish(response, &app, id))
}

/// Checks that apply to every operation that may write, before its handler runs.
async fn check(app: &App, req: &ServiceRequest) -> ApiResult<()> {
    if req.method().is_safe() {
        return Ok(());
    }
    check_encoding(req.headers())?;
    origin::check(app, req.request()).await
}

/// Renders an error. Internal errors are logged here and nowhere else.
fn render_error(error: &Error, id: RequestId) -> HttpResponse {
    if let Some(error) = error.as_error::<ApiError>() {
        error.log(id);
        return error.respond(id);
    }
    if error.as_response_error().status_code().is_client_error() {
        return ApiError::bad_request("The request can't be read.").respond(id);
    }
    tracing::error!(request_id = %id, code = "internal", cause = %error, "request failed");
    ApiError::internal().respond(id)
}

fn finish(
    mut response: ServiceResponse<BoxBody>,
    app: &App,
    id: RequestId,
) -> ServiceResponse<BoxBody> {
    let counted = response.request().extensions().get::<RateLimitUsage>().copied();
    let person = response
        .request()
        .extensions()
        .get::<person_tag::PersonTags>()
        .and_then(person_tag::PersonTags::header);
    let headers = response.headers_mut();
    if let Some(RateLimitUsage(rate)) = counted {
        let told = [
            ("ratelimit-policy", format!("\"default\";q={};w={WINDOW}", rate.quota)),
            ("ratelimit", format!("\"default\";r={};t={}", rate.left, rate.reset)),
        ];
        for (name, value) in told {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    // A login or a choice of identity has set the new person tag already.
    if let Some(person) = person.filter(|_| !headers.contains_key(person_tag::HEADER)) {
        headers.insert(person_tag::HEADER, person);
    }
    add_headers(headers, app, id);
    monitor_body(response)
}

/// Watches the sending of a response, so that a client that does not read it can't hold its
/// connection forever. The socket of a call has limits of its own.
fn monitor_body(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let response = match request.conn_data::<Connection>() {
        Some(connection) if response.status() != StatusCode::SWITCHING_PROTOCOLS => {
            if MonitoredBody::is_small(response.body().size()) {
                connection.enter(Stage::Idle);
                response
            } else {
                response.map_body(|_, body| BoxBody::new(MonitoredBody::new(body, connection)))
            }
        }
        _ => response,
    };
    ServiceResponse::new(request, response)
}

/// Adds the headers of every response.
fn add_headers(headers: &mut HeaderMap, app: &App, id: RequestId) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static(request::HEADER), id);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Pages have set their own policy.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(API_CONTENT_SECURITY_POLICY),
        );
    }
    if app.config.is_https_only() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}
