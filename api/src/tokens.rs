//! Access tokens of API clients: JWTs (RFC 9068) signed with Ed25519 by the key of the month. The
//! keys are derived from the server key and the month, so that none is stored, all nodes have the
//! same keys, and the next key is published before it is used.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use parlour_domain::{
    id::{ClientId, SchoolId},
    scope::Scopes,
};
use parlour_wire::{JsonWebKey, JsonWebKeys};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::keys::Keys;

/// The lifetime of a token.
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
/// The audience of the tokens.
const AUDIENCE: &str = "parlour:api";
const TYPE: &str = "at+jwt";
/// The PKCS #8 prefix of a 32-byte private key (RFC 8410, 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The claims of a token (RFC 9068, 2.2).
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    client_id: Uuid,
    scope: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// The API client and the scopes of a valid token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The API client.
    pub client: ClientId,
    /// The scopes of the token. Staff may have withdrawn some since it was issued.
    pub scopes: Scopes,
}

/// Issues a token.
///
/// # Errors
/// Fails if the token can't be signed.
pub fn issue(
    keys: &Keys,
    school: SchoolId,
    client: ClientId,
    scopes: &Scopes,
    id: Uuid,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let month = name(now);
    let claims = Claims {
        iss: issuer(school),
        aud: AUDIENCE.into(),
        sub: client.0,
        client_id: client.0,
        scope: scopes.to_string(),
        iat: now.timestamp(),
        exp: (now + LIFE).timestamp(),
        jti: id,
    };
    let header = Header {
        typ: Some(TYPE.into()),
        kid: Some(month.clone()),
        ..Header::new(Algorithm::EdDSA)
    };
    let der = [&PKCS8[..], &keys.signing_seed(&month)].concat();
    Ok(encode(&header, &claims, &EncodingKey::from_ed_der(&der))?)
}

/// Verifies a token. `None` when its signature is invalid, it is for another school, or it has
/// expired.
#[must_use]
pub fn read(keys: &Keys, school: SchoolId, token: &str, now: DateTime<Utc>) -> Option<Bearer> {
    let header = decode_header(token).ok().filter(|header| header.typ.as_deref() == Some(TYPE))?;
    // A token issued in the last minutes of a month stays valid in the next.
    let month = header.kid.filter(|kid| [name(now), name(now - LIFE)].contains(kid))?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer(school)]);
    // The expiry is checked below by the clock that the caller passes.
    validation.validate_exp = false;
    let claims =
        decode::<Claims>(token, &DecodingKey::from_ed_der(&public(keys, &month)), &validation)
            .ok()?
            .claims;
    let is_good = claims.iat <= now.timestamp() && now.timestamp() < claims.exp;
    Some(Bearer { client: ClientId(claims.client_id), scopes: claims.scope.parse().ok()? })
        .filter(|_| is_good)
}

/// The public keys of the previous, current and next month, so that a client may cache them for
/// weeks.
#[must_use]
pub fn public_keys(keys: &Keys, now: DateTime<Utc>) -> JsonWebKeys {
    let month = Months::new(1);
    // Counts months from the 1st, because not every month has a 29th, 30th and 31st.
    let first = now.with_day(1).unwrap_or(now);
    let months = [first.checked_sub_months(month), Some(first), first.checked_add_months(month)];
    let key = |kid: String| JsonWebKey {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        usage: "sig".into(),
        alg: "EdDSA".into(),
        x: BASE64_URL_SAFE_NO_PAD.encode(public(keys, &kid)),
        kid,
    };
    JsonWebKeys { keys: months.into_iter().flatten().map(|moment| key(name(moment))).collect() }
}

fn public(keys: &Keys, month: &str) -> [u8; 32] {
    SigningKey::from_bytes(&keys.signing_seed(month)).verifying_key().to_bytes()
}

/// The key's id: the month, like `2026-11`.
fn name(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m").to_string()
}

fn issuer(school: SchoolId) -> String {
    format!("urn:uuid:{school}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &str) -> Keys {
        Keys::new(secret.repeat(32).into()).unwrap()
    }

    fn scopes() -> Scopes {
        "evenings:read".parse().unwrap()
    }

    const SCHOOL: SchoolId = SchoolId(Uuid::from_u128(1));
    const CLIENT: ClientId = ClientId(Uuid::from_u128(2));

    fn issued(now: DateTime<Utc>) -> String {
        issue(&keys("a"), SCHOOL, CLIENT, &scopes(), Uuid::from_u128(3), now).unwrap()
    }

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn token_is_valid_until_expiry() {
        let now = moment("2026-11-26T16:00:00Z");
        let read = |at| {
            read(&keys("a"), SCHOOL, &issued(now), at).map(|bearer| (bearer.client, bearer.scopes))
        };
        assert_eq!(read(now), Some((CLIENT, scopes())));
        assert_eq!(read(now + LIFE - TimeDelta::seconds(1)), Some((CLIENT, scopes())));
        assert_eq!(read(now + LIFE), None);
        assert_eq!(read(now - TimeDelta::seconds(1)), None, "a token issued in the future");
    }

    #[test]
    fn token_is_valid_after_key_rotation() {
        let now = moment("2026-11-30T23:59:00Z");
        assert!(read(&keys("a"), SCHOOL, &issued(now), now + TimeDelta::minutes(5)).is_some());
    }

    #[test]
    fn foreign_or_forged_tokens_are_refused() {
        let now = moment("2026-11-26T16:00:00Z");
        let token = issued(now);
        assert!(read(&keys("b"), SCHOOL, &token, now).is_none(), "a token of another server");
        assert!(
            read(&keys("a"), SchoolId(Uuid::from_u128(9)), &token, now).is_none(),
            "a token of another school"
        );
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let (head, claims) = rest.split_once('.').unwrap();
        let other = claims.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
        assert!(
            read(&keys("a"), SCHOOL, &format!("{head}.{other}.{signature}"), now).is_none(),
            "changed claims"
        );
        let none =
            BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none","kid":"2026-11"}"#);
        assert!(read(&keys("a"), SCHOOL, &format!("{none}.{claims}."), now).is_none(), "unsigned");
        assert!(read(&keys("a"), SCHOOL, "nonsense", now).is_none());
    }

    #[test]
    fn publishes_three_keys_even_on_the_31st() {
        let named = |now| {
            public_keys(&keys("a"), now).keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
        };
        assert_eq!(named(moment("2026-12-31T12:00:00Z")), ["2026-11", "2026-12", "2027-01"]);
        assert_eq!(named(moment("2027-01-30T12:00:00Z")), ["2026-12", "2027-01", "2027-02"]);
    }
}
