//! Tests of access to calls: calls of other people, and a school that withdraws access during a
//! call.

use parlour_wire::PresenceState;

use super::{ABELL, Meeting, RACHEL};
use crate::harness::Roster;

#[tokio::test]
async fn call_of_another_school_is_not_found() {
    let meeting = Meeting::starting_soon().await;
    let other_school = meeting.school.other_school().await;
    let own = other_school.parent.get("/me").await.is(200);
    assert!(own.text.contains("Paula Lake"), "{}", own.text);
    for stranger in [&other_school.parent, &other_school.teacher] {
        stranger.get(&meeting.door).await.refuses(404, "not_found");
        let refusal = stranger
            .try_call_socket(&format!("{}/socket", meeting.door), Some(stranger.origin()))
            .await
            .err();
        assert_eq!(refusal, Some((404, "not_found".to_owned())));
    }
    // The office has no part in calls, not even the office of the call's own school.
    other_school.staff.get(&meeting.door).await.refuses(403, "wrong_role");
    // A teacher's session of the other school is not valid at this school's address.
    let cookie = other_school.teacher.cookies("/me").unwrap();
    let trespasser = meeting.school.nobody();
    trespasser.set_cookie(
        "parlour_session",
        cookie.to_str().unwrap().trim_start_matches("parlour_session="),
    );
    trespasser.get(&meeting.door).await.refuses(401, "not_logged_in");
    let refusal = trespasser
        .try_call_socket(&format!("{}/socket", meeting.door), Some(trespasser.origin()))
        .await
        .err();
    assert_eq!(refusal, Some((401, "not_logged_in".to_owned())));
}

#[tokio::test]
async fn import_withdrawing_access_evicts_during_a_call() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    let mut parent = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    let mut guest = meeting.jordan().await.join_call(&meeting.guest_door, "sofa").await;
    guest.seated().await;
    abell.sees(RACHEL, PresenceState::InCall).await;
    parent.sees(ABELL, PresenceState::InCall).await;
    // The import runs in another process, as the command line does.
    let report = Roster::without_sophie().import(&meeting.school).await;
    assert_eq!(report.changes.access_withdrawn, 1);
    for line in [&mut parent, &mut guest] {
        let (code, detail) = line.evicted().await;
        assert_eq!(
            (code.as_str(), detail.contains("Please contact the school.")),
            ("access_ended", true),
            "{detail}"
        );
    }
    assert_eq!(abell.evicted().await.0, "booking_cancelled");
    meeting.school.ignore_mail("imports.rs tests the mails of an import");
}
