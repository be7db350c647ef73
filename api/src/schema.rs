//! The diesel definitions of the tables, for both databases. Columns are in the order of the
//! tables.

#![expect(missing_docs, reason = "the migrations document the tables")]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    marks (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    schools (id) {
        id -> Id,
        sourced_id -> Text,
        name -> Text,
        slug -> Text,
        host -> Nullable<Text>,
        time_zone -> Text,
        created_at -> Moment,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        office_hours -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    people (id) {
        id -> Id,
        school_id -> Id,
        sourced_id -> Text,
        honorific -> Nullable<Text>,
        given_name -> Text,
        family_name -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        bar_key -> Nullable<Text>,
        source_role -> Text,
        is_parent -> Bool,
        is_student -> Bool,
        is_teacher -> Bool,
        is_staff -> Bool,
        removed_at -> Nullable<Moment>,
        sources -> Text,
        device_generation -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    guardianships (id) {
        id -> Id,
        school_id -> Id,
        parent_id -> Id,
        student_id -> Id,
        relationship -> Text,
        priority -> Nullable<Integer>,
        lives_with -> Nullable<Bool>,
        contact_allowed -> Bool,
        court_order -> Bool,
        removed_at -> Nullable<Moment>,
        contact_barred -> Bool,
        allowed_at -> Nullable<Moment>,
        allowed_by -> Nullable<Id>,
        sources -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    classes (id) {
        id -> Id,
        school_id -> Id,
        sourced_id -> Text,
        title -> Text,
        subject -> Text,
        code -> Text,
        removed_at -> Nullable<Moment>,
        sources -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    enrolments (id) {
        id -> Id,
        school_id -> Id,
        class_id -> Id,
        person_id -> Id,
        role -> Text,
        is_primary -> Bool,
        begins_on -> Nullable<Text>,
        ends_on -> Nullable<Text>,
        removed_at -> Nullable<Moment>,
        sources -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    api_client_secrets (id) {
        id -> Id,
        client_id -> Id,
        created_at -> Moment,
        expires_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    api_clients (id) {
        id -> Id,
        school_id -> Id,
        name -> Text,
        scopes -> Text,
        requests_per_minute -> Integer,
        created_by -> Id,
        created_at -> Moment,
        used_at -> Nullable<Moment>,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    bars (id) {
        id -> Id,
        school_id -> Id,
        student_id -> Id,
        person_id -> Nullable<Id>,
        email -> Nullable<Text>,
        bar_key -> Nullable<Text>,
        note -> Text,
        set_by -> Id,
        created_at -> Moment,
        lifted_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    evenings (id) {
        id -> Id,
        school_id -> Id,
        name -> Text,
        title -> Text,
        starts_at -> Moment,
        ends_at -> Moment,
        time_zone -> Text,
        slot_minutes -> Integer,
        gap_seconds -> Integer,
        booking_opens_at -> Moment,
        booking_closes_at -> Moment,
        mode -> Text,
        capacity -> Integer,
        created_at -> Moment,
        published_at -> Nullable<Moment>,
        closed_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    evening_left_out (evening_id, class_id) {
        evening_id -> Id,
        class_id -> Id,
        lacks -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    evening_classes (evening_id, class_id) {
        evening_id -> Id,
        class_id -> Id,
        video -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    bookings (id) {
        id -> Id,
        school_id -> Id,
        evening_id -> Id,
        parent_id -> Id,
        student_id -> Id,
        class_id -> Id,
        starts_at -> Moment,
        ends_at -> Moment,
        video -> Bool,
        sequence -> Integer,
        created_by -> Id,
        created_at -> Moment,
        cancelled_at -> Nullable<Moment>,
        changed_at -> Moment,
        repeated_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    booking_teachers (booking_id, teacher_id) {
        booking_id -> Id,
        teacher_id -> Id,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    claims (person_id, minute) {
        person_id -> Id,
        minute -> Integer,
        booking_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    invites (id) {
        id -> Id,
        school_id -> Id,
        evening_id -> Id,
        parent_id -> Id,
        name -> Text,
        email -> Text,
        email_key -> Text,
        bar_key -> Text,
        generation -> Integer,
        consent_version -> Text,
        consent_channel -> Nullable<Text>,
        consent_at -> Moment,
        created_by -> Id,
        created_at -> Moment,
        mailed_at -> Moment,
        opened_at -> Nullable<Moment>,
        joined_at -> Nullable<Moment>,
        ended_at -> Nullable<Moment>,
        ended_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    invite_students (invite_id, student_id) {
        invite_id -> Id,
        evening_id -> Id,
        parent_id -> Id,
        student_id -> Id,
        ended_at -> Nullable<Moment>,
        restorations -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    suppressions (school_id, bar_key) {
        school_id -> Id,
        bar_key -> Text,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    login_links (id) {
        id -> Id,
        school_id -> Id,
        email -> Text,
        email_key -> Text,
        person_id -> Nullable<Id>,
        browser_hash -> Text,
        created_at -> Moment,
        expires_at -> Moment,
        used_at -> Nullable<Moment>,
        is_standing -> Bool,
        tries -> Integer,
        used_key_hash -> Nullable<Text>,
        evening_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    throttles (school_id, kind, subject) {
        school_id -> Id,
        kind -> Text,
        subject -> Text,
        full_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    sessions (id) {
        id -> Id,
        school_id -> Id,
        kind -> Text,
        address_key -> Nullable<Text>,
        person_id -> Nullable<Id>,
        role -> Nullable<Text>,
        invite_id -> Nullable<Id>,
        created_at -> Moment,
        expires_at -> Moment,
        revoked_at -> Nullable<Moment>,
        revoked_reason -> Nullable<Text>,
        is_bound -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    outbox (id) {
        id -> Id,
        school_id -> Id,
        template -> Text,
        person_id -> Nullable<Id>,
        invite_id -> Nullable<Id>,
        booking_id -> Nullable<Id>,
        evening_id -> Nullable<Id>,
        login_link_id -> Nullable<Id>,
        created_at -> Moment,
        due_at -> Moment,
        attempts -> Integer,
        state -> Text,
        settled_at -> Nullable<Moment>,
        error -> Nullable<Text>,
        call_code_id -> Nullable<Id>,
        leased_until -> Nullable<Moment>,
        request_id -> Nullable<Id>,
        guest_link_request_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    guest_link_requests (id) {
        id -> Id,
        school_id -> Id,
        email_key -> Text,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    idempotency_keys (owner_id, key) {
        owner_id -> Id,
        key -> Text,
        request_hash -> Text,
        status -> Integer,
        body -> Text,
        created_at -> Moment,
        headers -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    events (id) {
        id -> Id,
        school_id -> Id,
        evening_id -> Nullable<Id>,
        parent_id -> Nullable<Id>,
        actor_id -> Nullable<Id>,
        actor -> Text,
        action -> Text,
        summary -> Text,
        at -> Moment,
        student_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    calls (booking_id) {
        booking_id -> Id,
        school_id -> Id,
        version -> Integer,
        next_connection -> Integer,
        extended_seconds -> Integer,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    call_seats (booking_id, number) {
        booking_id -> Id,
        number -> Integer,
        participant_id -> Id,
        role -> Text,
        session_id -> Id,
        device_hash -> Text,
        connection -> Integer,
        is_present -> Bool,
        lease_ends_at -> Moment,
        joined_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    call_queue (booking_id, participant_id) {
        booking_id -> Id,
        participant_id -> Id,
        role -> Text,
        session_id -> Id,
        device_hash -> Text,
        connection -> Integer,
        queued_number -> Integer,
        is_present -> Bool,
        lease_ends_at -> Moment,
        queued_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    call_events (id) {
        id -> Id,
        school_id -> Id,
        booking_id -> Id,
        participant_id -> Id,
        role -> Text,
        kind -> Text,
        detail -> Nullable<Text>,
        at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    call_codes (id) {
        id -> Id,
        school_id -> Id,
        invite_id -> Id,
        device_hash -> Text,
        created_at -> Moment,
        expires_at -> Moment,
        used_at -> Nullable<Moment>,
        tries -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    teacher_records (booking_id, teacher_id) {
        booking_id -> Id,
        teacher_id -> Id,
        no_show -> Bool,
        note -> Text,
        changed_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    teacher_lateness (evening_id, teacher_id) {
        evening_id -> Id,
        teacher_id -> Id,
        minutes -> Integer,
        changed_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    roster_sources (name) {
        name -> Text,
        due_at -> Moment,
        holder -> Nullable<Id>,
        lease_ends_at -> Nullable<Moment>,
        started_at -> Nullable<Moment>,
        succeeded_at -> Nullable<Moment>,
        failure -> Nullable<Text>,
        changes_since -> Nullable<Moment>,
        whole_since -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    source_schools (school_id) {
        school_id -> Id,
        source -> Text,
        bound_at -> Moment,
    }
}

diesel::allow_tables_to_appear_in_same_query!(source_schools, schools);

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    address_changes (person_id, changed_at) {
        person_id -> Id,
        changed_at -> Moment,
        school_id -> Id,
        old_email -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    roster_imports (id) {
        id -> Id,
        school_id -> Id,
        kind -> Text,
        name -> Text,
        created_at -> Moment,
        restored_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::Id;

    roster_endings (import_id, kind, subject_id) {
        import_id -> Id,
        kind -> Text,
        subject_id -> Id,
        school_id -> Id,
        barred -> Bool,
        before -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(roster_imports, roster_endings);

diesel::allow_tables_to_appear_in_same_query!(
    marks,
    schools,
    people,
    guardianships,
    classes,
    enrolments,
    api_clients,
    api_client_secrets,
    bars,
    evenings,
    evening_classes,
    evening_left_out,
    bookings,
    booking_teachers,
    claims,
    invites,
    invite_students,
    suppressions,
    login_links,
    guest_link_requests,
    throttles,
    sessions,
    outbox,
    idempotency_keys,
    events,
    calls,
    call_seats,
    call_queue,
    call_events,
    call_codes,
    teacher_records,
    teacher_lateness,
    roster_sources
);

diesel::joinable!(booking_teachers -> bookings (booking_id));
diesel::joinable!(booking_teachers -> people (teacher_id));
diesel::joinable!(enrolments -> classes (class_id));
diesel::joinable!(enrolments -> people (person_id));
diesel::joinable!(invite_students -> invites (invite_id));
diesel::joinable!(invite_students -> people (student_id));

// Webhooks.

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    webhooks (id) {
        id -> Id,
        school_id -> Id,
        url -> Text,
        event_types -> Text,
        enabled -> Bool,
        off_reason -> Nullable<Text>,
        failing_since -> Nullable<Moment>,
        created_by -> Id,
        created_at -> Moment,
        deleted_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    webhook_secrets (id) {
        id -> Id,
        school_id -> Id,
        webhook_id -> Id,
        created_at -> Moment,
        expires_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    webhook_deliveries (number) {
        number -> BigInt,
        id -> Id,
        school_id -> Id,
        webhook_id -> Id,
        event_id -> Id,
        event_type -> Text,
        subject_id -> Id,
        evening_id -> Nullable<Id>,
        created_at -> Moment,
        due_at -> Moment,
        lease_ends_at -> Moment,
        attempts -> Integer,
        state -> Text,
        settled_at -> Nullable<Moment>,
        request_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::{Id, Moment};

    webhook_attempts (id) {
        id -> Id,
        school_id -> Id,
        delivery_id -> Id,
        at -> Moment,
        status -> Nullable<Integer>,
        duration_ms -> Integer,
        error -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    webhooks,
    webhook_secrets,
    webhook_deliveries,
    webhook_attempts,
    schools
);
diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::Id;

    changes (kind, subject_id) {
        school_id -> Id,
        kind -> Text,
        subject_id -> Id,
        place -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::Id;

    change_places (school_id) {
        school_id -> Id,
        feed_id -> Id,
        last_place -> BigInt,
    }
}
