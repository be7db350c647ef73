//! The call around its rules: what browsers are told to reach each other. Seats and rules are `store`'s and `domain`'s.

pub mod ice;
