//! Icons of the call pages, beside words.

use leptos::prelude::*;

/// The icon to draw.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CallIconShape {
    Microphone,
    MicrophoneOff,
    Camera,
    CameraOff,
    Speaker,
    Network,
    Screen,
    Devices,
    Minute,
    Keys,
    Leave,
    Weak,
}

/// An icon in the colour of the text around it.
#[component]
pub(super) fn CallIcon(#[prop(into)] sign: Signal<CallIconShape>) -> impl IntoView {
    let path = move || match sign.get() {
        CallIconShape::Microphone => {
            "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3M5 11a7 7 0 0 0 14 0M12 18v3"
        }
        CallIconShape::MicrophoneOff => {
            "M15 10V6a3 3 0 0 0-6-.5M9 9v2a3 3 0 0 0 4.5 2.6M5 11a7 7 0 0 0 11 5.7M19 11a7 7 0 0 \
             1-.6 2.8M12 18v3M4 3l16 18"
        }
        CallIconShape::Camera => "M3 7h12v10H3zM15 11l6-4v10l-6-4",
        CallIconShape::CameraOff => "M9 7h6v5M15 11l6-4v10l-4-2.7M15 17H3V7h2M4 3l16 18",
        CallIconShape::Speaker => "M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
        CallIconShape::Network => {
            "M12 19v.5M8.5 15.5a5 5 0 0 1 7 0M5.5 12a9.5 9.5 0 0 1 13 0M2.5 8.5a14 14 0 0 1 19 0"
        }
        CallIconShape::Screen => "M3 5h18v11H3zM8 20h8M12 16v4M12 13V8M9.5 10L12 7.5l2.5 2.5",
        CallIconShape::Devices => {
            "M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0a2 2 \
             0 1 0-4 0"
        }
        CallIconShape::Minute => "M11 4a8 8 0 1 0 8 8M11 8v4l2 2M18 3v6M15 6h6",
        CallIconShape::Keys => "M3 6h18v12H3zM7 10v.5M11 10v.5M15 10v.5M7 14h10",
        CallIconShape::Leave => "M3 15c5-5 13-5 18 0l-2 2-4-2v-3M9 12v3l-4 2-2-2",
        CallIconShape::Weak => "M5 19v-3M10 19v-6M15 19V9M20 19V5M3 3l18 18",
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
