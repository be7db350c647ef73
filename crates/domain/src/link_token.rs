//! Extraction of a link's token from an address that mail programs or people may have mangled.

/// The length of a complete token: 32 bytes in base64 without padding.
pub const TOKEN_CHARS: usize = 43;

/// Limit on escapes of the `#`: for example by a mail program and then by a gateway.
const MAX_ESCAPES: usize = 3;

/// A token, and the page that its link leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundToken {
    /// The path and query of the page, without the token.
    pub page: String,
    /// The token. If it is shorter than [`TOKEN_CHARS`], the link was truncated.
    pub token: String,
}

/// Finds the token in the path, query and fragment of an address: after `#t=`, also if these
/// characters are escaped (`/login%23t=…`, `#t%3D…`). Drops appended text (`.`, `)`, `%20`,
/// `&data=…`) and the `=` of a soft line break. Returns `None` if the address has no token.
#[must_use]
pub fn find_token(address: &str) -> Option<FoundToken> {
    let mut text = address.to_owned();
    for _ in 0..=MAX_ESCAPES {
        if let Some((page, rest)) = text.split_once("#t=").or_else(|| text.split_once("#T=")) {
            return Some(FoundToken { page: page.to_owned(), token: extract_token(rest) });
        }
        text = percent_decoded(&text)?;
    }
    None
}

/// Returns whether the link with this token was truncated.
#[must_use]
pub const fn is_cut(token: &str) -> bool {
    token.len() < TOKEN_CHARS
}

fn extract_token(mangled: &str) -> String {
    // Quoted-printable encodes `=` as `=3D`.
    let rest = mangled
        .strip_prefix("3D")
        .filter(|rest| token_prefix_length(rest) >= TOKEN_CHARS)
        .unwrap_or(mangled);
    let is_break = |c: &char| matches!(c, '=' | '\r' | '\n');
    rest.chars()
        .filter(|c| !is_break(c))
        .take_while(|c| is_token_char(*c))
        .take(TOKEN_CHARS)
        .collect()
}

fn token_prefix_length(text: &str) -> usize {
    text.chars().take_while(|c| is_token_char(*c)).count()
}

const fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// The percent-decoded text; `None` if nothing is escaped.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|two| Some(hex(two[0])? << 4 | hex(two[1])?));
        match digits.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    (bytes.len() < text.len()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTt-_0";

    #[test]
    fn token_is_recovered_from_mangled_links() {
        assert_eq!(TOKEN.len(), TOKEN_CHARS);
        let check = |address: &str, page: &str| {
            let address = address.replace("TOKEN", TOKEN);
            let expected = FoundToken { page: page.to_owned(), token: TOKEN.to_owned() };
            assert_eq!(find_token(&address), Some(expected), "{address}");
        };
        check("/login#t=TOKEN", "/login");
        check("/login%23t=TOKEN", "/login");
        check("/login%2523t%253DTOKEN", "/login");
        check("/guest%23t%3DTOKEN", "/guest");
        check("/guest#t%3DTOKEN", "/guest");
        check("/guest#t%3dTOKEN", "/guest");
        check("/login#T=TOKEN", "/login");
        check("/s/hillcrest/login?utm_source=mail#t=TOKEN", "/s/hillcrest/login?utm_source=mail");
        for after in [
            ".",
            ")",
            "%20",
            ",",
            ">",
            "\"",
            "&data=05%7C01",
            "%3E",
            ").",
            " and more words",
            "\u{201d}",
            "?utm_source=mail",
            "=",
        ] {
            check(&format!("/login#t=TOKEN{after}"), "/login");
        }
        check("/login#t=3DTOKEN", "/login");
        let (first, second) = TOKEN.split_at(20);
        check(&format!("/login#t={first}=\r\n{second}"), "/login");
        check(&format!("/login#t={first}={second}"), "/login");
    }

    #[test]
    fn detects_truncated_links() {
        let found = find_token(&format!("/login#t={}", &TOKEN[..30])).map(|found| found.token);
        assert!(found.is_some_and(|token| is_cut(&token)));
        assert_eq!(find_token("/login#t=").map(|found| found.token), Some(String::new()));
        assert!(!is_cut(TOKEN));
        for address in ["/login", "/login#main", "/login?t=1", "/evenings/100%25", "/a%2", ""] {
            assert_eq!(find_token(address), None, "{address}");
        }
    }
}
