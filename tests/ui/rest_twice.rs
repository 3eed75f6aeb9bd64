//! Only one parameter can take the rest.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 3)]
fn t(some: Vec<SendStream>, others: Vec<SendStream>) {}
