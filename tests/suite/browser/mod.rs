//! Browser tests, with mail through a real SMTP server. They find elements by role and label, as a
//! user does.

mod axe;
mod calls;
mod contact;
mod driver;
mod identity;
mod journey;
mod links;
mod lost_responses;
mod pages;
mod real_school;
mod run_mode;
mod smtp_server;
mod startup;
mod translated;
mod two_tabs;

use crate::harness::Server;
use smtp_server::SmtpServer;

/// The folder of the built web app.
fn client() -> String {
    std::env::var("PARLOUR_CLIENT_DIR")
        .expect("PARLOUR_CLIENT_DIR names the built client; `cargo xtask test` sets it")
}

/// Sends the due mail and opens every URL in it, as mail scanners do. The fragment after `#` is
/// never sent to the server.
async fn deliver_and_scan(server: &Server, smtp: &SmtpServer) {
    parlour::workers::run_due(&server.app.mail_worker()).await;
    for letter in smtp.mails() {
        let words = letter.text.split_whitespace().chain(letter.html.split('"'));
        for link in words.filter(|word| word.starts_with("http://127.0.0.1")) {
            reqwest::get(link).await.expect("the page answers");
        }
    }
}
