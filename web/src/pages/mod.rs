//! Pages of the web app. A page consists of its data and the panels that show it.

mod api_clients;
mod bars;
mod book;
mod bookings;
mod call;
mod copyable_text;
mod guest;
mod history;
mod home;
mod identity;
mod invites;
mod lazy;
pub(crate) mod login;
mod mailbox;
mod not_found;
mod office;
mod provenance;
mod record;
mod run;
mod same_time;
mod staff;
mod staff_parent;
mod stylesheet;
mod teacher;
mod webhook_log;
mod webhooks;

pub(crate) use lazy::{
    ApiClientsRoute, BarsRoute, BookRoute, BookingsRoute, CallRoute, CallRouteProps, DevicesRoute,
    GuestAppointmentsRoute, GuestRoute, HomeRoute, IdentityRoute, MailboxRoute, OfficeRoute,
    ScheduleRoute, StaffParentRoute, StaffRoute, TeacherRoute, WebhookLogRoute, WebhooksRoute,
};
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
