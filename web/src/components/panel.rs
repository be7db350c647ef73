//! A part of a page that waits for data of its own: a skeleton first, then the content, or what
//! went wrong and "Try again".

use std::pin::Pin;

use leptos::{prelude::*, reactive::computed::ScopedFuture};

use super::{Notice, Tone, contact, fresh};
use crate::{
    api::{Answer, Failure},
    ask::{Ask, Phase},
    browser,
    route::router,
    session::{session, take_way_out, way_out},
    task::spawn,
    texts::t,
};

/// Shows `data` by `show` as soon as it is there. While it is asked for again, what was there
/// stays, alive; the same data again changes nothing.
///
/// No `Suspend`: it disposes of the signals of the old content when a new question begins, and
/// whoever touches the content before the answer ends the app.
#[component]
pub(crate) fn Panel<T>(
    data: Ask<T>,
    show: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let retry = Callback::new(move |()| data.again());
    panel(data.phase, Box::new(move || data.value().map_or_else(|| ().into_any(), &show)), retry)
}

/// The same for every kind of data.
fn panel(
    phase: RwSignal<Phase>,
    show: Box<dyn Fn() -> AnyView + Send + Sync>,
    retry: Callback<()>,
) -> AnyView {
    let content = move || match phase.get() {
        Phase::Waiting => Skeleton().into_any(),
        // What `show` looks at on the way is no reason to make the content anew.
        Phase::Here(_) => untrack(&show),
        Phase::Failed(failure) => {
            view! { <FailureNotice failure=Signal::stored(Some(failure)) retry /> }.into_any()
        }
    };
    fresh(content)
}

/// A page or a piece of one on its way.
pub(crate) type Part = Pin<Box<dyn Future<Output = Answer<AnyView>>>>;

/// How far a part is.
#[derive(Clone, PartialEq)]
enum Fetching {
    Waiting,
    Here,
    Failed(Failure),
}

/// A part of the client that is fetched when it is first shown.
#[component]
pub(crate) fn LazyPanel(part: Box<dyn Fn() -> Part + Send + Sync>) -> impl IntoView {
    let part = StoredValue::new(part);
    let state = RwSignal::new(Fetching::Waiting);
    let content = StoredValue::new_local(None::<AnyView>);
    let owner = StoredValue::new(Owner::current().map(|owner| owner.downgrade()));
    let fetch = move || {
        state.set(Fetching::Waiting);
        // The page is made as a child of this panel, however late it comes, and also when it is
        // "Try again" that asks.
        let Some(owner) = owner.get_value().and_then(|owner| owner.upgrade()) else { return };
        let part = part.with_value(|part| part());
        let work = async move {
            match part.await {
                Ok(page) => {
                    browser::forget_reload();
                    content.try_set_value(Some(page));
                    state.try_set(Fetching::Here);
                }
                Err(failure) => {
                    if let Some(failure) = why_missing(failure).await {
                        state.try_set(Fetching::Failed(failure));
                    }
                }
            }
        };
        spawn(Box::pin(owner.with(|| ScopedFuture::new_untracked(work))));
    };
    fetch();
    fresh(move || match state.get() {
        Fetching::Waiting => Skeleton().into_any(),
        Fetching::Here => content.try_update_value(Option::take).flatten().into_any(),
        Fetching::Failed(failure) => {
            let is_gone = failure == Failure::PartMissing;
            let retry = Callback::new(move |()| {
                if is_gone {
                    let _ = window().location().reload();
                } else {
                    fetch();
                }
            });
            view! { <FailureNotice failure=Signal::stored(Some(failure)) retry /> }.into_any()
        }
    })
}

/// Why a part did not come: the line is broken, or the server has a newer build than this page.
/// Then the page is loaded again, once, and nothing is to be said.
async fn why_missing(failure: Failure) -> Option<Failure> {
    match browser::is_outdated().await {
        None => Some(failure),
        Some(true) if browser::reload_once() => None,
        Some(_) => Some(Failure::PartMissing),
    }
}

/// Grey bars where the content will be.
#[component]
pub(crate) fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="unseen">{t().loading}</span>
            <i></i>
            <i></i>
            <i></i>
        </div>
    }
}

/// What went wrong, and "Try again" where that may help. Leads to the login when nobody is logged
/// in.
#[component]
pub(crate) fn FailureNotice(
    #[prop(into)] failure: Signal<Option<Failure>>,
    #[prop(optional, into)] retry: Option<Callback<()>>,
) -> impl IntoView {
    let (router, session) = (router(), session());
    Effect::new(move || {
        if let Some(failure) = failure.get() {
            take_way_out(router, session, &failure);
        }
    });
    move || {
        let failure = failure.get()?;
        if way_out(&failure).is_some() {
            return None;
        }
        let text = if failure == Failure::PartMissing { t().reload } else { t().try_again };
        let again = retry.map(|retry| {
            view! {
                <button
                    class="btn quiet"
                    on:click=move |_| retry.run(())
                    prop:textContent=text
                ></button>
            }
        });
        Some(view! {
            <Notice tone=Tone::Bad>
                <p prop:textContent=failure.to_string()></p>
                {failure.asks_the_school().then(contact)}
                {again}
            </Notice>
        })
    }
}
