//! `Debug` implementations of shapes that contain a secret: they omit the secret, so that neither a
//! log nor a failed test prints it.

use std::fmt;

use crate::{
    AccessToken, IceServer, IssuedApiClient, Join, LinkToken, NewLoginLink, NewSession,
    WebhookWithSecret,
};

macro_rules! impl_redacted_debug {
    ($($shape:ident { $($shown:ident),* })+) => {$(
        impl fmt::Debug for $shape {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f
                    .debug_struct(stringify!($shape))$(.field(stringify!($shown), &self.$shown))*
                    .finish_non_exhaustive()
            }
        }
    )+};
}

impl_redacted_debug! {
    AccessToken { token_type, expires_in, scope }
    IceServer { urls }
    IssuedApiClient { client }
    Join { version, move_here, fresh }
    LinkToken {}
    NewLoginLink { email }
    NewSession { login_link_id }
    WebhookWithSecret { webhook }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ClientMessage;

    fn printed<T: serde::de::DeserializeOwned + fmt::Debug>(value: Value) -> String {
        let value: T = serde_json::from_value(value).expect("the JSON matches the shape");
        format!("{value:?} {value:#?}")
    }

    #[test]
    fn secrets_are_redacted_in_debug() {
        let client = json!({ "id": "01a1f640-bc00-7c11-9f3e-2b7f6f0a4d11",
            "name": "MIS", "scopes": [],
            "requests_per_minute": 600,
            "created_by": "Helen", "created_at": "2026-11-10T19:12:00Z", "secrets": [] });
        let webhook = json!({ "id": "01a1f640-bc00-7c11-9f3e-2b7f6f0a4d11",
            "url": "https://mis.example.org",
            "event_types": [], "enabled": true,
            "created_at": "2026-11-10T19:12:00Z" });
        let join = json!({ "type": "join", "version": 1, "device": "hush", "code": "hush" });
        let all = [
            printed::<AccessToken>(json!({
                "access_token": "hush",
                "token_type": "Bearer",
                "expires_in": 600,
                "scope": "",
            })),
            printed::<IceServer>(
                json!({ "urls": ["turn:a"], "username": "hush", "credential": "hush" }),
            ),
            printed::<IssuedApiClient>(json!({ "client": client, "client_secret": "hush" })),
            printed::<ClientMessage>(join),
            printed::<LinkToken>(json!({ "token": "hush" })),
            printed::<NewLoginLink>(json!({ "email": "a@example.org", "token": "hush" })),
            printed::<NewSession>(json!({ "token": "hush", "code": "hush" })),
            printed::<WebhookWithSecret>(json!({ "webhook": webhook, "secret": "hush" })),
        ];
        for printed in all {
            assert!(!printed.contains("hush"), "{printed}");
        }
    }
}
