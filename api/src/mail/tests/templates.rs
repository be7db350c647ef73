//! Tests of every mail template, with the demo's data and with hostile names.

use chrono::{DateTime, Utc};
use parlour_domain::id::BookingId;
use uuid::Uuid;

use crate::{
    calendar::{Appointment, Method},
    config::Config,
    mail::{
        Mail,
        content::{AppointmentText, Content, EveningText, Letter},
        render::render,
        school_base,
    },
    mail_text::clean,
    store::mail_content::School,
};

/// The words that people supply for a mail.
struct Words {
    parent: &'static str,
    guest: &'static str,
    student: &'static str,
    teacher: &'static str,
    subject: &'static str,
    title: &'static str,
    school: &'static str,
}

const EXAMPLE: Words = Words {
    parent: "Rachel Aaron",
    guest: "Jordan Aaron",
    student: "Sophie Aaron",
    teacher: "Mrs Anita Abell",
    subject: "Science",
    title: "Year 9 Parents’ Evening",
    school: "Hillcrest School",
};

const HOSTILE: Words = Words {
    parent: "<script>alert(1)</script>\r\nBcc: evil@example.com",
    guest: "\"><img src=x onerror=alert(1)>👩‍👧 <b>",
    student: "\u{202e}محمد عبد الله & <i>{{ code }}</i>",
    teacher: "O'Brien \"Núñez\" 王小明",
    subject: "C++ <&> A\u{2028}B",
    title: "Year 9 <script>",
    school: "St \"Mary's\" & <b>Co</b>\r\nX-Evil: 1",
};

fn now() -> DateTime<Utc> {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn letters(words: &Words) -> Vec<(&'static str, Letter)> {
    let (parent, guest, student, teacher, subject) = (
        clean(words.parent),
        clean(words.guest),
        clean(words.student),
        clean(words.teacher),
        clean(words.subject),
    );
    let evening = || EveningText {
        title: clean(words.title),
        date: "Thursday 26 November 2026".into(),
        short_date: "26 November".into(),
    };
    let row = |time: &str, video| AppointmentText {
        time: time.into(),
        teachers: teacher.clone(),
        student: student.clone(),
        subject: subject.clone(),
        video,
    };
    let rows = || vec![row("16:00", true), row("16:05", true), row("16:20", false)];
    let appointment = Appointment {
        booking: BookingId(Uuid::from_u128(7)),
        sequence: 0,
        starts_at: now(),
        ends_at: now(),
        subject: subject.clone(),
        teachers: teacher.clone(),
        student: student.clone(),
        video: true,
    };
    let base = "https://hillcrest.example/";
    let (own, guest_url) = (format!("{base}login#t=AAAAAAAA"), format!("{base}guest#t=AAAAAAAA"));
    let (evening_url, decline_url, name, students) = (
        format!("{base}evenings/7"),
        format!("{base}guest#t=AAAAAAAA"),
        parent.clone(),
        student.clone(),
    );
    let contents = [
        (
            "login",
            Content::Login {
                name: Some(name.clone()),
                code: "042 917".into(),
                url: own.clone(),
                until: "18:05".into(),
            },
        ),
        (
            "bookings_made",
            Content::BookingsMade {
                name: name.clone(),
                evening: evening(),
                rows: rows(),
                url: own.clone(),
            },
        ),
        (
            "booking_changed",
            Content::BookingChanged {
                name: name.clone(),
                evening: evening(),
                rows: vec![row("16:10", true)],
                url: own.clone(),
            },
        ),
        (
            "booking_cancelled",
            Content::BookingCancelled {
                name: name.clone(),
                evening: evening(),
                rows: vec![row("16:10", false), row("16:20", false)],
                url: own,
            },
        ),
        (
            "invite",
            Content::Invite {
                name: guest.clone(),
                parent: parent.clone(),
                evening: evening(),
                students: students.clone(),
                rows: rows(),
                url: guest_url.clone(),
                decline_url: decline_url.clone(),
            },
        ),
        (
            "invite_empty",
            Content::Invite {
                name: guest.clone(),
                parent: parent.clone(),
                evening: evening(),
                students: students.clone(),
                rows: Vec::new(),
                url: guest_url.clone(),
                decline_url: decline_url.clone(),
            },
        ),
        (
            "guest_update",
            Content::GuestUpdate {
                name: guest.clone(),
                parent: parent.clone(),
                evening: evening(),
                students: students.clone(),
                rows: rows(),
                cancelled: vec![row("16:30", true)],
                url: guest_url,
                decline_url,
            },
        ),
        (
            "invite_removed",
            Content::InviteRemoved {
                name: guest.clone(),
                parent: parent.clone(),
                evening: evening(),
                students: students.clone(),
            },
        ),
        (
            "invite_declined",
            Content::InviteDeclined {
                name,
                guest: guest.clone(),
                address: "jordan@example.org".into(),
                evening: evening(),
                students,
                url: evening_url,
            },
        ),
        ("access_ended", Content::AccessEnded),
        (
            "call_code",
            Content::CallCode {
                name: guest.clone(),
                code: "042 917".into(),
                until: "16:35".into(),
                url: format!("{base}guest#t=AAAAAAAA"),
            },
        ),
        (
            "link_elsewhere",
            Content::LinkElsewhere {
                name: guest.clone(),
                guest: guest.clone(),
                is_parent: false,
                evening: evening(),
                url: format!("{base}guest#t=AAAAAAAA"),
            },
        ),
        (
            "link_elsewhere_parent",
            Content::LinkElsewhere {
                name: parent.clone(),
                guest: guest.clone(),
                is_parent: true,
                evening: evening(),
                url: format!("{base}evenings/7"),
            },
        ),
        (
            "staff_alert",
            Content::StaffAlert {
                name: guest.clone(),
                alerts: vec![format!("{parent} tried to invite a barred contact.")],
                url: format!("{base}staff"),
            },
        ),
    ];
    let school = School {
        name: clean(words.school),
        slug: "hillcrest".into(),
        host: None,
        zone: chrono_tz::UTC,
    };
    let letter = |content| Letter {
        school: school.clone(),
        to: "rachel@example.org".into(),
        to_name: guest.clone(),
        subject: format!("{parent} invites you to {}", words.title),
        preview: format!("{} 16:00", words.subject),
        content,
        calendar: vec![(Method::Request, appointment.clone())],
    };
    contents.into_iter().map(|(name, content)| (name, letter(content))).collect()
}

fn mails(words: &Words) -> Vec<(&'static str, Mail)> {
    letters(words)
        .into_iter()
        .map(|(name, letter)| {
            (name, render(Uuid::from_u128(7), &letter, "mail@hillcrest.example", now()).unwrap())
        })
        .collect()
}

/// If `PARLOUR_MAIL_SAMPLES` names a folder, every mail is written there, so that a browser can
/// show it.
#[test]
fn every_template_renders_completely() {
    let folder = std::env::var_os("PARLOUR_MAIL_SAMPLES").map(std::path::PathBuf::from);
    for (name, mail) in mails(&EXAMPLE) {
        assert!(
            mail.html.contains("Hillcrest School") && mail.text.contains("Hillcrest School"),
            "{name}"
        );
        assert_eq!(
            mail.html.matches("class=\"button\"").count(),
            usize::from(!["access_ended", "invite_removed"].contains(&name)),
            "{name} has one button"
        );
        assert!(
            !mail.text.contains("\n\n\n") && !mail.text.starts_with('\n'),
            "{name}:\n{}",
            mail.text
        );
        assert!(
            !mail.html.contains("<img") && !mail.html.contains("src="),
            "{name} loads nothing from anywhere"
        );
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("{name}.html")), &mail.html).unwrap();
            std::fs::write(folder.join(format!("{name}.txt")), &mail.text).unwrap();
        }
    }
}

