//! The SMTP transport, and the mapping of SMTP replies to reasons for parents.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::{BoxFuture, FutureExt};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::Error,
};
use secrecy::{ExposeSecret, SecretString};

use super::{CalendarMessage, Mail, Mailer, SendError};
use crate::mail_text::clean;

/// The timeout of one SMTP command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);

/// The timeout of one mail in all. It is shorter than the worker's lease.
const SEND_TIMEOUT: Duration = Duration::from_secs(90);

pub(super) const LATER: &str = "The mail has not gone through yet. We keep trying for two days.";
pub(super) const NO_MAILBOX: &str = "There is no mailbox with this address. Check the spelling \
                                     and send it again with the right address.";
const FULL: &str =
    "The mailbox of this address is full. Ask its owner to make room, then send it again.";
const REFUSED: &str = "The mail server of this address does not take our mail. Use another \
                       address, or ask the school.";
const UNWRITABLE: &str =
    "Mail can't be sent to this address. Check the spelling, or use another address.";

/// Sends mail by SMTP, with TLS as the URL says.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpMailer {
    /// Accepts a server's URL: `smtps://user:password@host`,
    /// `smtp://user:password@host:587?tls=required`, `smtp://host:25`.
    ///
    /// # Errors
    /// Fails if the URL is invalid; the error does not contain the URL, which may hold a password.
    pub fn new(url: &SecretString) -> anyhow::Result<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .ok()
            .context("PARLOUR_SMTP_URL: is no SMTP server's URL")?;
        Ok(Self { transport: builder.timeout(Some(COMMAND_TIMEOUT)).build() })
    }

    async fn deliver(&self, mail: &Mail) -> Result<(), SendError> {
        let message = message(mail)?;
        match tokio::time::timeout(SEND_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(read_error(&error, mail)),
            Err(_) => {
                tracing::warn!(outbox = %mail.id, "mail server timed out");
                Err(SendError { permanent: false, reason: LATER.to_owned() })
            }
        }
    }
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        self.deliver(mail).boxed()
    }
}

/// The header `Auto-Submitted: auto-generated`, which prevents out-of-office replies (RFC 3834, 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Builds the MIME message, with plain text and HTML as alternatives. A single calendar message is
/// added as a third alternative, so that calendars import it by themselves, and as an attachment
/// for clients that ignore it (RFC 6047, 2.4). Several calendar messages are attachments only: as
/// alternatives, a client would show one of them and hide the text.
pub(super) fn message(mail: &Mail) -> Result<Message, SendError> {
    let unwritable = || SendError { permanent: true, reason: UNWRITABLE.to_owned() };
    let from = address(&mail.from).ok_or_else(unwritable)?;
    let message_id = format!("<{}@{}>", mail.id, from.domain());
    let alternatives = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let calendar = |message: &CalendarMessage| {
        ContentType::parse(&format!(
            "text/calendar; charset=utf-8; method={}; component=VEVENT",
            message.method.as_str()
        ))
        .map_err(|_| unwritable())
    };
    let file = |message: &CalendarMessage, kind| {
        Attachment::new(message.file.clone()).body(message.text.clone(), kind)
    };
    let body = match mail.calendar.as_slice() {
        [] => alternatives,
        [one] => {
            let kind = ContentType::parse("application/ics").map_err(|_| unwritable())?;
            let taken_in = SinglePart::builder().header(calendar(one)?).body(one.text.clone());
            MultiPart::mixed()
                .multipart(alternatives.singlepart(taken_in))
                .singlepart(file(one, kind))
        }
        several => {
            several.iter().try_fold(MultiPart::mixed().multipart(alternatives), |body, one| {
                Ok::<_, SendError>(body.singlepart(file(one, calendar(one)?)))
            })?
        }
    };
    Message::builder()
        .from(Mailbox::new(Some(clean(&mail.from_name)), from))
        .to(Mailbox::new(None, address(&mail.to).ok_or_else(unwritable)?))
        .subject(clean(&mail.subject))
        .message_id(Some(message_id))
        .header(AutoSubmitted)
        .multipart(body)
        .map_err(|_| unwritable())
}

/// Parses an address. An internationalised domain is converted to ASCII (RFC 5891), because not
/// every server accepts it otherwise.
fn address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    Address::new(local, idna::domain_to_ascii(domain).ok()?).ok()
}

