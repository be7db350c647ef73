//! English: the request for a lost guest link.

use super::Text;

catalogue!(GuestTexts {
    again_title: Text = "Get a new link",
    again_hint: Text = "The one the invite was sent to",
    again_send: Text = "Email me a new link",
    again_sent: Text = "If an invite was sent to {email}, a mail with its link is on its way.",
    again_nothing: Text = "Nothing came? Look in the spam folder, or ask the person who invited \
                           you to which address the invite was sent.",
});
