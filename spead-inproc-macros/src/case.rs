//! The hidden attribute on each function that rstest generates: it fills the one parameter that `#[spead_test]` added.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{FnArg, Pat};

use crate::item::TestFn;
use crate::surroundings::ShouldPanic;

/// `#[__spead_case(path::to::spead_inproc)] fn case_1_small(site: Site) { .. }`.
pub(crate) fn spead_case(krate: TokenStream, item: TokenStream) -> TokenStream {
    let mut function = match syn::parse2::<TestFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => return error.into_compile_error().into_iter().chain(item).collect(),
    };
    let Some(FnArg::Typed(parameter)) = function.sig.inputs.pop() else {
        return misplaced(item);
    };
    let Pat::Ident(site) = *parameter.pat else { return misplaced(item) };
    // The very identifier that arrived: one of our own would be another variable, two expansions being two hygienes.
    let site = site.ident;
    let name = function.name();
    let mixed = Span::mixed_site();
    let private = quote_spanned!(mixed => #krate::__private);
    let should_panic = ShouldPanic::of(&function.attrs).tokens(&private);
    let should_panic = should_panic.map(|tokens| quote_spanned!(mixed => .should_panic(#tokens)));
    let filled = quote_spanned!(mixed =>
        let #site = #private::Site::new(#private::core::module_path!(), #name) #should_panic;
    );
    let body = function.body_after(filled);
    let TestFn { attrs, vis, sig, .. } = function;
    quote_spanned!(mixed => #(#attrs)* #vis #sig #body)
}

/// Only a framework that rearranges parameters in an unknown way leads here.
fn misplaced(item: TokenStream) -> TokenStream {
    let message = "`#[spead_test]` cannot find the parameter it gave to this test: is an attribute between it and `#[rstest]` \
                   changing the function?";
    let mut tokens = syn::Error::new(Span::call_site(), message).into_compile_error();
    tokens.extend(item);
    tokens
}
