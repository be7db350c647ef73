//! Control at the top of My Bookings that opens the invite dialog (rule I1).

use leptos::prelude::*;
use parlour_wire::InviteAction;

use super::{Icon, Shape};
use crate::texts::t;

/// The control reads `Invite Parent/Guardian`, or `Manage Invites` once an invite exists. `on_near`
/// runs when the person is about to press it.
#[component]
pub(crate) fn InviteControl(
    action: InviteAction,
    open: RwSignal<bool>,
    on_near: Callback<()>,
) -> impl IntoView {
    let text = if action == InviteAction::Manage { t().manage_invites } else { t().invite_parent };
    view! {
        <div class="invite-control">
            <button
                class="btn go"
                type="button"
                aria-haspopup="dialog"
                aria-controls="invites"
                on:pointerenter=move |_| on_near.run(())
                on:focus=move |_| on_near.run(())
                on:click=move |_| open.set(true)
            >
                <Icon shape=Shape::Person />
                {text}
            </button>
        </div>
    }
}
