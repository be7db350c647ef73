//! `GET /school`: the school at this address.

use actix_web::web::{Data, Json};
use parlour_wire::School;

use crate::{app::App, auth::CurrentSchool, views};

/// Returns the school's name and contact details, for pages before login.
pub async fn get_school(app: Data<App>, CurrentSchool(school): CurrentSchool) -> Json<School> {
    Json(views::school(&school, app.config.mode.has_dev_tools()))
}
