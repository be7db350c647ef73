"""The journey of a program and of a parent, with a client that was generated from openapi.yaml alone.

Called with the address of a demo school and the folder that holds the generated package `parlour_client`.
"""

import sys
from datetime import date, timedelta
from uuid import uuid4

BASE, FOLDER = sys.argv[1:]
sys.path.insert(0, FOLDER)

from parlour_client import AuthenticatedClient, Client  # noqa: E402
from parlour_client.api.bookings import cancel_booking, create_bookings, get_bookings, list_attendance, list_bookings  # noqa: E402
from parlour_client.api.development import create_dev_login  # noqa: E402
from parlour_client.api.evenings import (  # noqa: E402
    change_evening,
    close_evening,
    create_evening,
    delete_evening,
    get_evening_settings,
    get_slots,
    list_evenings,
    publish_evening,
)
from parlour_client.api.invites import list_invites  # noqa: E402
from parlour_client.api.programs import create_client, issue_token, revoke_client  # noqa: E402
from parlour_client.models import (  # noqa: E402
    AccessToken,
    BookingPage,
    BookingTimes,
    BookingTimesChange,
    ClassChoice,
    DevActor,
    DevLogin,
    EveningChange,
    EveningSettings,
    EveningState,
    Mode,
    NewApiClient,
    NewBooking,
    NewBookings,
    NewEvening,
    Scope,
    TokenRequest,
)

ORIGIN = BASE.split("/s/")[0]


def person(who: DevActor) -> Client:
    """Somebody with a browser: the cookies of their login are kept."""
    client = Client(base_url=BASE, headers={"Origin": ORIGIN})
    response = create_dev_login.sync_detailed(client=client, body=DevLogin(as_=who))
    assert response.status_code == 201, response.content
    return client


def pages(ask, client, **wanted):
    """Every item of a list, page by page."""
    cursor = {}
    while True:
        page = ask.sync(client=client, limit=20, **cursor, **wanted)
        yield from page.items
        if not page.next_cursor:
            return
        cursor = {"cursor": page.next_cursor}


def program(staff: Client) -> None:
    scopes = [Scope.EVENINGSREAD, Scope.EVENINGSWRITE, Scope.BOOKINGSREAD, Scope.ATTENDANCEREAD, Scope.INVITESREAD]
    issued = create_client.sync(client=staff, body=NewApiClient(name="A generated client", scopes=scopes), idempotency_key=str(uuid4()))
    body = TokenRequest(grant_type="client_credentials", client_id=issued.client.id, client_secret=issued.client_secret)
    token = issue_token.sync(client=Client(base_url=BASE), body=body)
    assert isinstance(token, AccessToken), token
    client = AuthenticatedClient(base_url=BASE, token=token.access_token)
    evenings = {evening.id for evening in pages(list_evenings, client)}
    bookings = list(pages(list_bookings, client))
    assert len(bookings) > 20 and len({booking.id for booking in bookings}) == len(bookings)
    assert all(booking.evening_id in evenings for booking in bookings)
    invites = list(pages(list_invites, client))
    assert invites and not any(invite.name for invite in invites), "names need a scope of their own"
    list(pages(list_attendance, client))
    office(client)
    assert revoke_client.sync_detailed(client=staff, client_id=issued.client.id).status_code == 204
    refused = list_evenings.sync_detailed(client=client)
    assert refused.status_code == 401 and refused.parsed.code == "token_invalid", refused.content


def office(client: AuthenticatedClient) -> None:
    """An evening is made, changed, published and closed; a draft is deleted."""
    day = date.today() + timedelta(days=40)
    new = NewEvening(
        name=f"journey-{uuid4()}",
        title="Journey Evening",
        date=str(day),
        starts="16:00",
        ends="18:00",
        slot_minutes=10,
        mode=Mode.VIDEO,
        booking=BookingTimes(opens=f"{date.today()}T00:00", closes=f"{day}T12:00"),
        classes=[ClassChoice(titles=["Year 9 *"])],
    )
    made = create_evening.sync(client=client, body=new, idempotency_key=str(uuid4()))
    assert isinstance(made, EveningSettings) and made.state == EveningState.DRAFT and made.classes, made
    taken = create_evening.sync_detailed(client=client, body=new)
    assert taken.status_code == 409 and taken.parsed.code == "evening_name_taken", taken.content
    changed = change_evening.sync(made.id, client=client, body=EveningChange(ends="19:00", booking=BookingTimesChange(closes=f"{day}T14:00")))
    assert (changed.ends, changed.booking.closes, changed.title) == ("19:00", f"{day}T14:00", made.title), changed
    assert publish_evening.sync(made.id, client=client).state == EveningState.PUBLISHED
    assert close_evening.sync(made.id, client=client).state == EveningState.CLOSED
    assert get_evening_settings.sync(made.id, client=client).closed_at
    kept = delete_evening.sync_detailed(made.id, client=client)
    assert kept.status_code == 409 and kept.parsed.code == "evening_published", kept.content


def parent() -> None:
    client = person(DevActor.PARENT)
    evening = next(one for one in pages(list_evenings, client) if one.booking_state == "open")
    grid = get_slots.sync(evening.id, client=client)
    wishes = [
        NewBooking(student_id=of.student.id, class_id=offered.class_id, starts_at=time)
        for of in grid.students
        for offered in of.classes
        for time, state in zip(grid.times, offered.states, strict=True)
        if state == "free" and not offered.booking_id
    ]
    made = create_bookings.sync(evening.id, client=client, body=NewBookings(bookings=wishes[:1]), idempotency_key=str(uuid4()))
    assert isinstance(made, BookingPage), made
    booked = made.items[0].id
    rows = get_bookings.sync(evening.id, client=client).rows
    assert booked in [getattr(row, "id", None) for row in rows]
    again = create_bookings.sync_detailed(evening.id, client=client, body=NewBookings(bookings=wishes[:1]))
    assert again.status_code == 409 and again.parsed.code == "already_booked", again.content
    assert cancel_booking.sync_detailed(booked, client=client).status_code == 204
    assert cancel_booking.sync_detailed(uuid4(), client=client).parsed.code == "not_found"


program(person(DevActor.STAFF))
parent()
print("The generated client went the whole way.")
