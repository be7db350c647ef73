//! A real SMTP server in a process of its own, and the mails that it has received.

use std::{fs, net::TcpListener, path::PathBuf, process::Command};

use mail_parser::MessageParser;
use parlour_browser::Process;

/// Handle of the server, which is killed when this is dropped.
pub struct SmtpServer {
    /// The server's URL.
    pub url: String,
    folder: tempfile::TempDir,
    _process: Process,
}

/// A mail, decoded.
pub struct ReceivedMail {
    /// Recipient's address.
    pub to: String,
    /// Plain text body.
    pub text: String,
    /// HTML body.
    pub html: String,
}

impl SmtpServer {
    /// Starts a server on a free port.
    pub async fn start() -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
        // Debian's Python is required, because the package python3-aiosmtpd belongs to it.
        let mut command = Command::new("/usr/bin/python3");
        command
            .args([
                "-m",
                "aiosmtpd",
                "-n",
                "-d",
                "-l",
                &format!("127.0.0.1:{port}"),
                "-c",
                "aiosmtpd.handlers.Mailbox",
            ])
            .arg(folder.path().join("mail"));
        let (process, _) =
            Process::start(&mut command, "Server is listening").await.expect("aiosmtpd starts");
        Self { url: format!("smtp://127.0.0.1:{port}"), folder, _process: process }
    }

    /// All received mails, in no order.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        let new: PathBuf = self.folder.path().join("mail/new");
        let files =
            fs::read_dir(new).map(|files| files.flatten().collect::<Vec<_>>()).unwrap_or_default();
        let read = |file: fs::DirEntry| {
            let bytes = fs::read(file.path()).expect("a mail can be read");
            let mail = MessageParser::default().parse(&bytes).expect("a mail is well-formed");
            let to = mail
                .to()
                .and_then(|to| to.first())
                .and_then(|to| to.address())
                .unwrap_or_default()
                .to_owned();
            let text = mail.body_text(0).unwrap_or_default().into_owned();
            ReceivedMail { to, text, html: mail.body_html(0).unwrap_or_default().into_owned() }
        };
        files.into_iter().map(read).collect()
    }

    /// The code of the login mail to an address.
    pub fn code(&self, to: &str) -> String {
        let letters = self.mails();
        let of = letters
            .iter()
            .filter(|letter| letter.to.eq_ignore_ascii_case(to))
            .find_map(|letter| letter.text.split_once("Your code to log in:"));
        let (_, after) = of.unwrap_or_else(|| {
            panic!(
                "no code for {to}; there are mails to {:?}",
                letters.iter().map(|letter| &letter.to).collect::<Vec<_>>()
            )
        });
        after.chars().filter(char::is_ascii_digit).take(6).collect()
    }

    /// The link with this path in the mail to an address that contains the text `says`.
    pub fn link(&self, to: &str, says: &str, path: &str) -> String {
        let letters = self.mails();
        let of = letters
            .iter()
            .filter(|letter| letter.to.eq_ignore_ascii_case(to) && letter.text.contains(says))
            .find_map(|letter| letter.text.split_whitespace().find(|word| word.contains(path)));
        of.unwrap_or_else(|| {
            panic!(
                "no link {path} in a mail to {to}; there are mails to {:?}",
                letters.iter().map(|letter| &letter.to).collect::<Vec<_>>()
            )
        })
        .to_owned()
    }
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}
