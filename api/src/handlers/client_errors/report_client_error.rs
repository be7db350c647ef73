//! `POST /client_errors`: reports that the web app did not start in a browser.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use parlour_wire::{ClientError, ClientErrorKind};

use crate::{
    app::App,
    auth::CurrentSchool,
    problem::{ApiError, ApiResult},
    request::Body,
};

/// Limit of reports per school and minute.
const REPORTS_PER_MINUTE: u32 = 30;

/// Writes one line to the log: the school, the kind, and the browser's name and major version.
/// Stores nothing about the person.
///
/// # Errors
/// `unknown_school`, `invalid`, `too_many_requests`.
pub async fn report_client_error(
    req: HttpRequest,
    app: Data<App>,
    CurrentSchool(school): CurrentSchool,
    body: Body<ClientError>,
) -> ApiResult {
    let rate =
        app.client_error_rate_limiter.take(school.id.0, REPORTS_PER_MINUTE, app.clock.real());
    if rate.is_exceeded {
        return Err(ApiError::too_many(rate.reset));
    }
    let agent = req
        .headers()
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    tracing::warn!(
        school = %school.id.0,
        kind = name(body.value.kind),
        browser = %browser(agent),
        "web app did not start"
    );
    Ok(HttpResponse::NoContent().finish())
}

const fn name(kind: ClientErrorKind) -> &'static str {
    match kind {
        ClientErrorKind::OldBrowser => "old_browser",
        ClientErrorKind::NoWebassembly => "no_webassembly",
        ClientErrorKind::ScriptFailed => "script_failed",
        ClientErrorKind::WebassemblyFailed => "webassembly_failed",
        ClientErrorKind::TooSlow => "too_slow",
    }
}

/// The browser's name and major version from a `User-Agent` header. The rest is dropped, because it
/// could identify a person.
fn browser(agent: &str) -> String {
    // The more specific ones first: most browsers also call themselves Chrome and Safari.
    const NAMES: [(&str, &str); 7] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome for iOS"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    let found = NAMES.iter().find_map(|(mark, name)| {
        let major: String =
            agent.split_once(mark)?.1.chars().take_while(char::is_ascii_digit).take(4).collect();
        (!major.is_empty()).then(|| format!("{name} {major}"))
    });
    found.unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn user_agent_is_reduced_to_name_and_major_version() {
        let check = |agent: &str, expected: &str| assert_eq!(browser(agent), expected, "{agent}");
        check(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/109.0.5414.120 Safari/537.36",
            "Chrome 109",
        );
        check(
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
            "Edge 120",
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 15_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, \
             like Gecko) Version/15.3 Mobile/15E148 Safari/604.1",
            "Safari 15",
        );
        check("Mozilla/5.0 (Windows NT 6.1; rv:97.0) Gecko/20100101 Firefox/97.0", "Firefox 97");
        check("Firefox/Rachel Aaron", "unknown");
        check("Chrome/123456789 rachel@example.org", "Chrome 1234");
        check("", "unknown");
    }
}
