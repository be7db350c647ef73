//! A mailer that keeps mails instead of sending them: the mailbox of demo and development modes,
//! and of the tests.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, FutureExt, ready};
use uuid::Uuid;

use super::{Mail, Mailer, SendError};
use crate::context::Clock;

/// How many mails are kept; the oldest make room.
const CAPACITY: usize = 200;

/// A mail that was kept.
#[derive(Clone)]
pub struct SentMail {
    /// The mail's own id.
    pub id: Uuid,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// The mail.
    pub mail: Mail,
}

/// How an address fails, when a test tells it to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Now; later it may work.
    Temporary,
    /// For good.
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

    /// What was sent, the newest last.
    #[must_use]
    pub fn mails(&self) -> Vec<SentMail> {
        self.state().mails.iter().cloned().collect()
    }

    /// What was sent, the newest last; the mailbox is empty afterwards.
    #[must_use]
    pub fn take(&self) -> Vec<SentMail> {
        std::mem::take(&mut self.state().mails).into()
    }

    /// What was sent to an address, the newest last; the rest stays in the mailbox.
    #[must_use]
    pub fn take_to(&self, address: &str) -> Vec<SentMail> {
        let mut state = self.state();
        let (taken, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.mails).into_iter().partition(|sent| sent.mail.to == address);
        state.mails = rest.into();
        taken
    }

    /// From now on, mail to this address fails.
    pub fn fail_for(&self, address: &str, failure: Failure) {
        self.state().failing.insert(address.to_owned(), failure);
    }

    /// From now on, mail to this address arrives again.
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
