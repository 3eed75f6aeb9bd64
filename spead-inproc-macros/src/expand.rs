//! Writes the test.
//!
//! Everything that need not be in the user's crate is in `__private::run`: the expansion holds the user's tokens, the
//! place and name of the test, one typed `let` for each key, and insta's macro, which must expand where the test stands.
//!
//! Every name is written with [`Span::mixed_site`]: an expansion that was located at the user's tokens by their own span
//! would break as soon as the test comes through `macro_rules!`.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ReturnType;
use syn::spanned::Spanned;

use crate::args::{Kind, Setting};
use crate::errors::Errors;
use crate::fallback;
use crate::item::TestFn;
use crate::mention::{captures, mentions};
use crate::model::{Model, Returns, shown_at};
use crate::params::{Bound, Injected};

/// `#[spead_test(args)] item`.
pub(crate) fn spead_test(args: TokenStream, item: TokenStream) -> TokenStream {
    let function = match syn::parse2::<TestFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => return fallback::unreadable(&error, item),
    };
    let mut errors = Errors::default();
    let mut model = Model::of(args, function, &mut errors);
    if errors.is_empty() { model.expand() } else { fallback::function(errors, model.item) }
}

impl Model {
    fn expand(&mut self) -> TokenStream {
        if self.above_rstest() { self.above() } else { self.plain() }
    }

