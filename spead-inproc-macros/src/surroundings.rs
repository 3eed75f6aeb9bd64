//! The other attributes of the function: which framework and which runtime stand below `#[spead_test]`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::errors::Errors;
use crate::item::{first_segment, last_segment};

/// Who resolves the parameters that are not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framework {
    /// Nobody: every parameter is ours.
    None,
    /// `#[rstest]`, or a template of rstest_reuse, at this place among the attributes.
    Rstest(usize),
}

/// What the attributes say.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) framework: Framework,
    /// The place after which an attribute reaches every case: that of the last `#[case]`, or of `#[rstest]`.
    pub(crate) shared_after: usize,
    /// Whether somebody makes this function a test, so that we must not.
    pub(crate) test: bool,
    /// Whether that somebody can run an `async fn`.
    pub(crate) runtime: bool,
    /// Whether a panic passes the test.
    pub(crate) should_panic: ShouldPanic,
}

/// `#[should_panic]`, which may be conditional.
#[derive(Debug, Default)]
pub(crate) struct ShouldPanic {
    always: bool,
    predicates: Vec<TokenStream>,
}

impl ShouldPanic {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut found = Self::default();
        for seen in seen(attrs).filter(|seen| seen.meta.path().is_ident("should_panic")) {
            match seen.predicate {
                None => found.always = true,
                Some(predicate) => found.predicates.push(predicate),
            }
        }
        found
    }

    pub(crate) const fn always(&self) -> bool {
        self.always
    }

    /// An expression of type `bool`, if it is not simply `false`.
    pub(crate) fn tokens(&self, private: &TokenStream) -> Option<TokenStream> {
        let span = Span::mixed_site();
        let predicates = &self.predicates;
        if self.always {
            Some(quote_spanned!(span => true))
        } else if predicates.is_empty() {
            None
        } else {
            Some(quote_spanned!(span => #private::core::cfg!(any(#(#predicates),*))))
        }
    }
}

/// An attribute, also one inside `cfg_attr`.
struct Seen {
    meta: Meta,
    /// The condition of the `cfg_attr` around it.
    predicate: Option<TokenStream>,
    /// The place of the whole attribute.
    at: usize,
}

impl Seen {
    fn is_last(&self, name: &str) -> bool {
        last_segment(self.meta.path()) == name
    }

    fn args(&self) -> TokenStream {
        match &self.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        }
    }

    /// `apply(test!)` runs a macro of macro_rules_attribute; `apply(template)` is rstest_reuse.
    fn applies_macro(&self) -> bool {
        self.args().into_iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!'))
    }

    fn is_rstest(&self) -> bool {
        self.is_last("rstest") || (self.is_last("apply") && !self.applies_macro())
    }

    fn is_test(&self) -> bool {
        self.is_last("test")
            || self.is_last("async_test")
            || self.is_last("wasm_bindgen_test")
            || self.is_last("test_attr")
            || (self.is_last("apply") && self.applies_macro())
    }

    /// The standard library's `#[test]` under its full path (rstest adds it so) runs no futures. A bare `#[test]` may be
    /// any runtime's, imported.
    fn is_runtime(&self) -> bool {
        self.is_test() && !matches!(first_segment(self.meta.path()).as_str(), "core" | "std")
    }
}

fn seen(attrs: &[Attribute]) -> impl Iterator<Item = Seen> {
    attrs.iter().enumerate().flat_map(|(at, attr)| flatten(attr.meta.clone(), None, at))
}

fn flatten(meta: Meta, predicate: Option<TokenStream>, at: usize) -> Vec<Seen> {
    if !meta.path().is_ident("cfg_attr") {
        return vec![Seen { meta, predicate, at }];
    }
    let inner =
        meta.require_list().and_then(|list| list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated));
    // What cannot be read is rustc's to report.
    let mut inner = inner.unwrap_or_default().into_iter();
    let Some(condition) = inner.next().map(|condition| condition.to_token_stream()) else { return Vec::new() };
    let condition = match predicate {
        Some(outer) => quote_spanned!(Span::mixed_site() => all(#outer, #condition)),
        None => condition,
    };
    inner.flat_map(|meta| flatten(meta, Some(condition.clone()), at)).collect()
}

impl Surroundings {
    pub(crate) fn of(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let all: Vec<Seen> = seen(attrs).collect();
        for twice in all.iter().filter(|seen| seen.is_last("spead_test")) {
            errors.at(twice.meta.path(), "`#[spead_test]` is applied twice: keep one");
        }
        let rstest = all.iter().find(|seen| seen.is_rstest()).map(|seen| seen.at);
        let last_case = all.iter().filter(|seen| first_segment(seen.meta.path()) == "case").map(|seen| seen.at).max();
        let shared_after = rstest.max(last_case).unwrap_or(0);
        if rstest.is_some() {
            for early in
                all.iter().filter(|seen| seen.is_test() && !seen.is_last("test_attr") && seen.at < shared_after)
            {
                errors.at(
                    early.meta.path(),
                    "in this place the test attribute applies to one case only, and rstest then runs no other case: put it \
                     below the last `#[case]`",
                );
            }
        }
        Self {
            framework: rstest.map_or(Framework::None, Framework::Rstest),
            shared_after,
            test: all.iter().any(Seen::is_test),
            runtime: all.iter().any(Seen::is_runtime),
            // Before the last `#[case]` it is the matter of one case, and `__spead_case` sees it there.
            should_panic: ShouldPanic::of(if rstest.is_some() { &attrs[shared_after + 1..] } else { attrs }),
        }
    }
}
