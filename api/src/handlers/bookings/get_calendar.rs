//! `GET /evenings/{evening_id}/calendar`: My Bookings as a calendar file (RFC 5545), without any
//! token.

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Query},
};

use crate::{
    app::App,
    auth::{Caller, Visitor},
    calendar::{self, Appointment, Method, Organizer},
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{
        Db,
        bookings::{self, Booking},
        evenings,
        people::PersonRow,
    },
};

/// The parent's appointments, to be put into a calendar.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_calendar(
    app: Data<App>,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
) -> Answer {
    let parent_id = query.parent();
    let read = move |db: &mut Db, caller: &Caller| {
        let (acting, _) = caller.acting(db, parent_id)?;
        evenings::find_for(db, caller.school_id(), acting.whose(), evening)?;
        Ok((caller.school.name.clone(), bookings::of_acting(db, evening, &acting)?))
    };
    let (school, booked) = visitor.read(&app, read).await?;
    let appointments: Vec<Appointment> = booked.iter().map(appointment).collect();
    let organizer = Organizer { name: &school, address: &app.config.mail_from };
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
