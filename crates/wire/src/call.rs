//! The call: its door and relay servers over REST, and the messages of its WebSocket
//! (`docs/calls.md`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student, Teacher};

/// The version of the WebSocket's messages. A `join` of another one is refused with
/// `version_unknown`.
pub const CALL_VERSION: u32 = 1;

/// `GET /bookings/{id}/call` and `GET /guest/appointments/{id}/call`: what one sees before
/// entering. Reading it changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallDoor {
    /// The booking whose call it is.
    pub booking_id: Uuid,
    /// Its evening.
    pub evening_id: Uuid,
    /// May one enter now?
    pub state: CallState,
    /// The server's time.
    pub now: Moment,
    /// From when one may enter.
    pub opens_at: Moment,
    /// When the talk begins: media flow from here on.
    pub starts_at: Moment,
    /// When the talk ends, added time included: media end here.
    pub ends_at: Moment,
    /// About whom.
    pub student: Student,
    /// The subject.
    pub subject: String,
    /// The teachers of the appointment.
    pub teachers: Vec<Teacher>,
    /// The parent who booked.
    pub parent: String,
    /// The guest invited for the student, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// Who asks.
    pub you: CallYou,
    /// How many people the call holds at any one time.
    pub capacity: u32,
    /// This person is in the call already, with another device or tab: entering will ask "move
    /// here?".
    pub elsewhere: bool,
    /// By how many minutes the teacher says they run late.
    pub late_minutes: u32,
    /// The next video appointment of this person in the evening, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextCall>,
}

/// Whether a call can be entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Not before `opens_at`.
    Early,
    /// It can be entered.
    Open,
    /// It is over.
    Over,
}

/// Who one is in a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallYou {
    /// The person, or the invite of a guest.
    pub id: Uuid,
    /// The name that the others see.
    pub name: String,
    /// In this role.
    pub role: CallRole,
}

/// A role in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallRole {
    /// One of the class's teachers.
    Teacher,
    /// The parent who booked.
    Parent,
    /// The one whom the parent invited.
    Guest,
}

/// The appointment that follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NextCall {
    /// The booking.
    pub booking_id: Uuid,
    /// Its start.
    pub starts_at: Moment,
    /// About whom.
    pub student: Student,
    /// The subject.
    pub subject: String,
    /// With whom.
    pub teachers: Vec<Teacher>,
    /// The parent who booked.
    pub parent: String,
}

/// `GET /ice_servers`: what a browser needs to find a way to another one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IceServers {
    /// The servers, as `RTCConfiguration.iceServers` takes them.
    pub ice_servers: Vec<IceServer>,
    /// Whether media may flow directly, or only through a relay.
    pub transport_policy: TransportPolicy,
    /// Until when the credentials are good; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

/// One STUN or TURN server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// Its addresses (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// For TURN: `<unix time of expiry>:<opaque id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN: base64 of the HMAC-SHA1 over the user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// `RTCConfiguration.iceTransportPolicy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportPolicy {
    /// Directly where possible.
    All,
    /// Through a TURN server alone.
    Relay,
}

/// What a browser says over the WebSocket: one JSON object a message, at most 32 KiB.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message: I want to be in this call.
    Join(Join),
    /// I am still here. Every `heartbeat_seconds`, where nothing else is said.
    Heartbeat,
    /// Are you still there? Answered at once by `pong`, before and after `join`.
    Ping {
        /// Comes back with the answer.
        id: u32,
    },
    /// Something for one other person's connection. Dropped when that connection is no more.
    Signal {
        /// To whom.
        to: Uuid,
        /// To which connection of theirs.
        to_connection: u32,
        /// What.
        signal: Signal,
    },
    /// What I send now, to be shown to the others.
    Media(Media),
    /// Mail me the code that `code_required` asks for.
    SendCode,
    /// A teacher adds one minute.
    Extend,
    /// I leave: the seat is free at once.
    Leave,
}

/// The wish to be in a call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// [`CALL_VERSION`].
    pub version: u32,
    /// A random key of this tab (16 to 64 characters), kept while it lives: whoever shows the same
    /// one again is the same device and resumes.
    pub device: String,
    /// The answer to `move_here`: take my place from my other device or tab.
    #[serde(default)]
    pub move_here: bool,
    /// This tab has no media connections of before (it was just loaded): the others are to build
    /// new ones to it.
    #[serde(default)]
    pub fresh: bool,
    /// The answer to `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What somebody sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Media {
    /// The microphone is on.
    pub audio: bool,
    /// The camera is on.
    pub video: bool,
    /// The video is the screen.
    pub screen: bool,
    /// The others are not heard: the browser plays no sound at the moment.
    #[serde(default)]
    pub deaf: bool,
}

