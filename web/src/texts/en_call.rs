//! English: the call and the devices.

use super::{Count, Text};

catalogue!(CallTexts {
    devices_title: Text = "Check your devices",
    devices_lede: Text = "See and hear yourself as the others will. Nobody else is here.",
    camera: Text = "Camera",
    microphone: Text = "Microphone",
    speaker: Text = "Speaker",
    network: Text = "Network",
    your_picture: Text = "Your camera’s picture",
    camera_off: Text = "Camera is off",
    camera_good: Text = "This is how the others see you.",
    camera_use: Text = "Turn camera on",
    camera_unuse: Text = "Turn camera off",
    asking: Text = "Your browser asks whether we may use it. Please choose “Allow”.",
    microphone_good: Text = "Say something: the bar moves when we hear you.",
    microphone_level: Text = "Level of the microphone",
    microphone_quiet: Text = "We hear nothing yet. If the bar stays empty while you speak, choose \
                              another microphone, or look whether it has a mute switch.",
    microphone_use: Text = "Turn microphone on",
    speaker_good: Text =
        "Play a sound. If you hear nothing, turn the volume up or choose another speaker.",
    speaker_play: Text = "Play a sound",
    speaker_playing: Text = "You should hear three notes…",
    speaker_failed: Text =
        "The browser could not play the sound. Press once more, or choose another speaker.",
    choose_default: Text = "Your browser’s choice",
    choose_camera: Text = "Which camera",
    choose_microphone: Text = "Which microphone",
    choose_speaker: Text = "Which speaker",
    unnamed: Text = "Device {n}",
    replaced: Text = "The device you chose last time is not connected, so we use another.",

    blocked_camera: Text = "Your browser may not use the camera. Press the sign to the left of \
                            the address, allow the camera, then try again. You can also go on \
                            without it.",
    blocked_microphone: Text = "Your browser may not use the microphone. Press the sign to the \
                                left of the address, allow the microphone, then try again.",
    blocked_system_camera: Text = "The settings of your device do not let the browser use the \
                                   camera. Allow it under Privacy in the settings, then try again.",
    blocked_system_microphone: Text = "The settings of your device do not let the browser use the \
                                       microphone. Allow it under Privacy in the settings, then \
                                       try again.",
    missing_camera: Text = "No camera was found. Plug one in and try again, or go on without: the \
                            others hear you all the same.",
    missing_microphone: Text = "No microphone was found. Plug one in or connect a headset, then \
                                try again. You can also join and only listen.",
    busy_camera: Text =
        "Another program is using the camera. Close it (another call, perhaps), then try again.",
    busy_microphone: Text = "Another program is using the microphone. Close it (another call, \
                             perhaps), then try again.",
    insecure: Text = "This address is not secure, so the browser gives no camera and no \
                      microphone. Open the school’s address that begins with https.",
    unsupported: Text = "This browser gives no camera and no microphone: the one inside another \
                         app often does not. Open the page in the browser of your device (Safari, \
                         Chrome, Firefox); log in there.",
    hung_camera: Text = "The camera does not answer. You can go on with sound alone. To use it, \
                         close other programs that may have it, plug it in again, then try again.",
    hung_microphone: Text = "The microphone does not answer. Close other programs that may have \
                             it, plug it in again, then try again.",
    silenced: Text = "Your device has muted the microphone: a switch on it, a telephone call or \
                      another program. The others do not hear you.",
    darkened: Text = "Your device has stopped the camera’s picture. The others do not see you.",
    other_camera: Text = "The camera did not start. Try again, or load the page again.",
    other_microphone: Text = "The microphone did not start. Try again, or load the page again.",

    network_server: Text = "The school’s server",
    network_socket: Text = "The line for calls",
    network_direct: Text = "Directly to the others",
    network_relay: Text = "Through the school’s relay",
    network_again: Text = "Check again",
    finding_waiting: Text = "checking…",
    finding_good: Text = "works",
    finding_bad: Text = "does not work",
    finding_refused: Text = "refused",
    finding_none: Text = "not used",
    network_good: Text = "This network can carry your call.",
    network_relay_only: Text = "This network lets no direct connection through. Your call goes \
                                through the school’s relay, which works as well.",
    network_direct_only: Text = "Calls work on this network as long as the others’ networks are \
                                 open too. The relay that helps otherwise can’t be reached from \
                                 here.",
    network_no_relay: Text = "Calls work on open networks, like most at home. The school has no \
                              relay, so a strict network (at work, in a hotel) may not let a call \
                              through: then use mobile data.",
    network_refused: Text = "The school’s relay refuses us. Calls may still work directly; please \
                             tell the school that its relay needs a look.",
    network_refused_only: Text = "The school’s relay refuses us, and its calls go through that \
                                  relay alone. Please tell the school.",
    network_bad: Text =
        "This network lets no call through. Use another one: mobile data, or the network at home.",
    network_no_socket: Text = "This network lets pages through, but not the line that calls need \
                               (a WebSocket). Use another one: mobile data, or the network at \
                               home.",
    all_good_join: Text = "You can join with a microphone only, or just to listen.",

    door_when: Text = "{from} to {to} · {student} · {subject}",
    door_with: Text = "Call with {who}",
    door_early: Text = "You can join from {time}. Check your devices meanwhile.",
    door_early_left: Text = "Opens in {left}",
    door_begins: Text = "Begins in {left}",
    door_now: Text = "It has begun.",
    door_late: Count = (
        "The teacher runs about 1 minute late. Please wait in the call.",
        "The teacher runs about {n} minutes late. Please wait in the call."
    ),
    door_elsewhere: Text =
        "You are in this call with another device or tab. Joining here ends it there.",
    join: Text = "Join the call",
    back_to_appointments: Text = "Back to the appointments",

    mute: Text = "Mute",
    unmute: Text = "Unmute",
    camera_stop: Text = "Stop camera",
    camera_start: Text = "Start camera",
    share: Text = "Share screen",
    unshare: Text = "Stop sharing",
    extend: Text = "Add 1 minute",
    devices: Text = "Devices",
    keys: Text = "Keyboard",
    leave: Text = "Leave",
    controls: Text = "Call controls",

    joining: Text = "Joining the call…",
    link_lost: Text = "The connection to the school is lost. We are trying to get it back; sound \
                       and picture may go on.",
    filtered_title: Text = "This network does not let you in",
    filtered_text: Text = "The school’s server is there, but the network you are on cuts the line \
                           that calls need. We keep trying. Change to another network, such as \
                           mobile data, and you get in by yourself.",
    filtered_else: Text = "If you have no other network, try another device, or ring the school \
                           to reach the teacher.",
    line_filtered: Text = "The network you are on cuts the line to the school. We keep trying; \
                           sound and picture may go on. Mobile data may help.",
    line_unsteady: Text = "The network you are on cuts the line to the school again and again. \
                           Mobile data or another network may help.",
    no_way: Text = "No way was found to everybody who is here: one of your networks lets no call \
                    through. We keep trying. Changing to another network helps most, such as \
                    mobile data.",
    offline_long: Text =
        "The school’s server can’t be reached. Check your connection; we keep trying.",
    lobby_title: Text = "You’re in",
    lobby_text: Text = "Sound and picture begin at {time}.",
    lobby_left: Text = "{left} to go",
    full_title: Text = "The call is full",
    full_text: Text =
        "You are number {n} in the queue. You get in by yourself as soon as someone leaves.",
    move_title: Text = "Move here?",
    move_text: Text =
        "You are in this call with another device or tab. If you move here, it ends there.",
    move_yes: Text = "Move here",
    code_title: Text = "Enter a code",
    code_why: Text = "This link was used on several devices in a short time. To be sure that it \
                      is you, enter the code that we mail to {email}.",
    code_mail: Text = "Mail me the code",
    code_mailed: Text = "The code is on its way to {email}.",
    code_again: Text = "Mail it again",
    code_enter: Text = "Go on",
    code_wrong: Text = "That is not the code. Look into the mail and try again.",

    you: Text = "You",
    tile_label: Text = "{name}, {role}",
    tile_you: Text = "{name} (you)",
    role_teacher: Text = "teacher",
    role_parent: Text = "parent",
    role_guest: Text = "guest",
    state_muted: Text = "muted",
    state_camera_off: Text = "camera off",
    state_screen: Text = "shares the screen",
    state_reconnecting: Text = "Reconnecting…",
    state_connecting: Text = "Connecting…",
    state_deaf: Text = "does not hear you at the moment",
    state_here: Text = "here",
    state_queued: Text = "waiting, number {n}",
    state_missing: Text = "not here yet",
    quality_fair: Text = "fair connection",
    quality_poor: Text = "poor connection",
    people: Text = "Who belongs to this call",
    alone: Text = "Nobody else is here yet.",
    alone_again: Text = "Nobody else is here now.",
    not_here: Text = "Not here yet: {names}",
    gone: Text = "Left: {names}",
    queued: Text = "Waiting for a free place: {names}",
    time_left: Text = "Time left",
    tap_to_hear: Text = "Tap to hear the others",
    relay_refused: Text = "The school’s relay refuses us, so some people may not see or hear you. \
                           Please tell the school.",
    poor_advice: Text = "Your connection is weak. Stopping your camera helps the sound.",

    say_joined: Text = "{name} is here.",
    say_left: Text = "{name} has left.",
    say_lost: Text = "{name} lost the connection.",
    say_back: Text = "{name} is back.",
    say_minute: Text = "One minute left.",
    say_half: Text = "30 seconds left.",
    say_last: Text = "10 seconds left.",
    say_extended: Text = "One minute was added.",
    say_muted: Text = "You are muted.",
    say_unmuted: Text = "You can be heard.",
    say_camera_off: Text = "Your camera is off.",
    say_camera_on: Text = "Your camera is on.",

    keys_title: Text = "Keyboard",
    keys_mute: Text = "Mute or unmute",
    keys_camera: Text = "Stop or start the camera",
    keys_close: Text = "Close a dialog",
    devices_in_call: Text = "Devices",

    over_title: Text = "The appointment is over",
    over_text: Text = "Thank you for coming.",
    left_title: Text = "You left the call",
    left_again: Text = "Join again",
    taken_title: Text = "You moved to another device or tab",
    taken_text: Text = "The call goes on there.",
    elsewhere_title: Text = "Your link was opened in another browser",
    elsewhere_text: Text = "The call goes on there. If that is you, all is well. If not, somebody \
                            else has your link: get a new one, and whoever uses the old one is \
                            put out.",
    elsewhere_sent_title: Text = "A new link is on its way",
    elsewhere_sent: Text = "We mailed it to the address of your invite. The old link no longer \
                            works. Open the new one to come back.",
    out_title: Text = "You are no longer in this call",
    next_title: Text = "Your next appointment",
    next_at: Text = "{time} with {who}, about {student} ({subject})",
    next_teacher: Text = "{time} with {parent}, about {student} ({subject})",
    next_starts: Count =
        ("It starts by itself in 1 second.", "It starts by itself in {n} seconds."),
    next_opens: Text = "You can join from {time}; it starts by itself then.",
    next_go: Text = "Go there now",
    next_stay: Text = "Stay here",
});