/// Maps an SMTP error to a reason. The server's text is neither logged nor shown, because it may
/// contain the address.
fn read_error(error: &Error, mail: &Mail) -> SendError {
    let code = error.status().map(|code| code.to_string().parse::<u16>().unwrap_or_default());
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let unwritable = error.is_client() && !mail.to.is_ascii();
    tracing::warn!(
        outbox = %mail.id,
        code,
        timeout = error.is_timeout(),
        tls = error.is_tls(),
        client = error.is_client(),
        "the mail server did not take a mail"
    );
    let (permanent, reason) = match code {
        _ if unwritable => (true, UNWRITABLE),
        Some(code) => read_code(code, &words),
        None => (false, LATER),
    };
    SendError { permanent, reason: reason.to_owned() }
}

/// Maps the basic code (RFC 5321, 4.2) and the enhanced code in the text (RFC 3463) to a reason;
/// the bool is true for a permanent failure.
fn read_code(code: u16, words: &str) -> (bool, &'static str) {
    let enhanced = |status: &str| words.split_whitespace().any(|word| word == status);
    match code {
        // These codes concern this server's login at the mail server, never the recipient.
        ..500 | 530 | 534 | 535 | 538 => (false, LATER),
        _ if enhanced("5.2.2") => (true, FULL),
        552 => (true, FULL),
        _ if ["5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1", "5.4.4"].into_iter().any(enhanced) => {
            (true, NO_MAILBOX)
        }
        553 => (true, NO_MAILBOX),
        550 | 551 if !words.contains("5.7.") => (true, NO_MAILBOX),
        _ => (true, REFUSED),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpListener,
    };

    use uuid::Uuid;

    use super::*;
    use crate::calendar::Method;

    fn mail() -> Mail {
        Mail {
            id: Uuid::from_u128(7),
            from_name: "Hillcrest School".into(),
            from: "mail@hillcrest.example".into(),
            to: "rachel@example.org".into(),
            subject: "Your appointments".into(),
            text: "Hello".into(),
            html: "<p>Hello</p>".into(),
            calendar: Vec::new(),
        }
    }

    fn written(mail: &Mail) -> String {
        String::from_utf8(message(mail).unwrap().formatted()).unwrap()
    }

    #[test]
    fn header_injection_is_prevented() {
        let mut mail = mail();
        mail.from_name = "Hillcrest\r\nBcc: evil@example.com".into();
        mail.subject = "Hello\r\nBcc: evil@example.com\r\n\r\nBody".into();
        let text = written(&mail);
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(head.lines().all(|line| !line.to_lowercase().starts_with("bcc")), "{head}");
        // The injected header becomes part of the subject, and its address is encoded, so that no
        // mail client turns it into a link.
        assert!(
            head.lines().any(|line| line.starts_with("Subject: Hello Bcc: =?utf-8?b?")),
            "{head}"
        );
        for to in [
            "a@example.org\r\nBcc: evil@example.com",
            "a@example.org, b@example.org",
            "no address",
            "",
        ] {
            mail.to = to.into();
            assert!(message(&mail).err().is_some_and(|error| error.permanent), "{to:?}");
        }
    }

    fn about(number: usize, method: Method) -> CalendarMessage {
        let text = format!("BEGIN:VCALENDAR\r\nUID:{number}\r\nEND:VCALENDAR\r\n");
        CalendarMessage { method, file: format!("appointment-{number}.ics"), text }
    }

    /// The headers of all parts that are not multipart, in order, and whether each is an
    /// attachment.
    fn parts(mail: &Mail) -> Vec<(String, bool)> {
        let text = written(mail);
        let headers = text
            .split("\r\n--")
            .filter_map(|part| part.split_once("\r\n"))
            .filter_map(|(_, part)| part.split("\r\n\r\n").next().map(str::to_owned));
        let leaves = headers
            .filter(|headers| headers.contains("Content-Type:") && !headers.contains("multipart/"));
        leaves
            .map(|headers| (headers.clone(), headers.contains("Content-Disposition: attachment")))
            .collect()
    }

    #[test]
    fn several_appointments_attach_one_calendar_file_each() {
        let mut mail = mail();
        mail.calendar =
            vec![about(1, Method::Cancel), about(2, Method::Request), about(3, Method::Request)];
        let parts = parts(&mail);
        let kinds: Vec<(&str, bool)> = [
            ("text/plain", false),
            ("text/html", false),
            ("method=CANCEL", true),
            ("method=REQUEST", true),
            ("method=REQUEST", true),
        ]
        .into();
        assert_eq!(parts.len(), kinds.len(), "{parts:#?}");
        for ((headers, is_file), (kind, is_wanted)) in parts.iter().zip(&kinds) {
            assert!(headers.contains(kind) && is_file == is_wanted, "{kind}: {headers}");
        }
        for number in 1..=3 {
            assert!(
                parts[number + 1].0.contains(&format!("filename=\"appointment-{number}.ics\"")),
                "{parts:#?}"
            );
        }
    }

    #[test]
    fn one_appointment_is_sent_as_alternative_and_attachment() {
        let mut mail = mail();
        mail.calendar = vec![about(1, Method::Request)];
        let text = written(&mail);
        assert!(text.contains("Content-Type: multipart/alternative;"));
        assert!(
            text.contains("Content-Type: text/calendar; charset=utf-8; method=REQUEST"),
            "{text}"
        );
        assert!(text.contains("filename=\"appointment-1.ics\""), "{text}");
        assert!(
            text.contains("Message-ID: <00000000-0000-0000-0000-000000000007@hillcrest.example>"),
            "{text}"
        );
        assert!(text.contains("Auto-Submitted: auto-generated"));
    }

    /// A mail server on a free port that answers `RCPT TO` with `answer`; returns its URL, and a
    /// thread that returns the received mail.
    fn server(answer: &'static str) -> (SecretString, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = SecretString::from(format!("smtp://{}", listener.local_addr().unwrap()));
        let talk = move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut lines =
                BufReader::new(client.try_clone().unwrap()).lines().map_while(Result::ok);
            client.write_all(b"220 test\r\n").unwrap();
            let mut heard = String::new();
            while let Some(line) = lines.next() {
                let answer = match line.get(..4).unwrap_or_default() {
                    "RCPT" => answer,
                    "DATA" => {
                        client.write_all(b"354 go on\r\n").unwrap();
                        for line in lines.by_ref().take_while(|line| line != ".") {
                            heard.push_str(&line);
                            heard.push('\n');
                        }
                        "250 taken"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 fine",
                };
                if write!(client, "{answer}\r\n").is_err() || answer.starts_with("221") {
                    break;
                }
            }
            heard
        };
        (url, std::thread::spawn(talk))
    }

    #[tokio::test]
    async fn smtp_replies_are_mapped_to_send_errors() {
        let check = async |answer, expected: Result<(), (bool, &str)>| {
            let (url, server) = server(answer);
            let outcome = SmtpMailer::new(&url).unwrap().send(&mail()).await;
            assert_eq!(
                outcome,
                expected.map_err(|(permanent, reason)| SendError {
                    permanent,
                    reason: reason.to_owned()
                }),
                "{answer}"
            );
            server.join().unwrap()
        };
        let heard = check("250 fine", Ok(())).await;
        assert!(
            heard.contains("From: \"Hillcrest School\" <mail@hillcrest.example>")
                && heard.contains("To: rachel@example.org"),
            "{heard}"
        );
        check("550 5.1.1 no such user", Err((true, NO_MAILBOX))).await;
        check("552 5.2.2 mailbox full", Err((true, FULL))).await;
        check("550 5.7.1 we don't want this", Err((true, REFUSED))).await;
        check("451 4.7.1 come back later", Err((false, LATER))).await;
    }

    #[tokio::test]
    async fn unreachable_server_is_a_temporary_error() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = SecretString::from(format!("smtp://127.0.0.1:{port}"));
        assert_eq!(SmtpMailer::new(&url).unwrap().send(&mail()).await.unwrap_err().reason, LATER);
        let error = SmtpMailer::new(&SecretString::from("http://x".to_owned())).err().unwrap();
        assert_eq!(error.to_string(), "PARLOUR_SMTP_URL: is no SMTP server's URL");
    }

    #[test]
    fn idn_domain_is_sent_as_punycode() {
        let mut mail = mail();
        mail.to = "zoe@münchen.de".into();
        assert!(written(&mail).contains("To: zoe@xn--mnchen-3ya.de"));
    }

    #[test]
    fn smtp_codes_are_classified() {
        let check = |code, words: &str, permanent, reason| {
            assert_eq!(read_code(code, words), (permanent, reason), "{code} {words}")
        };
        check(421, "4.7.0 try again later", false, LATER);
        check(451, "greylisted", false, LATER);
        check(535, "5.7.8 bad credentials", false, LATER);
        check(550, "5.1.1 no such user", true, NO_MAILBOX);
        check(550, "unknown", true, NO_MAILBOX);
        check(550, "5.7.1 blocked by policy", true, REFUSED);
        check(552, "5.2.2 over quota", true, FULL);
        check(554, "refused", true, REFUSED);
    }
}
