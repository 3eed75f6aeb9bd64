//! Arguments and functions, however wrong: the attribute answers with tokens, never with a panic.
#![no_main]
#![allow(dead_code, reason = "a part of the macro crate stands here as it is")]

#[path = "../../../spead-inproc-macros/src/args.rs"]
mod args;
#[path = "../../../spead-inproc-macros/src/case.rs"]
mod case;
#[path = "../../../spead-inproc-macros/src/errors.rs"]
mod errors;
#[path = "../../../spead-inproc-macros/src/expand.rs"]
mod expand;
#[path = "../../../spead-inproc-macros/src/fallback.rs"]
mod fallback;
#[path = "../../../spead-inproc-macros/src/item.rs"]
mod item;
#[path = "../../../spead-inproc-macros/src/model.rs"]
mod model;
#[path = "../../../spead-inproc-macros/src/params.rs"]
mod params;
#[path = "../../../spead-inproc-macros/src/surroundings.rs"]
mod surroundings;

use libfuzzer_sys::fuzz_target;
use proc_macro2::TokenStream;

fuzz_target!(|data: &str| {
    let (args, function) = data.split_once('\n').unwrap_or((data, "fn t(tx: [SendStream; 2], rx: RecvStream) { }"));
    let (Ok(args), Ok(function)) = (args.parse::<TokenStream>(), function.parse::<TokenStream>()) else { return };
    drop(expand::spead_test(args.clone(), function.clone()));
    drop(case::spead_case(args, function));
});
