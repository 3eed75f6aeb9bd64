//! One test, understood: everything that [`expand`](crate::expand) writes, and every reason not to.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReturnType, Safety, Type};

use crate::args::{Args, Kind};
use crate::errors::Errors;
use crate::item::{TestFn, last_segment, peel};
use crate::params::Params;
use crate::surroundings::{Framework, Surroundings};

/// A test without contradictions.
pub(crate) struct Model {
    pub(crate) item: TestFn,
    pub(crate) args: Args,
    pub(crate) params: Params,
    pub(crate) around: Surroundings,
    /// Whether the heaps are compared when the body is over.
    pub(crate) snapshot: bool,
    pub(crate) returns: Returns,
}

/// What the function returns, as far as success depends on it.
pub(crate) enum Returns {
    /// Nothing that could tell of a failure: `()` or `!`.
    Nothing,
    /// A value to be asked.
    Value(Box<Type>),
}

impl Model {
    /// Understands a function; if there are errors, the model is not to be expanded.
    pub(crate) fn of(args: TokenStream, item: TestFn, errors: &mut Errors) -> Self {
        let args = Args::parse(args, errors);
        let around = Surroundings::of(&item.attrs, errors);
        check_signature(&item, &around, errors);
        let params = Params::of(&item.sig.inputs, around.framework, errors);
        // With other errors about, a missing handle is often their consequence.
        if params.injected.is_empty() && errors.is_empty() {
            errors.at_span(Span::call_site(), no_handles(&item, around.framework));
        }
        for (index, rest) in params.injected.iter().filter(|param| param.takes_rest()).enumerate() {
            let ty = rest.ty.to_token_stream().to_string().replace(' ', "");
            if index > 0 {
                errors
                    .at(&rest.ty, format_args!("only one parameter can take the rest of the senders, as `{ty}` does"));
            } else if args.find("senders").is_none() && args.find("config").is_none() {
                errors.at(
                    &rest.ty,
                    format_args!("`{ty}` takes the rest of the senders: say how many there are, `senders = ..`"),
                );
            }
        }
        let snapshot = args.find("snapshot");
        if let Some(setting) = snapshot.filter(|setting| setting.switch() == Some(true) && around.should_panic.always())
        {
            errors.at(
                &setting.value,
                "a `#[should_panic]` test has no snapshot: one that differs panics too, and would pass the test",
            );
        }
        let snapshot = snapshot.and_then(|setting| setting.switch()).unwrap_or(true) && !around.should_panic.always();
        for key in ["name"] {
            if let (false, Some(setting)) = (snapshot, args.find(key)) {
                errors.at(&setting.ident, format_args!("`{key}` names the snapshot, and this test has none"));
            }
        }
        if let Some(sweep) = args.sweep() {
            let name = sweep.key.name;
            for other in ["order", "exhaustive"] {
                if let Some(setting) = args.find(other).filter(|setting| setting.key.name != name) {
                    errors.at(&setting.ident, format_args!("`{name}` decides the order: leave `{other}` out"));
                }
            }
        }
        let returns = match &item.sig.output {
            ReturnType::Default => Returns::Nothing,
            ReturnType::Type(_, ty) => match peel(ty) {
                Type::Never(_) => Returns::Nothing,
                Type::Tuple(tuple) if tuple.elems.is_empty() => Returns::Nothing,
                Type::ImplTrait(_) => {
                    errors.at(ty, "name the return type: `#[spead_test]` asks the value whether the test has failed");
                    Returns::Nothing
                }
                _ => Returns::Value(ty.clone()),
            },
        };
        Self { item, args, params, around, snapshot, returns }
    }

    /// The path to everything an expansion names.
    pub(crate) fn private(&self) -> TokenStream {
        let krate = self.krate();
        quote_spanned!(Span::mixed_site() => #krate::__private)
    }

    /// The path to the crate.
    pub(crate) fn krate(&self) -> TokenStream {
        match &self.args.krate {
            Some(path) => path.to_token_stream(),
            None => quote_spanned!(Span::mixed_site() => ::spead_inproc),
        }
    }

    pub(crate) const fn above_rstest(&self) -> bool {
        matches!(self.around.framework, Framework::Rstest(_))
    }

    /// The keys that are settings of the run, in the order in which they are evaluated.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &crate::args::Setting> {
        let starts = |kind| move |setting: &&crate::args::Setting| (setting.key.kind == Kind::Builder) == kind;
        let all = self.args.settings.iter().filter(|setting| !matches!(setting.key.kind, Kind::Switch | Kind::Path));
        all.clone().filter(starts(true)).chain(all.filter(starts(false)))
    }
}

fn no_handles(item: &TestFn, framework: Framework) -> String {
    let advice = if framework != Framework::None {
        "; one whose type has another name needs `#[ignore]`, or rstest takes it for a fixture"
    } else if item.is_generated() {
        "; with `#[rstest]`: put `#[spead_test]` above it, or mark the handle parameters `#[ignore]`"
    } else {
        ""
    };
    format!(
        "found no SPEAD handle to inject: take a `SendStream`, `[SendStream; N]`, `Vec<SendStream>`, `RecvStream`, \
         `InprocQueue`, `Harness` or `Groups`{advice}"
    )
}

fn check_signature(item: &TestFn, around: &Surroundings, errors: &mut Errors) {
    let sig = &item.sig;
    if let Some(token) = &sig.constness {
        errors.at(token, "a test function cannot be `const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.at(token, "a test function cannot be `unsafe`");
    }
    if let Some(token) = &sig.abi {
        errors.at(token, "a test function cannot have an ABI of its own");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, "a test function cannot be variadic");
    }
    if around.framework == Framework::None {
        if !sig.generics.params.is_empty() {
            errors.at(&sig.generics, "a test function cannot be generic");
        } else if let Some(clause) = &sig.generics.where_clause {
            errors.at(clause, "a test function cannot be generic");
        }
    }
    if let (Some(token), false) = (&sig.asyncness, around.runtime) {
        errors.at(
            token,
            "an `async` test needs a runtime: put its attribute, for example `#[tokio::test]`, below `#[spead_test]`",
        );
    }
    if around.framework == Framework::None {
        for attr in item.attrs.iter().filter(|attr| crate::item::first_segment(attr.path()) == "case") {
            let path = attr.path();
            errors.at(
                path,
                format_args!(
                    "`#[{}]` belongs to rstest: put `#[rstest]` between `#[spead_test]` and the cases",
                    last_segment(path)
                ),
            );
        }
    }
}

/// A span for tokens of ours that are to be underlined where the user wrote something: theirs to see, ours to resolve.
pub(crate) fn shown_at(tokens: &impl Spanned) -> Span {
    Span::mixed_site().located_at(tokens.span())
}
