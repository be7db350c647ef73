//! stub
/// Lost.
#[derive(Debug)]
pub struct Lost;
