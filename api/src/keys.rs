//! Secrets derived from the server key: link tokens, codes, session cookies, and keyed hashes of
//! values that must not be stored in clear. Tokens are not stored but derived again whenever a mail
//! is rendered or a link is checked.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The shortest server key that is accepted, in bytes.
pub const MIN_KEY_BYTES: usize = 32;

/// The purpose of a token. A token is valid for its own purpose only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Logs a person in.
    Login,
    /// A guest's link to an invite.
    Guest,
    /// The secret of an API client.
    Client,
}

/// The audience of a cookie. A person's cookie is never accepted as a guest's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Parents, teachers, staff.
    Person,
    /// Guests.
    Guest,
    /// A browser that has logged in before.
    Device,
}

impl Audience {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "parlour:person",
            Self::Guest => "parlour:guest",
            Self::Device => "parlour:device",
        }
    }
}

/// A token whose proof has not been checked yet.
#[derive(Clone, Copy)]
pub struct ParsedToken {
    /// The id of the row that the token claims to be for.
    pub id: Uuid,
    proof: [u8; 16],
}

impl ParsedToken {
    /// Parses a token. `None` when it does not have the form of one.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let bytes: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(token.trim()).ok()?.try_into().ok()?;
        let (id, proof) = bytes.split_at(16);
        Some(Self { id: Uuid::from_slice(id).ok()?, proof: proof.try_into().ok()? })
    }
}

/// The claims of a cookie. The cookie only names rows; the rows decide whether access is granted.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    ids: Vec<Uuid>,
}

/// The server key, and everything derived from it.
#[derive(Clone)]
pub struct Keys {
    secret: SecretString,
}

impl Keys {
    /// Wraps the server key.
    ///
    /// # Errors
    /// Fails if it is shorter than [`MIN_KEY_BYTES`].
    pub fn new(secret: SecretString) -> anyhow::Result<Self> {
        anyhow::ensure!(
            secret.expose_secret().len() >= MIN_KEY_BYTES,
            "the server's key must have at least {MIN_KEY_BYTES} bytes"
        );
        Ok(Self { secret })
    }

    /// The token of a link: the row's id and an HMAC over purpose, id and generation.
    #[must_use]
    pub fn link_token(&self, purpose: Purpose, id: Uuid, generation: i32) -> String {
        let mut bytes = id.as_bytes().to_vec();
        bytes.extend(self.link_proof(purpose, id, generation));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns whether a token has a valid proof for this purpose and generation.
    #[must_use]
    pub fn is_genuine(&self, purpose: Purpose, token: &ParsedToken, generation: i32) -> bool {
        self.link_proof(purpose, token.id, generation).ct_eq(&token.proof).into()
    }

    /// The seed of the private key that signs the access tokens of a month.
    #[must_use]
    pub fn signing_seed(&self, month: &str) -> [u8; 32] {
        self.mac("token signing key", &[month.as_bytes()])
    }

    /// The 6-digit code of a login mail.
    #[must_use]
    pub fn code(&self, login_link: Uuid) -> String {
        self.digits("code", login_link)
    }

    /// Returns whether the given text is that code, in any notation that
    /// [`parlour_domain::typed_code::normalize`] accepts.
    #[must_use]
    pub fn is_code(&self, login_link: Uuid, given: &str) -> bool {
        is_same(&self.code(login_link), given)
    }

    /// The 6-digit call code, mailed to a guest whose link was taken over too often (I9).
    #[must_use]
    pub fn call_code(&self, call_code: Uuid) -> String {
        self.digits("call code", call_code)
    }

    /// Returns whether the given text is that code, in any notation that
    /// [`parlour_domain::typed_code::normalize`] accepts.
    #[must_use]
    pub fn is_call_code(&self, call_code: Uuid, given: &str) -> bool {
        is_same(&self.call_code(call_code), given)
    }

    /// The secret that signs a webhook's events, derived from the id of its row. It is shown once
    /// and not stored.
    #[must_use]
    pub fn webhook_secret(&self, secret: Uuid) -> [u8; 32] {
        self.mac("webhook", &[secret.as_bytes()])
    }

    /// A keyed hash of a value that must be found again but not stored: a browser's secret, a
    /// client's address, a request's body.
    #[must_use]
    pub fn hash(&self, what: &str, value: &[u8]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.mac(what, &[value]))
    }

    /// The id by which a device cookie remembers a person. In the first generation it is the
    /// person's id.
    #[must_use]
    pub fn device_id(&self, person: Uuid, generation: i32) -> Uuid {
        if generation == 0 {
            return person;
        }
        let mac = self.mac("device", &[person.as_bytes(), &generation.to_be_bytes()]);
        let mut mark = [0; 16];
        mark.copy_from_slice(&mac[..16]);
        Uuid::from_bytes(mark)
    }

