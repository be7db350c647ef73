//! Calls: the door and the relay servers over REST, and the messages of the WebSocket
//! (`docs/calls.md`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student, Teacher};

/// The version of the WebSocket messages. A `join` with another version is refused with
/// `version_unknown`.
pub const CALL_VERSION: u32 = 1;

/// The response of `GET /bookings/{id}/call` and `GET /guest/appointments/{id}/call`: the view of a
/// call before entering. Reading it changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallDoor {
    /// The booking of the call.
    pub booking_id: Uuid,
    /// The evening of the booking.
    pub evening_id: Uuid,
    /// True if the call can be entered now.
    pub state: CallState,
    /// The server's time.
    pub now: Moment,
    /// The time from which the call can be entered.
    pub opens_at: Moment,
    /// The time when the talk begins and media start to flow.
    pub starts_at: Moment,
    /// The time when the talk and the media end, added time included.
    pub ends_at: Moment,
    /// The student whom the appointment is about.
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
    /// The participant who made the request.
    pub you: CallYou,
    /// The maximum number of people in the call at any one time.
    pub capacity: u32,
    /// This participant is already in the call on another device or tab: entering will ask "move
    /// here?".
    pub elsewhere: bool,
    /// By how many minutes the teacher reports to run late.
    pub late_minutes: u32,
    /// The participant's next video appointment in the evening, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextCall>,
}

/// True if a call can be entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// The call can't be entered before `opens_at`.
    Early,
    /// The call can be entered.
    Open,
    /// The call is over.
    Over,
}

/// The participant's own identity in a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallYou {
    /// The id of the person, or of a guest's invite.
    pub id: Uuid,
    /// The name that the other participants see.
    pub name: String,
    /// Their role.
    pub role: CallRole,
}

/// A role in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallRole {
    /// A teacher of the class.
    Teacher,
    /// The parent who booked.
    Parent,
    /// The guest whom the parent invited.
    Guest,
}

/// The participant's next appointment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NextCall {
    /// The booking.
    pub booking_id: Uuid,
    /// Its start.
    pub starts_at: Moment,
    /// The student whom the appointment is about.
    pub student: Student,
    /// The subject.
    pub subject: String,
    /// The teachers of the appointment.
    pub teachers: Vec<Teacher>,
    /// The parent who booked.
    pub parent: String,
}

/// The response of `GET /ice_servers`: the servers that a browser needs to connect to another one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IceServers {
    /// The servers, in the form of `RTCConfiguration.iceServers`.
    pub ice_servers: Vec<IceServer>,
    /// True if media may flow directly, or only through a relay.
    pub transport_policy: TransportPolicy,
    /// The expiry of the credentials; absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

/// One STUN or TURN server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// Its URLs (RFC 7064, RFC 7065).
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
    /// Directly if possible.
    All,
    /// Only through a TURN server.
    Relay,
}

/// A message from a browser over the WebSocket: one JSON object of at most 32 KiB.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message: asks to enter the call.
    Join(Join),
    /// A sign of life, sent every `heartbeat_seconds` unless another message is sent.
    Heartbeat,
    /// A ping of the server, which answers at once with `pong`, before and after `join`.
    Ping {
        /// An id that the answer repeats.
        id: u32,
    },
    /// A signal for one connection of another participant. Dropped if that connection has ended.
    Signal {
        /// The recipient.
        to: Uuid,
        /// The recipient's connection.
        to_connection: u32,
        /// The signal.
        signal: Signal,
    },
    /// The media that the sender sends now, for display to the others.
    Media(Media),
    /// Requests a mail with the code that `code_required` asks for.
    SendCode,
    /// Extends the call by one minute; for teachers.
    Extend,
    /// Leaves the call: the seat is free at once.
    Leave,
}

/// A request to enter the call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Must be [`CALL_VERSION`].
    pub version: u32,
    /// A random key of this tab (16 to 64 characters) that lasts as long as the tab; an equal key
    /// means the same device, which resumes its place.
    pub device: String,
    /// The answer to `move_here`: take over the place of my other device or tab.
    #[serde(default)]
    pub move_here: bool,
    /// This tab has no earlier media connections (it was just loaded), so the others must build
    /// new ones to it.
    #[serde(default)]
    pub fresh: bool,
    /// The answer to `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The media that a participant sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Media {
    /// The microphone is on.
    pub audio: bool,
    /// The camera is on.
    pub video: bool,
    /// The video shows the screen.
    pub screen: bool,
    /// The browser plays no sound at the moment, so this participant can't hear the others.
    #[serde(default)]
    pub deaf: bool,
}

