//! Golden vectors: what the real spead2 does.

mod generator;
mod groups;
mod items;
mod ops;
mod recv;
mod send;
mod streams;
mod values;
