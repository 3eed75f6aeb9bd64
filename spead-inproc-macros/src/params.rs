//! Whose is each parameter: ours to inject, or rstest's to resolve.

use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Ident, Pat, Token, Type, TypeParamBound};

use crate::errors::Errors;
use crate::item::{last_segment, peel};
use crate::surroundings::Framework;

/// Types that are known by their name where rstest has a say too; without rstest every type is asked for its `FromHarness`.
const HANDLES: [&str; 5] = ["SendStream", "RecvStream", "InprocQueue", "Harness", "Groups"];

/// Attributes that rstest gives to parameters.
const RSTEST: [&str; 9] = ["case", "values", "files", "from", "with", "default", "future", "context", "by_ref"];

/// A parameter that the harness fills.
#[derive(Clone)]
pub(crate) struct Injected {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
}

impl Injected {
    /// Whether it reads `Vec<..>`, which takes every sender that the other parameters leave.
    pub(crate) fn takes_rest(&self) -> bool {
        type_name(&self.ty).is_some_and(|(name, _)| name == "Vec")
            && handle(&self.ty).is_some_and(|name| name == "SendStream")
    }
}

/// All parameters of one function.
#[derive(Default)]
pub(crate) struct Params {
    pub(crate) injected: Vec<Injected>,
    /// rstest's, untouched.
    pub(crate) kept: Vec<FnArg>,
}

impl Params {
    pub(crate) fn of(inputs: &Punctuated<FnArg, Token![,]>, framework: Framework, errors: &mut Errors) -> Self {
        let mut params = Self::default();
        for input in inputs {
            let FnArg::Typed(typed) = input else {
                errors.at(input, "a test function cannot take `self`");
                continue;
            };
            let marked = typed.attrs.iter().any(is_ignore);
            let ours = match framework {
                Framework::None => {
                    for attr in typed.attrs.iter().filter(|attr| is_rstests(attr)) {
                        errors.at(
                            attr,
                            format_args!(
                                "`#[{}]` belongs to rstest, which is not here: put `#[rstest]` below `#[spead_test]`",
                                last_segment(attr.path())
                            ),
                        );
                    }
                    true
                }
                Framework::Rstest(_) => marked || (!typed.attrs.iter().any(is_rstests) && is_handle(&typed.ty)),
            };
            if ours {
                for attr in typed.attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
                    errors.at(
                        attr,
                        "a handle cannot come and go with `#[cfg]`: put it on the test, and write one test for each",
                    );
                }
                if let Type::ImplTrait(_) = peel(&typed.ty) {
                    errors.at(&typed.ty, "name the type: what a parameter is filled with, its type decides");
                }
                params.injected.push(Injected {
                    attrs: typed.attrs.iter().filter(|attr| !is_ignore(attr)).cloned().collect(),
                    pat: (*typed.pat).clone(),
                    ty: (*typed.ty).clone(),
                });
            } else {
                params.kept.push(input.clone());
            }
        }
        params.check_names(errors);
        params
    }

    /// A name that is bound twice is rustc's to tell, where parameters stay parameters; handles above rstest do not.
    fn check_names(&self, errors: &mut Errors) {
        let mut names: Vec<Ident> = Vec::new();
        let kept = self.kept.iter().filter_map(|param| match param {
            FnArg::Typed(typed) => Some((*typed.pat).clone()),
            FnArg::Receiver(_) => None,
        });
        for mut pat in kept.chain(self.injected.iter().map(|param| param.pat.clone())) {
            let mut bound_here = Vec::new();
            bound(&mut pat, &mut bound_here, &|_| true);
            for (name, _) in bound_here {
                if names.contains(&name) {
                    errors.at(&name, format_args!("two parameters are called `{name}`"));
                }
                names.push(name);
            }
        }
    }
}

impl Params {
    /// The names that rstest's parameters bind and somebody wants, each with its `mut`, which they lose.
    pub(crate) fn take_kept_names(&mut self, wanted: &dyn Fn(&Ident) -> bool) -> Vec<Bound> {
        let mut names = Vec::new();
        for param in &mut self.kept {
            if let FnArg::Typed(typed) = param {
                bound(&mut typed.pat, &mut names, wanted);
            }
        }
        names
    }
}

/// A name, and its `mut`.
pub(crate) type Bound = (Ident, Option<Token![mut]>);

/// The wanted names that a pattern binds; parameters have patterns that cannot fail.
fn bound(pat: &mut Pat, names: &mut Vec<Bound>, wanted: &dyn Fn(&Ident) -> bool) {
    match pat {
        Pat::Ident(ident) => {
            if wanted(&ident.ident) {
                names.push((ident.ident.clone(), ident.mutability.take()));
            }
            ident.subpat.iter_mut().for_each(|(_, pat)| bound(pat, names, wanted));
        }
        Pat::Paren(paren) => bound(&mut paren.pat, names, wanted),
        Pat::Reference(reference) => bound(&mut reference.pat, names, wanted),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(|pat| bound(pat, names, wanted)),
        Pat::Struct(fields) => fields.fields.iter_mut().for_each(|field| bound(&mut field.pat, names, wanted)),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(|pat| bound(pat, names, wanted)),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(|pat| bound(pat, names, wanted)),
        Pat::Type(typed) => bound(&mut typed.pat, names, wanted),
        _ => {}
    }
}

/// Whether rstest reads it: other attributes, such as `#[allow]`, say nothing about whose a parameter is.
fn is_rstests(attr: &Attribute) -> bool {
    RSTEST.contains(&last_segment(attr.path()).as_str())
}

fn is_ignore(attr: &Attribute) -> bool {
    attr.path().is_ident("ignore")
}

/// Whether a parameter without a mark is for the harness to fill.
fn is_handle(ty: &Type) -> bool {
    let from_harness = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if last_segment(&bound.path) == "FromHarness");
    match peel(ty) {
        Type::ImplTrait(ty) => ty.bounds.iter().any(from_harness),
        ty => handle(ty).is_some(),
    }
}

/// The handle that a type's spelling names, through references, arrays and `Vec`.
fn handle(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => handle(&reference.elem),
        Type::Array(array) => handle(&array.elem),
        Type::Slice(slice) => handle(&slice.elem),
        Type::Paren(_) | Type::Group(_) => handle(peel(ty)),
        Type::Path(_) => match type_name(ty)? {
            (name, Some(element)) if name == "Vec" => handle(element),
            (name, _) => HANDLES.iter().any(|handle| name == handle).then(|| name.to_string()),
        },
        _ => None,
    }
}

/// The last segment of a path type, and its first type argument.
fn type_name(ty: &Type) -> Option<(&Ident, Option<&Type>)> {
    let Type::Path(path) = peel(ty) else { return None };
    let last = path.path.segments.last()?;
    let argument = match &last.arguments {
        syn::PathArguments::AngleBracketed(list) => list.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    };
    Some((&last.ident, argument))
}
