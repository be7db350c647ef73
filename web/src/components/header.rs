//! Header of every page: the school, the logged-in person, the logout; on a demo server also a
//! strip of shortcuts.

use leptos::prelude::*;
use parlour_wire::{DevActor, Me};

use crate::texts::t;

/// The school and the person. `me` is set once a person is logged in.
#[component]
pub(crate) fn Header(
    #[prop(into)] school: Signal<String>,
    #[prop(into)] me: Signal<Option<Me>>,
    log_out: Callback<bool>,
) -> impl IntoView {
    let crest = move || school.read().chars().next().map(String::from);
    view! {
        <header class="top">
            <a class="home" href="./">
                <span class="crest" aria-hidden="true" translate="no" prop:textContent=crest></span>
                <span class="school" translate="no" prop:textContent=school></span>
            </a>
            {move || me.get().map(|me| view! { <Account me log_out /> })}
        </header>
    }
}

#[component]
fn Account(me: Me, log_out: Callback<bool>) -> impl IntoView {
    let name = me
        .identity
        .as_ref()
        .map_or_else(|| t().account.to_owned(), |identity| identity.name.clone());
    let several = me.identities.len() > 1;
    let menu = NodeRef::<leptos::html::Details>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
            if let Some(summary) =
                menu.get_untracked().and_then(|menu| crate::browser::find(&menu, "summary"))
            {
                crate::browser::focus_after_paint(summary);
            }
        }
    };
    view! {
        <nav aria-label=t().account>
            <details class="menu" node_ref=menu on:keydown=escape>
                <summary translate="no" prop:textContent=name></summary>
                <ul>
                    {several
                        .then(|| {
                            view! {
                                <li>
                                    <a href="identity" on:click=move |_| close()>
                                        {t().switch_identity}
                                    </a>
                                </li>
                            }
                        })} <li>
                        <button
                            type="button"
                            on:click=move |_| {
                                close();
                                log_out.run(false)
                            }
                        >
                            {t().log_out}
                        </button>
                    </li> <li>
                        <button
                            type="button"
                            on:click=move |_| {
                                close();
                                log_out.run(true)
                            }
                        >
                            {t().log_out_everywhere}
                        </button>
                    </li>
                </ul>
            </details>
        </nav>
    }
}

/// The shortcuts of a demo server.
#[component]
pub(crate) fn DemoStrip(log_in: Callback<DevActor>, go_to_evening: Callback<()>) -> impl IntoView {
    let all = [
        (DevActor::Parent, t().demo_parent),
        (DevActor::Guest, t().demo_guest),
        (DevActor::Teacher, t().demo_teacher),
        (DevActor::Staff, t().demo_staff),
    ];
    let buttons = all.map(|(kind, text)| {
        view! {
            <button type="button" on:click=move |_| log_in.run(kind)>
                {text}
            </button>
        }
    });
    view! {
        <aside class="demo" aria-label=t().demo>
            <strong>{t().demo}</strong>
            <a href="dev/mailbox">{t().mailbox}</a>
            <span class="soft">{t().demo_log_in_as}</span>
            {buttons.collect_view()}
            <button type="button" on:click=move |_| go_to_evening.run(())>
                {t().demo_evening}
            </button>
        </aside>
    }
}
