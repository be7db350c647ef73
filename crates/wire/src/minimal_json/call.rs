//! JSON of calls: the door, the relay servers, and the messages of the WebSocket.

use super::{FromJson, JsonValue, ToJson, read_field, write_field};
use crate::{
    CallDoor, CallPerson, CallRole, CallState, CallYou, ClientMessage, IceServer, IceServers, Join,
    Media, NextCall, PresenceState, ServerMessage, Signal, SignalKind, TransportPolicy,
};

impl_from_json! {
    CallDoor {
        booking_id, evening_id, state, now, opens_at, starts_at, ends_at, student, subject,
        teachers, parent, guest, you, capacity, elsewhere, late_minutes,
        next
    }
    CallPerson { id, name, role, state, connection, place, media }
    CallYou { id, name, role }
    IceServer { urls, username, credential }
    IceServers { ice_servers, transport_policy, expires_at }
    Media { audio, video, screen, deaf }
    NextCall { booking_id, starts_at, student, subject, teachers, parent }
    Signal { attempt, kind, data, sdp_mid, sdp_m_line_index }
}

impl_to_json! {
    Media { audio, video, screen, deaf }
    Signal { attempt, kind, data, sdp_mid, sdp_m_line_index }
}

impl_enum_json! {
    CallRole { Teacher = "teacher", Parent = "parent", Guest = "guest" }
    CallState { Early = "early", Open = "open", Over = "over" }
    PresenceState {
        InCall = "in_call",
        Reconnecting = "reconnecting",
        Waiting = "waiting",
        Missing = "missing"
    }
    SignalKind { Offer = "offer", Answer = "answer", Candidate = "candidate" }
    TransportPolicy { All = "all", Relay = "relay" }
}

impl ToJson for ClientMessage {
    fn write(&self, out: &mut String) {
        out.push('{');
        let kind = match self {
            Self::Join(_) => "join",
            Self::Heartbeat => "heartbeat",
            Self::Ping { .. } => "ping",
            Self::Signal { .. } => "signal",
            Self::Media(_) => "media",
            Self::SendCode => "send_code",
            Self::Extend => "extend",
            Self::Leave => "leave",
        };
        write_field("type", &kind.to_owned(), out);
        match self {
            Self::Join(Join { version, device, move_here, fresh, code }) => {
                write_field("version", version, out);
                write_field("device", device, out);
                write_field("move_here", move_here, out);
                write_field("fresh", fresh, out);
                write_field("code", code, out);
            }
            Self::Signal { to, to_connection, signal } => {
                write_field("to", to, out);
                write_field("to_connection", to_connection, out);
                write_field("signal", signal, out);
            }
            Self::Media(Media { audio, video, screen, deaf }) => {
                write_field("audio", audio, out);
                write_field("video", video, out);
                write_field("screen", screen, out);
                write_field("deaf", deaf, out);
            }
            Self::Ping { id } => write_field("id", id, out),
            Self::Heartbeat | Self::SendCode | Self::Extend | Self::Leave => {}
        }
        out.push('}');
    }
}

