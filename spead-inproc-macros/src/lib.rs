//! The attribute of `spead-inproc`.
