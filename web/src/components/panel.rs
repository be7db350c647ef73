//! A part of a page that waits for data of its own: a skeleton first, then the content, or what
//! went wrong and "Try again".

use std::pin::Pin;

use leptos::{prelude::*, reactive::computed::ScopedFuture};

use super::{Notice, Tone, contact, rebuild_on_change};
use crate::{
    api::{ApiResult, Failure},
    browser,
    query::{Query, QueryState},
    route::router,
    session::{redirect_for, redirect_on, session},
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
    data: Query<T>,
    show: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let retry = Callback::new(move |()| data.refetch());
    panel(data.state, Box::new(move || data.value().map_or_else(|| ().into_any(), &show)), retry)
}

/// The same for every kind of data.
fn panel(
    state: RwSignal<QueryState>,
    show: Box<dyn Fn() -> AnyView + Send + Sync>,
    retry: Callback<()>,
) -> AnyView {
    let content = move || match state.get() {
        QueryState::Loading => Skeleton().into_any(),
        // What `show` looks at on the way is no reason to make the content anew.
        QueryState::Loaded(_) => untrack(&show),
        QueryState::Failed(failure) => {
            view! { <FailureNotice failure=Signal::stored(Some(failure)) retry /> }.into_any()
        }
    };
    rebuild_on_change(content)
}

/// A page or a piece of one on its way.
pub(crate) type LazyView = Pin<Box<dyn Future<Output = ApiResult<AnyView>>>>;

/// How far a part is.
#[derive(Clone, PartialEq)]
enum PartState {
    Loading,
    Loaded,
    Failed(Failure),
}

/// A part of the web app that is fetched when it is first shown.
#[component]
pub(crate) fn LazyPanel(part: Box<dyn Fn() -> LazyView + Send + Sync>) -> impl IntoView {
    let part = StoredValue::new(part);
    let state = RwSignal::new(PartState::Loading);
    let content = StoredValue::new_local(None::<AnyView>);
    let owner = StoredValue::new(Owner::current().map(|owner| owner.downgrade()));
    let fetch = move || {
        state.set(PartState::Loading);
        // The page is made as a child of this panel, however late it comes, and also when it is
        // "Try again" that asks.
        let Some(owner) = owner.get_value().and_then(|owner| owner.upgrade()) else { return };
        let part = part.with_value(|part| part());
        let work = async move {
            match part.await {
                Ok(page) => {
                    browser::clear_reload_flag();
                    content.try_set_value(Some(page));
                    state.try_set(PartState::Loaded);
                }
                Err(failure) => {
                    if let Some(failure) = chunk_failure(failure).await {
                        state.try_set(PartState::Failed(failure));
                    }
                }
            }
        };
        spawn(Box::pin(owner.with(|| ScopedFuture::new_untracked(work))));
    };
    fetch();
    rebuild_on_change(move || match state.get() {
        PartState::Loading => Skeleton().into_any(),
        PartState::Loaded => content.try_update_value(Option::take).flatten().into_any(),
        PartState::Failed(failure) => {
            let is_gone = failure == Failure::ChunkMissing;
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
async fn chunk_failure(failure: Failure) -> Option<Failure> {
    match browser::is_outdated().await {
        None => Some(failure),
        Some(true) if browser::reload_once() => None,
        Some(_) => Some(Failure::ChunkMissing),
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
            redirect_on(router, session, &failure);
        }
    });
    move || {
        let failure = failure.get()?;
        if redirect_for(&failure).is_some() {
            return None;
        }
        let text = if failure == Failure::ChunkMissing { t().reload } else { t().try_again };
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