    /// The test itself: outside a function without parameters, inside the user's own, untouched.
    fn plain(&self) -> TokenStream {
        let private = self.private();
        let TestFn { attrs, vis, sig, body } = &self.item;
        let mixed = Span::mixed_site();
        let test = (!self.around.test).then(|| quote_spanned!(mixed => #[#private::core::prelude::v1::test]));
        let mut outer = sig.clone();
        outer.inputs.clear();
        let mut inner = sig.clone();
        inner.inputs = self.params.injected.iter().map(parameter).collect();
        let name = &sig.ident;
        let harness = format_ident!("harness", span = mixed);
        let handles = self.params.injected.iter().map(|param| inject(&private, &param.ty, &harness));
        let mut call = quote_spanned!(mixed => |#harness| #name(#(#handles),*));
        if sig.asyncness.is_none() && self.args.sweep().is_none() {
            // It captures nothing: as a pointer, what runs it is compiled once, not for every test.
            call = quote_spanned!(mixed => {
                let call: fn(&mut #private::Harness) -> _ = #call;
                call
            });
        }
        let run = self.run(&call, None, &TokenStream::new());
        quote_spanned!(mixed =>
            #(#attrs)*
            #test
            #vis #outer {
                #[allow(
                    clippy::items_after_statements,
                    clippy::large_futures,
                    clippy::needless_pass_by_value,
                    clippy::unnecessary_wraps,
                    clippy::unused_async
                )]
                #inner #body
                #run
            }
        )
    }

    /// The function that rstest copies its cases around: ours inside, and one hidden parameter that says which case it is.
    fn above(&mut self) -> TokenStream {
        let inner_attrs = self.item.take_inner_attrs();
        let values = self.take_values();
        let (krate, private) = (self.krate(), self.private());
        let TestFn { attrs, vis, sig, .. } = &self.item;
        let mixed = Span::mixed_site();
        // rstest compares parameters by their text: no user has this one.
        let site = format_ident!("__spead_site", span = mixed);
        let harness = format_ident!("harness", span = mixed);
        let mut outer = sig.clone();
        outer.inputs = self.params.kept.iter().cloned().collect();
        outer.inputs.push(syn::parse_quote_spanned!(mixed => #[ignore] #[notrace] #site: #private::Site));
        let lets: TokenStream = (self.params.injected.iter())
            .map(|param| {
                let (Injected { attrs, pat, ty }, value) = (param, inject(&private, &param.ty, &harness));
                quote_spanned!(mixed => #(#attrs)* let #pat: #ty = #value;)
            })
            .collect();
        let copied: TokenStream =
            values.iter().map(|(name, mutability)| copy(&private, name, mutability.as_ref())).collect();
        let call = if sig.asyncness.is_some() {
            // The handles are made at once and moved in: the future does not borrow the harness.
            let names: Vec<_> = (0..self.params.injected.len()).map(|i| format_ident!("a{i}", span = mixed)).collect();
            let made = self.params.injected.iter().map(|param| inject(&private, &param.ty, &harness));
            let moved = self.params.injected.iter().zip(&names).map(|(param, name)| {
                let Injected { attrs, pat, ty } = param;
                quote_spanned!(mixed => #(#attrs)* let #pat: #ty = #name;)
            });
            let body = self.item.body_after(moved.collect());
            quote_spanned!(mixed => move |#harness| { #copied #(let #names = #made;)* async move #body })
        } else {
            let output = match &sig.output {
                ReturnType::Default => quote_spanned!(mixed => -> ()),
                output => output.to_token_stream(),
            };
            let body = self.item.body_after(copied.into_iter().chain(lets).collect());
            quote_spanned!(mixed => move |#harness| #output #body)
        };
        let in_keys = |name: &syn::Ident| self.settings().any(|key| mentions(&key.value.to_token_stream(), name));
        let for_keys =
            values.iter().filter(|(name, _)| in_keys(name)).map(|(name, _)| copy(&private, name, None)).collect();
        let run = self.run(&call, Some(&site), &for_keys);
        let (before, after) = attrs.split_at((self.around.shared_after + 1).min(attrs.len()));
        quote_spanned!(mixed =>
            #(#before)*
            #[#private::__spead_case(#krate)]
            #(#after)*
            #inner_attrs
            #vis #outer {
                #run
            }
        )
    }

    /// The values of the case that each run of a sweep has for itself: those that the body uses. A key that takes another
    /// may use it up.
    fn take_values(&mut self) -> Vec<Bound> {
        if self.args.sweep().is_none() {
            return Vec::new();
        }
        let (body, is_async) = (self.item.body.stream(), self.item.sig.asyncness.is_some());
        // A future owns what it captures, also for a text that would be content with a reference.
        self.params.take_kept_names(&|name| mentions(&body, name) || (is_async && captures(&body, name)))
    }

    /// The call that does everything: settings, harness, `call`, account, snapshot. The keys are evaluated after `before`.
    fn run(&self, call: &TokenStream, site: Option<&syn::Ident>, before: &TokenStream) -> TokenStream {
        let private = self.private();
        let mixed = Span::mixed_site();
        let setup = self.setup(site, before);
        let failed = match &self.returns {
            Returns::Nothing => quote_spanned!(mixed => #private::passed),
            Returns::Value(ty) => quote_spanned!(mixed => |out: &#ty| {
                use #private::{OfResult as _, Otherwise as _};
                (&#private::Probe(out)).__spead_failed()
            }),
        };
        let compare = if self.snapshot {
            quote_spanned!(mixed => #private::core::option::Option::Some(|snapshot| {
                #[allow(unused_imports)]
                use #private::std::prelude::rust_2021::*;
                #private::insta::assert_snapshot!(snapshot.name(), snapshot.text(), "");
            }))
        } else {
            quote_spanned!(mixed => #private::core::option::Option::None)
        };
        match (self.item.sig.asyncness, self.args.sweep()) {
            (None, None) => quote_spanned!(mixed => #private::run(#setup, #call, #failed, #compare)),
            (None, Some(_)) => quote_spanned!(mixed => #private::sweep(#setup, #call, #failed, #compare)),
            (Some(_), None) => quote_spanned!(mixed => #private::run_async(#setup, #call, #failed, #compare).await),
            (Some(_), Some(_)) => {
                quote_spanned!(mixed => #private::sweep_async(#setup, #call, #failed, #compare).await)
            }
        }
    }

    fn setup(&self, site: Option<&syn::Ident>, before: &TokenStream) -> TokenStream {
        let private = self.private();
        let mixed = Span::mixed_site();
        let demands = self.params.injected.iter().map(|param| {
            let (span, ty) = (shown_at(&param.ty), &param.ty);
            let private = shown(&private, span);
            quote_spanned!(span => <#ty as #private::FromHarness>::DEMAND)
        });
        let checks = self.args.settings.iter().filter_map(check);
        let setup = format_ident!("setup", span = mixed);
        let keys: Vec<_> = self.settings().map(|setting| apply(&private, &setup, setting)).collect();
        let name = self.item.name();
        let told = match site {
            Some(site) => Some(quote_spanned!(mixed => #setup.case(#site);)),
            None => (self.around.should_panic.tokens(&private))
                .map(|should_panic| quote_spanned!(mixed => #setup.should_panic(#should_panic);)),
        };
        let calls = self.item.calls().filter(|_| site.is_none()).map(|calls| quote_spanned!(mixed => , #calls));
        let new = quote_spanned!(mixed => #private::Setup::new(#private::home!(#name #calls), __SPEAD_DEMAND));
        let value = if told.is_none() && keys.is_empty() {
            new
        } else {
            quote_spanned!(mixed => let mut #setup = #new; #told #(#keys)* #setup)
        };
        quote_spanned!(mixed => {
            const __SPEAD_DEMAND: #private::Demand = #private::Demand::total(&[#(#demands),*]);
            #(#checks)*
            #before
            #value
        })
    }
}

fn parameter(param: &Injected) -> syn::FnArg {
    let Injected { attrs, pat, ty } = param.clone();
    syn::FnArg::Typed(syn::PatType {
        attrs,
        pat: Box::new(pat),
        colon_token: syn::Token![:](ty.span()),
        ty: Box::new(ty),
    })
}

/// A value of the case for another use, underlined at its parameter.
fn copy(private: &TokenStream, name: &syn::Ident, mutability: Option<&syn::Token![mut]>) -> TokenStream {
    let span = shown_at(name);
    let private = shown(private, span);
    // What only has the name of a value may hide that nobody uses it.
    quote_spanned!(span => #[allow(unused_variables)] let #mutability #name = #private::core::clone::Clone::clone(&#name);)
}

/// `<Type as FromHarness>::from_harness(harness)`, underlined at the type.
fn inject(private: &TokenStream, ty: &syn::Type, harness: &syn::Ident) -> TokenStream {
    let span = shown_at(ty);
    let private = shown(private, span);
    quote_spanned!(span => <#ty as #private::FromHarness>::from_harness(#harness))
}

/// A number that stands there as a literal is held against the parameters while the test is compiled.
fn check(setting: &Setting) -> Option<TokenStream> {
    let number = setting.number()?;
    let check = match setting.key.name {
        "senders" => "check_senders",
        "receivers" => "check_receivers",
        _ => return None,
    };
    let check = format_ident!("{check}", span = Span::mixed_site());
    let tokens = quote_spanned!(Span::mixed_site() => const _: () = __SPEAD_DEMAND.#check(#number););
    Some(shown(&tokens, number.span()))
}

/// Hands the value of one key to the setup.
fn apply(private: &TokenStream, setup: &syn::Ident, setting: &Setting) -> TokenStream {
    let Setting { key, ident, value } = setting;
    let mixed = Span::mixed_site();
    let method = format_ident!("{}", key.name, span = mixed.located_at(ident.span()));
    if key.kind == Kind::Text {
        // Only looked at: the value may be a case's own, which the body wants too.
        let span = shown_at(value);
        let private = shown(private, span);
        return quote_spanned!(span => #setup.#method(#private::text(&(#value))););
    }
    if key.kind == Kind::Seeds {
        // What gives no numbers is shown where it stands.
        let span = shown_at(value);
        return quote_spanned!(span => #setup.#method(#value););
    }
    let ty = key.kind.tokens(private);
    let colon = ty.map(|ty| quote_spanned!(mixed => : #ty));
    quote_spanned!(mixed => { let value #colon = #value; #setup.#method(value); })
}

/// The same tokens, each shown at `place` and resolved where it was. All of them: one that is left out widens what the compiler underlines to
/// the whole attribute.
pub(crate) fn shown(tokens: &TokenStream, place: Span) -> TokenStream {
    let show = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            let mut inner = Group::new(group.delimiter(), shown(&group.stream(), place));
            inner.set_span(group.span().located_at(place));
            return TokenTree::Group(inner);
        }
        token.set_span(token.span().located_at(place));
        token
    };
    tokens.clone().into_iter().map(show).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use quote::quote;

    use super::*;

    /// The expansion as source code, our path for it shortened.
    fn expanded(args: TokenStream, item: TokenStream) -> String {
        pretty(spead_test(args, item))
    }

    fn pretty(tokens: TokenStream) -> String {
        prettyplease::unparse(&syn::parse2(tokens).expect("an expansion is Rust"))
            .replace("::spead_inproc::__private::", "__::")
    }

    #[test]
    fn plain() {
        assert_snapshot!(expanded(
            quote!(senders = 2, max_heaps = WINDOW),
            quote!(
                /// Two of them.
                fn two(tx: [SendStream; 2], mut rx: RecvStream) -> Result<(), Error> {
                    tx[0].send_heap(&heap())?;
                    Ok(())
                }
            )
        ));
    }

    #[test]
    fn asynchronous_and_without_snapshot() {
        assert_snapshot!(expanded(
            quote!(snapshot = false),
            quote!(
                #[tokio::test]
                async fn later(tx: SendStream) {
                    tx.send_heap_async(&heap()).await.unwrap();
                }
            )
        ));
    }

    #[test]
    fn above_rstest() {
        assert_snapshot!(expanded(
            quote!(max_heaps = window, name = format!("window-{window}"), config = lossy()),
            quote!(
                #[rstest]
                #[case::small(1)]
                #[should_panic]
                #[case::large(4)]
                fn windows(#[case] window: usize, fixture: u8, [a, b]: [SendStream; 2]) {
                    a.send_heap(&heap()).unwrap();
                }
            )
        ));
    }

    #[test]
    fn above_rstest_asynchronous() {
        assert_snapshot!(expanded(
            quote!(),
            quote!(
                #[rstest]
                #[case(1)]
                #[tokio::test]
                async fn later(#[case] n: usize, tx: SendStream, #[ignore] own: Antenna) -> anyhow::Result<()> {
                    tx.send_heap(&heap(n))?;
                    Ok(())
                }
            )
        ));
    }

    #[test]
    fn in_many_orders() {
        assert_snapshot!(expanded(
            quote!(seeds = 0..64),
            quote!(
                fn two(tx: [SendStream; 2]) {
                    tx[0].send_heap(&heap()).unwrap();
                }
            )
        ));
    }

    #[test]
    fn in_many_orders_above_rstest() {
        assert_snapshot!(expanded(
            quote!(exhaustive = most, snapshot = false),
            quote!(
                #[rstest]
                #[case(6, (1, vec![2]))]
                #[tokio::test]
                async fn all(
                    #[case] most: usize,
                    #[case] (first, mut more): (usize, Vec<usize>),
                    tx: SendStream,
                ) -> Result<(), Error> {
                    more.push(first);
                    Ok(())
                }
            )
        ));
    }

    #[test]
    fn a_run_copies_what_its_body_uses() {
        assert_snapshot!(expanded(
            quote!(seeds = 0..64, faults = plan, max_heaps = len, descriptors = policy, snapshot = false),
            quote!(
                #[rstest]
                #[case(Faults::new(), 4, Descriptors::first())]
                fn some(#[case] plan: Faults, #[case] len: usize, #[case] policy: Descriptors, tx: SendStream) {
                    assert!(policy != Descriptors::first() || tx.sent().len() == 0);
                }
            )
        ));
    }

    #[test]
    fn a_case() {
        assert_snapshot!(pretty(crate::case::spead_case(
            quote!(::spead_inproc),
            quote!(
                #[should_panic]
                #[test]
                fn case_1_small(#[ignore] site: Site) {
                    let n = 1;
                    windows(n, site)
                }
            )
        )));
    }

    #[test]
    fn under_conditions() {
        assert_snapshot!(expanded(
            quote!(crate = crate::reexported::spead),
            quote!(
                #[cfg_attr(miri, ignore)]
                #[cfg_attr(debug_assertions, should_panic(expected = "overflow"))]
                #[test]
                fn test(tx: SendStream) {}
            )
        ));
    }

    #[test]
    fn what_is_left_of_a_wrong_one() {
        assert_snapshot!(expanded(
            quote!(sender = 2, max_heaps = 0),
            quote!(
                #[rstest]
                #[case(1)]
                fn wrong(#[case] n: usize, tx: SendStream) {
                    tx.send_heap();
                }
            )
        ));
    }

    #[test]
    fn the_body_may_come_from_macro_rules() {
        let body = TokenTree::Group(Group::new(proc_macro2::Delimiter::None, quote!({ tx.stop() })));
        let direct = expanded(
            quote!(),
            quote!(
                fn t(tx: SendStream) {
                    tx.stop()
                }
            ),
        );
        assert_eq!(expanded(quote!(), quote!(fn t(tx: SendStream) #body)), direct);
    }

    #[test]
    fn inner_attributes_move_out_of_a_closure() {
        let item = quote!(
            #[rstest]
            fn t(tx: SendStream) {
                #![allow(unused)]
                #[cfg(unix)]
                tx.stop();
            }
        );
        let expanded = expanded(quote!(), item);
        assert!(expanded.contains("#[allow(unused)]\nfn t("), "{expanded}");
        assert!(expanded.contains("#[cfg(unix)] tx.stop();"), "{expanded}");
    }

    #[test]
    fn groups_are_a_handle() {
        let expanded = expanded(
            quote!(groups = "239.102.1.0:7148"),
            quote!(
                #[rstest]
                #[case(1)]
                fn t(#[case] n: u64, groups: Groups) {
                    groups.stop();
                }
            ),
        );
        assert!(expanded.contains("let groups: Groups = <Groups as __::FromHarness>::from_harness"), "{expanded}");
    }

    #[test]
    fn a_unit_is_never_asked() {
        let unit = expanded(
            quote!(),
            quote!(
                fn t(tx: SendStream) -> () {}
            ),
        );
        assert!(unit.contains("__::passed") && !unit.contains("Probe"));
    }
}
