//! Mailbox of a demo server, with all mails that would have been sent.

use leptos::prelude::*;
use parlour_wire::DevMail;
use uuid::Uuid;

use crate::{
    api,
    components::{Heading, Icon, LoadMore, Shape},
    paged::Paged,
    texts::{fill, t},
    time_format,
};

#[component]
pub(crate) fn MailboxPage() -> impl IntoView {
    let mails = Paged::<DevMail>::new();
    let load =
        move || mails.load(|cursor| async move { api::list_dev_mails(cursor.as_deref()).await });
    load();
    let chosen = RwSignal::new(None::<Uuid>);
    let again = move |_| {
        chosen.set(None);
        mails.clear();
        load();
    };
    let shown = Memo::new(move |_| {
        mails.items.with(|mails| {
            chosen
                .get()
                .and_then(|id| mails.iter().find(|mail| mail.id == id))
                .or_else(|| mails.first())
                .cloned()
        })
    });
    view! {
        <div class="bar">
            <div class="grow">
                <Heading text=t().mailbox_title />
            </div>
            <button class="btn quiet" type="button" on:click=again>
                {t().mailbox_again}
            </button>
        </div>
        <p class="lede">{t().mailbox_lede}</p>
        {move || {
            (mails.loaded.get() && mails.items.read().is_empty())
                .then(|| view! { <p>{t().mailbox_none}</p> })
        }}
        <div class="mailbox">
            <ul class="mails">
                <For each=move || mails.items.get() key=|mail| mail.id let(mail)>
                    <li>
                        <button
                            type="button"
                            aria-current=move || {
                                shown
                                    .with(|shown| {
                                        shown.as_ref().is_some_and(|shown| shown.id == mail.id)
                                    })
                                    .then_some("true")
                            }
                            on:click=move |_| chosen.set(Some(mail.id))
                        >
                            <strong>{mail.subject.clone()}</strong>
                            <span class="soft address">
                                {fill(
                                    t().mail_to,
                                    &[
                                        ("to", &mail.to),
                                        ("when", &time_format::format_date_time(&mail.sent_at)),
                                    ],
                                )}
                            </span>
                        </button>
                    </li>
                </For>
            </ul>
            {move || shown.get().map(|mail| view! { <Reading mail /> })}
        </div>
        <LoadMore next=mails.next task=mails.task load=Callback::new(move |()| load()) />
    }
}

#[component]
fn Reading(mail: DevMail) -> impl IntoView {
    // Links in the mail navigate this tab, as links in a mail program would.
    let html = ["<base target=\"_top\">", &mail.html].concat();
    view! {
        <article class="card">
            <h2 prop:textContent=mail.subject.clone()></h2>
            <p class="soft address">
                <Icon shape=Shape::Mail />
                <span prop:textContent=mail.to></span>
            </p>
            <iframe
                title=mail.subject
                sandbox="allow-top-navigation-by-user-activation"
                srcdoc=html
            ></iframe>
            <details>
                <summary>{t().mail_text}</summary>
                <pre prop:textContent=mail.text></pre>
            </details>
        </article>
    }
}
