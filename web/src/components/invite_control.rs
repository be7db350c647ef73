//! The control at the top of My Bookings that leads to the invites.

use leptos::prelude::*;
use parlour_wire::InviteAction;

use super::{Icon, Shape};
use crate::texts::t;

/// `Invite Parent/Guardian`, or `Manage Invites` once there is one. `on_near` runs when it is about
/// to be pressed.
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
