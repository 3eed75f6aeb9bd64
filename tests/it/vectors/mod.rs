//! Golden vectors: what the real spead2 does.

mod ops;
mod recv;
mod send;
mod streams;
