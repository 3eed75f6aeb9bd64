//! A type that does not exist gets rustc's own message.
use spead_inproc::spead_test;

#[spead_test]
fn t(tx: SendStraem) {}
