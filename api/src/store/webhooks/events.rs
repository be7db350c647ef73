//! Webhook events. They are enqueued in the transaction of the change itself, so that no committed
//! change is missed and no event tells of a change that was rolled back.

use diesel::prelude::*;
use parlour_domain::id::{BookingId, DeliveryId, EveningId, InviteId, SchoolId, WebhookId};
use uuid::Uuid;

use crate::{
    context::Context,
    schema::{webhook_deliveries, webhooks},
    store::{
        Db, Result,
        sql_types::{At, Key, at, key},
    },
    with_conn,
};

/// The type of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the contract documents when each is sent")]
pub enum EventType {
    BookingCreated,
    BookingChanged,
    BookingCancelled,
    InviteCreated,
    InviteRemoved,
    EveningChanged,
    RosterImported,
    Test,
}

impl EventType {
    const ALL: [Self; 8] = [
        Self::BookingCreated,
        Self::BookingChanged,
        Self::BookingCancelled,
        Self::InviteCreated,
        Self::InviteRemoved,
        Self::EveningChanged,
        Self::RosterImported,
        Self::Test,
    ];

    /// Parses a column; `None` for a type that another version wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The name in the database and in the payload.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookingCreated => "booking.created",
            Self::BookingChanged => "booking.changed",
            Self::BookingCancelled => "booking.cancelled",
            Self::InviteCreated => "invite.created",
            Self::InviteRemoved => "invite.removed",
            Self::EveningChanged => "evening.changed",
            Self::RosterImported => "roster.imported",
            Self::Test => "webhook.test",
        }
    }
}

/// An event, by ids only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WebhookEvent {
    kind: EventType,
    /// The id of the thing that changed. Events of the same subject reach an endpoint in order.
    subject: Uuid,
    evening: Option<EveningId>,
}

impl WebhookEvent {
    /// An event of an appointment.
    #[must_use]
    pub const fn booking(kind: EventType, booking: BookingId, evening: EveningId) -> Self {
        Self { kind, subject: booking.0, evening: Some(evening) }
    }

    /// An event of an invite.
    #[must_use]
    pub const fn invite(kind: EventType, invite: InviteId, evening: EveningId) -> Self {
        Self { kind, subject: invite.0, evening: Some(evening) }
    }

    /// An evening was created or changed.
    #[must_use]
    pub const fn evening(evening: EveningId) -> Self {
        Self { kind: EventType::EveningChanged, subject: evening.0, evening: Some(evening) }
    }

    /// An evening was deleted, so that no row can refer to it.
    #[must_use]
    pub const fn evening_deleted(evening: EveningId) -> Self {
        Self { kind: EventType::EveningChanged, subject: evening.0, evening: None }
    }

    /// A roster import changed something of the school.
    #[must_use]
    pub const fn roster(school: SchoolId) -> Self {
        Self { kind: EventType::RosterImported, subject: school.0, evening: None }
    }
}

#[derive(Insertable)]
#[diesel(table_name = webhook_deliveries)]
struct NewRow {
    id: Key,
    school_id: Key,
    webhook_id: Key,
    event_id: Key,
    event_type: &'static str,
    subject_id: Key,
    evening_id: Option<Key>,
    created_at: At,
    due_at: At,
    lease_ends_at: At,
    attempts: i32,
    state: &'static str,
    request_id: Option<Key>,
}

impl NewRow {
    fn new(ctx: &Context, school: SchoolId, webhook: Key, event: Uuid, news: WebhookEvent) -> Self {
        Self {
            id: key(ctx.new_id::<DeliveryId>()),
            school_id: key(school),
            webhook_id: webhook,
            event_id: key(event),
            event_type: news.kind.as_str(),
            subject_id: key(news.subject),
            evening_id: news.evening.map(Into::into),
            created_at: at(ctx.now),
            due_at: at(ctx.now),
            lease_ends_at: at(ctx.now),
            attempts: 0,
            state: "pending",
            request_id: ctx.request_id.map(Into::into),
        }
    }
}

/// Enqueues these events for each endpoint of the school that has chosen their types. If the school
/// has no endpoint, this is one index look-up.
///
/// # Errors
/// Errors of the database.
pub fn enqueue(db: &mut Db, ctx: &Context, school: SchoolId, news: &[WebhookEvent]) -> Result<()> {
    let endpoints: Vec<(Key, String)> = with_conn!(db, conn => webhooks::table
        .filter(
            webhooks::school_id
                .eq(key(school))
                .and(webhooks::deleted_at.is_null())
                .and(webhooks::enabled.eq(true))
        )
        .select((webhooks::id, webhooks::event_types))
        .load(conn))?;
    let mut rows = Vec::new();
    for one in news {
        let event = ctx.new_id::<Uuid>();
        let wanting = endpoints
            .iter()
            .filter(|(_, wanted)| wanted.split(' ').any(|kind| kind == one.kind.as_str()));
        rows.extend(wanting.map(|(webhook, _)| NewRow::new(ctx, school, *webhook, event, *one)));
    }
    if !rows.is_empty() {
        with_conn!(db, conn =>
            diesel::insert_into(webhook_deliveries::table).values(&rows).execute(conn)
        )?;
    }
    Ok(())
}

/// Enqueues a test for one endpoint, whatever event types it has chosen. Each test has its own
/// subject, so that tests do not wait for each other.
pub(super) fn queue_test(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
) -> Result<DeliveryId> {
    let event = ctx.new_id::<Uuid>();
    let row = NewRow::new(
        ctx,
        school,
        key(webhook),
        event,
        WebhookEvent { kind: EventType::Test, subject: event, evening: None },
    );
    with_conn!(db, conn =>
        diesel::insert_into(webhook_deliveries::table).values(&row).execute(conn)
    )?;
    Ok(row.id.into())
}
