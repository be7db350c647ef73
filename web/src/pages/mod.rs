//! The pages. A page is its data and the panels that show it.

mod book;
mod bookings;
mod history;
mod home;
mod identity;
mod invites;
mod login;
mod missing;

pub(crate) use book::BookPage;
pub(crate) use bookings::BookingsPage;
pub(crate) use home::HomePage;
pub(crate) use identity::IdentityPage;
pub(crate) use login::LoginPage;
pub(crate) use missing::MissingPage;
