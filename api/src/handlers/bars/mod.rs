//! Operations on bars, for staff.

mod create_bar;
mod lift_bar;
mod list_bars;

pub use create_bar::create_bar;
pub use lift_bar::lift_bar;
pub use list_bars::list_bars;
