//! `GET /evenings/{evening_id}/calendar`: the parent's appointments as a calendar file (RFC 5545).
//! The file contains no token.

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Query},
};

use crate::{
    app::App,
    auth::UnresolvedSession,
    calendar::{self, Appointment, Method, Organizer},
    problem::ApiResult,
    request::{EveningPath, ParentQuery},
    store::{
        bookings::{self, Booking},
        people::PersonRow,
    },
};

/// Returns the calendar file as an attachment.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_calendar(
    app: Data<App>,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
) -> ApiResult {
    let (asked, booked) = visitor
        .read(&app, query.parent(), move |db, asked| {
            bookings::get_calendar(db, asked.school_id(), &asked.acting, evening)
        })
        .await?;
    let appointments: Vec<Appointment> = booked.iter().map(appointment).collect();
    let organizer = Organizer { name: &asked.caller.school.name, address: &app.config.mail_from };
    let file = calendar::calendar(Method::Publish, &appointments, app.clock.now(), organizer, None);
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"appointments.ics\""))
        .body(file))
}

fn appointment(of: &Booking) -> Appointment {
    Appointment {
        booking: of.row.id.into(),
        sequence: of.row.sequence,
        starts_at: *of.row.starts_at,
        ends_at: *of.row.ends_at,
        subject: of.subject.clone(),
        teachers: of.teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and "),
        student: of.student.name(),
        video: of.row.video,
    }
}