impl FromJson for ServerMessage {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        macro_rules! fields {
            ($kind:ident { $($field:ident),* }) => {
                Self::$kind { $($field: read_field(json, stringify!($field), valid)),* }
            };
        }
        let kind: String = read_field(json, "type", valid);
        match kind.as_str() {
            "welcome" => fields!(Welcome { version, you, heartbeat_seconds, relayed_with }),
            "seated" => fields!(Seated { connection, resumed }),
            "waiting" => fields!(Waiting { place }),
            "people" => fields!(People { people }),
            "signal" => fields!(Signal { from, from_connection, to_connection, signal }),
            "times" => fields!(Times { now, starts_at, ends_at, can_extend, late_minutes }),
            "code_required" => fields!(CodeRequired { masked_email, sent, wrong }),
            "out" => fields!(Out { code, detail }),
            "pong" => fields!(Pong { id }),
            "problem" => fields!(Problem { code, detail }),
            kind => {
                *valid &= kind == "move_here";
                Self::MoveHere
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::minimal_json;

    struct Parsed(Value);

    impl JsonValue for Parsed {
        fn field(&self, name: &str) -> Option<Self> {
            self.0.get(name).filter(|value| !value.is_null()).cloned().map(Self)
        }

        fn items(&self) -> Option<Vec<Self>> {
            Some(self.0.as_array()?.iter().cloned().map(Self).collect())
        }

        fn text(&self) -> Option<String> {
            self.0.as_str().map(str::to_owned)
        }

        fn number(&self) -> Option<f64> {
            self.0.as_f64()
        }

        fn boolean(&self) -> Option<bool> {
            self.0.as_bool()
        }
    }

    fn signal(kind: SignalKind) -> Signal {
        Signal {
            attempt: 3,
            kind,
            data: "v=0\r\n\"quoted\"".into(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(1),
        }
    }

    #[test]
    fn client_messages_serialize_like_serde() -> Result<(), serde_json::Error> {
        let join = Join {
            version: 1,
            device: "0123456789abcdef".into(),
            move_here: true,
            fresh: false,
            code: Some("123456".into()),
        };
        let bare = Signal { sdp_mid: None, sdp_m_line_index: None, ..signal(SignalKind::Offer) };
        let messages = [
            ClientMessage::Join(Join { code: None, ..join.clone() }),
            ClientMessage::Join(join),
            ClientMessage::Heartbeat,
            ClientMessage::Signal {
                to: Uuid::from_u128(7),
                to_connection: 2,
                signal: signal(SignalKind::Candidate),
            },
            ClientMessage::Signal { to: Uuid::from_u128(8), to_connection: 9, signal: bare },
            ClientMessage::Media(Media { audio: true, video: false, screen: true, deaf: true }),
            ClientMessage::Ping { id: 3 },
            ClientMessage::SendCode,
            ClientMessage::Extend,
            ClientMessage::Leave,
        ];
        for message in messages {
            let written: Value = serde_json::from_str(&minimal_json::to_string(&message))?;
            assert_eq!(written, serde_json::to_value(&message)?);
        }
        Ok(())
    }

    #[test]
    fn server_messages_deserialize_like_serde() -> Result<(), Box<dyn std::error::Error>> {
        let now = DateTime::parse_from_rfc3339("2026-11-26T16:05:00+00:00")?;
        let person = CallPerson {
            id: Uuid::from_u128(1),
            name: "Mrs Anita Abell".into(),
            role: CallRole::Teacher,
            state: PresenceState::Reconnecting,
            connection: Some(4),
            place: None,
            media: Media { audio: true, video: true, screen: false, deaf: true },
        };
        let waiting = CallPerson {
            state: PresenceState::Waiting,
            connection: None,
            place: Some(2),
            role: CallRole::Guest,
            ..person.clone()
        };
        let messages = [
            ServerMessage::Welcome {
                version: 1,
                you: Uuid::from_u128(5),
                heartbeat_seconds: 3,
                relayed_with: None,
            },
            ServerMessage::Welcome {
                version: 1,
                you: Uuid::from_u128(5),
                heartbeat_seconds: 3,
                relayed_with: Some(CallRole::Guest),
            },
            ServerMessage::Seated { connection: 4, resumed: true },
            ServerMessage::Waiting { place: 2 },
            ServerMessage::People { people: vec![person, waiting] },
            ServerMessage::Signal {
                from: Uuid::from_u128(6),
                from_connection: 1,
                to_connection: 2,
                signal: signal(SignalKind::Answer),
            },
            ServerMessage::Times {
                now,
                starts_at: now,
                ends_at: now,
                can_extend: true,
                late_minutes: 5,
            },
            ServerMessage::MoveHere,
            ServerMessage::CodeRequired {
                masked_email: "j…@example.org".into(),
                sent: true,
                wrong: false,
            },
            ServerMessage::Out {
                code: "call_over".into(),
                detail: "The appointment is over.".into(),
            },
            ServerMessage::Pong { id: 3 },
            ServerMessage::Problem {
                code: "bad_message".into(),
                detail: "We could not read it.".into(),
            },
        ];
        for message in messages {
            let json = serde_json::to_value(&message)?;
            assert_eq!(minimal_json::from_value(&Parsed(json.clone())), Some(message));
            for field in json.as_object().into_iter().flat_map(|fields| fields.keys()) {
                let mut less = json.clone();
                less.as_object_mut().map(|fields| fields.remove(field));
                // The client reads an absent list as empty.
                if field != "people" {
                    assert_eq!(
                        minimal_json::from_value::<ServerMessage>(&Parsed(less.clone())),
                        serde_json::from_value(less).ok(),
                        "without {field}"
                    );
                }
            }
        }
        assert_eq!(
            minimal_json::from_value::<ServerMessage>(&Parsed(
                serde_json::json!({ "type": "surprise" })
            )),
            None
        );
        Ok(())
    }
}
