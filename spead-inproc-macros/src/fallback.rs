//! What is left of a function that cannot become a test: the errors, and the function itself, so that its body is still
//! checked and an editor still completes in it.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::quote_spanned;
use syn::FnArg;

use crate::errors::Errors;
use crate::item::TestFn;

/// The errors and the cleaned function.
pub(crate) fn function(errors: Errors, item: TestFn) -> TokenStream {
    let generated = item.is_generated();
    let TestFn { attrs, vis, mut sig, mut body } = item;
    // Its body has only errors of its own to add.
    if generated {
        let span = body.span();
        body = Group::new(Delimiter::Brace, quote_spanned!(Span::mixed_site() => loop {}));
        body.set_span(span);
    }
    sig.constness = None;
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.clear(),
            FnArg::Typed(typed) => typed.attrs.clear(),
        }
    }
    let kept = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let errors = errors.into_compile_errors();
    quote_spanned!(Span::mixed_site() =>
        #errors
        #(#kept)*
        #[allow(dead_code, unused, clippy::all)]
        #vis #sig #body
    )
}

/// Not a function, or none that can be read: the error, and what stood there.
pub(crate) fn unreadable(error: &syn::Error, item: TokenStream) -> TokenStream {
    let first = item.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    let error = if is_function(&item) {
        error.clone()
    } else {
        syn::Error::new(first, "`#[spead_test]` goes on a function: expected `fn`")
    };
    let mut tokens = error.into_compile_error();
    tokens.extend(item);
    tokens
}

/// Whether `fn` stands anywhere outside a group.
fn is_function(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == "fn"))
}
