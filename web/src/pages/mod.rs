//! The pages. A page is its data and the panels that show it.

mod bars;
mod book;
mod bookings;
mod call;
mod clients;
mod guest;
mod handover;
mod history;
mod home;
mod identity;
mod invites;
mod lazy;
pub(crate) mod login;
mod mailbox;
mod missing;
mod office;
mod origins;
mod record;
mod run;
mod same_time;
mod staff;
mod staff_parent;
mod style;
mod teacher;
mod webhook_log;
mod webhooks;

pub(crate) use lazy::{
    BarsRoute, BookRoute, BookingsRoute, CallRoute, CallRouteProps, ClientsRoute, DevicesRoute,
    GuestAppointmentsRoute, GuestRoute, HomeRoute, IdentityRoute, MailboxRoute, OfficeRoute,
    ScheduleRoute, StaffParentRoute, StaffRoute, TeacherRoute, WebhookLogRoute, WebhooksRoute,
};
pub(crate) use login::LoginPage;
pub(crate) use missing::MissingPage;
