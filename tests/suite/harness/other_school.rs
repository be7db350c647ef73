//! A second school on the same server.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    schema::{people, schools},
    store::{people::PersonRow, sessions::Role, sql_types::Key},
};

use super::{Actor, Roster, School};

/// The second school's people, logged in. They see nothing of the demo school. The parent has the
/// same address as the demo's parent.
pub struct OtherSchool {
    /// A parent whose child is in a class of the teacher.
    pub parent: Actor,
    /// A teacher.
    pub teacher: Actor,
    /// A member of the office.
    pub staff: Actor,
}

impl OtherSchool {
    /// Parent, teacher and staff.
    pub fn all(&self) -> [&Actor; 3] {
        [&self.parent, &self.teacher, &self.staff]
    }
}

impl School {
    /// Imports a roster with a second school.
    pub async fn other_school(&self) -> OtherSchool {
        let person = |id: &str, role: &str, name: &str, mail: &str, agents: &str| {
            format!(
                "{id},active,2026-09-01T06:00:00.000Z,true,lakeside,{role},,,{name},Lake,,,{mail},\
                 ,,{agents},,,,,,,,"
            )
        };
        Roster::demo()
            .add("orgs.csv", "lakeside,active,2026-09-01T06:00:00.000Z,Lakeside School,school,,")
            .add(
                "classes.csv",
                "lake-1,active,2026-09-01T06:00:00.000Z,Year \
                 1,,science,L1,scheduled,,lakeside,year,,,",
            )
            .add(
                "users.csv",
                &person("lake-o", "administrator", "Olga", "office@lakeside.example.org", ""),
            )
            .add("users.csv", &person("lake-t", "teacher", "Tom", "tom@lakeside.example.org", ""))
            .add(
                "users.csv",
                &person("lake-p", "parent", "Paula", "rachel.aaron@example.org", "lake-s"),
            )
            .add("users.csv", &person("lake-s", "student", "Sam", "", "lake-p"))
            .add(
                "enrollments.csv",
                "lake-1.t,active,2026-09-01T06:00:00.000Z,lake-1,lakeside,lake-t,teacher,true,,",
            )
            .add(
                "enrollments.csv",
                "lake-1.s,active,2026-09-01T06:00:00.000Z,lake-1,lakeside,lake-s,student,false,,",
            )
            .import_without_limit(self)
            .await;
        OtherSchool {
            parent: self.other_school_actor("lake-p", Role::Parent).await,
            teacher: self.other_school_actor("lake-t", Role::Teacher).await,
            staff: self.neighbour_staff().await,
        }
    }

    /// Logs the other school's member of staff in once more.
    pub async fn neighbour_staff(&self) -> Actor {
        self.other_school_actor("lake-o", Role::Staff).await
    }

    async fn other_school_actor(&self, sourced_id: &'static str, role: Role) -> Actor {
        let (row, slug): (PersonRow, String) = self
            .read(move |db| {
                let school: (Key, String) = schools::table
                    .filter(schools::sourced_id.eq("lakeside"))
                    .select((schools::id, schools::slug))
                    .first(db)?;
                let them = people::table
                    .filter(people::school_id.eq(school.0))
                    .filter(people::sourced_id.eq(sourced_id));
                Ok((them.select(PersonRow::as_select()).first(db)?, school.1))
            })
            .await;
        let actor = Actor::for_school(&self.origin, &slug);
        actor.set_cookie("parlour_session", &self.session_of(&row, role).await);
        actor
    }
}