/// A step of one pair's connection (RFC 8829). `attempt` counts the pair's connections from 1: one
/// of a higher number replaces the one before, one of a lower number is late and dropped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Which connection of the pair.
    pub attempt: u32,
    /// What kind of step.
    pub kind: SignalKind,
    /// The session description, or the candidate (empty: that was the last one).
    pub data: String,
    /// For a candidate: `sdpMid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// For a candidate: `sdpMLineIndex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u32>,
}

/// The kind of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// A session description that offers.
    Offer,
    /// One that answers.
    Answer,
    /// An ICE candidate.
    Candidate,
}

/// What the server says over the WebSocket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The `join` was heard and allowed.
    Welcome {
        /// [`CALL_VERSION`].
        version: u32,
        /// Who one is.
        you: Uuid,
        /// How often to send `heartbeat`, in seconds.
        heartbeat_seconds: u32,
        /// The role with whose people media go through the relay alone, where there is one:
        /// between a parent and a guest. Candidates of another kind are not passed on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        relayed_with: Option<CallRole>,
    },
    /// One sits. The others are in `people`, which follows.
    Seated {
        /// The number of this connection; it grows with each that begins anew.
        connection: u32,
        /// It is the seat and the connection of before: keep the media connections.
        resumed: bool,
    },
    /// The call is full.
    Waiting {
        /// The place in the queue, from 1.
        place: u32,
    },
    /// Everybody who belongs to the call, oneself included, whenever anything of it changed.
    People {
        /// Teachers first, then the parent, then the guest.
        people: Vec<CallPerson>,
    },
    /// Something from another person's connection.
    Signal {
        /// From whom.
        from: Uuid,
        /// From which connection of theirs.
        from_connection: u32,
        /// To which connection of one's own; drop it when that is not the present one.
        to_connection: u32,
        /// What.
        signal: Signal,
    },
    /// The call's times, after `welcome` and whenever they change.
    Times {
        /// The server's time.
        now: Moment,
        /// When media begin.
        starts_at: Moment,
        /// When media end.
        ends_at: Moment,
        /// A teacher may add a minute (told to teachers alone).
        can_extend: bool,
        /// By how many minutes the teacher says they run late.
        late_minutes: u32,
    },
    /// One is in the call with another device or tab: `join` again with `move_here` to come here.
    MoveHere,
    /// The link was taken over too often: a code must be entered, `join` again with `code`.
    CodeRequired {
        /// Where `send_code` mails it, masked.
        masked_email: String,
        /// It was mailed.
        sent: bool,
        /// The code given was wrong.
        wrong: bool,
    },
    /// One is out of the call and the server closes the connection.
    Out {
        /// Why, for a program: `taken_over`, `opened_elsewhere`, `invite_removed`, `access_ended`,
        /// `booking_cancelled`, `booking_moved`, `logged_out`, `call_early`, `call_over`,
        /// `link_renewed`, `expired`, `version_unknown`, `left`.
        code: String,
        /// Why, for a person.
        detail: String,
    },
    /// The answer to `ping`.
    Pong {
        /// As it was asked.
        id: u32,
    },
    /// A message was refused; the connection goes on.
    Problem {
        /// Why, for a program.
        code: String,
        /// Why, for a person.
        detail: String,
    },
}

/// Somebody who belongs to a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallPerson {
    /// The person, or the invite of a guest.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: CallRole,
    /// Where they are.
    pub state: PresenceState,
    /// The number of their connection, while they sit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// Their place in the queue, while they wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
    /// What they send.
    pub media: Media,
}

/// Where somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// In the call.
    InCall,
    /// Vanished; the seat is held for them for 30 s.
    Reconnecting,
    /// In the queue.
    Waiting,
    /// Not there.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_match_the_documented_json() -> Result<(), serde_json::Error> {
        let check = |text: &str, message: ClientMessage| -> Result<(), serde_json::Error> {
            assert_eq!(serde_json::from_str::<ClientMessage>(text)?, message);
            Ok(())
        };
        let join = Join {
            version: CALL_VERSION,
            device: "0123456789abcdef".into(),
            move_here: false,
            fresh: true,
            code: None,
        };
        check(
            r#"{"type":"join","version":1,"device":"0123456789abcdef","fresh":true}"#,
            ClientMessage::Join(join),
        )?;
        check(r#"{"type":"heartbeat"}"#, ClientMessage::Heartbeat)?;
        check(
            r#"{"type":"media","audio":true,"video":false,"screen":false}"#,
            ClientMessage::Media(Media { audio: true, ..Media::default() }),
        )?;
        check(r#"{"type":"ping","id":7}"#, ClientMessage::Ping { id: 7 })?;
        assert_eq!(
            serde_json::to_string(&ServerMessage::Waiting { place: 2 })?,
            r#"{"type":"waiting","place":2}"#
        );
        assert_eq!(serde_json::to_string(&ServerMessage::MoveHere)?, r#"{"type":"move_here"}"#);
        Ok(())
    }
}
