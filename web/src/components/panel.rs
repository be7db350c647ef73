//! Panel that loads its own data: it shows a skeleton first, then the content or the failure with
//! "Try again".

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

/// Shows `data` by `show` once it is loaded. During a refetch the old content stays and remains
/// usable; equal data changes nothing.
///
/// `Suspend` is not used: it disposes of the old content's signals when a refetch begins, and an
/// interaction with that content before the answer would crash the app.
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

/// The part of [`Panel`] that is the same for every type of data, compiled once.
fn panel(
    state: RwSignal<QueryState>,
    show: Box<dyn Fn() -> AnyView + Send + Sync>,
    retry: Callback<()>,
) -> AnyView {
    let content = move || match state.get() {
        QueryState::Loading => Skeleton().into_any(),
        // The content must not be rebuilt when a signal changes that `show` reads.
        QueryState::Loaded(_) => untrack(&show),
        QueryState::Failed(failure) => {
            view! { <FailureNotice failure=Signal::stored(Some(failure)) retry /> }.into_any()
        }
    };
    rebuild_on_change(content)
}

/// A page, or a part of one, that is being fetched.
pub(crate) type LazyView = Pin<Box<dyn Future<Output = ApiResult<AnyView>>>>;

/// The loading state of a part.
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
        // The page must be a child of this panel, even if it arrives late or after "Try again".
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

/// Returns why a part could not be fetched: the network failed, or the server has a newer build.
/// For a newer build the page reloads once, and nothing is shown.
async fn chunk_failure(failure: Failure) -> Option<Failure> {
    match browser::is_outdated().await {
        None => Some(failure),
        Some(true) if browser::reload_once() => None,
        Some(_) => Some(Failure::ChunkMissing),
    }
}

/// Grey bars in place of the content.
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

/// The failure's text, with "Try again" where that may help. Redirects to the login when nobody is
/// logged in.
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
