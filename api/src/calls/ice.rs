//! The STUN and TURN servers that a browser is told, with credentials made for each answer (the TURN REST API of draft-uberti-behave-turn-rest-00, which coturn's `use-auth-secret` checks).
//! The user name stands in the TURN server's log: an expiry and an opaque id, nothing of the person.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use sha1::Sha1;

use crate::{
    config::{Ice, Turn},
    context::Random,
};

/// Servers with the same credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Servers {
    /// Their addresses.
    pub urls: Vec<String>,
    /// User name and password, for TURN.
    pub credential: Option<(String, String)>,
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// The servers of the settings; the credentials are good until `expires_at`, whole seconds.
#[must_use]
pub fn servers(ice: &Ice, random: &Random, expires_at: DateTime<Utc>) -> Vec<Servers> {
    let stun = Some(&ice.stun_urls).filter(|urls| !urls.is_empty()).map(|urls| Servers { urls: urls.clone(), credential: None });
    let turn = ice.turn.as_ref().map(|turn| Servers { urls: turn.urls.clone(), credential: Some(credential(turn, random, expires_at)) });
    stun.into_iter().chain(turn).collect()
}

fn credential(turn: &Turn, random: &Random, expires_at: DateTime<Utc>) -> (String, String) {
    let id = BASE64_URL_SAFE_NO_PAD.encode(random.bytes::<16>());
    let user = format!("{}:{id}", expires_at.timestamp());
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
    fn a_password_is_the_hmac_of_the_user_name() {
        // printf %s 1795719600:abc | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(password("north", "1795719600:abc"), "8uIjxUMYxGODIGc4tuWTMHf+qYk=");
    }

    #[test]
    fn no_two_answers_share_a_user_name() {
        let turn = Turn { urls: vec!["turn:a".to_owned()], secret: "0123456789abcdef".to_owned().into() };
        let ice = Ice { stun_urls: vec!["stun:a".to_owned()], turn: Some(turn), relay_only: false };
        let (random, at) = (Random::seeded(1), DateTime::from_timestamp(1_795_719_600, 0).unwrap());
        let (one, two) = (servers(&ice, &random, at), servers(&ice, &random, at));
        assert_eq!((one.len(), &one[0]), (2, &two[0]));
        let name = |servers: &[Servers]| servers[1].credential.clone().unwrap().0;
        assert!(name(&one).starts_with("1795719600:"));
        assert_ne!(name(&one), name(&two));
    }
}
