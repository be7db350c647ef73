//! Home page: the list of a parent's evenings, or a redirect to the only one. Teachers and staff
//! have start pages of their own.

use leptos::prelude::*;
use parlour_wire::{BookingState, Evening, Page, Role};

use crate::{
    api,
    components::{
        EveningCard, FailureNotice, Heading, Notice, Panel, Skeleton, Tone, rebuild_on_change,
    },
    query::Query,
    route::router,
    session::session,
    texts::t,
};

#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let session = session();
    let router = router();
    Effect::new(move || {
        let start = match session.role() {
            Some(Role::Teacher) => "/teacher",
            Some(Role::Staff) => "/staff",
            _ => match session.me.get() {
                Some(Ok(me)) if me.identity.is_none() => "/identity",
                _ => return,
            },
        };
        router.replace(start);
    });
    let failure = Signal::derive(move || session.me.get().and_then(Result::err));
    let is_parent = Memo::new(move |_| session.role() == Some(Role::Parent));
    view! {
        <FailureNotice
            failure
            retry=Callback::new(move |()| {
                session.clear_me();
                session.load_me();
            })
        />
        {rebuild_on_change(move || match is_parent.get() {
            true => view! { <Evenings /> }.into_any(),
            false if failure.with(Option::is_none) => Skeleton().into_any(),
            false => ().into_any(),
        })}
    }
}

#[component]
fn Evenings() -> impl IntoView {
    let evenings = Query::new(api::list_evenings);
    let router = router();
    let show = move |page: Page<Evening>| {
        let live: Vec<_> = page
            .items
            .iter()
            .filter(|evening| evening.booking_state != BookingState::Over)
            .collect();
        if let [only] = live.as_slice() {
            let path = format!("/evenings/{}", only.id);
            router.replace(&path);
            return ().into_any();
        }
        list(page.items)
    };
    view! { <Panel data=evenings show /> }
}

fn list(evenings: Vec<Evening>) -> AnyView {
    if evenings.is_empty() {
        return view! {
            <Heading text=t().evenings_title />
            <Notice tone=Tone::Plain>
                <p>{t().evenings_none}</p>
            </Notice>
        }
        .into_any();
    }
    let cards = evenings.into_iter().map(|evening| {
        let href = format!("evenings/{}", evening.id);
        view! {
            <li>
                <EveningCard evening href />
            </li>
        }
    });
    view! {
        <Heading text=t().evenings_title />
        <ul class="cards">{cards.collect_view()}</ul>
    }
    .into_any()
}
