//! The attribute of `spead-inproc`. Its documentation stands where users meet it: at `spead_inproc::spead_test`.
//!
//! The way of the code: `item` and `args` read tokens, `surroundings` and `params` say what they mean, `model` puts
//! them together and collects every error, `expand` writes the test. `case` is the second, hidden attribute, which tells
//! each function that rstest generates who it is. `fallback` is what remains of a function that is wrong.
//!
//! This crate depends on no other crate of the project: expansions name `spead_inproc::__private` and nothing else.
#![forbid(unsafe_code)]

mod item;
mod mention;

mod args;

mod surroundings;

mod params;

mod model;

mod expand;

mod case;

mod fallback;

mod errors;

use proc_macro::TokenStream;

#[expect(missing_docs, reason = "documented where it is re-exported: `spead_inproc::spead_test`")]
#[proc_macro_attribute]
pub fn spead_test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::spead_test(args.into(), item.into()).into()
}

/// Not for users: `#[spead_test]` puts it on the functions that `#[rstest]` below it generates.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __spead_case(args: TokenStream, item: TokenStream) -> TokenStream {
    case::spead_case(args.into(), item.into()).into()
}