    /// Makes a signed cookie (HS256) that names rows: sessions, or people for a device.
    ///
    /// # Errors
    /// Fails if the cookie can't be signed.
    pub fn cookie(
        &self,
        audience: Audience,
        ids: &[Uuid],
        expires_at: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        let claims = Claims {
            iss: "parlour".into(),
            aud: audience.as_str().into(),
            exp: expires_at.timestamp(),
            ids: ids.to_vec(),
        };
        Ok(encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(&self.cookie_key()),
        )?)
    }

    /// The ids in a cookie; empty when the cookie is forged, for another audience, or expired.
    #[must_use]
    pub fn read_cookie(&self, audience: Audience, cookie: &str, now: DateTime<Utc>) -> Vec<Uuid> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience.as_str()]);
        validation.set_issuer(&["parlour"]);
        // The expiry is checked below against `now`, the time of the clock that playgrounds and
        // tests move.
        validation.validate_exp = false;
        let claims =
            decode::<Claims>(cookie, &DecodingKey::from_secret(&self.cookie_key()), &validation);
        claims
            .ok()
            .filter(|token| token.claims.exp > now.timestamp())
            .map(|token| token.claims.ids)
            .unwrap_or_default()
    }

    fn digits(&self, what: &str, id: Uuid) -> String {
        let mac = self.mac(what, &[id.as_bytes()]);
        let number =
            u64::from_be_bytes([mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7]]);
        format!("{:06}", number % 1_000_000)
    }

    fn cookie_key(&self) -> [u8; 32] {
        self.mac("cookie", &[])
    }

    fn link_proof(&self, purpose: Purpose, id: Uuid, generation: i32) -> [u8; 16] {
        let name = match purpose {
            Purpose::Login => "link:login",
            Purpose::Guest => "link:guest",
            Purpose::Client => "client secret",
        };
        let mac = self.mac(name, &[id.as_bytes(), &generation.to_be_bytes()]);
        let mut proof = [0; 16];
        proof.copy_from_slice(&mac[..16]);
        proof
    }

    /// HMAC-SHA-256 over the purpose and the parts. Each is preceded by its length, so that
    /// different inputs never give the same bytes.
    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn is_same(code: &str, given: &str) -> bool {
    parlour_domain::typed_code::normalize(given).as_bytes().ct_eq(code.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new("a key for tests, 32 bytes and more".to_owned().into()).unwrap()
    }

    #[test]
    fn token_is_valid_only_for_its_purpose_and_generation() {
        let (keys, id) = (keys(), Uuid::from_u128(7));
        let token = keys.link_token(Purpose::Guest, id, 1);
        let given = ParsedToken::parse(&token).unwrap();
        assert_eq!(given.id, id);
        assert!(keys.is_genuine(Purpose::Guest, &given, 1));
        assert!(!keys.is_genuine(Purpose::Guest, &given, 2));
        assert!(!keys.is_genuine(Purpose::Login, &given, 1));
        for bad in ["", "x", "not base64!", &token[1..]] {
            assert!(ParsedToken::parse(bad).is_none_or(|given| !keys.is_genuine(
                Purpose::Guest,
                &given,
                1
            )));
        }
    }

    #[test]
    fn code_accepts_spaces_and_other_digits() {
        let (keys, id) = (keys(), Uuid::from_u128(7));
        let code = keys.code(id);
        assert_eq!(code.len(), 6);
        assert!(keys.is_code(id, &format!(" {} {}", &code[..3], &code[3..])));
        assert!(
            keys.is_code(
                id,
                &code
                    .chars()
                    .map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0x660).unwrap())
                    .collect::<String>()
            )
        );
        assert!(!keys.is_code(id, ""));
        assert!(!keys.is_code(id, &format!("{code}x")));
    }

    #[test]
    fn cookie_is_bound_to_audience_and_expiry() {
        let (keys, now) = (keys(), DateTime::from_timestamp(1_000_000, 0).unwrap());
        let cookie = keys.cookie(Audience::Person, &[Uuid::from_u128(7)], now).unwrap();
        let before = DateTime::from_timestamp(999_999, 0).unwrap();
        assert_eq!(keys.read_cookie(Audience::Person, &cookie, before), [Uuid::from_u128(7)]);
        assert!(keys.read_cookie(Audience::Person, &cookie, now).is_empty());
        assert!(keys.read_cookie(Audience::Guest, &cookie, before).is_empty());
    }
}