/// A signalling step between two participants (RFC 8829). `attempt` numbers the connections of the
/// pair from 1: a higher number replaces the earlier connection, a lower number is late and
/// dropped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// The number of the pair's connection.
    pub attempt: u32,
    /// The kind of step.
    pub kind: SignalKind,
    /// The session description, or the candidate (empty after the last one).
    pub data: String,
    /// For a candidate: `sdpMid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// For a candidate: `sdpMLineIndex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u32>,
}

/// The kind of a signalling step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// An offer: a session description.
    Offer,
    /// An answer: a session description.
    Answer,
    /// An ICE candidate.
    Candidate,
}

/// A message from the server over the WebSocket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The `join` was accepted.
    Welcome {
        /// [`CALL_VERSION`].
        version: u32,
        /// The participant's own id.
        you: Uuid,
        /// The interval of `heartbeat`, in seconds.
        heartbeat_seconds: u32,
        /// The role whose participants get media only through the relay, if there is one: parent
        /// and guest for each other. Other candidates are not forwarded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        relayed_with: Option<CallRole>,
    },
    /// The participant has a seat. `people` follows with the others.
    Seated {
        /// The number of this connection; each new connection gets a higher one.
        connection: u32,
        /// The seat and the connection are the earlier ones: keep the media connections.
        resumed: bool,
    },
    /// All seats are occupied.
    Waiting {
        /// The position in the queue, from 1.
        place: u32,
    },
    /// All people who belong to the call, the recipient included; sent whenever any of them
    /// changes.
    People {
        /// Teachers first, then the parent, then the guest.
        people: Vec<CallPerson>,
    },
    /// A signal from another participant's connection.
    Signal {
        /// The sender.
        from: Uuid,
        /// The sender's connection.
        from_connection: u32,
        /// The recipient's connection; drop the signal unless it is the current one.
        to_connection: u32,
        /// The signal.
        signal: Signal,
    },
    /// The call's times; sent after `welcome` and whenever they change.
    Times {
        /// The server's time.
        now: Moment,
        /// The time when media begin.
        starts_at: Moment,
        /// The time when media end.
        ends_at: Moment,
        /// The recipient may add a minute; true only for teachers.
        can_extend: bool,
        /// By how many minutes the teacher reports to run late.
        late_minutes: u32,
    },
    /// The participant is in the call on another device or tab: `join` again with `move_here` to
    /// move.
    MoveHere,
    /// The link was taken over too often: `join` again with `code`.
    CodeRequired {
        /// The masked address to which `send_code` mails the code.
        masked_email: String,
        /// The code was mailed.
        sent: bool,
        /// The given code was wrong.
        wrong: bool,
    },
    /// The participant is out of the call, and the server closes the connection.
    Out {
        /// The reason, for programs: `taken_over`, `opened_elsewhere`, `invite_removed`,
        /// `access_ended`, `booking_cancelled`, `booking_moved`, `logged_out`, `call_early`,
        /// `call_over`, `link_renewed`, `expired`, `version_unknown`, `left`.
        code: String,
        /// The reason, for people.
        detail: String,
    },
    /// The answer to `ping`.
    Pong {
        /// The id of the ping.
        id: u32,
    },
    /// A message was refused; the connection stays open.
    Problem {
        /// The reason, for programs.
        code: String,
        /// The reason, for people.
        detail: String,
    },
}

/// A person who belongs to a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallPerson {
    /// The id of the person, or of a guest's invite.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: CallRole,
    /// Their presence.
    pub state: PresenceState,
    /// The number of their connection, while they have a seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// Their position in the queue, while they wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
    /// The media that they send.
    pub media: Media,
}

/// True if and how somebody is present.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// In the call.
    InCall,
    /// Disconnected; the seat is held for 30 s.
    Reconnecting,
    /// In the queue.
    Waiting,
    /// Absent.
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
