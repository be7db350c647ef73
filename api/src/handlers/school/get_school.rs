//! `GET /school`: the school at this address.

use actix_web::web::{Data, Json};
use parlour_wire::School;

use crate::{app::App, auth::CurrentSchool, views};

/// Its name and how to reach it, for the page before anybody logs in.
pub async fn get_school(app: Data<App>, CurrentSchool(school): CurrentSchool) -> Json<School> {
    Json(views::school(&school, app.config.mode.has_dev_tools()))
}
