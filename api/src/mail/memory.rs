//! A mailer that keeps mails in memory instead of sending them: the mailbox of playgrounds and
//! tests.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, FutureExt, ready};
use uuid::Uuid;

use super::{Mail, Mailer, SendError};
use crate::context::Clock;

/// Number of mails that are kept; older ones are dropped.
const CAPACITY: usize = 200;

/// A mail that was kept.
#[derive(Clone)]
pub struct SentMail {
    /// The id of the mail.
    pub id: Uuid,
    /// Time when it was sent.
    pub sent_at: DateTime<Utc>,
    /// The mail.
    pub mail: Mail,
}

/// The kind of error that mail to an address gets, as set by a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A temporary failure; a retry may work.
    Temporary,
    /// A permanent failure.
    Permanent,
}

#[derive(Default)]
struct MailboxState {
    mails: VecDeque<SentMail>,
    failing: BTreeMap<String, Failure>,
}

/// Keeps the last 200 mails.
pub struct MemoryMailer {
    clock: Arc<dyn Clock>,
    state: Mutex<MailboxState>,
}

impl MemoryMailer {
    /// An empty mailbox.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// The mails, the newest last.
    #[must_use]
    pub fn mails(&self) -> Vec<SentMail> {
        self.state().mails.iter().cloned().collect()
    }

    /// Removes all mails from the mailbox and returns them, the newest last.
    #[must_use]
    pub fn take(&self) -> Vec<SentMail> {
        std::mem::take(&mut self.state().mails).into()
    }

    /// Removes the mails to one address and returns them, the newest last.
    #[must_use]
    pub fn take_to(&self, address: &str) -> Vec<SentMail> {
        let mut state = self.state();
        let (taken, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.mails).into_iter().partition(|sent| sent.mail.to == address);
        state.mails = rest.into();
        taken
    }

    /// Makes mail to this address fail from now on.
    pub fn fail_for(&self, address: &str, failure: Failure) {
        self.state().failing.insert(address.to_owned(), failure);
    }

    /// Makes mail to this address succeed again.
    pub fn recover(&self, address: &str) {
        self.state().failing.remove(address);
    }

    fn state(&self) -> MutexGuard<'_, MailboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, mail: &Mail) -> Result<(), SendError> {
        let mut state = self.state();
        match state.failing.get(&mail.to) {
            Some(Failure::Temporary) => {
                Err(SendError { permanent: false, reason: super::smtp::LATER.to_owned() })
            }
            Some(Failure::Permanent) => {
                Err(SendError { permanent: true, reason: super::smtp::NO_MAILBOX.to_owned() })
            }
            None => {
                state.mails.push_back(SentMail {
                    id: mail.id,
                    sent_at: self.clock.now(),
                    mail: mail.clone(),
                });
                let excess = state.mails.len().saturating_sub(CAPACITY);
                state.mails.drain(..excess);
                Ok(())
            }
        }
    }
}

impl Mailer for MemoryMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        ready(self.store(mail)).boxed()
    }
}
