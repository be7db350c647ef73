//! A part of a page that waits for data of its own: a skeleton first, then the content, or what went wrong and "Try again".

use std::pin::Pin;

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use send_wrapper::SendWrapper;

use super::{Notice, Tone};
use crate::{
    api::{Answer, Failure},
    session::{session, take_way_out, way_out},
    texts::t,
};

/// Shows `data` by `show` as soon as it is there. While it is asked for again, what was there stays, alive; the same data again changes nothing.
///
/// No `Suspend`: it disposes of the signals of the old content when a new question begins, and whoever touches the content before the answer ends the app.
#[component]
pub(crate) fn Panel<T>(data: LocalResource<Answer<T>>, show: impl Fn(T) -> AnyView + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let latest = Memo::new(move |_| data.get());
    let retry = Callback::new(move |()| data.refetch());
    move || match latest.get() {
        None => Skeleton().into_any(),
        Some(Ok(data)) => show(data),
        Some(Err(failure)) => view! { <FailureNotice failure=Signal::stored(Some(failure)) retry /> }.into_any(),
    }
}

/// A page on its way.
type Part = Pin<Box<dyn Future<Output = Answer<AnyView>>>>;

/// A part of the client that is fetched when it is first shown.
#[component]
pub(crate) fn LazyPanel(part: fn() -> Part) -> impl IntoView {
    let attempt = RwSignal::new(0);
    let retry = Callback::new(move |()| attempt.update(|attempt| *attempt += 1));
    view! {
        <Transition fallback=Skeleton>
            <ErrorBoundary fallback=move |errors| {
                let failure = Signal::derive(move || first_failure(&errors.read()));
                view! { <FailureNotice failure retry /> }
            }>
                {move || {
                    attempt.track();
                    Suspend::new(SendWrapper::new(part()))
                }}
            </ErrorBoundary>
        </Transition>
    }
}

fn first_failure(errors: &Errors) -> Option<Failure> {
    errors.iter().find_map(|(_, error)| error.downcast_ref::<Failure>().cloned())
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

/// What went wrong, and "Try again" where that may help. Leads to the login when nobody is logged in.
#[component]
pub(crate) fn FailureNotice(#[prop(into)] failure: Signal<Option<Failure>>, #[prop(optional, into)] retry: Option<Callback<()>>) -> impl IntoView {
    let (navigate, session) = (use_navigate(), session());
    Effect::new(move || {
        if let Some(way) = failure.with(|failure| failure.as_ref().and_then(way_out)) {
            take_way_out(&navigate, session, way);
        }
    });
    move || {
        let failure = failure.get()?;
        if way_out(&failure).is_some() {
            return None;
        }
        let again = retry.map(|retry| {
            view! {
                <button class="btn quiet" on:click=move |_| retry.run(())>
                    {t().try_again}
                </button>
            }
        });
        Some(view! {
            <Notice tone=Tone::Bad>
                <p>{failure.to_string()}</p>
                {again}
            </Notice>
        })
    }
}
