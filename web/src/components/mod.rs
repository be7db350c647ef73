//! What pages are made of. A component fetches nothing: it is given signals and callbacks.

mod appointments;
mod bookings_table;
mod confirm;
mod dialog;
mod evening_card;
mod field;
mod header;
mod heading;
mod icon;
mod invite_control;
mod invite_form;
mod invite_list;
mod more;
mod notice;
mod panel;
mod review_list;
mod slots;

pub(crate) use appointments::{Appointments, Line};
pub(crate) use bookings_table::{BookingsTable, names};
pub(crate) use confirm::Confirm;
pub(crate) use dialog::Dialog;
pub(crate) use evening_card::{EveningCard, when};
pub(crate) use field::Field;
pub(crate) use header::{DemoStrip, Header};
pub(crate) use heading::Heading;
pub(crate) use icon::{Icon, Shape};
pub(crate) use invite_control::InviteControl;
pub(crate) use invite_form::{InviteCheck, InviteDraft, InviteForm};
pub(crate) use invite_list::{InviteActions, InviteItem, student_names};
pub(crate) use more::More;
pub(crate) use notice::{Notice, Tone};
pub(crate) use panel::{FailureNotice, LazyPanel, Panel, Skeleton};
pub(crate) use review_list::ReviewList;
pub(crate) use slots::{SlotChoosers, SlotTable};
