//! The STUN and TURN servers that a browser is told to use, with credentials for its session (the
//! TURN REST API of draft-uberti-behave-turn-rest-00, which coturn checks with `use-auth-secret`).
//! The TURN server logs the user name, so it holds an expiry and an opaque id and no personal data.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use sha1::Sha1;

use crate::config::{Ice, Turn};

/// ICE servers that share credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Servers {
    /// The URLs of the servers.
    pub urls: Vec<String>,
    /// User name and password; TURN only.
    pub credential: Option<(String, String)>,
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// The configured servers. The credentials are valid until `expires_at`, in whole seconds. `name`
/// must be opaque and the same in all responses to one session, because coturn counts a user's
/// connections by it.
#[must_use]
pub fn servers(ice: &Ice, name: &str, expires_at: DateTime<Utc>) -> Vec<Servers> {
    let stun = Some(&ice.stun_urls)
        .filter(|urls| !urls.is_empty())
        .map(|urls| Servers { urls: urls.clone(), credential: None });
    let turn = ice.turn.as_ref().map(|turn| Servers {
        urls: turn.urls.clone(),
        credential: Some(credential(turn, name, expires_at)),
    });
    stun.into_iter().chain(turn).collect()
}

fn credential(turn: &Turn, name: &str, expires_at: DateTime<Utc>) -> (String, String) {
    let user = format!("{}:{name}", expires_at.timestamp());
    let password = password(turn.secret.expose_secret(), &user);
    (user, password)
}

fn password(secret: &str, user: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(user.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_password_is_hmac_of_username() {
        // printf %s 1795719600:abc | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(password("north", "1795719600:abc"), "8uIjxUMYxGODIGc4tuWTMHf+qYk=");
    }

    #[test]
    fn turn_username_is_expiry_and_session_name() {
        let turn =
            Turn { urls: vec!["turn:a".to_owned()], secret: "0123456789abcdef".to_owned().into() };
        let ice = Ice { stun_urls: vec!["stun:a".to_owned()], turn: Some(turn), relay_only: false };
        let at = DateTime::from_timestamp(1_795_719_600, 0).unwrap();
        let all = servers(&ice, "xyz", at);
        assert_eq!((all.len(), all[0].credential.clone()), (2, None));
        assert_eq!(all[1].credential.clone().unwrap().0, "1795719600:xyz");
    }
}