#[test]
fn names_are_escaped_in_every_template() {
    for (name, mail) in mails(&HOSTILE) {
        for markup in ["<script", "<img", "<b>", "<i>", "\"><img", "\u{202e}"] {
            assert!(!mail.html.contains(markup), "{markup:?} in {name}:\n{}", mail.html);
        }
        assert!(
            !mail.subject.contains(['\r', '\n']) && !mail.from_name.contains(['\r', '\n']),
            "{name}"
        );
        assert!(
            mail.text.lines().all(|line| !line.starts_with("Bcc:") && !line.starts_with("X-Evil")),
            "{name}"
        );
        if name == "invite" {
            assert!(
                mail.html.contains(
                    "&#60;script&#62;alert(1)&#60;/script&#62; Bcc: \
                     evil@\u{200b}example.\u{200b}com"
                ),
                "{}",
                mail.html
            );
            assert!(mail.text.contains("محمد عبد الله") && mail.text.contains("👩‍👧"));
        }
        let message = crate::mail::smtp::message(&mail).unwrap().formatted();
        let head = String::from_utf8(message).unwrap();
        let head = head.split("\r\n\r\n").next().unwrap().to_owned();
        assert!(
            head.lines().all(|line| !line.starts_with("Bcc") && !line.starts_with("X-Evil")),
            "{head}"
        );
    }
}

#[test]
fn school_base_url_uses_host_or_path() {
    let check = |mode: &str, public: &str, paths: &str, host: Option<&str>, expected: &str| {
        let settings = [
            ("PARLOUR_SCHOOL_PATHS", paths),
            ("PARLOUR_MODE", mode),
            ("DATABASE_URL", "sqlite://unused.db"),
            ("PARLOUR_PUBLIC_URL", public),
            ("PARLOUR_KEY", "a key for tests, 32 bytes and more"),
            ("PARLOUR_SMTP_URL", "smtp://localhost"),
            ("PARLOUR_MAIL_FROM", "mail@hillcrest.example"),
        ];
        let config = Config::from_values(
            &settings
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
        .unwrap();
        assert_eq!(school_base(&config, "hillcrest", host), expected);
    };
    check(
        "production",
        "https://{host}",
        "",
        Some("evenings.hillcrest.example"),
        "https://evenings.hillcrest.example/",
    );
    check("production", "https://parlour.example/", "", None, "https://parlour.example/");
    check(
        "production",
        "https://parlour.example/",
        "allow",
        None,
        "https://parlour.example/s/hillcrest/",
    );
    check(
        "demo",
        "http://localhost:8080",
        "",
        Some("evenings.hillcrest.example"),
        "http://localhost:8080/s/hillcrest/",
    );
}
